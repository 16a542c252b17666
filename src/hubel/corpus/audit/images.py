"""What is the matter with single images: nothing on them, too dark, out of focus, odd beside the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from hubel.corpus.audit.finding import Finding
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.trees.tree import ending_of
from hubel.images.formats import ENDINGS

BLANK_CONTRAST = 4.0
DARK_END = 60.0
BRIGHT_END = 210.0
BLURRY_SHARPNESS = 0.12
SHARP_SIDE = 64
"""Pixels of the shorter side from which an image can be out of focus at all."""
GREY_COLOUR = 3.0
GREY_SHARE = 0.2
"""Share of grey images from which on they are no exception."""
SIZE_FACTOR = 4.0
SHAPE_FACTOR = 2.0


@dataclass(frozen=True)
class ImageCheck:
    """A check of one number of every image.

    Args:
        name: of the check.
        measure: `MEASUREMENT` [images] → the number of each.
        is_finding: the same and the numbers → bool [images].
        score: the numbers → 0 to 1, lower is worse.
        message: a sentence with ``{value}``.
    """

    name: str
    measure: Callable[[np.ndarray], np.ndarray]
    is_finding: Callable[[np.ndarray, np.ndarray], np.ndarray]
    score: Callable[[np.ndarray], np.ndarray]
    message: str

    def find(self, examined: ExaminedCorpus) -> Iterator[Finding]:
        """The images that this check names."""
        rows = examined.measurements
        if not len(rows):
            return
        values = self.measure(rows)
        scores = np.clip(self.score(values), 0.0, 1.0)
        for place in np.flatnonzero(self.is_finding(rows, values)):
            value = float(values[place])
            text = self.message.format(value=value, width=rows["width"][place], height=rows["height"][place])
            yield Finding(self.name, examined.paths([place]), float(scores[place]), text, measurement=round(value, 4))


def _side(rows: np.ndarray) -> np.ndarray:
    """Geometric mean of width and height, over its median."""
    sides = np.sqrt(rows["width"].astype(np.float64) * rows["height"])
    return sides / np.median(sides)


def _shape(rows: np.ndarray) -> np.ndarray:
    """Longer over shorter side, over its median: upright and lying images are of one shape."""
    elongation = np.maximum(rows["width"], rows["height"]) / np.minimum(rows["width"], rows["height"])
    return elongation / np.median(elongation)


def _far(factor: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda _, values: (values > factor) | (values < 1 / factor)


def _grey_among_colour(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    grey = values < GREY_COLOUR
    return grey & (rows["contrast"] >= BLANK_CONTRAST) & (grey.mean() < GREY_SHARE)


BLANK = ImageCheck(
    "blank",
    lambda rows: rows["contrast"],
    lambda _, values: values < BLANK_CONTRAST,
    lambda values: values / 64,
    "It is almost blank: the standard deviation of its grey is {value:.1f} of 255.",
)
DARK = ImageCheck(
    "dark",
    lambda rows: rows["bright_end"],
    lambda rows, values: (values < DARK_END) & (rows["contrast"] >= BLANK_CONTRAST),
    lambda values: values / 255,
    "It is very dark: 95 % of its pixels are below {value:.0f} of 255.",
)
BRIGHT = ImageCheck(
    "bright",
    lambda rows: rows["dark_end"],
    lambda rows, values: (values > BRIGHT_END) & (rows["contrast"] >= BLANK_CONTRAST),
    lambda values: 1 - values / 255,
    "It is very bright: 95 % of its pixels are above {value:.0f} of 255.",
)
BLURRY = ImageCheck(
    "blurry",
    lambda rows: rows["sharpness"],
    lambda rows, values: (
        (values < BLURRY_SHARPNESS)
        & (np.minimum(rows["width"], rows["height"]) >= SHARP_SIDE)
        & (rows["contrast"] >= BLANK_CONTRAST)
    ),
    lambda values: values / 0.5,
    "It looks out of focus: its sharpness is {value:.2f}.",
)
GREY = ImageCheck(
    "grey-among-colour",
    lambda rows: rows["colour"],
    _grey_among_colour,
    lambda values: values / 64,
    "It is grey; most of the others have colour.",
)
ODD_SIZE = ImageCheck(
    "odd-size",
    _side,
    _far(SIZE_FACTOR),
    lambda values: np.minimum(values, 1 / values),
    "It has {width:,} x {height:,} pixels: {value:.2g} times the usual side.",
)
ODD_SHAPE = ImageCheck(
    "odd-shape",
    _shape,
    _far(SHAPE_FACTOR),
    lambda values: np.minimum(values, 1 / values),
    "It has {width:,} x {height:,} pixels: its aspect ratio is {value:.2g} times the usual.",
)


def find_wrong_extensions(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Files whose name promises another format than their content has; they are read all the same."""
    for place, example in enumerate(examined.corpus.examples):
        form = examined.measurements["format"][place].decode()
        ending = ending_of(example.path.rsplit("/", 1)[-1])
        usual = ENDINGS.get(form, ())
        if ending and ending.isalnum() and usual and ending not in usual and len(ending) <= 5:
            text = f"Its name says .{ending}, but its content is {form}, and it was read as that."
            yield Finding("wrong-extension", (example.path,), 0.5, text)
