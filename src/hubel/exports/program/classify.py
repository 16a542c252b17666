"""Names images: files in, one line of JSON for each out. README.md says what it needs to be installed.

    python classify.py photo.jpg other.png
    python classify.py - < list_of_paths.txt

A line has path, class_name, probability, probabilities and abstained (better ask a person); of an image that cannot be
read, path and error. Exit code 0: all were named. 4: some could not be read. 3: this folder is damaged, or a package is
missing. 2: no image was given.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

HERE = Path(__file__).resolve().parent
TOGETHER = 16
"""Images that are named at once."""
MOST_BYTES, MOST_PIXELS = 200_000_000, 64_000_000
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000", "PCX", "ICO")
DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    ZeroDivisionError, RuntimeError, NotImplementedError, struct.error, zlib.error, ImageCms.PyCMSError,
    Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises on damaged files."""
DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
ALPHA_MODES = ("RGBA", "LA", "La", "RGBa", "PA")
ORIENTATION, ON_ITS_SIDE = 0x0112, 5
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PADDING_GREY = 128


class CannotRead(Exception):
    """An image that is not named, and why."""


def main(words: Sequence[str]) -> int:
    """Name the images of a command line; gives the exit code."""
    if not words or words[0] in ("-h", "--help"):
        sys.stderr.write(f"{__doc__}\n")
        return 0 if words else 2
    try:
        description = json.loads((HERE / "classifier.json").read_bytes())
        compute = importlib.import_module("network").open_network(HERE)
    except Exception as error:  # noqa: BLE001  (whatever the runtime raises for a model that it cannot open)
        sys.stderr.write(f"The classifier in {HERE} cannot be opened: {error}. README.md says what it needs.\n")
        return 3
    refused = 0
    for answer in answers(paths_of(words), description, compute=compute):
        refused += "error" in answer
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    return 4 if refused else 0


def paths_of(words: Sequence[str]) -> Iterator[str]:
    """The paths; in place of ``-`` those on standard input, one a line."""
    for word in words:
        if word == "-":
            yield from (os.fsdecode(line.rstrip(b"\r\n")) for line in sys.stdin.buffer if line.strip())
        else:
            yield word


def answers(
    paths: Iterator[str], description: dict[str, Any], *, compute: Callable[[np.ndarray], np.ndarray]
) -> Iterator[dict[str, Any]]:
    """One answer for each path, in their order.

    Args:
        paths: of image files.
        description: content of ``classifier.json``.
        compute: uint8 [batch, height, width, 3] → logits [batch, classes], as of ``network.open_network``.
    """
    waiting: list[tuple[str, np.ndarray | CannotRead]] = []
    for path in paths:
        waiting.append((path, _read_or_not(path, description["preprocessing"])))
        if len(waiting) == TOGETHER:
            yield from _named(waiting, description, compute=compute)
            waiting = []
    yield from _named(waiting, description, compute=compute)


def _named(
    read: list[tuple[str, np.ndarray | CannotRead]],
    description: dict[str, Any],
    *,
    compute: Callable[[np.ndarray], np.ndarray],
) -> Iterator[dict[str, Any]]:
    pixels = [each for _, each in read if isinstance(each, np.ndarray)]
    rows = iter(find_probabilities(np.stack(pixels), description, compute=compute) if pixels else ())
    names = description["class_names"]
    for path, each in read:
        if isinstance(each, CannotRead):
            yield {"path": path, "error": str(each)}
            continue
        row = next(rows)
        best = int(row.argmax())
        yield {
            "path": path,
            "class_name": names[best],
            "probability": float(row[best]),
            "probabilities": {name: float(value) for name, value in zip(names, row)},  # noqa: B905  (also Python 3.9)
            "abstained": bool(row[best] < description["abstention_threshold"]),
        }


def find_probabilities(
    pixels: np.ndarray, description: dict[str, Any], *, compute: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Calibrated probabilities, float64 [batch, classes].

    Args:
        pixels: uint8 [batch, height, width, 3], red first.
        description: content of ``classifier.json``.
        compute: pixels → logits.
    """
    logits = compute(pixels)
    if description["tta"] == "mirror":  # the mean of the image and its mirror image
        logits = (logits + compute(np.ascontiguousarray(pixels[:, :, ::-1]))) / np.float32(2)
    scaled = logits.astype(np.float64) / description["temperature"]
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _read_or_not(path: str, preprocessing: dict[str, Any]) -> np.ndarray | CannotRead:
    try:
        return read_pixels(Path(path).read_bytes(), preprocessing)
    except CannotRead as error:
        return CannotRead(str(error))  # its traceback would keep the whole image in memory
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return CannotRead(f"the file cannot be read: {getattr(error, 'strerror', None) or error}")


def read_pixels(data: bytes, preprocessing: dict[str, Any]) -> np.ndarray:
    """The bytes of an image file → uint8 [height, width, 3]: upright, over white, at the size of the network.

    Args:
        data: of the file.
        preprocessing: of ``classifier.json``.

    Raises:
        CannotRead: it is no image, is damaged, or is of a kind that this program does not read.
    """
    if not data or len(data) > MOST_BYTES:
        raise CannotRead(f"the file has {len(data):,} bytes; from 1 to {MOST_BYTES:,} are read")
    size = preprocessing["height"], preprocessing["width"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _resized(_upright_rgb(data, preprocessing), size, policy=preprocessing["resize"])
    except CannotRead:
        raise
    except MemoryError as error:
        raise CannotRead("there is not enough memory for it") from error
    except UnidentifiedImageError as error:
        raise CannotRead("it is in no image format that is read: save it as PNG or JPEG") from error
    except DECODER_ERRORS as error:
        raise CannotRead(f"its content is damaged: {error}") from error


def _upright_rgb(data: bytes, preprocessing: dict[str, Any]) -> Image.Image:
    """Decoded, in mode RGB, turned as its EXIF orientation says; a large JPEG at a fraction of its size."""
    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    with Image.open(io.BytesIO(data), formats=known) as image:
        if image.width * image.height > MOST_PIXELS:
            raise CannotRead(f"it has {image.width:,} x {image.height:,} pixels; up to {MOST_PIXELS:,} are read")
        is_deep = _check_kind(image, data, preprocessing=preprocessing)
        if image.format in ("JPEG", "MPO"):
            height, width = (
                2 * preprocessing["height"],
                2 * preprocessing["width"],
            )  # never below: the resize still averages
            image.draft(None, (height, width) if _orientation(image) >= ON_ITS_SIDE else (width, height))
        image.load()
        if image.format == "TIFF" and _is_empty(image) and _pages(data) > 1:
            raise CannotRead("it has several pages, and the first is empty: save the right one as an image")
        orientation = _orientation(image)  # of a PNG, it may stand behind the pixels
        rgb = _to_rgb(image) if not is_deep else importlib.import_module("deep").to_rgb(image, data, of=preprocessing)
        return rgb.transpose(TURNS[orientation]) if orientation in TURNS else rgb


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except DECODER_ERRORS:  # damaged metadata of an image whose pixels may be fine
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    has_alpha = image.mode in ALPHA_MODES or "transparency" in image.info
    if image.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, rgb, "LAB", "RGB"))
        return image if converted is None else converted
    # Many programs leave the fourth byte of a BMP zero: all of it would be transparent, and no reader obeys that.
    bitmap = image.format in ("BMP", "DIB") and image.mode == "RGBA"
    if not has_alpha or (bitmap and image.getchannel("A").getextrema() == (0, 0)):
        return image.convert("RGB")
    rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _resized(image: Image.Image, size: tuple[int, int], *, policy: str) -> np.ndarray:
    """Squash, crop or pad to the size of the network."""
    height, width = size
    if (image.height, image.width) == size:
        return np.asarray(image)
    if policy != "pad":
        box = None
        if policy == "crop":
            kept_width = min(image.width, image.height * (width / height))
            kept_height = min(image.height, image.width / (width / height))
            left, top = (image.width - kept_width) / 2, (image.height - kept_height) / 2
            box = left, top, left + kept_width, top + kept_height
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box))
    scale = min(height / image.height, width / image.width)
    inner_height, inner_width = (max(1, round(side * scale)) for side in (image.height, image.width))
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas = np.full((height, width, 3), PADDING_GREY, np.uint8)
    inner = image.resize((inner_width, inner_height), Image.Resampling.BILINEAR)
    canvas[top : top + inner_height, left : left + inner_width] = np.asarray(inner)
    return canvas


def _check_kind(image: Image.Image, data: bytes, *, preprocessing: dict[str, Any]) -> bool:
    """Refuse what Hubel reads by rules that are not here; whether it has more than 8 bits for each colour."""
    deep = image.mode in DEEP_MODES
    deep |= image.format == "PNG" and data[24] == 16
    if image.format == "PPM" and image.mode == "RGB":
        arguments = [each.args for each in getattr(image, "tile", ())]
        deep |= any(isinstance(each, tuple) and each[-1] > 255 for each in arguments)
    if image.format == "TIFF":
        deep |= max(_tiff_numbers(image, 258), default=8) > 8
        if not deep and not _is_plain_tiff(image, data):
            raise CannotRead("it is a TIFF of a kind that this program does not read: save it as an RGB image")
    if deep and not any(name in preprocessing for name in ("integer_range", "float_range")):
        raise CannotRead("it has more than 8 bits for each colour, which this program does not read: save it with 8")
    if deep and image.format != "PNG" and not (image.format == "TIFF" and _is_plain_deep_tiff(image, data)):
        raise CannotRead("it has more than 8 bits, and is of a kind that this program does not read: save it as PNG")
    return deep


def _is_plain_deep_tiff(image: Any, data: bytes) -> bool:
    """One page of grey, in whole numbers of 16 bits or floats of 32."""
    kind = _tiff_numbers(image, 258), _tiff_numbers(image, 339) or (1,)
    plain = 330 not in image.tag_v2 and 50706 not in image.tag_v2 and data[8:10] != b"CR"
    one_band = image.mode in DEEP_MODES and _tiff_numbers(image, 262) == (1,) and not _tiff_numbers(image, 338)
    return plain and one_band and kind in (((16,), (1,)), ((32,), (3,))) and _pages(data) == 1


def _tiff_numbers(image: Any, tag: int) -> tuple[int, ...]:
    value = image.tag_v2.get(tag, ())
    return tuple(map(int, value if isinstance(value, tuple) else (value,)))


def _is_plain_tiff(image: Any, data: bytes) -> bool:
    """Grey, RGB, either with a marked transparency, or of a kind that Pillow converts; no camera's raw file."""
    if 330 in image.tag_v2 or 50706 in image.tag_v2 or data[8:10] == b"CR":  # previews, and raw files
        return False
    (photometric,), extra = _tiff_numbers(image, 262) or (0,), _tiff_numbers(image, 338)
    (samples,), bits = _tiff_numbers(image, 277) or (1,), set(_tiff_numbers(image, 258))
    marked = extra in ((1,), (2,), (999,))
    if photometric not in (0, 1, 2):
        return photometric in (3, 5, 6, 8)
    if samples == 1:
        return not extra
    colours = samples - marked
    return bits == {8} and marked == bool(extra) and colours == (3 if photometric == 2 else 1) and photometric != 0


def _is_empty(image: Image.Image) -> bool:
    """Whether it is black or white all over."""
    extrema = image.getextrema()
    pairs: Any = extrema if isinstance(extrema[0], tuple) else (extrema,)
    if any(low != high for low, high in pairs):
        return False
    return image.crop((0, 0, 1, 1)).convert("RGB").getpixel((0, 0)) in ((0, 0, 0), (255, 255, 255))


def _pages(data: bytes) -> int:
    with Image.open(io.BytesIO(data), formats=("TIFF",)) as image:
        return getattr(image, "n_frames", 1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:  # whoever read the answers has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
