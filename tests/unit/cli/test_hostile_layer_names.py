"""A model file of a stranger names its layers as it likes: none of the names reaches the terminal as anything but text."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.conftest import Typed

from hubel.backends.framework import keras

NAME = "\x1b]0;title\x07conv"
SPELLED = "\\x1b]0;title\\x07conv"
"""It names the window of a terminal; click takes colours out of what goes into a file, but not this."""


@pytest.fixture(scope="module", autouse=True)
def model_file(folder: Path) -> None:
    parts = [keras.layers.Conv2D(2, 3, name=NAME), keras.layers.Flatten(), keras.layers.Dense(2)]
    keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Rescaling(1 / 255), *parts]).save(folder / "odd.keras")


@pytest.mark.parametrize(
    "words",
    [
        "maps odd.keras",
        "maps odd.keras image.png --layer 2 -o maps.png",
        "filters odd.keras",
        "filters odd.keras --layer 2 -o filters.png",
        "filters odd.keras --layer 2 --excite --filter 0 -o excite.png",
        "trace odd.keras",
        "trace odd.keras image.png --layer 2",
        "trace odd.keras image.png --layer 1",
        "trace odd.keras image.png --layer last",
        "anatomy odd.keras",
        "maps odd.keras image.png --layer convolution -o maps.png",
    ],
)
def test_the_name_of_a_layer_cannot_steer_the_terminal(words: str, typed: Typed):
    _, out, err = typed(words)
    assert not {"\x1b", "\x07"} & set(out + err)
    if "--layer last" not in words:
        assert SPELLED in out + err
