"""``hubel maps`` and ``hubel filters`` on a small classifier."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


def width_of(path: Path) -> int:
    with Image.open(path) as picture:
        return picture.width


def test_without_a_layer_the_layers_are_listed_with_the_next_command(typed):
    code, out, _ = typed("maps run")
    assert code == 0
    assert "group_1_1_relu" in out
    assert "logits" not in out
    assert "hubel maps run IMAGE --layer scale_pixels -o scale_pixels.png" in out
    _, out, _ = typed("filters run")
    assert [line.split()[1] for line in out.splitlines() if line.startswith("group")] == ["Conv2D"] * 6


def test_maps_writes_a_picture_and_says_sizes_and_the_command_that_works_one_out(folder, typed):
    code, out, _ = typed("maps run picture.png --layer group_1_1_relu -o maps.png")
    assert code == 0
    assert "32 feature maps of 16 x 16" in out
    assert "hubel trace run picture.png --layer group_1_1_relu --filter " in out
    assert width_of(folder / "maps.png") > 8 * 72


def test_filters_counts_the_shared_weights(folder, typed):
    code, out, _ = typed("filters run --layer group_1_1_convolution -o filters.png")
    assert code == 0
    assert "32 filters of 3 x 3 x 3 = 864 shared weights" in out
    assert width_of(folder / "filters.png") > 8 * 72


def test_excite_finds_patches_in_a_corpus(folder, typed):
    words = "filters run --layer group_1_1_relu --excite --corpus digits --filter 3 --filter 5 -o excite.png"
    code, out, _ = typed(words)
    assert code == 0
    assert "each row a filter" in out
    assert width_of(folder / "excite.png") > 9 * 72


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("maps run --layer group_1_1_relu", 2, "hubel maps run IMAGE --layer group_1_1_relu -o maps.png"),
        ("maps run picture.png --layer grup_1_1_relu -o m.png", 2, "Did you mean 'group_1_1_relu'?"),
        ("maps run picture.png --layer logits -o m.png", 2, "makes no feature maps"),
        ("maps run nothing.png --layer group_1_1_relu -o m.png", 3, "nothing.png"),
        ("maps run picture.png --layer group_1_1_relu -o m.svg", 2, "ends in .png. Received: 'm.svg'"),
        ("filters run --layer group_1_1_convolution -o f.jpg", 2, "ends in .png. Received: 'f.jpg'"),
        ("maps nowhere", 3, "nowhere holds no classifier"),
        ("filters run --layer group_1_pool -o f.png", 2, "has no filters"),
        ("filters run --layer group_1_1_convolution", 2, "-o filters.png"),
        ("filters run --layer group_1_1_convolution --filter 1 -o f.png", 2, "Add --excite"),
        ("filters run --layer group_1_1_relu --excite --filter 99 -o f.png", 2, "the filters 0 to 31. Received: 99"),
    ],
)
def test_what_cannot_be_shown_says_what_to_type(typed, words, code, said):
    got, _, err = typed(words)
    assert got == code
    assert said in err
