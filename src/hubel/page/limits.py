"""What a page will weigh and how long its engine will take, asked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Option, Remedy
from hubel.exports.precision import FLOAT16, FLOAT32
from hubel.text import counted, duration

MOST_BYTES = 120_000_000
"""Of a page: what a browser opens within a few seconds, and a person still sends to somebody."""
SLOW_S, MOST_S = 2.0, 30.0
"""Of one image: a wait that is worth a word, and one that nobody bears."""
SECONDS_PER_MAC, SECONDS_PER_VALUE = 0.25e-9, 12e-9
"""Of the engine in Node 20 on two cores of an AMD EPYC, rounded up: processor time for small-cnn and residual at 96
pixels and mobilenet 0.25 at 224. A value is a number of a map: it is normalised, rectified, pooled."""
WIDTHS = {FLOAT32: 4, FLOAT16: 2}
OWN_BYTES = 1_000_000
"""Of a page without weights and images: its program, its styles and what it says of the layers."""
BASE64 = 4 / 3


@dataclass(frozen=True)
class PageSize:
    """What decides how large and how slow a page is.

    Args:
        parameters: of the network.
        macs: of one image.
        values: numbers that all layers make of one image.
        images: that travel in it.
        pixels: of each.
    """

    parameters: int
    macs: int
    values: int
    images: int
    pixels: int

    def expected_bytes(self, weights: str) -> int:
        """Of the file, at most.

        Args:
            weights: ``"float32"`` or ``"float16"``.
        """
        return ceil(OWN_BYTES + BASE64 * (self.parameters * WIDTHS[weights] + self.image_bytes))

    @property
    def image_bytes(self) -> int:
        """Of the images, as if a PNG saved nothing."""
        return self.images * self.pixels * 3

    @property
    def seconds_per_image(self) -> float:
        """Expected of the engine, with vectors."""
        return self.macs * SECONDS_PER_MAC + self.values * SECONDS_PER_VALUE


def check_page_size(size: PageSize, *, weights: str) -> str | None:
    """See that a browser can open the page and compute an image in bearable time.

    Args:
        size: of what will travel.
        weights: how weights are written: ``"float32"`` or ``"float16"``.

    Returns:
        A warning where an image takes long.

    Raises:
        UnusableInput: it is too large or too slow; with what to type instead.
    """
    expected, seconds = size.expected_bytes(weights), size.seconds_per_image
    if expected > MOST_BYTES:
        raise UnusableInput(
            f"The page would have about {_megabytes(expected)}, and {_megabytes(MOST_BYTES)} is the most that a "
            f"browser opens well: {size.parameters:,} weights of {WIDTHS[weights]} bytes"
            f"{f' and {counted(size.images, _IMAGE)}' if size.images else ''}.",
            *_smaller(size, weights),
        )
    if seconds > MOST_S:
        raise UnusableInput(
            f"A browser would take about {duration(seconds)} for each image: {size.macs:,} multiply-accumulates. "
            f"{duration(MOST_S)} is the most.",
            _TRAIN_SMALLER,
        )
    if seconds > SLOW_S:
        return f"A browser will take about {duration(seconds)} for each image: {size.macs:,} multiply-accumulates."
    return None


_IMAGE = "image"
_TRAIN_SMALLER = Remedy(
    "Train a smaller network: ", Command("train", ("CORPUS",), (Option("architecture", "mobilenet"),)), "."
)


def _smaller(size: PageSize, weights: str) -> Iterator[Remedy]:
    """What makes it small enough: the least first, and a smaller network where nothing else does."""
    none = PageSize(size.parameters, size.macs, size.values, 0, size.pixels)
    if size.images and none.expected_bytes(weights) <= MOST_BYTES:
        yield Remedy("Let fewer images travel: ", Option("examples", 1), ", or none: ", Option("examples", 0), ".")
    elif weights == FLOAT32 and size.expected_bytes(FLOAT16) <= MOST_BYTES:
        yield Remedy("Write the weights with half the bits: ", Option("quantize", FLOAT16), ".")
    elif weights == FLOAT32 and none.expected_bytes(FLOAT16) <= MOST_BYTES:
        yield Remedy("Write the weights with half the bits, without images: ", Option("quantize", FLOAT16), " and ",
                     Option("examples", 0), ".")  # fmt: skip
    else:
        yield _TRAIN_SMALLER


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
