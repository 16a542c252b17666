"""A look at some images of a corpus before anything is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image, deep_values, read_header
from hubel.images.preprocessing import Preprocessing, choose_resize
from hubel.images.samples import SampleRule
from hubel.images.value_range import Range, Values, choose_range

SURVEYED = 200
"""Images looked at, spread evenly over the corpus."""
_TRIED_FOR_COLOUR = 8
"""One image in so many is decoded to see whether it has colour."""
_FEWEST_DEEP, _MOST_DEEP_PIXELS = 32, 200_000_000
"""Deep images are decoded, each of those looked at, until these are so many and have so many pixels together."""

ONE_SHAPE, NEARLY_SQUARE = 1.1, 1.2
"""Ratio of the aspects of images that have one shape, and of the longer side to the shorter of one that is squared."""


@dataclass(frozen=True)
class Survey:
    """What a look at some images says of the corpus.

    Args:
        sizes: (height, width) of each.
        grey: none of them has colour.
        bands: numbers of the bands that the user chose, from 1; none takes all.
        integer_range: the values of deep images that become 0 and 255; None where there are no such images.
        float_range: the same of images of floats.
    """

    sizes: tuple[tuple[int, int], ...]
    grey: bool
    bands: tuple[int, ...] = ()
    integer_range: Range | None = None
    float_range: Range | None = None

    @property
    def median_side(self) -> int:
        """Median of the shorter sides in pixels; 32 where nothing could be read."""
        return int(np.median([min(size) for size in self.sizes])) if self.sizes else 32

    @property
    def aspect(self) -> float:
        """Width over height, where nearly all images have about the same that is not nearly square; else 1."""
        aspects = np.array([width / height for height, width in self.sizes] or [1.0])
        low, high = np.percentile(aspects, [5, 95])
        median = float(np.median(aspects))
        return median if high / low < ONE_SHAPE and max(median, 1 / median) > NEARLY_SQUARE else 1.0

    def preprocessing(self, size: tuple[int, int], *, resize: str | None = None) -> Preprocessing:
        """With the bands and ranges of this corpus.

        Args:
            size: (height, width) in pixels.
            resize: a name in `RESIZE_POLICIES`; None for the one that suits these images.
        """
        resize = resize or (choose_resize(self.sizes) if self.sizes else "squash")
        return Preprocessing(*size, resize, self.bands, self.integer_range, self.float_range)


def survey_corpus(corpus: Corpus, *, bands: tuple[int, ...] = ()) -> Survey:
    """Look at up to 200 images, spread evenly over the corpus; nearly all of them by their headers only.

    Args:
        corpus: what `read_corpus` listed.
        bands: numbers of the bands to take, from 1; none takes all.
    """
    sizes: list[tuple[int, int]] = []
    deep: list[Values] = []
    colours, deep_pixels = False, 0
    for place, index in enumerate(np.linspace(0, len(corpus) - 1, min(len(corpus), SURVEYED)).astype(int)):
        try:
            content = corpus.read(int(index))
            if not isinstance(content, bytes):
                sizes.append(content.shape[:2])
                colours = colours or _has_colour(content)
                continue
            header = read_header(content)
            sizes.append((header.height, header.width))
            if place % _TRIED_FOR_COLOUR == 0 and not colours:
                colours = _has_colour(decode_image(content, at_least=(32, 32), rule=SampleRule(bands)))
            if header.is_deep and (len(deep) < _FEWEST_DEEP or deep_pixels < _MOST_DEEP_PIXELS):
                values = deep_values(content, bands=bands)
                deep += [] if values is None else [values]
                deep_pixels += header.width * header.height
        except UnreadableImage:
            continue  # refused by name when everything is decoded
    ranges = _range_of(deep, floats=False), _range_of(deep, floats=True)
    return Survey(tuple(sizes), bool(sizes) and not colours, bands, *ranges)


def _has_colour(image: np.ndarray) -> bool:
    return bool((np.ptp(image.astype(np.int16), axis=-1) > 8).any())


def _range_of(deep: Sequence[Values], *, floats: bool) -> Range | None:
    return choose_range(values for values in deep if values.floats == floats)
