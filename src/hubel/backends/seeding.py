"""One seed → every random generator, and the same results for the same seed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import numpy as np

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
