"""The one door to Keras: importing it from here makes sure that the backend was chosen first.

And its random numbers: with the seed of a run they are the same again. What it computes on, and how a model infers.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

import numpy as np

from hubel.backends.select import multiply_in_full, select_backend


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

    multiply_in_full(BACKEND)

logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice on tracing is for its programmers

__all__ = [
    "BACKEND", "keras", "keras_state", "legacy_h5_format", "saving_options", "saving_utils", "serialization_lib",
]  # fmt: skip


def to_numpy(value: object) -> np.ndarray:
    """What a tensor or variable holds [of its own shape].

    Args:
        value: of the framework that was chosen.
    """
    return np.asarray(keras.ops.convert_to_numpy(value))


OUT_OF_MEMORY = frozenset({"ResourceExhaustedError", "OutOfMemoryError"})
"""TensorFlow's and PyTorch's own; JAX says it in the text of a general error."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine, or its graphics card, had no room."""
    if isinstance(error, MemoryError) or OUT_OF_MEMORY & {each.__name__ for each in type(error).__mro__}:
        return True
    return isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" in str(error)


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and the backend, and ask the backend for deterministic kernels.

    Results are then the same to the bit on the same machine with the same library versions; another processor, a
    GPU or another number of threads may round differently. JAX is asked earlier, see `hubel.backends.select`.
    """
    keras.utils.set_random_seed(seed)
    if BACKEND == "tensorflow":
        importlib.import_module("tensorflow").config.experimental.enable_op_determinism()
    elif BACKEND == "torch":
        importlib.import_module("torch").use_deterministic_algorithms(mode=True, warn_only=True)


def random_states() -> dict[str, np.ndarray]:
    """States [bytes] of the backend's own generators, outside any model: PyTorch's dropout draws from these."""
    if BACKEND != "torch":
        return {}
    torch = importlib.import_module("torch")
    on_gpu = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state().numpy(), **{f"gpu_{n}": each.numpy() for n, each in enumerate(on_gpu)}}


def set_random_states(states: Mapping[str, np.ndarray]) -> None:
    """Give these generators the states [bytes] of `random_states`; those of a GPU that is not there are left out."""
    if BACKEND != "torch":
        return
    torch = importlib.import_module("torch")
    for name, state in states.items():
        value = torch.from_numpy(np.array(state))
        if name == "cpu":
            torch.set_rng_state(value)
        elif int(name.removeprefix("gpu_")) < torch.cuda.device_count():
            torch.cuda.set_rng_state(value, int(name.removeprefix("gpu_")))


MOST_TOGETHER = 1024
"""Images that a graphics card computes together, where they are small."""
NUMBERS_TOGETHER = 64 * 224 * 224 * 3
"""Numbers in the images that it computes together: as many as in 64 images of a usual backbone."""


def images_together(numbers: int, *, on_processor: int) -> int:
    """Images that are computed together: on a graphics card many, for each call has its price there.

    Args:
        numbers: in one image.
        on_processor: so many on a processor, and at least so many on a card.
    """
    if not on_accelerator():
        return on_processor
    fitting = NUMBERS_TOGETHER // max(1, numbers)
    return min(MOST_TOGETHER, max(on_processor, 1 << max(0, fitting.bit_length() - 1)))


def on_accelerator() -> bool:
    """Whether a graphics card or the like is used."""
    return _ON_ACCELERATOR[BACKEND]()


def _tensorflow() -> bool:
    return any(
        device.device_type != "CPU" for device in importlib.import_module("tensorflow").config.list_logical_devices()
    )


def _jax() -> bool:
    return importlib.import_module("jax").default_backend() != "cpu"


def _torch() -> bool:
    torch = importlib.import_module("torch")
    return torch.cuda.is_available() or torch.backends.mps.is_available()


_ON_ACCELERATOR = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}


Forward = Callable[[np.ndarray], object]

_compiled: WeakKeyDictionary[keras.Model, Forward] = WeakKeyDictionary()
"""Of TensorFlow: what each model was compiled to."""


def forward_of(model: keras.Model) -> Forward:
    """float32 [batch, ...] → the outputs of a model as it infers; compiled once, and kept as long as the model is.

    TensorFlow's function is for batches of every size. That of Keras traces the model again for the second size that it
    meets, which for a small corpus takes longer than all that is computed with it.

    Args:
        model: with one input. Its weights may change later.
    """
    if BACKEND != "tensorflow":
        return model.predict_on_batch
    if model not in _compiled:
        tensorflow = importlib.import_module("tensorflow")
        found = cast("Callable[[], Any]", ref(model))  # what is kept must not keep the model
        model.jit_compile = False  # also in Keras' predict: XLA compiles for seconds, and is slower on processors
        signature = [tensorflow.TensorSpec((None, *model.input_shape[1:]), "float32")]
        _compiled[model] = tensorflow.function(
            lambda batch: found()(batch, training=False), input_signature=signature, jit_compile=False, autograph=False
        )
    return _compiled[model]
