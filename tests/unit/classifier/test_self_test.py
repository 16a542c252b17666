"""The self-test: made images, answers that vary, and a classifier that says something else is noticed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.unit.classifier.made import forge, forge_weights, make_classifier, read_document, save_made

from hubel.classifier import assembly, self_test_cache
from hubel.classifier.answering import softmax
from hubel.classifier.patterns import PATTERNS, make_patterns
from hubel.classifier.self_test import COVERAGE, Answer, SelfTest, make_self_test, read_self_test, run_self_test
from hubel.engines import keras_artefact
from hubel.engines.catalogue import load_classifier
from hubel.engines.keras_artefact import runtime
from hubel.errors import ClaimFailed, DamagedArtefact, WrongRequest
from hubel.workflows.verify import verify_artefact

pytestmark = pytest.mark.backend


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where nothing was loaded before."""
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return save_made(tmp_path / "classifier")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[SelfTest]:
    """Every self-test that loading ran."""
    seen: list[SelfTest] = []

    def noted(classifier, test, *, tolerance):
        seen.append(test)
        return run_self_test(classifier, test, tolerance=tolerance)

    monkeypatch.setattr(assembly, "run_self_test", noted)
    return seen


@pytest.mark.parametrize(
    ("size", "digest"),
    [
        ((8, 8), "b18cc9cae8a35d30831c7a746142cea881ca250bbcf2c3b88944be6ea2010e27"),
        ((96, 64), "6935d864a631af3e04ceb5c05b785a419ba8a3771a523b6a08ae4b51038f6280"),
    ],
)
def test_the_patterns_are_the_same_bytes_for_ever(size: tuple[int, int], digest: str):
    images = make_patterns(tuple(range(PATTERNS)), size)
    assert images.shape == (PATTERNS, *size, 3)
    assert images.dtype == np.uint8
    assert hashlib.sha256(images.tobytes()).hexdigest() == digest


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (8, 8), (224, 224), (1024, 16)])
def test_the_patterns_differ_at_every_size(size: tuple[int, int]):
    images = make_patterns(tuple(range(PATTERNS)), size).reshape(PATTERNS, -1).astype(int)
    for first in range(PATTERNS):
        for second in range(first):
            assert np.abs(images[first] - images[second]).mean() > 5


def test_the_manifest_holds_what_the_classifier_says_of_the_patterns_and_no_image(saved: Path):
    classifier, told = load_classifier(saved), read_document(saved)["self_test"]
    images = make_patterns(tuple(told["patterns"]), (8, 8))
    predictions = classifier.predict_pixels(images, coverage=COVERAGE)
    assert told["pixels_sha256"] == hashlib.sha256(images.tobytes()).hexdigest()
    assert [each["class_name"] for each in told["answers"]] == [each.class_name for each in predictions]
    for answer, prediction in zip(told["answers"], predictions, strict=True):
        np.testing.assert_allclose(answer["probabilities"], list(prediction.probabilities.values()), atol=1e-6)
        names = tuple(classifier.class_names[place] for place in answer["prediction_set"])
        assert names == prediction.prediction_set
        assert answer["off_corpus_score"] == pytest.approx(prediction.off_corpus_score, rel=1e-5)
    assert set(told) == {"patterns", "pixels_sha256", "answers"}
    assert len(json.dumps(told)) < 2000


def test_the_answers_vary_between_the_patterns(saved: Path):
    answers = read_document(saved)["self_test"]["answers"]
    rows = np.array([answer["probabilities"] for answer in answers])
    assert len(rows) == 4
    assert len({tuple(row) for row in rows}) == 4
    assert (rows.max(axis=0) - rows.min(axis=0)).max() > 0.05


def test_the_patterns_kept_are_those_whose_answers_differ():
    classifier = make_classifier()
    test = make_self_test(classifier)
    every = classifier.compute_probabilities(make_patterns(tuple(range(PATTERNS)), (8, 8)))
    assert test.spread > 0.9 * (every.max(axis=0) - every.min(axis=0)).max()
    assert list(test.patterns) == sorted(set(test.patterns))


def spoil(weights: dict[str, np.ndarray], kind: str) -> None:
    kernel = weights["logits/kernel"]
    if kind == "constant":
        kernel[:] = 0
    elif kind == "two classes swapped":
        kernel[:, :2] = kernel[:, 1::-1].copy()
        weights["logits/bias"][:2] = weights["logits/bias"][1::-1].copy()
    elif kind == "one weight":
        kernel[np.unravel_index(np.abs(kernel).argmax(), kernel.shape)] *= -1
    else:
        for part in ("maps", "pixels"):  # the larger of the two is what is seen
            weights[f"off_corpus.{part}.mean"] += 0.5


@pytest.mark.parametrize("kind", ["constant", "two classes swapped", "one weight", "off-corpus score"])
def test_other_weights_with_checksums_that_fit_do_not_pass(saved: Path, kind: str):
    weights = {name: tensor.copy() for name, tensor in load_file(saved / "weights.safetensors").items()}
    spoil(weights, kind)
    forge_weights(saved, weights)
    with pytest.raises(
        ClaimFailed, match=r"does not answer here as it did.*must.*hubel\.verify\(.*install the versions"
    ):
        load_classifier(saved)
    found = verify_artefact(saved)
    assert [(check.name, check.result) for check in found.checks] == [
        ("files", "holds"), ("structure", "holds"), ("self-test", "fails"),
    ]  # fmt: skip
    assert not found.holds
    assert not found.damaged


def swap_names(document: dict) -> None:
    names = document["class_names"]
    names[0], names[1] = names[1], names[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (swap_names, "must be named"),
        (lambda d: d["calibration"].update(temperature=1.0), "must have probability"),
        (lambda d: d["prediction_sets"].update(thresholds=[0.999] * 50), "another prediction set"),
        (lambda d: d["off_corpus"].update(limit=3.0), "the off-corpus score must be"),
        (lambda d: d.update(prediction_sets=None), "only one of the two has a prediction set"),
        (lambda d: d["self_test"].update(pixels_sha256="0" * 64), "come out differently here"),
    ],
)
def test_a_manifest_changed_beside_its_self_test_does_not_pass(saved: Path, change, words: str):
    forge(saved, change)
    with pytest.raises(ClaimFailed, match=words):
        load_classifier(saved)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.update(patterns=[]), "needs 1 to 8 patterns"),
        (lambda t: t.update(patterns=[0, 1, 2, 10**9]), "needs 1 to 8 patterns"),
        (lambda t: t.update(patterns=[0, 1, 2, 3.0]), "needs 1 to 8 patterns"),
        (lambda t: t.update(answers=t["answers"] * 3), "needs 1 to 8 patterns"),
        (lambda t: t["answers"][0]["probabilities"].pop(), "have different classes"),
        (lambda t: t["answers"][0].update(class_name="horse"), "have different classes"),
        (lambda t: t["answers"][0].pop("prediction_set"), "'prediction_set' is missing"),
        (lambda t: t.pop("pixels_sha256"), "'pixels_sha256' is missing"),
    ],
)
def test_a_self_test_that_is_none_is_refused(saved: Path, change, words: str):
    forge(saved, lambda document: change(document["self_test"]))
    with pytest.raises(DamagedArtefact, match=words):
        load_classifier(saved)


def test_loading_runs_it_once_for_each_artefact_and_each_set_of_libraries(
    saved: Path, tmp_path: Path, runs: list[SelfTest], monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        load_classifier(saved)
    assert len(runs) == 1
    load_classifier(save_made(tmp_path / "other", make_classifier(seed=1)))
    assert len(runs) == 2
    monkeypatch.setattr(keras_artefact, "runtime", lambda: replace(runtime(), libraries={"keras": "99"}))
    load_classifier(saved)
    assert len(runs) == 3
    monkeypatch.setattr(self_test_cache.platform, "node", lambda: "another-machine")
    load_classifier(saved)
    assert len(runs) == 4


def test_a_classifier_that_failed_is_tested_again_and_verify_always_tests(saved: Path, runs: list[SelfTest]):
    load_classifier(saved)
    assert verify_artefact(saved).holds
    assert len(runs) == 2
    forge(saved, swap_names)
    for _ in range(2):
        with pytest.raises(ClaimFailed):
            load_classifier(saved)
    assert len(runs) == 4


def test_the_marker_names_nobody(saved: Path, cache: Path):
    load_classifier(saved)
    (marker,) = (cache / "self-tests").iterdir()
    assert re.fullmatch(r"[0-9a-f]{64}", marker.name)
    assert marker.read_bytes() == b""


def test_without_a_cache_it_is_run_every_time(saved: Path, cache: Path, runs: list[SelfTest]):
    cache.write_text("a file is in the way")
    for _ in range(2):
        load_classifier(saved)
    assert len(runs) == 2


def test_a_network_that_takes_seconds_for_an_image_is_left_to_verify(
    saved: Path, runs: list[SelfTest], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(self_test_cache, "MOST_MACS", 1)
    load_classifier(saved)
    assert not runs
    assert verify_artefact(saved).holds
    assert len(runs) == 1


def test_a_classifier_that_answers_everything_alike_is_saved_and_verify_says_that_this_shows_little(tmp_path: Path):
    classifier = make_classifier()
    for weight in classifier.model.get_layer("logits").weights:
        weight.assign(np.zeros(weight.shape))
    found = verify_artefact(save_made(tmp_path / "alike", classifier))
    assert found.holds
    assert "hardly differ from image to image, so this says little" in found.checks[-1].text


def test_a_classifier_whose_answers_are_not_numbers_is_not_saved(tmp_path: Path):
    classifier = make_classifier()
    kernel = classifier.model.get_layer("logits").kernel
    kernel.assign(np.full(kernel.shape, np.nan))
    with pytest.raises(
        ClaimFailed,
        match="not saved: its weights grew without bound during training. Train again with other images, another seed or",
    ):
        save_made(tmp_path / "nan", classifier)
    assert not (tmp_path / "nan").exists()


def test_a_class_at_the_threshold_may_be_in_the_set_or_not():
    classifier = make_classifier()
    number = make_self_test(classifier).patterns[0]
    pixels = make_patterns((number,), classifier.preprocessing.size)
    (probabilities,) = softmax(classifier.compute(pixels)[0], temperature=classifier.calibration.temperature)
    member = int(probabilities.argmax())
    for distance, failures in ((1e-5, ()), (1e-2, (f"pattern {number}: another prediction set",))):
        thresholds = tuple(float(probabilities[member]) - distance for _ in classifier.sets.thresholds)
        at = replace(classifier, sets=replace(classifier.sets, thresholds=thresholds))
        without_it = Answer(classifier.class_names[member], tuple(map(float, probabilities)), (), None)
        expected = SelfTest((number,), hashlib.sha256(pixels.tobytes()).hexdigest(), (without_it,))
        outcome = run_self_test(replace(at, off_corpus=None), expected, tolerance=1e-4)
        assert outcome.failures == failures


def test_a_format_without_a_self_test_has_none():
    assert read_self_test(None, ("a", "b")) is None
    with pytest.raises(WrongRequest, match="needs 1 to 8 patterns"):
        SelfTest((), "", ())
