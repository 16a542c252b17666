"""A corpus of 500 images whose names are long and hostile, and a classifier trained on it through ``hubel``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image

import hubel

CLASSES = tuple(f"{letter}<script>alert('{letter}')</script>&quot; " + letter * 120 for letter in "abc")
IMAGES = 500


@pytest.fixture(scope="package")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 images of 8 x 8 pixels in three classes."""
    root = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(2)
    for number in range(IMAGES):
        kind = number % 3
        pixels = rng.integers(0, 120, (8, 8, 3), dtype=np.uint8)
        pixels[..., kind] += 120
        name = CLASSES[kind].replace("/", "-")[:200]
        write_image(root / name / f"{number:03}<img src=x> {'n' * 120}.png", pixels)
    return root


@pytest.fixture(scope="package")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> hubel.Run:
    """One epoch of a small network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBEL_CACHE", str(tmp_path_factory.mktemp("cache")))
        return hubel.train(corpus, tmp_path_factory.mktemp("runs") / "run", architecture="small-cnn", epochs=1)


@pytest.fixture(scope="package")
def image(corpus: Path) -> Path:
    """One of them."""
    return sorted(corpus.rglob("*.png"))[0]
