"""Fixtures shared by every test: a private cache, and small corpora made on the spot. And the order of the files."""

from __future__ import annotations

import functools
import gc
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from jinja2 import Environment, FileSystemBytecodeCache
from PIL import Image
from tests.browser import Browser

SHARED = Path(__file__).parents[2] / "shared"
LONGEST = (
    "test_typed.py", "test_typed_cures.py", "test_planted_labels.py", "test_real_corpora.py", "test_intake_promises.py",
    "test_learning_curve.py", "test_receptive_fields.py", "test_applications.py", "test_architectures.py",
    "test_frozen_backbones.py", "test_resume.py", "test_bad_input.py", "test_tiny_parts.py",
)  # fmt: skip
"""Files that take longest. They come first, so that where several run at a time none is left alone at the end."""
COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}


def pytest_configure(config: pytest.Config) -> None:
    """Backends are told, before any test imports one, what makes hundreds of tiny networks quick.

    Side by side, each process has one thread for PyTorch and for NumPy's linear algebra: with more, most of the time goes
    into threads that wait for each other. What the first process sets, those that it starts begin with.

    On JAX, machine code is made quickly rather than well, as in JAX's own tests: networks here are compiled for a few
    steps. What one test had compiled is read from disk by the others, and by the processes that they start; each process
    of a run side by side has a folder of its own, since JAX does not write its files in one piece. What is promised of a
    framework is tested as users run it all the same, in contracts/test_framework_promises.py.
    """
    backend = os.environ.get("KERAS_BACKEND")
    if getattr(config.option, "numprocesses", None):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if backend == "torch":
            os.environ.setdefault("OMP_NUM_THREADS", "1")
    if backend == "jax":
        folder = TemporaryDirectory(prefix="hubel-compiled-")
        config.add_cleanup(folder.cleanup)
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder.name
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; within them and behind them, tests stay in their order."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


def pytest_collection_finish() -> None:
    """What the libraries made as they were imported lives to the end: it is not looked at in each search for garbage.

    With TensorFlow these are a million objects, and each full search took a quarter of a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def as_users_run_it() -> Iterator[None]:
    """PyTorch with all its threads, JAX with all its optimisations: without what `pytest_configure` spares them."""
    backend = os.environ.get("KERAS_BACKEND")
    if backend == "torch":
        torch = importlib.import_module("torch")
        threads = torch.get_num_threads()
        torch.set_num_threads(os.cpu_count() or 1)
        yield
        torch.set_num_threads(threads)
    elif backend == "jax":
        config = importlib.import_module("jax").config
        config.update("jax_disable_most_optimizations", False)
        yield
        config.update("jax_disable_most_optimizations", True)
    else:
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Each template of a page is compiled once for all pages of a run."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hubel.reports.html.Environment", functools.partial(Environment, bytecode_cache=kept))
        yield


@pytest.fixture(autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Decoded images of a test stay with the test."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("HUBEL_CACHE", str(folder))
    return folder


def speckled(
    colour: tuple[int, int, int], *, rng: np.random.Generator, height: int = 24, width: int = 24
) -> np.ndarray:
    """An image of about one colour: uint8 [height, width, 3]."""
    noise = rng.integers(-30, 31, (height, width, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


def write_image(path: Path, pixels: np.ndarray) -> None:
    """Write pixels as an image file, folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """A corpus of three easily told classes, 20 images each."""
    rng = np.random.default_rng(1)
    for name, colour in COLOURS.items():
        for number in range(20):
            write_image(tmp_path / "colours" / name / f"{number:02}.png", speckled(colour, rng=rng))
    return tmp_path / "colours"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real corpora beside the project; tests that need it are skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip(f"the real corpora are not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for every test of a page; each opens a tab of its own. Such a test is marked `NEEDS_BROWSER`."""
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


def environment(**more: str) -> dict[str, str]:
    """The environment for a child process, with additions."""
    return {**os.environ, **more}
