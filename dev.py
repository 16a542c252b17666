#!/usr/bin/env python3
"""Set everything up with Python and pip alone, then do what is asked.

    python3 dev.py hubel train digits -o runs/digits    the program itself
    python3 dev.py test                                 every test, side by side but for those that read the clock
    python3 dev.py test tests/unit -k colour            these tests; the words go to pytest
    python3 dev.py check                                format, lint, types, layers
    python3 dev.py test-backends                        the tests that run Keras, on JAX and on PyTorch
    python3 dev.py run COMMAND ...                      anything else in the project's environment

It installs uv into .tools/ and the locked environment into .venv/, both beside this file.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
UV = TOOLS / "bin" / ("uv.exe" if os.name == "nt" else "uv")
UV_VERSION = "0.13.9"
BIN = "Scripts" if os.name == "nt" else "bin"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "UV_COMPILE_BYTECODE": "1",  # without it every start of TensorFlow compiles it again, for ten seconds
    "UV_PYTHON_DOWNLOADS": "never",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}
ACTIVATE = f"{ROOT / '.venv' / BIN / 'activate'}" if os.name == "nt" else f". {ROOT / '.venv' / BIN / 'activate'}"
TORCH = "torch==2.13.0"
BESIDE = ("-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile", "--no-loadscope-reorder")
"""For pytest: several files at a time, in the order of tests/conftest.py."""


def call(*command: str | Path, folder: Path = ROOT, **variables: str) -> None:
    """Run a command in a folder; end as it ends if it fails."""
    done = subprocess.run([str(word) for word in command], cwd=folder, env={**ENVIRONMENT, **variables}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def set_up(*, development: bool) -> None:
    """Install what is missing; a second or less when nothing is."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"Hubel needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}. Run: python3.12 dev.py ...")
    if not UV.exists():
        call(sys.executable, "-m", "pip", "install", "--quiet", "--target", TOOLS, f"uv=={UV_VERSION}")
    kind = () if development else ("--no-dev", "--inexact")
    call(UV, "sync", "--frozen", "--quiet", "--python", sys.executable, "--extra", "train", *kind)


def tool(name: str) -> Path:
    """A program of the project's environment."""
    return ROOT / ".venv" / BIN / name


def test_backends() -> None:
    """Run the tests that use Keras on JAX and on PyTorch, in environments without TensorFlow."""
    requirements = TOOLS / "requirements.txt"
    words = ("--no-emit-project", "--no-hashes", "--extra", "keras", "--output-file", requirements)
    call(UV, "export", "--frozen", "--quiet", *words)
    for backend in ("jax", "torch"):
        folder = ROOT / f".venv-{backend}"
        python = folder / BIN / "python"
        if not python.exists():
            call(UV, "venv", "--quiet", "--seed", "--python", sys.executable, folder)
        if backend == "torch":  # pip honours a local wheel; uv would take the registry's CUDA build
            call(python, "-m", "pip", "install", "--quiet", TORCH)
        packages = ("jax",) if backend == "jax" else ()
        call(UV, "pip", "install", "--quiet", "--python", python, "--requirements", requirements, *packages)
        call(UV, "pip", "install", "--quiet", "--python", python, "--no-deps", "--editable", ".")
        call(python, "-m", "pytest", "-m", "backend", "-q", *BESIDE, KERAS_BACKEND=backend)


def main(words: list[str]) -> None:
    """Do the verb that the user typed."""
    verb, rest = (words[0], words[1:]) if words else ("help", [])
    if verb not in ("hubel", "test", "check", "test-backends", "run"):
        sys.exit(__doc__)
    is_first = not tool("hubel").exists()
    set_up(development=verb != "hubel")
    if verb == "hubel":
        if is_first:
            print(f"Installed. To type hubel alone, in this terminal: {ACTIVATE}\n", file=sys.stderr, flush=True)
        call(tool("hubel"), *rest, folder=Path.cwd())  # paths are the user's
    elif verb == "run":
        call(tool(rest[0]), *rest[1:])
    elif verb == "test" and rest:
        call(tool("python"), "-m", "pytest", *rest)
    elif verb == "test":
        call(tool("python"), "-m", "pytest", "-m", "not clock", *BESIDE)
        call(tool("python"), "-m", "pytest", "-m", "clock")
    elif verb == "check":
        call(tool("ruff"), "format", "--check", "--quiet", ".")
        call(tool("ruff"), "check", "--quiet", ".")
        call(tool("ty"), "check", "--quiet", "src")
        call(tool("lint-imports"), "--no-cache")
    else:
        test_backends()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
