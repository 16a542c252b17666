"""Choose what runs under Keras, before Keras is imported; and how it uses a graphics card, before it computes."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.metadata import PackageNotFoundError, version

from hubel.catalogue import is_installed
from hubel.errors import BackendNotAvailable, WrongRequest
from hubel.files import cache_folder

BACKENDS = {"tensorflow": ".[train]", "jax": ".[jax]", "torch": ".[torch]"}
"""Keras' name of a backend → what to install, in the folder of Hubel's source, to have it.

The first one installed is the default. Hubel is not on PyPI: no name without a folder installs it.
"""

PACKAGES = {"tensorflow": ("tensorflow-cpu", "tensorflow"), "jax": ("jax",), "torch": ("torch",)}

PLUGINS = "jax_plugins"
"""The package in which JAX looks for what drives a graphics card; nothing is there on machines for processors alone."""
DETERMINISTIC = "xla_gpu_deterministic_ops"
QUICKEST_KEPT_S = "0.1"
"""What took less than that to compile is not kept on disk."""


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
    name = wanted or next((each for each in BACKENDS if is_installed(each)), None)
    if name is None:
        raise BackendNotAvailable(
            "Keras needs TensorFlow, JAX or PyTorch, and none is installed. In the folder of Hubel's source, type: "
            "pip install '.[train]'"
        )
    if not is_installed(name):
        raise BackendNotAvailable(
            f"KERAS_BACKEND is {name!r}, but {name} is not installed. Unset it, or type in the folder of "
            f"Hubel's source: pip install '{BACKENDS[name]}'"
        )
    os.environ["KERAS_BACKEND"] = name
    # TensorFlow leaves oneDNN off on processors without AVX-512; on those it trains 1.3 to 1.9 times faster with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("GLOG_minloglevel", "2")
    _prepare(name)
    return name


def _prepare(backend: str) -> None:
    """Set, before a framework starts, what it reads from the environment. What the user set there stays as it is.

    JAX takes the memory of a card as it needs it. Where it can drive one, its kernels add in a fixed order, so that
    equal seeds repeat, and what it compiled is kept in the cache folder.
    """
    if backend != "jax":
        return
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if not is_installed(PLUGINS):
        return
    flags = os.environ.get("XLA_FLAGS", "")
    if DETERMINISTIC not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{DETERMINISTIC}=true".strip()
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", QUICKEST_KEPT_S)


def multiply_in_full(backend: str) -> None:
    """Have products of float32 computed with all of its 24 bits, as on a processor; a card takes 11 unless it is told.

    Answers of a card and of a processor then agree within one tolerance.

    Args:
        backend: Keras' name of the framework; it was imported, and has computed nothing so far.
    """
    module = importlib.import_module(backend)
    if backend == "torch":
        module.backends.cuda.matmul.allow_tf32 = module.backends.cudnn.allow_tf32 = False
    if backend == "tensorflow" and module.config.list_physical_devices("GPU"):
        module.config.experimental.enable_tensor_float_32_execution(enabled=False)
    if backend == "jax" and module.config.jax_default_matmul_precision is None:  # the user may have chosen
        module.config.update("jax_default_matmul_precision", "highest")


def backend_version(name: str) -> str:
    """Installed version of a backend, ``"unknown"`` where its package has another name."""
    for package in PACKAGES[name]:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "unknown"
