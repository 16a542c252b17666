"""``hubel maps`` and ``hubel filters`` on a small classifier."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


def width_of(path: Path) -> int:
    with Image.open(path) as image:
        return image.width


def test_without_a_layer_the_layers_are_listed_with_the_next_command(typed):
    code, out, _ = typed("maps run")
    assert code == 0
    assert "group_1_1_relu" in out
    assert "logits" not in out
    assert "hubel maps run IMAGE --layer last -o last.png" in out
    _, out, _ = typed("filters run")
    assert [line.split()[2] for line in out.splitlines() if " group" in line] == ["Conv2D"] * 6


def test_maps_writes_an_image_and_says_sizes_and_the_command_that_works_one_out(folder, typed):
    code, out, _ = typed("maps run image.png --layer group_1_1_relu -o maps.png")
    assert code == 0
    assert "32 feature maps of 16 x 16" in out
    assert "hubel trace run image.png --layer group_1_1_relu --filter " in out
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
    ("said", "layer"),
    [("first", "group_1_1_convolution"), ("last", "group_3_2_convolution"), ("4", "group_1_1_relu")],
)
def test_a_layer_is_the_first_the_last_or_the_number_of_anatomy_and_the_image_an_example(typed, said, layer):
    numbers = {line.split()[1]: line.split()[0] for line in typed("anatomy run")[1].splitlines() if "group" in line}
    if said.isdigit():
        assert numbers[layer] == said
    code, out, _ = typed(f"maps run digits:8 --layer {said} -o maps.png")
    assert code == 0
    assert out.startswith(f"{layer} (")
    assert f"hubel trace run digits:8 --layer {layer} --filter " in out


def test_without_a_layer_a_file_shows_the_last_maps_and_the_first_filters(typed):
    assert typed("maps run digits:8 -o maps.png")[1].startswith("group_3_2_convolution (Conv2D)")
    assert typed("filters run -o filters.png")[1].startswith("group_1_1_convolution: 32 filters")


def test_how_many_of_many_are_shown_is_said(typed):
    assert "8 of 32 filters shown, 8 of 32 input channels" in typed("filters run --layer 5 -o filters.png")[1]
    assert "64 of 128 maps shown" in typed("maps run digits:8 --layer last -o maps.png")[1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("maps run --layer group_1_1_relu", 2, "hubel maps run IMAGE --layer group_1_1_relu -o maps.png"),
        ("maps run image.png", 2, "hubel maps run image.png --layer last -o maps.png"),
        ("maps run digits:12 -o m.png", 3, "digits:12: the example images are digits:0 to digits:9"),
        ("maps run image.png --layer grup_1_1_relu -o m.png", 2, "Did you mean 'group_1_1_relu'"),
        ("maps run image.png --layer logits -o m.png", 2, "makes no feature maps"),
        ("maps run nothing.png --layer group_1_1_relu -o m.png", 3, "nothing.png"),
        ("maps run image.png --layer group_1_1_relu -o m.svg", 2, "ends in .png. Received: 'm.svg'"),
        ("filters run --layer group_1_1_convolution -o f.jpg", 2, "ends in .png. Received: 'f.jpg'"),
        ("maps nowhere", 3, "There is no file or folder 'nowhere'"),
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
