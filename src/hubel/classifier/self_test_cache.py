"""A classifier's self-test runs the first time that it is loaded with these libraries on this machine."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from hubel.architectures.spec import Spec
from hubel.errors import OutputNotWritable
from hubel.files import cache_folder, write_bytes

MOST_MACS, MOST_NUMBERS = 2 * 10**10, 2**26
"""For one image. A larger network would take seconds or a quarter of a gigabyte, so loading leaves it untested."""
FOLDER = "self-tests"


def is_quick(spec: Spec) -> bool:
    """Whether a few images cost so little that loading may answer them."""
    macs, numbers = spec.count_work()
    return macs <= MOST_MACS and numbers <= MOST_NUMBERS


def marker(checksum: str, libraries: Mapping[str, str]) -> Path:
    """The file whose presence says that the self-test held here.

    Args:
        checksum: of the manifest, which has the checksum of the weights in it.
        libraries: name → version of what computes the answers.
    """
    devices = [os.environ.get("CUDA_VISIBLE_DEVICES", "all"), os.environ.get("KERAS_TORCH_DEVICE", "")]
    machine = [platform.system(), platform.machine(), platform.node(), str(os.cpu_count()), *devices]
    known = "\0".join([checksum, *map(str, libraries.items()), *machine])
    return cache_folder() / FOLDER / hashlib.sha256(known.encode()).hexdigest()


def remember(path: Path) -> None:
    """Note that the self-test held; where the cache cannot be written, it is run again the next time."""
    with suppress(OutputNotWritable, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, b"")
