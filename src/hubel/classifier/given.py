"""What programs give to be named → one image after another, each with its place in what was given."""

from __future__ import annotations

import inspect
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.corpus.example_images import read_image
from hubel.errors import UnreadableImage, WrongRequest
from hubel.files import is_folder
from hubel.images.array_images import NOTHING_SAID, ArrayRule, to_pixels
from hubel.images.decode import CORPUS_LIMITS, decode_image, from_pillow
from hubel.images.opened import file_behind
from hubel.images.preprocessing import Preprocessing, prepare_image, read_pixels
from hubel.images.samples import SampleRule

ImageInput: TypeAlias = Any
"""A path, the bytes of an image file, a file object, a Pillow image, or an array or tensor; see `to_model_pixels`."""

KINDS = "An image is a path, the bytes of a file, an open file, a Pillow image, or an array [height, width, channels]"


def is_one_image(given: object) -> bool:
    """Whether this is one image, as opposed to several.

    Raises:
        WrongRequest: a mapping or a set: it has no order, or holds more than images.
    """
    if isinstance(given, (Mapping, Set)):
        cure = "list(images.values())" if isinstance(given, Mapping) else "a list"
        raise WrongRequest(f"{KINDS}, or a list of these. Received: {type(given).__name__}. Give {cure}.")
    if isinstance(given, (str, bytes, bytearray, memoryview, os.PathLike, PillowImage.Image)) or _is_file(given):
        return True
    if _is_array(given):
        array = as_array(given)
        return not (array.ndim == 4 or (array.ndim == 1 and (array.dtype.kind in "OUST" or not array.size)))
    return not isinstance(given, Iterable)


def each_image(given: Any) -> Iterator[tuple[str, Any]]:
    """Its place, such as ``images[3]``, and the image; the place is empty where only one was given."""
    if is_one_image(given):
        yield "", given
        return
    several = as_array(given) if _is_array(given) else given
    for place, image in enumerate(several):
        yield f"images[{place}]", image


def to_model_pixels(image: ImageInput, preprocessing: Preprocessing, *, said: ArrayRule = NOTHING_SAID) -> Image:
    """The pixels that reach the model: uint8 [height, width, 3] at the working size.

    Args:
        image: a path; the bytes of a file, or a file open for reading bytes; a Pillow image; or an array of NumPy, or
            what becomes one, as tensors do: [height, width], or [height, width, 1, 3 or 4].
        preprocessing: of the classifier.
        said: what the caller says of arrays.

    Raises:
        UnreadableImage: the image cannot be decoded; the message names a path.
        WrongRequest: none of these kinds, or more must be said of it.
    """
    finish = partial(prepare_image, preprocessing=preprocessing)
    return _opened(image, preprocessing.rule, said=said, finish=finish, read=partial(_of_data, preprocessing))


def _of_data(preprocessing: Preprocessing, data: bytes) -> Image:
    return read_pixels(data, preprocessing)


def to_whole_pixels(image: ImageInput, preprocessing: Preprocessing) -> Image:
    """The image as it is, before it is brought to the working size: uint8 [height, width, 3], upright.

    Args:
        image: as of `to_model_pixels`; what can be read only once is read to its end.
        preprocessing: of the classifier, for what deep images and bands become.

    Raises:
        UnreadableImage: the image cannot be decoded; the message names a path.
        WrongRequest: none of these kinds.
    """
    rule = preprocessing.rule
    return _opened(image, rule, said=NOTHING_SAID, finish=lambda each: each, read=partial(decode_image, rule=rule))


def _opened(
    image: ImageInput,
    rule: SampleRule,
    *,
    said: ArrayRule,
    finish: Callable[[Image], Image],
    read: Callable[[bytes], Image],
) -> Image:
    if _is_array(image) and not isinstance(image, PillowImage.Image):
        return finish(to_pixels(as_array(image), rule, said=said))
    if said.said:
        raise WrongRequest(f"{said.said} is for arrays. {_named(image)} is not one. Leave it out.")
    if isinstance(image, PillowImage.Image):
        data = file_behind(image)
        return finish(from_pillow(image, rule)) if data is None else read(data)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return read(bytes(image))
    if _is_file(image):
        return read(_read(image))
    if isinstance(image, (str, os.PathLike)):
        return _read_path(Path(os.fsdecode(image)), read)
    cure = " For rows of numbers, give numpy.array(image)." if isinstance(image, (list, tuple)) else ""
    raise WrongRequest(f"{KINDS}. Received: {type(image).__name__}.{cure}")


def at_place(place: str, error: UnreadableImage | WrongRequest) -> UnreadableImage | WrongRequest:
    """The same fault, with the place of its image in a list.

    Args:
        place: such as ``images[3]``; empty where only one image was given.
        error: says nothing of the place.
    """
    if not place:
        return error
    if isinstance(error, UnreadableImage):
        return UnreadableImage(error.code, f"{place}: {error.reason}")
    return type(error)(f"{place}: ", error.text)


def _is_file(given: object) -> bool:
    return callable(getattr(given, "read", None)) and not isinstance(given, os.PathLike)


def _is_array(given: object) -> bool:
    return hasattr(given, "__array__") and not isinstance(given, (str, bytes, PillowImage.Image, type))


def as_array(given: Any) -> np.ndarray:
    """An array, or a tensor of any framework, as a NumPy array [...].

    Raises:
        WrongRequest: it cannot be converted, such as a tensor on another device or one that is being differentiated.
    """
    try:
        return np.asarray(given)
    except Exception as error:  # whatever the library of the tensor raises
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise WrongRequest(f"The {type(given).__name__} cannot be converted to a NumPy array: {reason}.") from error


def _named(image: object) -> str:
    if isinstance(image, (str, os.PathLike)):
        return f"The file {os.fsdecode(image)!r}"
    return f"A {type(image).__name__}"


def _read(file: Any) -> bytes:
    """The rest of a file object."""
    try:
        data = file.read(CORPUS_LIMITS.max_bytes + 1)
    except (ValueError, io.UnsupportedOperation) as error:  # closed, or open for writing
        raise WrongRequest(f"The file object cannot be read: {error}. Open it with open(path, 'rb').") from error
    except OSError as error:
        raise UnreadableImage("unreadable", f"the file object cannot be read ({error}): open it again") from error
    if inspect.isawaitable(data):
        getattr(data, "close", lambda: None)()
        raise WrongRequest(f"{type(file).__name__}.read() must be awaited: give the bytes, await file.read().")
    if not isinstance(data, bytes):
        raise WrongRequest(
            f"The file object gives {type(data).__name__}; an image is bytes. Open it with open(path, 'rb')."
        )
    if not data:
        raise UnreadableImage(
            "empty", "the file object gives no bytes: it is empty, or was read to its end; then call file.seek(0)"
        )
    return data


def _read_path(path: Path, read: Callable[[bytes], Image]) -> Image:
    try:
        return read(read_image(path))
    except UnreadableImage as error:
        reason = error.reason
        if error.code != "vanished" and is_folder(path):
            reason = "it is a folder: give its files, such as sorted(folder.rglob('*.jpg')) of a pathlib.Path"
        raise UnreadableImage(error.code, f"{path}: {reason}") from error
