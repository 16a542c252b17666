"""What the framework computes on."""

from __future__ import annotations

import importlib

from hubel.backends.framework import BACKEND


def on_accelerator() -> bool:
    """Whether a graphics card or the like is used, which may multiply with fewer bits than float32 has."""
    return _ANSWERS[BACKEND]()


def _tensorflow() -> bool:
    return any(
        device.device_type != "CPU" for device in importlib.import_module("tensorflow").config.list_logical_devices()
    )


def _jax() -> bool:
    return importlib.import_module("jax").default_backend() != "cpu"


def _torch() -> bool:
    torch = importlib.import_module("torch")
    return torch.cuda.is_available() or torch.backends.mps.is_available()


_ANSWERS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
