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

PACKAGES = ("hubel", "keras", "numpy", "pillow", "safetensors", "scipy", "scikit-learn")
"""What weights, predictions or scores depend on, beside Python and the backend."""


def describe_machine() -> dict[str, Any]:
    """Versions and hardware, for ``run.json``."""
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
            "byte_order": sys.byteorder,
        },
    }


def _processor() -> str:
    """Its model, which decides how it rounds; empty where the system does not say."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    except (OSError, UnicodeDecodeError):
        found = None
    return platform.processor() if found is None else found[1].strip()
