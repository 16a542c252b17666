"""``hubel trace`` on a small classifier."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

import hubel

CONVOLUTION = "trace run image.png --layer group_1_1_convolution --at 5,7 --filter 3"


def test_without_a_layer_they_are_listed_with_the_places_that_can_be_asked_for(typed):
    code, out, _ = typed("trace run")
    assert code == 0
    found = [line for line in out.splitlines() if "--filter 0" in line]
    lines = {line.removeprefix(line[:6]).split()[0]: line for line in found}
    assert "--at 0,0 to 15,15  --filter 0 to 31" in lines["group_1_1_relu"]
    assert lines["logits"].endswith("--filter 0 to 2")
    assert "probabilities" in lines
    assert "hubel trace run IMAGE --layer last" in out
    document = json.loads(typed("trace run --json --list")[1])
    assert [layer["layer"] for layer in document["layers"]] == list(lines)


def test_patch_kernel_products_sums_and_both_values_are_shown(typed):
    code, out, _ = typed(CONVOLUTION)
    assert code == 0
    document = json.loads(typed(f"{CONVOLUTION} --json")[1])
    assert "makes 16 x 16 x 32; here row 5, column 7 of feature map 3" in out
    assert "It sees rows 4 to 6 and columns 6 to 8 of the image, 3 x 3 pixels." in out
    for channel, total in enumerate(document["patch"]["channel_sums"]):
        assert f"channel {channel}" in out
        assert f"sum {total:.6g}" in out
    values = np.array(document["patch"]["values"])
    assert f"{values[0, 0, 0]:.4f}" in out
    assert f"Worked out  sum of 27 products {document['value']:.6g}" in out
    assert f"computed {document['model_value']:.9g}" in out
    assert "hubel trace run image.png --layer group_1_1_norm --at 5,7 --filter 3" in out
    np.testing.assert_allclose(np.sum(values * document["patch"]["kernel"]), document["value"], rtol=1e-12)


def test_the_next_command_follows_the_value_to_the_probabilities(typed):
    words, layers = "trace run image.png --layer logits", []
    for _ in range(3):
        code, out, _ = typed(words)
        assert code == 0
        layers.append(out.split()[0])
        words = next(line for line in out.splitlines() if line.startswith("  hubel trace")).split("  ")[1]
        words = words.removeprefix("hubel ")
    assert layers[:2] == ["logits", "probabilities"]


def test_probabilities_are_those_of_predict(folder, typed):
    expected = hubel.load(folder / "run").predict(folder / "image.png").probabilities
    for index, name in enumerate("abc"):
        document = json.loads(typed(f"trace run image.png --layer probabilities --filter {name} --json")[1])
        assert document["class_name"] == name
        assert document["filter"] == index
        assert document["value"] == pytest.approx(expected[name], rel=1e-5)
    document = json.loads(typed("trace run image.png --layer probabilities --json")[1])
    assert document["value"] == pytest.approx(max(expected.values()), rel=1e-5)


def test_padding_is_a_dot_and_is_counted(typed):
    _, out, _ = typed("trace run image.png --layer group_1_1_convolution --at 0,0 --filter 0")
    assert "5 places of padding, shown as ·" in out


def test_what_a_dense_layer_takes_is_named_by_its_place_in_the_map(typed):
    _, out, _ = typed("trace run image.png --layer dense_1 --filter 0")
    count = int(re.findall(r"The 10 of (\d+) that count most", out)[0])
    document = json.loads(typed("trace run image.png --layer dense_1 --filter 0 --json")[1])
    assert len(document["terms"]) == count
    assert f"{count - 10:,} others" in out
    assert re.search(r"input \d+ \(row \d, column \d, channel \d+\)", out)


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_the_image_is_written(folder, typed, ending: str):
    code, out, _ = typed(f"{CONVOLUTION} -o traced.{ending}")
    assert code == 0
    assert f"Wrote traced.{ending}" in out
    if ending == "png":
        with Image.open(folder / "traced.png") as image:
            assert min(image.size) > 500
    else:
        assert "group_1_1_convolution: row 5, column 7, filter 3" in (folder / "traced.svg").read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("trace run --layer logits", 2, "Give the image: hubel trace run IMAGE --layer logits"),
        ("trace run image.png --layer logit", 2, "Did you mean 'logits'?"),
        ("trace run image.png --layer logits --at 0,0", 2, "it has no rows and columns. Leave --at out"),
        ("trace run image.png --layer probabilities --at 0,0", 2, "Leave --at out"),
        ("trace run image.png --layer logits --filter d", 2, "or a class name: a, b, c. Received: 'd'"),
        ("trace run image.png --layer logits --filter 3", 2, "the filters 0 to 2. Received: 3"),
        ("trace run image.png --layer probabilities --filter 3", 2, "the classes are 0 to 2. Received: 3"),
        (
            "trace run image.png --layer group_1_1_relu --filter a",
            2,
            "--filter must be a whole number from 0. Received: 'a'",
        ),
        ("trace run image.png --layer group_1_1_relu --at 16,0", 2, "rows 0 to 15, columns 0 to 15. Received: 16,0"),
        ("trace run image.png --layer group_1_1_relu --at 5", 2, "--at must be ROW,COLUMN"),
        ("trace run image.png --layer logits -o l.pdf", 2, "ends in .png or .svg. Received: 'l.pdf'"),
        ("trace run nothing.png --layer logits", 3, "nothing.png"),
        ("trace nowhere image.png --layer logits", 3, "There is no file or folder 'nowhere'"),
    ],
)
def test_what_cannot_be_traced_says_what_to_type(typed, words: str, code: int, said: str):
    got, _, err = typed(words)
    assert got == code
    assert said in err
    assert "Traceback" not in err
