"""Preprocessing: decoded pixels → the size the model works at; the same in training, predicting and serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.errors import WrongRequest
from hubel.images.colour import to_array
from hubel.images.decode import CORPUS_LIMITS, DECODER_VERSION, Limits, decoded_pillow
from hubel.images.samples import SampleRule
from hubel.images.value_range import Range, is_range

RESIZE_POLICIES = {
    "squash": "stretch to the working size; everything stays in view, shapes may be distorted",
    "crop": "keep the shape, fill the working size, crop the rest",
    "pad": "keep the shape, fit inside, fill the rest with grey",
}
PADDING_GREY = 128
MAX_IMAGE_SIZE = 1024
MOST_BANDS = 1000
"""The highest number of a band that can be chosen."""
LAST_LEGACY_DECODER = 2
"""Classifiers of this decoder and earlier ones see deep colours and fourth bands as they were trained to."""
PHOTOGRAPH_SIDE = 64
"""Pixels of the shorter side from which images are treated as photographs."""


@dataclass(frozen=True)
class Preprocessing:
    """Size, resize policy, and how images of other kinds than 8-bit RGB become that.

    Args:
        height: pixels, 1 to 1024.
        width: pixels, 1 to 1024.
        resize: a name in `RESIZE_POLICIES`.
        bands: numbers of the bands to take, from 1: three for red, green and blue, or one for grey; none takes all
            of grey and colour images, and refuses images with more.
        integer_range: the values of deep images (more than 8 bits a sample) that become 0 and 255, the same for every
            image; None takes each image's own.
        float_range: the same of images of floats.
        decoder: version of the decoder's rules.
    """

    height: int
    width: int
    resize: str = "squash"
    bands: tuple[int, ...] = ()
    integer_range: Range | None = None
    float_range: Range | None = None
    decoder: int = DECODER_VERSION

    def __post_init__(self) -> None:
        for name, value in (("height", self.height), ("width", self.width)):
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_IMAGE_SIZE:
                allowed = f"a whole number of pixels from 1 to {MAX_IMAGE_SIZE}"
                raise WrongRequest(f"The image {name} must be {allowed}. Received: {value!r}.")
        if self.resize not in RESIZE_POLICIES:
            known = ", ".join(RESIZE_POLICIES)
            raise WrongRequest(f"The resize policy must be one of {known}. Received: {self.resize!r}.")
        check_choice(self.bands)
        for name, value in (("integer range", self.integer_range), ("float range", self.float_range)):
            if value is not None and not is_range(value):
                raise WrongRequest(f"The {name} must be two numbers, the lower one first. Received: {value!r}.")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def decoded_size(self) -> tuple[int, int]:
        """(height, width) in pixels that a large JPEG is decoded at or above: the resize still averages."""
        return 2 * self.height, 2 * self.width

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Of integers and of floats, those that there are."""
        return tuple(ends for ends in (self.integer_range, self.float_range) if ends is not None)

    @property
    def rule(self) -> SampleRule:
        """How decoded samples become 8-bit RGB."""
        legacy = self.decoder <= LAST_LEGACY_DECODER
        return SampleRule(self.bands, self.integer_range, self.float_range, legacy=legacy)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the artefact and as a cache key; without bands and ranges that are not there."""
        described = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in described.items() if value not in ([], None)}

    @classmethod
    def from_json(cls, described: dict[str, Any]) -> Preprocessing:
        """What `to_json` gave, in this version or an earlier one.

        Raises:
            WrongRequest: a value is impossible.
            TypeError: a name is foreign.
        """
        lists: dict[str, Any] = {name: tuple(value) for name, value in described.items() if isinstance(value, list)}
        return cls(**(described | lists))

    def describe(self) -> str:
        """For a person: size, resize policy, and what is done to images of other kinds."""
        parts = [f"{self.height} x {self.width} pixels, {self.resize}"]
        if self.bands:
            parts.append(f"bands {', '.join(map(str, self.bands))}")
        parts += [f"deep images: {low:,.7g} to {high:,.7g} becomes 0 to 255" for low, high in self.ranges]
        return "; ".join(parts)


def check_choice(bands: tuple[int, ...]) -> None:
    """See that bands are one or three numbers from 1, or none.

    Raises:
        WrongRequest: saying what is expected.
    """
    numbers = isinstance(bands, tuple) and all(type(band) is int and 1 <= band <= MOST_BANDS for band in bands)
    if not numbers or len(bands) not in (0, 1, 3):
        raise WrongRequest(
            "Bands are three numbers from 1, for red, green and blue, such as 4,3,2; or one number, for grey. "
            f"Received: {bands!r}."
        )


def prepare_image(image: Image, preprocessing: Preprocessing) -> Image:
    """Resize one decoded image: uint8 [height, width, 3] → uint8 [preprocessing.height, preprocessing.width, 3].

    Shrinking averages over all the pixels that fall together (Pillow's antialiased bilinear filter).

    Args:
        image: uint8 [height, width, 3].
        preprocessing: the working size and how to reach it.
    """
    if image.shape[:2] == preprocessing.size:
        return image
    return _prepared(PillowImage.fromarray(image), preprocessing)


def prepare_pillow(image: PillowImage.Image, preprocessing: Preprocessing) -> Image:
    """`prepare_image`, of an image that Pillow holds: uint8 [preprocessing.height, preprocessing.width, 3].

    Args:
        image: in mode RGB, decoded at ``preprocessing.decoded_size`` or above.
        preprocessing: the working size and how to reach it.
    """
    if image.size == (preprocessing.width, preprocessing.height):
        return to_array(image)
    return _prepared(image, preprocessing)


def _prepared(image: PillowImage.Image, preprocessing: Preprocessing) -> Image:
    height, width = preprocessing.size
    if preprocessing.resize == "squash":
        return _resized(image, height, width, box=None)
    if preprocessing.resize == "crop":
        return _resized(image, height, width, box=_centre_box(image.width, image.height, aspect=width / height))
    scale = min(height / image.height, width / image.width)
    inner_height, inner_width = (max(1, round(side * scale)) for side in (image.height, image.width))
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas = np.full((height, width, 3), PADDING_GREY, np.uint8)
    canvas[top : top + inner_height, left : left + inner_width] = _resized(image, inner_height, inner_width, box=None)
    return canvas


def seen_box(size: tuple[int, int], preprocessing: Preprocessing) -> tuple[float, float, float, float]:
    """What reaches the model of an image: (left, top, right, bottom) in its pixels; all of it unless it is cropped.

    Args:
        size: (height, width) of the image.
        preprocessing: how the working size is reached.
    """
    height, width = size
    if preprocessing.resize != "crop":
        return 0.0, 0.0, float(width), float(height)
    return _centre_box(width, height, aspect=preprocessing.width / preprocessing.height)


def to_original(values: np.ndarray, preprocessing: Preprocessing, *, size: tuple[int, int]) -> np.ndarray:
    """Numbers for pixels at the working size → for those of the image: the way back from `prepare_image`.

    Args:
        values: float32 [preprocessing.height, preprocessing.width].
        preprocessing: how the working size was reached.
        size: (height, width) of the image.

    Returns:
        float32 [height, width], bilinear; 0 outside of what reached the model.
    """
    height, width = size
    inside = np.ascontiguousarray(values, np.float32)
    if preprocessing.resize == "pad":
        scale = min(preprocessing.height / height, preprocessing.width / width)
        rows, columns = (max(1, round(side * scale)) for side in size)
        top, left = (preprocessing.height - rows) // 2, (preprocessing.width - columns) // 2
        inside = inside[top : top + rows, left : left + columns]
    left, top, right, bottom = (round(each) for each in seen_box(size, preprocessing))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    made = np.zeros(size, np.float32)
    coarse = PillowImage.fromarray(np.ascontiguousarray(inside))
    enlarged = coarse.resize((right - left, bottom - top), PillowImage.Resampling.BILINEAR)
    made[top:bottom, left:right] = np.asarray(enlarged, np.float32)[: height - top, : width - left]
    return made


def read_pixels(data: bytes, preprocessing: Preprocessing, *, limits: Limits = CORPUS_LIMITS) -> Image:
    """The one way from a file's bytes to the pixels that reach a model.

    Args:
        data: the whole file.
        preprocessing: the working size and how to reach it.
        limits: refused above these.

    Returns:
        uint8 [preprocessing.height, preprocessing.width, 3].

    Raises:
        UnreadableImage: the file cannot be decoded.
    """
    with decoded_pillow(data, limits=limits, at_least=preprocessing.decoded_size, rule=preprocessing.rule) as image:
        return prepare_pillow(image, preprocessing)


def choose_resize(sizes: Sequence[tuple[int, int]]) -> str:
    """The resize policy that loses least on images of these (height, width).

    Nearly square ones are cropped: at most a tenth is lost. Most other corpora are squashed: everything stays in
    view, every pixel is used, and a network learns moderate distortion. Only where shapes differ by more than three
    times are they padded, so that a panorama does not become a square.
    """
    aspects = np.array([width / height for height, width in sizes])
    low, high = np.percentile(aspects, [5, 95])
    if low > 1 / 1.1 and high < 1.1:
        return "crop"
    return "squash" if high / low < 3 else "pad"


def _resized(image: PillowImage.Image, height: int, width: int, box: tuple[float, float, float, float] | None) -> Image:
    return np.asarray(image.resize((width, height), PillowImage.Resampling.BILINEAR, box=box))


def _centre_box(width: int, height: int, *, aspect: float) -> tuple[float, float, float, float]:
    kept_width = min(width, height * aspect)
    kept_height = min(height, width / aspect)
    left, top = (width - kept_width) / 2, (height - kept_height) / 2
    return left, top, left + kept_width, top + kept_height
