"""Choose what runs under Keras, before Keras is imported."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from hubel.errors import BackendNotAvailable, WrongRequest

BACKENDS = {"tensorflow": ".", "jax": ".[jax]", "torch": ".[torch]"}
"""Keras' name of a backend → what to install, in the folder of Hubel's source, to have it.

The first one installed is the default. Hubel is not on PyPI: no name without a folder installs it.
"""

PACKAGES = {"tensorflow": ("tensorflow-cpu", "tensorflow"), "jax": ("jax",), "torch": ("torch",)}


def select_backend() -> str:
    """Set ``KERAS_BACKEND`` if the user did not, and quieten and speed up what is below it.

    Returns:
        The backend's name.

    Raises:
        WrongRequest: ``KERAS_BACKEND`` names no backend we know.
        BackendNotAvailable: that backend, or any at all, is not installed.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend()
    wanted = os.environ.get("KERAS_BACKEND")
    if wanted is not None and wanted not in BACKENDS:
        raise WrongRequest(f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}. Received: {wanted!r}.")
    name = wanted or next((each for each in BACKENDS if find_spec(each)), None)
    if name is None:
        raise BackendNotAvailable(
            "Keras needs TensorFlow, JAX or PyTorch, and none is installed. In the folder of Hubel's source, type: "
            "pip install ."
        )
    if not find_spec(name):
        raise BackendNotAvailable(
            f"KERAS_BACKEND is {name!r}, but {name} is not installed. Unset it, or type in the folder of "
            f"Hubel's source: pip install '{BACKENDS[name]}'"
        )
    os.environ["KERAS_BACKEND"] = name
    # TensorFlow leaves oneDNN off on processors without AVX-512; on those it trains 1.3 to 1.9 times faster with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GLOG_minloglevel", "2")
    return name


def backend_version(name: str) -> str:
    """Installed version of a backend, ``"unknown"`` where its package has another name."""
    for package in PACKAGES[name]:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "unknown"
