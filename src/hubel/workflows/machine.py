"""The machine and the versions that a run was made with."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from typing import Any

from hubel.backends.framework import BACKEND
from hubel.backends.select import backend_version


def describe_machine() -> dict[str, Any]:
    """Versions and hardware, for ``run.json``."""
    packages = ("hubel", "keras", "numpy", "pillow", "safetensors")
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in packages},
            BACKEND: backend_version(BACKEND),
        },
        "backend": BACKEND,
        "hardware": {
            "system": platform.system(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "byte_order": sys.byteorder,
        },
    }
