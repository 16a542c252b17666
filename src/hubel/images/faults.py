"""What Pillow and the libraries below it say while they decode: warnings are hidden, errors become faults in words."""

from __future__ import annotations

import errno
import struct
import threading
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager

from PIL import ImageCms

from hubel.errors import UnreadableImage
from hubel.text import shortened

DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    ZeroDivisionError, RuntimeError, NotImplementedError, struct.error, zlib.error, ImageCms.PyCMSError,
)  # fmt: skip
"""What Pillow's decoders raise on damaged files; anything else is a defect in Hubel and is shown as one."""

_NO_MEMORY = ("out of memory", "insufficient memory", "cannot allocate memory")
"""What Pillow and the libraries below it say where they do not raise a `MemoryError`."""


def no_memory() -> UnreadableImage:
    """The fault of an image that there is no memory for at this moment."""
    reason = "there is not enough free memory to read it: close other programs, allow more, or save it smaller"
    return UnreadableImage("no-memory", reason)


@contextmanager
def named_lack_of_memory() -> Generator[None]:
    """A lack of memory in the block becomes a fault.

    Raises:
        UnreadableImage: with ``code`` ``no-memory``.
    """
    try:
        yield
    except MemoryError as error:
        raise no_memory() from error


@contextmanager
def named_errors() -> Generator[None]:
    """Whatever a decoder raises in the block becomes a fault.

    Raises:
        UnreadableImage: with ``code`` ``no-memory``, ``truncated`` or ``corrupt``; or the one that was raised.
    """
    try:
        with named_lack_of_memory():
            yield
    except UnreadableImage:
        raise
    except DECODER_ERRORS as error:
        text = str(error).lower()
        if getattr(error, "errno", None) == errno.ENOMEM or any(words in text for words in _NO_MEMORY):
            raise no_memory() from error
        if "truncated" in text or "not enough" in text or isinstance(error, EOFError) or "unexpected end" in text:
            raise UnreadableImage("truncated", "the file ends too early: copy or download it again") from error
        detail = shortened(str(error), 120) or type(error).__name__
        raise UnreadableImage("corrupt", f"its content is damaged ({detail}): export it again") from error


class _Silence:
    """Hides warnings while any thread decodes: odd metadata does not matter for the pixels.

    The filters of warnings belong to the whole process. With `warnings.catch_warnings` in each thread, the last to
    leave could restore what another had set, and the user's own warnings would stay hidden for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


SILENCE = _Silence()


class LeftToParent(BaseException):
    """A large image in a process that was told to leave these to the one that started it."""


class _Turn:
    """Held while a large image is decoded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.left = False

    def __enter__(self) -> None:
        if self.left:
            raise LeftToParent
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


LARGE = _Turn()
"""Of a large image: one is decoded at a time."""


def leave_large_images() -> None:
    """From now on this process raises `LeftToParent` for a large image, so that one process decodes them all."""
    LARGE.left = True
