"""An array of a program → uint8 [height, width, 3]; nothing about it is guessed from its values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.errors import WrongRequest
from hubel.images.colour import to_array, to_rgb
from hubel.images.samples import SampleRule, Samples

WHITE = 255.0
SCALES = {"0..1": 1.0, "0..255": WHITE}
"""Name for ``scale=`` → the value of white."""
ORDERS = ("rgb", "bgr")
_SLACK = 0.5 / WHITE
"""Half a level, as a share of white: resizing oversteps the ends by rounding."""
SHAPES = "[height, width], [height, width, 1], [height, width, 3] or [height, width, 4]"


@dataclass(frozen=True)
class ArrayRule:
    """What the caller says of his arrays.

    Args:
        scale: a name in `SCALES`, for floats and for whole numbers other than uint8; None where nothing is said.
        channels: ``"rgb"``, or ``"bgr"`` as OpenCV reads.
    """

    scale: str | None = None
    channels: str = ORDERS[0]

    def __post_init__(self) -> None:
        if self.scale is not None and self.scale not in SCALES:
            raise WrongRequest(f"scale must be one of {_listed(SCALES)}, or None. Received: {self.scale!r}.")
        if self.channels not in ORDERS:
            raise WrongRequest(f"channels must be one of {_listed(ORDERS)}. Received: {self.channels!r}.")

    @property
    def said(self) -> str:
        """What differs from the default, as a keyword; empty where nothing does."""
        if self.scale is not None:
            return f"scale={self.scale!r}"
        return "" if self.channels == ORDERS[0] else f"channels={self.channels!r}"


NOTHING_SAID = ArrayRule()


def to_pixels(array: np.ndarray, rule: SampleRule, *, said: ArrayRule = NOTHING_SAID) -> Image:
    """The pixels of one image, by the rules of the decoder: transparency over white, grey as three equal channels.

    Args:
        array: [height, width], or [height, width, 1, 3 or 4]; the fourth channel is transparency.
        rule: how numbers of 16 bits become 8.
        said: what the caller says of it.

    Returns:
        uint8 [height, width, 3], red first.

    Raises:
        WrongRequest: it is no image, or what its numbers mean was not said.
    """
    _check_shape(array)
    channels = array if array.ndim == 3 else array[..., None]  # [height, width, channels]
    if said.channels == "bgr":
        channels = channels[..., [2, 1, 0, 3][: channels.shape[2]]] if channels.shape[2] > 1 else channels
    levels = _levels(channels, said)
    if levels.dtype == np.uint8 and levels.shape[2] == 3:
        return np.ascontiguousarray(levels)
    if levels.dtype == np.uint8 and levels.shape[2] == 1:
        return np.repeat(levels, 3, axis=2)
    if levels.dtype == np.uint8:
        return to_array(to_rgb(PillowImage.fromarray(np.ascontiguousarray(levels)), replace(rule, bands=())))
    samples = Samples(levels.astype(np.uint16), alpha=levels.shape[2] == 4)
    return to_array(to_rgb(samples, replace(rule, bands=())))


def _check_shape(array: np.ndarray) -> None:
    shape = list(array.shape)
    if array.ndim not in (2, 3):
        raise WrongRequest(f"An array holds one image as {SHAPES}. Received: {array.dtype} {shape}.")
    if array.ndim == 3 and shape[2] not in (1, 3, 4):
        cure = "For several grey images, give images[..., None]"
        if shape[0] in (1, 3, 4):
            cure = "Its channels come first: give numpy.moveaxis(image, 0, -1)"
        raise WrongRequest(f"An array holds one image as {SHAPES}. Received: {array.dtype} {shape}. {cure}.")
    if 0 in shape:
        raise WrongRequest(f"The image has no pixels. Received: {array.dtype} {shape}.")


def _levels(array: np.ndarray, said: ArrayRule) -> np.ndarray:
    """The same as uint8; or as it is where it holds numbers of 16 bits, which the decoder's rules stretch."""
    if array.dtype.name == "bfloat16":  # of frameworks; NumPy knows it as bytes only
        array = array.astype(np.float32)
    kind = array.dtype.kind
    if kind == "b":
        raise WrongRequest(
            'An array of True and False is a mask. For a black-and-white image, give image.astype("uint8") * 255.'
        )
    if kind not in "uif":
        raise WrongRequest(f"An image is an array of numbers. Received: {array.dtype}.")
    if kind != "f" and said.scale == "0..1":
        raise WrongRequest(f"scale='0..1' is for floats, and this array is {array.dtype}. Leave scale out.")
    if array.dtype == np.uint8:
        return array
    if said.scale is not None:
        return _rounded(array, said.scale)
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return array
    choices = "scale='0..255'" if kind != "f" else "scale='0..1' or scale='0..255'"
    raise WrongRequest(
        f"An array of {array.dtype} does not say which value is white. Give it: {choices}; or give it as uint8."
    )


def _rounded(array: np.ndarray, scale: str) -> np.ndarray:
    white = SCALES[scale]
    low, high = float(array.min()), float(array.max())  # NaN where there is one
    if not (np.isfinite(low) and np.isfinite(high)):
        raise WrongRequest("The array holds NaN or infinite values: numpy.nan_to_num(image) makes them numbers.")
    if low < -_SLACK * white or high > white * (1 + _SLACK):
        raise WrongRequest(
            f"scale={scale!r} was given, but the values of the array go from {low:.4g} to {high:.4g}. "
            f"{_cure(low, high, scale=scale)}"
        )
    return np.round(np.clip(array.astype(np.float64), 0, white) / white * WHITE).astype(np.uint8)


def _cure(low: float, high: float, *, scale: str) -> str:
    if scale == "0..1" and low >= 0 and high <= WHITE:
        return "Give scale='0..255'."
    return "If they were normalised for another model, give the image as it was before that."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
