"""A classifier over an engine in NumPy: what its values may be, and what it computes from the outputs of the engine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.special import softmax as scipy_softmax
from tests.unit.workflows.evaluating.colour_runs import NAMES, SIDE, colour, colour_classifier, write_colours

from hubel.classifier.answering import Calibration, softmax
from hubel.classifier.engine import LARGE_BATCH, compute_logits
from hubel.classifier.prediction import make_predictions
from hubel.classifier.prediction_sets import COVERAGES, PredictionSets
from hubel.errors import UnusableInput, WrongRequest
from hubel.events import Event, Progress
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.augmentation import Augmentation
from hubel.training.recipe import Recipe
from hubel.workflows.predicting.answers import predict_files
from hubel.workflows.predicting.inputs import Inputs, read_standard_input


@pytest.mark.parametrize("values", [(0.009, 0.5), (101, 0.5), (1, -0.1), (1, 1.1), (float("nan"), 0)])
def test_an_impossible_calibration_is_refused(values: tuple[float, float]):
    with pytest.raises(
        WrongRequest, match="needs a temperature from 0.01 to 100 and a threshold from 0 to 1. Received"
    ):
        Calibration(*values)


@pytest.mark.parametrize(
    "thresholds", [(), (0.5,) * 49, (0.5,) * 51, (*(0.5,) * 49, 0.6), (*(0.5,) * 49, -0.1), (1.1, *(0.5,) * 49)]
)
def test_impossible_prediction_sets_are_refused(thresholds: tuple[float, ...]):
    assert len(COVERAGES) == 50
    with pytest.raises(WrongRequest, match="need 50 thresholds from 0 to 1 that never rise. Received: "):
        PredictionSets(thresholds, 100)


def test_the_policy_size_and_recipe_of_a_file_are_checked():
    with pytest.raises(WrongRequest, match="The resize policy must be one of .*squash.* Received: 'stretch'"):
        Preprocessing(8, 8, "stretch")
    with pytest.raises(WrongRequest, match="The image width must be a whole number of pixels from 1 to 1024"):
        Preprocessing(8, True)
    with pytest.raises(WrongRequest, match="Augmentation shift must be a share from 0 to 0.5. Received: 0.6"):
        Augmentation(shift=0.6)
    with pytest.raises(WrongRequest, match="Augmentation zoom must be a share from 0 to 0.9. Received: -0.1"):
        Augmentation(zoom=-0.1)
    with pytest.raises(WrongRequest, match="optimizer must be one of .*adamw.* Received: 'sgd'"):
        Recipe(epochs=1, optimizer="sgd")


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-300, 300), min_size=3, max_size=3), min_size=1, max_size=5), st.floats(0.01, 100))
def test_softmax_is_that_of_scipy_at_any_temperature(rows: list[list[float]], temperature: float):
    logits = np.array(rows, np.float32)
    found = softmax(logits, temperature=temperature)
    np.testing.assert_allclose(found, scipy_softmax(logits.astype(np.float64) / temperature, axis=1), atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_logits_come_a_few_at_a_time_and_in_order():
    count = 4 * LARGE_BATCH + 3
    images = np.stack([colour(NAMES[place % 3], place % 40) for place in range(count)])
    chosen = np.arange(count)[::-1]
    told: list[Event] = []
    engine = colour_classifier().engine
    found = compute_logits(engine, images, chosen, stage="naming", on_event=told.append)
    assert found.argmax(axis=1).tolist() == [place % 3 for place in range(count)][::-1]
    progress = [event for event in told if isinstance(event, Progress)]
    assert [event.done for event in progress] == [4 * LARGE_BATCH, count]
    assert {event.stage for event in progress} == {"naming"}
    assert compute_logits(engine, images, np.zeros(0, np.int64)).shape == (0, 3)


def test_one_image_gives_one_prediction_and_several_give_a_list():
    classifier = colour_classifier()
    red, blue = colour("red", 1), colour("blue", 1)
    assert classifier.predict(red).class_name == "red"
    assert [each.class_name for each in classifier.predict([red, blue])] == ["red", "blue"]
    assert classifier.predict([]) == []


def test_the_probabilities_are_those_of_the_colours():
    pixels = colour("green", 20)
    light = pixels.astype(np.float64).mean(axis=(0, 1))
    expected = scipy_softmax(10 * light / light.sum())
    found = colour_classifier().predict(pixels)
    np.testing.assert_allclose([found.probabilities[name] for name in NAMES], expected, atol=1e-6)
    assert found.probability == pytest.approx(expected[1], abs=1e-6)
    assert found.top(2)[0][0] == "green"


def test_what_enters_the_last_layer_is_given_for_each_image():
    vectors = colour_classifier().embed([colour("red", 0), colour("blue", 0)])
    assert vectors.shape == (2, 3)
    assert vectors.argmax(axis=1).tolist() == [0, 2]
    assert colour_classifier().embed([]).shape == (0, 3)


def test_a_bright_image_is_unlike_the_corpus():
    classifier = colour_classifier(off_corpus=True)
    dark, bright = classifier.predict([colour("red", 1), np.full((SIDE, SIDE, 3), 250, np.uint8)])
    assert (dark.off_corpus, bright.off_corpus) == (False, True)
    assert bright.off_corpus_score == pytest.approx(2 * 250 / 255, rel=1e-6)
    assert colour_classifier().predict(colour("red", 1)).off_corpus_score is None


def test_sets_abstain_unless_they_hold_one_class():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    sets = np.array([[True, False], [True, True], [False, False]])
    found = make_predictions(probabilities, ("a", "b"), abstention_threshold=0.99, sets=sets)
    assert [each.prediction_set for each in found] == [("a",), ("a", "b"), ()]
    assert [each.abstained for each in found] == [False, True, True]
    plain = make_predictions(probabilities, ("a", "b"), abstention_threshold=0.6)
    assert [each.abstained for each in plain] == [False, False, True]
    assert repr(found[1]).splitlines()[-1].strip() == "prediction set: a, b"
    assert repr(found[2]).splitlines()[-1].strip() == "prediction set: none"


def test_python_shows_a_classifier_in_three_lines():
    first, second, third = repr(colour_classifier(off_corpus=True)).splitlines()
    assert first == "Classifier of 3 classes: red, green, blue"
    assert second.strip().startswith("colours, 8 x 8 pixels")
    assert third.strip() == "temperature 1.00, abstains below 0.00, off-corpus score"


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (io.StringIO("text"), "The file object gives str; an image is bytes. Open it with open(path, 'rb')."),
        (
            np.zeros((8, 8), bool),
            "An array of True and False is a mask. For a black-and-white image, give image.astype",
        ),
        ({"a": colour("red", 1)}, "or a list of these. Received: dict. Give list(images.values())."),
        ({1, 2}, "or a list of these. Received: set. Give a list."),
    ],
)
def test_what_is_no_image_says_what_to_give(given_: Any, said: str):
    with pytest.raises(WrongRequest) as refused:
        colour_classifier().predict(given_)
    assert said in str(refused.value)


def test_files_are_named_in_order_and_a_bad_one_does_not_stop_the_others(tmp_path: Path):
    write_colours(tmp_path / "images", {"b.png": "blue", "deep/g.png": "green"})
    (tmp_path / "images/c.png").write_bytes(b"broken")
    (tmp_path / "images/notes.txt").write_text("notes")
    answers = list(predict_files(colour_classifier(), [f"{tmp_path}/images/", str(tmp_path / "gone.png")]))
    told = {
        Path(each.path).relative_to(tmp_path).as_posix(): each.prediction.class_name
        if each.prediction
        else each.passed_over
        for each in answers
    }
    assert told == {
        "images/b.png": "blue", "images/c.png": "", "images/deep/g.png": "green", "images/notes.txt": ".txt", "gone.png": "",
    }  # fmt: skip
    errors = {Path(each.path).name: each.error for each in answers if each.error is not None}
    assert set(errors) == {"c.png", "gone.png"}
    assert "there is no such file: check the name" in str(errors["gone.png"])


def test_an_empty_folder_is_answered_too(tmp_path: Path):
    (answer,) = predict_files(colour_classifier(), [str(tmp_path)])
    assert answer.error is not None
    assert (answer.error.code, answer.error.reason) == ("no-images", "it holds no images: name another one")


def test_standard_input_is_an_image_or_paths():
    buffer = io.BytesIO()
    Image.fromarray(colour("blue", 3)).save(buffer, "PNG")
    (image,) = read_standard_input(io.BytesIO(buffer.getvalue()))
    (answer,) = predict_files(colour_classifier(), [image])
    assert answer.path == "-"
    assert answer.prediction is not None
    assert answer.prediction.class_name == "blue"
    assert list(read_standard_input(io.BytesIO(b"a.png\n\nb c.png\n"))) == ["a.png", "b c.png"]
    with pytest.raises(UnusableInput, match="holds neither paths, one per line, nor an image that can be read"):
        list(read_standard_input(io.BytesIO(b"\0\1\2")))


def test_an_input_is_read_when_it_is_asked_for(tmp_path: Path):
    write_colours(tmp_path, {"a/r.png": "red"})
    (item,) = Inputs([str(tmp_path / "a")])
    assert item.path == f"{tmp_path}/a/r.png"
    assert item.read() == (tmp_path / "a/r.png").read_bytes()
