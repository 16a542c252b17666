"""Building models without the memory for their weights."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from hubel.backends.framework import keras, keras_state

_WAITING = "uninitialized_variables"


@contextmanager
def without_weights() -> Generator[None]:
    """A context in which models are built with shapes only: a network of any size costs no memory.

    Keras lists the variables that still wait for their values, and the next scope of its own, in any later training,
    would make all of them: those of this context are taken off that list.
    """
    before = list(keras_state.get_global_attribute(_WAITING, []))
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        keras_state.set_global_attribute(_WAITING, before)
