"""One seed → every random generator, and the same results for the same seed."""

from __future__ import annotations

import importlib

from hubel.backends.framework import BACKEND, keras


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and the backend, and ask the backend for deterministic kernels.

    Results are then the same to the bit on the same machine with the same library versions; another processor, a
    GPU or another number of threads may round differently.
    """
    keras.utils.set_random_seed(seed)
    if BACKEND == "tensorflow":
        importlib.import_module("tensorflow").config.experimental.enable_op_determinism()
    elif BACKEND == "torch":
        importlib.import_module("torch").use_deterministic_algorithms(mode=True, warn_only=True)
