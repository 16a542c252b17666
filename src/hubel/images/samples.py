"""The numbers of an image as its file holds them, of any depth and with any number of bands → RGB of 8 bits.

Blocks of rows are converted one at a time: the whole as floats would take many times its memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as PillowImage

from hubel.errors import UnreadableImage
from hubel.images.value_range import Range, Values, full_scale, range_alone, summarise

BLOCK_PIXELS = 1_000_000
_WHITE = 255


@dataclass(frozen=True)
class SampleRule:
    """How an image becomes RGB where its file leaves that open.

    Args:
        bands: numbers of the bands to take, from 1: three for red, green and blue, or one for grey; none takes all.
        integer_range: the values of deep images that become 0 and 255; None takes each image's own.
        float_range: the same of images of floats.
        legacy: as decoders 1 and 2 did: of deep colour the upper 8 bits, a fourth band as transparency.
    """

    bands: tuple[int, ...] = ()
    integer_range: Range | None = None
    float_range: Range | None = None
    legacy: bool = False


ALONE = SampleRule()
"""Of an image that is read without a corpus."""


@dataclass(frozen=True)
class Samples:
    """What a file holds of its first image.

    Args:
        values: [height, width, channels]: 1 or 3 of grey or colour, and one more where there is transparency.
        alpha: whether the last channel is transparency.
        premultiplied: whether colours were multiplied with it.
        inverted: whether the lowest value is white.
        hidden: the values of a pixel that is transparent, where there are such.
    """

    values: np.ndarray
    alpha: bool = False
    premultiplied: bool = False
    inverted: bool = False
    hidden: tuple[int, ...] | None = None

    @property
    def is_deep(self) -> bool:
        """More than 8 bits a sample, or floats."""
        return self.values.dtype != np.uint8

    @property
    def colours(self) -> int:
        """Channels of grey or colour."""
        return self.values.shape[2] - self.alpha

    def blocks(self) -> Iterator[Samples]:
        """Blocks of rows, of about a million pixels each."""
        for top, bottom in row_blocks(*self.values.shape[:2]):
            yield replace(self, values=self.values[top:bottom])

    def hidden_pixels(self) -> np.ndarray | None:
        """Where the hidden value is: bool [height, width]; None where no value is hidden."""
        if self.hidden is None:
            return None
        return (self.values[..., : self.colours] == np.array(self.hidden)).all(axis=-1)


def row_blocks(height: int, width: int) -> Iterator[tuple[int, int]]:
    """First row and row after the last of blocks of about a million pixels.

    Args:
        height: pixels.
        width: pixels.
    """
    rows = max(1, BLOCK_PIXELS // width)
    for top in range(0, height, rows):
        yield top, min(height, top + rows)


def is_one_block(height: int, width: int) -> bool:
    """Whether an image is small enough to be converted at once.

    Args:
        height: pixels.
        width: pixels.
    """
    return height * width <= BLOCK_PIXELS


def check_bands(count: int, *, alpha: bool, chosen: tuple[int, ...]) -> None:
    """Refuse an image whose bands cannot be taken for colours.

    Args:
        count: bands of the file, transparency counted.
        alpha: whether one of them is marked as transparency.
        chosen: numbers of bands, from 1; none takes all.

    Raises:
        UnreadableImage: with ``code`` ``many-bands`` or ``no-such-band``.
    """
    said = "1 band" if count == 1 else f"{count} bands"
    if chosen:
        if max(chosen) > count:
            reason = f"it has {said}, and there is no band {max(chosen)}: choose other bands"
            raise UnreadableImage("no-such-band", reason)
    elif count - alpha not in (1, 3):
        marked = "one of them marked as transparency" if alpha else "none of them marked as transparency"
        raise UnreadableImage(
            "many-bands",
            f"it has {said}, {marked}: choose the bands of red, green and blue when the corpus is read, or save those "
            "three as an RGB image",
        )


def choose_bands(samples: Samples, chosen: tuple[int, ...]) -> Samples:
    """The chosen bands, or all where none is; transparency counts as the last band, and is not applied.

    Args:
        samples: of a file.
        chosen: numbers of bands, from 1; none takes all.

    Raises:
        UnreadableImage: there is no such band.
    """
    if not chosen:
        return samples
    check_bands(samples.values.shape[2], alpha=samples.alpha, chosen=chosen)
    values = samples.values[..., [number - 1 for number in chosen]]
    return Samples(values, inverted=samples.inverted)


def visible_values(samples: Samples) -> Values | None:
    """Of the channels of grey or colour, what is no NaN, not infinite and not hidden or wholly transparent."""
    found = []
    for block in samples.blocks():
        colours = block.values[..., : samples.colours]
        visible = np.isfinite(colours) if np.issubdtype(colours.dtype, np.floating) else np.ones(colours.shape, bool)
        if (hidden := block.hidden_pixels()) is not None:
            visible &= ~hidden[..., None]
        if samples.alpha:
            visible &= block.values[..., -1:] != 0
        if (values := summarise(colours if visible.all() else colours[visible])) is not None:
            found.append(values)
    if not found:
        return None
    kept = np.concatenate([each.kept for each in found])
    return Values(kept, min(each.low for each in found), max(each.high for each in found), found[0].floats)


def render_samples(samples: Samples, rule: SampleRule) -> PillowImage.Image:
    """The image in mode RGB, over white.

    Args:
        samples: of which the bands are chosen.
        rule: which values become black and white.
    """
    low, high = _range_of(samples, rule) if samples.is_deep else (0.0, 255.0)
    opaque = _opaque(samples, high) if samples.alpha else 1.0
    height, width = samples.values.shape[:2]
    rgb = PillowImage.new("RGB", (width, height))
    top = 0
    for block in samples.blocks():
        levels = _levels(block.values[..., : samples.colours], low, high=high)
        if samples.inverted:
            levels = _WHITE - levels
        if samples.alpha:
            levels = _over_white(levels, block.values[..., -1:] / opaque, premultiplied=samples.premultiplied)
        if (hidden := block.hidden_pixels()) is not None:
            levels[hidden] = _WHITE
        if samples.colours == 1:
            levels = np.repeat(levels, 3, axis=2)
        rgb.paste(PillowImage.fromarray(np.ascontiguousarray(levels)), (0, top))
        top += len(levels)
    return rgb


def _range_of(samples: Samples, rule: SampleRule) -> Range:
    floats = np.issubdtype(samples.values.dtype, np.floating)
    given = rule.float_range if floats else rule.integer_range
    return given or range_alone(visible_values(samples), grey=samples.colours == 1)


def _opaque(samples: Samples, high: float) -> float:
    """The value of transparency that hides everything behind: the type's highest, or the full scale of the colours.

    A camera of 11 bits writes 2,047 there, or 65,535.
    """
    dtype = samples.values.dtype
    most = float(samples.values[..., -1].max())
    floats = bool(np.issubdtype(dtype, np.floating))
    full = full_scale(high, floats=floats)
    if floats:
        return max(1.0, full_scale(most, floats=True))
    return full if most <= full else float(np.iinfo(dtype).max)


def _over_white(levels: np.ndarray, alpha: np.ndarray, *, premultiplied: bool) -> np.ndarray:
    share = np.clip(np.nan_to_num(alpha), 0, 1).astype(np.float32)
    colour = levels if premultiplied else levels * share
    return np.round(np.minimum(colour + _WHITE * (1 - share), _WHITE)).astype(np.uint8)


def _levels(values: np.ndarray, low: float, *, high: float) -> np.ndarray:
    """Numbers → uint8 of the same shape: ``low`` becomes 0 and ``high`` 255; no number (NaN) becomes 0."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return _stretched(np.arange(2**16), low, high=high)[values]
    return _stretched(values, low, high=high)


def _stretched(values: np.ndarray, low: float, *, high: float) -> np.ndarray:
    """Where all are equal there is nothing to stretch: 0 stays 0, anything above becomes 255."""
    if high == low:
        return np.full(values.shape, _WHITE if high > 0 else 0, np.uint8)
    finite = np.nan_to_num(values.astype(np.float64), nan=low, posinf=high, neginf=low)
    return np.round((np.clip(finite, low, high) - low) / (high - low) * _WHITE).astype(np.uint8)
