"""The one door to Keras: importing it from here makes sure that the backend was chosen first."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager

from hubel.backends.select import select_backend


@contextmanager
def _held_back() -> Generator[None]:
    """Hold back what a framework's C++ part writes to standard error as it starts; show it if the start fails."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError):  # no standard error at all, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        except BaseException:
            buffer.seek(0)
            os.write(kept, buffer.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


BACKEND = select_backend()

with _held_back():
    import keras
    from keras.src.backend.common import global_state as keras_state  # not public, as the two below
    from keras.src.legacy.saving import legacy_h5_format, saving_options, saving_utils
    from keras.src.saving import serialization_lib

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice on tracing is for its programmers

__all__ = [
    "BACKEND", "keras", "keras_state", "legacy_h5_format", "saving_options", "saving_utils", "serialization_lib",
]  # fmt: skip

OUT_OF_MEMORY = frozenset({"ResourceExhaustedError", "OutOfMemoryError"})
"""TensorFlow's and PyTorch's own; JAX says it in the text of a general error."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine, or its graphics card, had no room."""
    if isinstance(error, MemoryError) or OUT_OF_MEMORY & {each.__name__ for each in type(error).__mro__}:
        return True
    return isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" in str(error)
