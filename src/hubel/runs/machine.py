"""The machine and the versions that a run was made with. Loads no framework."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubel.backends.select import backend_version, select_backend
from hubel.catalogue import processors

PACKAGES = ("hubel", "keras", "numpy", "pillow", "safetensors", "scipy", "scikit-learn")
"""What weights, predictions or scores depend on, beside Python and the backend."""

VARIABLES = (
    "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_XLA_FLAGS", "OMP_NUM_THREADS",
    "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "XLA_FLAGS",
    "ATEN_CPU_CAPABILITY", "NPY_DISABLE_CPU_FEATURES", "JAX_DEFAULT_MATMUL_PRECISION", "JAX_PLATFORMS",
    "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "HUBEL_STEPS",
)  # fmt: skip
"""Of the environment: those that change in which order a framework adds, and so how it rounds.

A run is resumed under the same values only; it is repeated under others, too, with a word on each that differs.
"""

DEVICES = ("JAX_PLATFORMS", "CUDA_VISIBLE_DEVICES")
"""Those of them that choose hardware: a run that is resumed goes on on other hardware, and says so."""


def describe_machine() -> dict[str, Any]:
    """Versions, hardware and environment, for ``run.json``."""
    backend = select_backend()
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
            backend: backend_version(backend),
        },
        "backend": backend,
        "hardware": {
            "system": platform.system(),
            "machine": platform.machine(),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "usable_cores": processors(),
            "byte_order": sys.byteorder,
        },
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def describe_hardware() -> dict[str, Any]:
    """The hardware a training runs on, with the variables that choose it."""
    machine = describe_machine()
    chosen = {name: value for name, value in machine["environment"].items() if name in DEVICES}
    return {**machine["hardware"], **chosen}


def _processor() -> str:
    """Its model, which decides how it rounds; empty where the system does not say."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    except (OSError, UnicodeDecodeError):
        found = None
    return platform.processor() if found is None else found[1].strip()
