"""JavaScript of the page, run in Node without a browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import hubel.page

ASSETS = Path(hubel.page.__file__).parent / "assets"
NEEDS_NODE = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.timeout(180),
]


def run_module(script: str, *, cwd: Path = ASSETS, given: Any = None) -> Any:
    """What a module prints, read as JSON: it prints once, `console.log(JSON.stringify(...))`.

    Args:
        script: an ES module; it imports from `cwd`, as in ``import { Network } from "./engine/network.js";``.
        cwd: the folder it runs in.
        given: plain data that it finds under the name ``given``. Large numbers of bytes travel better in a file.

    Raises:
        AssertionError: it failed; the words are its own.
    """
    text = f"const given = {json.dumps(given)};\n{script}"
    done = subprocess.run(
        ["node", "--input-type=module"], check=False, input=text, cwd=cwd, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
