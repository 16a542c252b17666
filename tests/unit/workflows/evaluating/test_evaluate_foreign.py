"""A model file of others is scored: as a plain loop does, with what it rests on, and with doubt where doubt is due."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.made.foreign_classifiers import CLASSES, EACH, SIDE, WRONG, make_model, read_images, write_images
from tests.pages import Parsed

from hubel.backends.framework import keras
from hubel.errors import HubelError, OutputNotWritable, UnusableInput
from hubel.evaluation.metrics import expected_calibration_error, reliability_bins, wilson_interval
from hubel.shell import text_in_shell
from hubel.workflows.evaluating.evaluate_foreign import ForeignEvaluation, evaluate_foreign
from hubel.workflows.evaluating.score_wishes import ScoreWishes
from hubel.workflows.opening import Said, read_class_names

RIGHT = 3 * EACH - WRONG
STATED = Said("corpus", "-1..1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With photos of 60 images, of which the model is right for 57, and the model as a file."""
    folder = tmp_path_factory.mktemp("foreign")
    write_images(folder / "photos")
    make_model().save(folder / "model.keras")
    return folder


def evaluated(folder: Path, said: Said = STATED, **more) -> ForeignEvaluation:
    return evaluate_foreign(ScoreWishes(folder / "model.keras", str(folder / "photos"), said, **more))


def test_the_score_is_that_of_a_plain_loop_over_the_same_pixels(folder: Path):
    pixels, labels = read_images(folder / "photos")
    model = keras.saving.load_model(folder / "model.keras")
    expected = keras.ops.convert_to_numpy(model(pixels / 127.5 - 1)).astype(np.float64)
    scored = evaluated(folder)
    report = scored.evaluation.report
    document = scored.to_json()["all"]
    assert int((expected.argmax(axis=1) == labels).sum()) == RIGHT
    np.testing.assert_allclose(report.probabilities, expected, atol=1e-6)
    assert document["accuracy"] == RIGHT / 60
    assert document["accuracy_interval"] == list(wilson_interval(RIGHT, 60))
    assert document["ece"] == pytest.approx(expected_calibration_error(reliability_bins(expected, labels)), abs=1e-5)
    assert "ece_uncalibrated" not in document
    assert scored.warnings == ()


def test_what_the_score_rests_on_is_in_the_document(folder: Path):
    document = evaluated(folder).to_json()
    assert document["classes"] == list(CLASSES)
    assert (document["pixels"], document["outputs"], document["calibrated"]) == ("-1..1", "softmax", False)
    assert document["input"] == [SIDE, SIDE, 3]
    images, outputs, training = document["assumptions"]
    assert training.startswith("It is not known what the model was trained on: images that it has seen make the")
    assert images.startswith("Images are stretched to 12 x 12 pixels, red, green and blue; pixels -1..1: divided by")
    assert outputs == "The model ends in a softmax: its outputs are taken as probabilities."


def test_wrong_pixels_are_suspected_and_the_better_setting_is_named(folder: Path):
    scored = evaluated(folder, Said("corpus", "0..1"))
    near, better = (each["text"] for each in scored.to_json()["warnings"])
    assert "cannot be distinguished from guessing, which is right for 1 image in 3" in near
    # without values below 0 it always names the first class; torch has values below 0 as well
    assert better.startswith("--pixels -1..1 or --pixels torch is right for 57 of 60 images that it was tried on, ")
    assert "--pixels 0..1 for 20" in better
    assert str(scored.warnings[1]).startswith("pixels='-1..1' or pixels='torch' is right for 57 of 60 images")


def test_a_wrong_order_of_the_class_names_is_suspected_and_the_right_one_is_named(folder: Path, tmp_path: Path):
    (tmp_path / "names.txt").write_text("green\nred\nblue\n")
    _, order = evaluated(folder, Said(str(tmp_path / "names.txt"), "-1..1")).warnings
    assert "With the class names in the order blue, green, red, 2" in str(order)
    assert "of 30 images that were not used to find this order would be right" in str(order)


def test_of_a_model_that_knows_nothing_no_setting_is_named(folder: Path, tmp_path: Path):
    model = make_model()
    model.get_layer("answer").set_weights([np.zeros((3, 3), np.float32), np.zeros(3, np.float32)])
    model.save(tmp_path / "model.keras")
    said = evaluate_foreign(ScoreWishes(tmp_path / "model.keras", str(folder / "photos"), STATED)).warnings
    assert text_in_shell(said[1]) == (
        "No other --pixels and no other order of the class names is clearly better on these images."
    )


def test_pixels_that_the_model_scales_itself_are_not_doubted(folder: Path, tmp_path: Path):
    scaled = keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.Rescaling(1 / 255), make_model()])
    scaled.save(tmp_path / "model.keras")
    request = ScoreWishes(tmp_path / "model.keras", str(folder / "photos"), Said("corpus"))
    scored = evaluate_foreign(request)
    assert scored.classifier.pixels == "0..255"
    assert str(scored.warnings[0]).endswith("the order of the class names differs from its training.")
    assert str(scored.warnings[1]) == "No other order of the class names is clearly better on these images."


def test_a_single_output_tells_two_classes_apart(folder: Path, tmp_path: Path):
    make_model(end="sigmoid", channels=1).save(tmp_path / "model.keras")
    (tmp_path / "names.txt").write_text("bright\ndark\n")
    write_images(tmp_path / "photos", wrong=0)
    for old, new in (("blue", "bright"), ("green", "dark")):
        (tmp_path / "photos" / old).rename(tmp_path / "photos" / new)
    scored = evaluated(tmp_path, Said(str(tmp_path / "names.txt"), "-1..1"))
    model = keras.saving.load_model(tmp_path / "model.keras")
    grey = np.asarray(scored.classifier.to_input(np.asarray(scored.decoded.images[scored.evaluation.places])))
    second = keras.ops.convert_to_numpy(model(grey))[:, 0]
    np.testing.assert_allclose(scored.evaluation.report.probabilities, np.stack([1 - second, second], 1), atol=1e-6)
    assert scored.classifier.assumptions()[1] == "The model's single output is taken as the probability of 'dark'."


def test_the_report_is_whole_and_says_what_is_not_known(folder: Path, tmp_path: Path):
    scored = evaluated(folder, out=tmp_path / "report", command=("hubel", "evaluate", "model.keras"))
    page = Parsed((tmp_path / "report" / "report.html").read_text())
    assert "95.0 % of the test images are classified correctly" in page.text("headline")
    assert "it is not known whether the model was trained on any of these" in page.text("headline")
    assert "not calibrated by Hubel" in page.text("calibration")
    assert f"The worst mistakes {WRONG} in all" in page.text("mistakes")
    assert "pixels -1..1" in page.text("card")
    assert "57 images" not in page.text("card")
    assert "on 60 images of" in page.text("card")
    ids = {attributes.get("id") for _, attributes in page.elements}
    links = {attributes["href"] for name, attributes in page.elements if name == "a"}
    assert "training" not in ids
    assert all(link.removeprefix("#") in ids for link in links if link and link.startswith("#"))
    assert "None" not in page.text("")
    metrics = json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert metrics["test"] == scored.evaluation.report.to_json()
    with (tmp_path / "report" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sum(row["label"] == row["predicted"] for row in rows) == RIGHT
    with pytest.raises(OutputNotWritable, match="holds an evaluation or a run already"):
        evaluated(folder, out=tmp_path / "report")


def test_a_doubt_stands_at_the_head_of_the_report(folder: Path, tmp_path: Path):
    evaluated(folder, Said("corpus", "0..1"), out=tmp_path / "report")
    text = Parsed((tmp_path / "report" / "report.html").read_text()).text("headline")
    assert "cannot be distinguished from guessing" in text
    assert "--pixels -1..1 or --pixels torch is right" in text


def test_what_is_not_said_is_asked_for(folder: Path):
    with pytest.raises(
        HubelError, match="Give class_names=FILE, one.* or class_names='corpus', the .*image_dataset_from_directory"
    ):
        evaluated(folder, Said(None, "-1..1"))
    with pytest.raises(HubelError, match="does not say how its pixels are scaled"):
        evaluated(folder, Said("corpus"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty. It needs one class name per line"),
        (b"a\n\nb\n", "line 2 is empty"),
        (b"a\nb\na\n", "line 3 names 'a' again"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (None, "is not there"),
    ],
)
def test_a_bad_file_of_class_names_is_refused_by_its_line(tmp_path: Path, content: bytes | None, said: str):
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(UnusableInput, match=said):
        read_class_names(tmp_path / "names.txt")


def test_class_names_keep_their_order_whoever_wrote_the_file(tmp_path: Path):
    (tmp_path / "names.txt").write_bytes("\ufeffzebra\r\nÜnïcode cat \r\nape\r\n\r\n".encode())
    assert read_class_names(tmp_path / "names.txt") == ("zebra", "Ünïcode cat", "ape")
