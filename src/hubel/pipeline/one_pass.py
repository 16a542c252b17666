"""Decode and measure a corpus in one pass: each file is read, hashed and opened once for both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.corpus.corpus import Corpus
from hubel.corpus.measurement import DECODED_SIZE, Look, look_at, look_of, measure_looks, squashed, squashed_side
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, ignore
from hubel.images.decode import ImageHeader, jpeg_fraction, opened_once, read_header
from hubel.images.preprocessing import Preprocessing, prepare_pillow
from hubel.images.samples import SampleRule
from hubel.pipeline.cache import is_kept, kept, say_where, temporary_rows
from hubel.pipeline.contents import computed, hash_corpus
from hubel.pipeline.decoded import DecodedCorpus, decode_hashed, decoded_from, pixels_kind, pixels_of
from hubel.pipeline.examine import measurements_kind
from hubel.pipeline.rows_beside import RowsBeside


def decode_and_measure(corpus: Corpus, preprocessing: Preprocessing, *, on_event: OnEvent = ignore) -> DecodedCorpus:
    """`decode_corpus`; what `examine_decoded` will measure is in the cache then, if it can be kept.

    Where the cache has the pixels or the measurements already, nothing is measured here.

    Args:
        corpus: what `read_corpus` listed.
        preprocessing: the working size and how to reach it.
        on_event: hears `Progress`.

    Raises:
        OutputNotWritable: the cache cannot be written.
        DamagedCache: it was damaged while it was read; so may every later use of the images.
    """
    hashed = hash_corpus(corpus, on_event=on_event)
    pixels, measurements = pixels_kind(preprocessing), measurements_kind(preprocessing.bands)
    if is_kept(hashed.digests, pixels) or is_kept(hashed.digests, measurements):
        return decode_hashed(hashed, preprocessing, on_event=on_event)

    def both(contents: Iterable[bytes | Image | UnreadableImage]) -> list[_Both]:
        found = [_see(content, preprocessing) for content in contents]
        return list(zip([pixels for pixels, _ in found], measure_looks([look for _, look in found]), strict=True))

    say_where(on_event)
    with temporary_rows(measurements) as file:
        measured = RowsBeside(measurements, file)

        def make_rows() -> Iterator[tuple[int, np.ndarray | UnreadableImage]]:
            measured.begin()
            for place, (row, measurement) in computed(
                hashed, compute=both, stage="decoding and measuring", on_event=on_event
            ):
                if not isinstance(row, UnreadableImage):
                    measured.add(place, measurement)
                yield place, row

        entry = kept(hashed.digests, pixels, make_rows=make_rows)
        decoded = decoded_from(entry, hashed, preprocessing=preprocessing)
        measured.keep(decoded.digests)
    return decoded


_Both = tuple[Image | UnreadableImage, np.ndarray | UnreadableImage]
"""Pixels at the working size, and the measurement."""


def _see(
    content: bytes | Image | UnreadableImage, preprocessing: Preprocessing
) -> tuple[Image | UnreadableImage, Look | UnreadableImage]:
    """Pixels and look of one image; it is decoded twice only where they need it at two fractions of its size."""
    if not isinstance(content, bytes):
        return pixels_of(content, preprocessing), look_at(content, preprocessing.bands)
    rule, at_least = preprocessing.rule, preprocessing.decoded_size
    alike = rule == SampleRule(preprocessing.bands)  # else values of deep images become others
    try:
        with opened_once(content, at_least=at_least, rule=rule) as (image, known):
            pixels = prepare_pillow(image, preprocessing)
            header = known or _header_of(content)
            if isinstance(header, ImageHeader):
                alike = alike and jpeg_fraction(header, at_least) == jpeg_fraction(header, DECODED_SIZE)
            small = _squashed(image, pixels) if alike else None
    except UnreadableImage as error:
        return error, error
    if small is None:
        return pixels, look_at(content, preprocessing.bands)
    return pixels, look_of(small, header) if isinstance(header, ImageHeader) else header


def _squashed(image: PillowImage.Image, pixels: Image) -> Image:
    """`squashed`; the pixels themselves where those are of its size, and of the image's own."""
    side = squashed_side(image.size)
    return pixels if image.size == (side, side) == pixels.shape[:2] else squashed(image)


def _header_of(data: bytes) -> ImageHeader | UnreadableImage:
    try:
        return read_header(data)
    except UnreadableImage as error:
        return error
