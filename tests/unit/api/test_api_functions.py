"""The functions of ``hubel``: what they return is right, files are written where asked, and wrong words say what is."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import hubel
from hubel.backends.framework import keras

RNG = np.random.default_rng(4)


def sums_of_products(matrix: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """By the definition, window by window."""
    height, width = (matrix.shape[axis] - kernel.shape[axis] + 1 for axis in (0, 1))
    return np.array(
        [
            [(matrix[r : r + kernel.shape[0], c : c + kernel.shape[1]] * kernel).sum() for c in range(width)]
            for r in range(height)
        ]
    )


def test_convolve_takes_arrays_lists_files_and_rows(tmp_path: Path):
    matrix, kernel = RNG.integers(0, 9, (6, 5)), RNG.integers(-2, 3, (2, 3))
    np.savetxt(tmp_path / "matrix.csv", matrix, delimiter=",", fmt="%d")
    rows = ";".join(",".join(map(str, row)) for row in matrix)
    for given in (matrix, matrix.tolist(), tmp_path / "matrix.csv", rows):
        result = hubel.convolve(given, kernel=kernel).result
        np.testing.assert_allclose(result[..., 0], sums_of_products(matrix, kernel))
    part = hubel.convolve(matrix, kernel=kernel, region=(1, 1, 4, 4), stride=(2, 1), bias=-3, relu=True)
    expected = np.maximum(sums_of_products(matrix[1:5, 1:5], kernel)[::2] - 3, 0)
    np.testing.assert_allclose(part.result[..., 0], expected)


def test_pool_takes_arrays_of_several_channels(tmp_path: Path):
    image = RNG.random((4, 6, 3))
    expected = image.reshape(2, 2, 3, 2, 3).max(axis=(1, 3))
    np.testing.assert_allclose(hubel.pool(image, out=tmp_path / "small.png").result, expected)
    with Image.open(tmp_path / "small.png") as drawn:
        assert drawn.width > drawn.height
    np.testing.assert_allclose(hubel.pool(image, window=(4, 6), mode="average").result[0, 0], image.mean(axis=(0, 1)))


def test_anatomy_and_stacks_write_their_drawing(tmp_path: Path):
    found = hubel.anatomy("dense", input=(10, 10, 1), units=7, out=tmp_path / "network.svg")
    assert 10 * 10 * 7 + 7 in [row.parameters for row in found.rows]
    assert (tmp_path / "network.svg").read_text().startswith("<svg")
    assert hubel.anatomy("dense", input="10x10x1", units=7).to_json() == found.to_json()
    stacks = hubel.anatomy(stacks=True, channels=8, out=tmp_path / "stacks.svg")
    assert stacks[1].parameters == 2 * (3 * 3 * 8 * 8 + 8)  # weights and biases


def test_a_traced_value_is_the_models(run: hubel.Run, image: Path, tmp_path: Path):
    traced = hubel.trace(run, image, layer="group_1_1_convolution", at=(2, 3), filter=1, out=tmp_path / "trace.svg")
    model = keras.Model(run.classifier.model.input, run.classifier.model.get_layer("group_1_1_convolution").output)
    pixels = run.classifier.read_pixels(image)[None].astype(np.float32)
    outputs = keras.ops.convert_to_numpy(model(pixels))
    assert traced.trace.value == pytest.approx(float(outputs[0, 2, 3, 1]), abs=1e-3)
    assert (tmp_path / "trace.svg").read_text().startswith("<svg")
    np.testing.assert_allclose(
        hubel.maps(run, image, layer="group_1_1_convolution").values, outputs[0], rtol=1e-4, atol=1e-3
    )
    kernel = run.classifier.model.get_layer("group_1_1_convolution").kernel
    np.testing.assert_array_equal(
        hubel.filters(run, layer="group_1_1_convolution").values, keras.ops.convert_to_numpy(kernel)
    )


def test_a_drawing_of_a_logit_names_its_class(run: hubel.Run, image: Path, tmp_path: Path):
    name = min(run.classifier.class_names, key=len)
    hubel.trace(run, image, layer="logits", filter=name, out=tmp_path / "logit.svg")
    assert name[:12] in html.unescape((tmp_path / "logit.svg").read_text())


def test_evaluate_is_the_score_of_the_run(run: hubel.Run, corpus: Path):
    test = run.metrics["test"]
    assert hubel.evaluate(run).to_json()["test"]["accuracy"] == test["accuracy"]
    against = hubel.evaluate(run.path, against=run)
    assert (against.first_hits == against.second_hits).all()
    assert len(against.labels) == test["examples"]
    assert hubel.verify(run).holds


def test_a_model_file_is_loaded_and_scored_by_what_is_said_of_it(corpus: Path, image: Path, tmp_path: Path):
    layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    keras.Sequential(layers).save(tmp_path / "model.keras")
    names = tmp_path / "names.txt"
    names.write_text("x\ny\nz\n")
    loaded = hubel.load(tmp_path / "model.keras", class_names=names, pixels="0..1")
    assert set(loaded.predict(image).probabilities) == {"x", "y", "z"}
    scored = hubel.evaluate(
        tmp_path / "model.keras", corpus, class_names="corpus", pixels="0..1", out=tmp_path / "report"
    )
    assert json.loads((tmp_path / "report" / "metrics.json").read_text())["pixels"] == "0..1"
    assert len(scored.evaluation.report.labels) == 500


def test_compare_trains_what_is_named(tmp_path: Path):
    comparison = hubel.compare(
        "digits", architectures=["dense", "small-cnn"], epochs=1, image_size=8, max_examples=100, out=tmp_path / "out"
    )
    assert [row.name for row in comparison.rows] == ["dense", "small-cnn"]
    assert repr(comparison).splitlines()[1].startswith("  dense: accuracy 0.")
    assert (tmp_path / "out" / "compare.json").is_file()


def test_reproduce_looks_for_the_corpus_first(run: hubel.Run, tmp_path: Path):
    with pytest.raises(hubel.HubelError, match=str(tmp_path / "moved")):
        hubel.reproduce(run, tmp_path / "moved")


def test_train_takes_the_wishes_of_the_recipe(corpus: Path, tmp_path: Path):
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"learning_rate": 0}, "learning_rate must be above 0"),
        ({"resize": "stretch"}, "resize must be one of"),
        ({"batch_size": 0}, "batch"),
    ]
    for wishes, words in wrong:
        with pytest.raises(hubel.HubelError, match=words):
            hubel.train(corpus, tmp_path / "run", **wishes)


WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("convolve", ([[1, 2], [3]],), {}, "every row needs as many as the first"),
    ("convolve", (np.full((3, 3), np.nan),), {}, "matrix holds NaN or infinite values"),
    ("convolve", (np.zeros((3, 3, 2)),), {}, r"A matrix is \[height, width\].*Received: \[3, 3, 2\]"),
    ("convolve", ([[1, 2]],), {"kernel": [1, 2]}, r"A kernel is \[height, width\].*Received: \[2\]"),
    ("convolve", ([[1, 2]],), {"channel": "red"}, r"for an array, give image\[\.\.\., 0\]"),
    ("convolve", (), {"stride": 0}, "stride takes one or two whole numbers from 1"),
    ("convolve", (), {"stride": (1, 2, 3)}, "stride takes whole numbers"),
    ("convolve", (), {"bias": float("nan")}, "bias must be a finite number"),
    ("convolve", (), {"out": "a.bmp"}, r"ends in \.svg"),
    ("pool", (), {"window": "a"}, "window takes whole numbers"),
    ("anatomy", (), {}, r'Say what to look at: hubel\.anatomy\("small-cnn"\)'),
    ("anatomy", ("dense",), {"stacks": True}, "stacks describes no network"),
    ("anatomy", ("dense",), {"kernel": 5}, r"belong to stacks"),
    ("anatomy", ("dense",), {"input": 100}, r"input takes whole numbers from 0, such as \(100, 100, 1\)"),
    ("anatomy", ("dense",), {"out": "a.png"}, r"out takes a file that ends in \.svg\. Received: 'a\.png'"),
    ("load", (7,), {}, "Give a run's folder, or what hubel.train returned. Received: int"),
    ("load", ("there",), {"pixels": "0..1"}, "^pixels is for model files"),
    ("evaluate", ("there",), {"out": "x"}, r"out is for the report of a model file\. A run has its own"),
    ("evaluate", ("there",), {"images": "x"}, "images says how a corpus is read"),
    (
        "evaluate",
        ("there", "digits"),
        {"strangers": "digits"},
        "strangers is measured alone.*the corpus 'digits' was given too",
    ),
    (
        "evaluate",
        ("model.keras", "digits"),
        {"overwrite": True},
        "overwrite replaces a report that is there. Name its folder: out=FOLDER",
    ),
    ("evaluate", ("there",), {"against": "model.keras"}, "against takes a run, and model.keras is a model file"),
    (
        "evaluate",
        ("model.keras",),
        {},
        r"has no test images of its own\. Name some: hubel\.evaluate\('model\.keras', CORPUS, class_names=FILE\)",
    ),
    ("evaluate", ("model.keras", "digits"), {"against": "x"}, "against needs what a run recorded"),
    ("filters", ("there",), {"layer": "a", "filter": 3}, "corpus and filter choose what excite looks for"),
    ("maps", ("there",), {"layer": "a"}, r"Give the image: hubel\.maps\(run, image, layer='a'\)"),
    ("trace", ("there",), {"layer": "a"}, r"Give the image: hubel\.trace\(run, image, layer='a'\)"),
    ("trace", ("there", "x.png"), {"layer": "a", "at": 3}, r"at takes whole numbers from 0, such as \(5, 7\)"),
]


@pytest.mark.parametrize(("name", "given", "wishes", "words"), WRONG)
def test_wrong_words_say_what_is_right(
    name: str, given: tuple[Any, ...], wishes: dict[str, Any], words: str, tmp_path: Path, monkeypatch: Any
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"PK\x03\x04")
    with pytest.raises(hubel.HubelError, match=words):
        getattr(hubel, name)(*given, **wishes)
