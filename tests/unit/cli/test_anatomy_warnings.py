"""What ``hubel anatomy`` says of what it cannot count, and of what is no image: in the text and the document alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.anatomy_typed import document, run

from hubel.backends.framework import keras


def saved(folder: Path, shape: tuple[int, ...], *parts: keras.layers.Layer) -> str:
    keras.Sequential([keras.Input(shape), *parts]).save(folder / "model.keras")
    return str(folder / "model.keras")


def warnings(found: dict[str, Any]) -> dict[str, str]:
    return {warning["name"]: warning["text"] for warning in found["warnings"]}


def test_work_that_is_not_counted_is_said_in_the_text_and_the_document(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    image = keras.Input((8, 8, 2))
    rows = keras.ops.trapezoid(keras.layers.Dense(3, name="first")(image), axis=1)
    rows = keras.ops.trapezoid(rows, axis=1)
    keras.Model(image, keras.layers.Dense(2)(rows)).save(tmp_path / "rows.keras")
    found = document(capsys, str(tmp_path / "rows.keras"))
    assert [layer["macs"] for layer in found["layers"]] == [8 * 8 * 2 * 3, None, None, 3 * 2]
    assert found["total"]["macs"] is None
    text = warnings(found)["uncounted-work"]
    name = found["layers"][1]["name"]
    assert text.startswith(f"The work of {name} (Trapezoid) is not counted: Hubel has no rule for it, nor for 1 more.")
    assert "The total is at least 390 MACs" in text
    code, out, _ = run(capsys, str(tmp_path / "rows.keras"), "-o", str(tmp_path / "net.svg"))
    words = " ".join(out.split())
    assert code == 0
    assert f"Warning: {text}" in words
    assert "at least 390 MACs and" in words
    assert "Exactly: 17 parameters, at least 390 MACs;" in words
    assert sum("unknown" in line.split() for line in out.splitlines()) == 2
    assert "at least 390 MACs" in (tmp_path / "net.svg").read_text()


def test_the_document_has_the_warnings_of_the_text(capsys: pytest.CaptureFixture[str]):
    words = ("dense", "--input", "100x100x1", "--units", "10000")
    found = warnings(document(capsys, *words))
    assert list(found) == ["one-layer-holds-most"]
    assert f"Warning: {found['one-layer-holds-most']}" in " ".join(run(capsys, *words)[1].split())
    assert document(capsys, "resnet50-v2")["warnings"] == []


def test_what_is_no_image_gets_no_advice_about_images(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    layers = keras.layers
    table = saved(tmp_path, (13,), layers.Dense(512, activation="relu"), layers.Dense(1))
    found = document(capsys, table)
    assert (found["input"], found["warnings"], found["total"]["macs"]) == ([1, 1, 13], [], 13 * 512 + 512)
    out = run(capsys, table)[1]
    assert "model.keras  input 13\n" in out
    assert not {"image", "sees", "known"} & set(out.split())
    found = document(capsys, saved(tmp_path, (100, 4), layers.Conv1D(8, 5), layers.Flatten(), layers.Dense(300)))
    assert (found["input"], found["warnings"]) == ([1, 100, 4], [])
    assert found["total"]["macs"] == 96 * 5 * 4 * 8 + 768 * 300
    assert found["total"]["dense_parameters"] == 400 * 768 + 768 + 768 * 300 + 300
    digits = saved(tmp_path, (28, 28), layers.Reshape((28, 28, 1)), layers.Conv2D(4, 3), layers.Flatten(),
                   layers.Dense(300))  # fmt: skip
    assert "one-layer-holds-most" in warnings(document(capsys, digits))


def test_normalisation_over_all_axes_is_no_work(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    parts = keras.layers.LayerNormalization(axis=(1, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(2)
    found = document(capsys, saved(tmp_path, (8, 8, 3), *parts))
    assert found["total"]["macs"] == 8 * 8 * 3 * 2
    assert "uncounted-work" not in warnings(found)


def test_a_video_keeps_its_axes(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    parts = keras.layers.Conv3D(2, 3, padding="same"), keras.layers.MaxPooling3D(2), keras.layers.Flatten()
    path = saved(tmp_path, (16, 64, 48, 3), *parts)
    found = document(capsys, path)
    assert found["input"] == [16, 64, 48, 3]
    assert [layer["output"] for layer in found["layers"]] == [[16, 64, 48, 2], [8, 32, 24, 2], [1, 1, 12_288]]
    assert found["total"]["macs"] == 16 * 64 * 48 * 27 * 3 * 2
    assert found["warnings"] == []
    code, out, _ = run(capsys, path, "-o", str(tmp_path / "net.svg"))
    assert code == 0
    assert "input 16 × 64 × 48 × 3" in out
    assert "16×64×48×2" in out
    assert "8×32×24×2" in (tmp_path / "net.svg").read_text()
