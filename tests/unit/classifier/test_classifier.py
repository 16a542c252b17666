"""The classifier and its artefact: same pixels, same answers, and no byte changed unnoticed."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.classifier.made import forge

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.backends.framework import keras
from hubel.classifier.answering import Calibration
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import load_classifier
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import DamagedArtefact, UnreadableImage, UnusableInput, WrongRequest
from hubel.images.preprocessing import Preprocessing, read_pixels

pytestmark = pytest.mark.backend

IMAGE = np.random.default_rng(3).integers(0, 256, (30, 20, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    keras.utils.set_random_seed(0)
    blueprint = make_blueprint("small-cnn", (12, 12), classes=3)
    calibration = Calibration(temperature=1.7, abstention_threshold=0.4)
    model = build_model(blueprint)
    return Classifier(
        KerasEngine(model),
        blueprint,
        ("cat", "dog", "Ünïcode <b>"),
        Preprocessing(12, 12, "pad"),
        calibration,
        {"seed": 0},
    )


@pytest.fixture
def saved(classifier: Classifier, tmp_path: Path) -> Path:
    save_classifier(classifier, tmp_path / "run/classifier", made_by="hubel test")
    return tmp_path / "run/classifier"


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_path_bytes_an_image_and_an_array_give_the_same_answer(classifier: Classifier, tmp_path: Path):
    (tmp_path / "x.png").write_bytes(png(IMAGE))
    kinds = [tmp_path / "x.png", str(tmp_path / "x.png"), png(IMAGE), Image.fromarray(IMAGE), IMAGE]
    answers = [classifier.predict(kind) for kind in kinds]
    assert all(answer == answers[0] for answer in answers)
    assert [answer.class_name for answer in classifier.predict(kinds)] == [answers[0].class_name] * 5
    assert len(classifier.predict(np.stack([IMAGE, IMAGE]))) == 2


def test_probabilities_are_the_softmax_of_the_models_logits(classifier: Classifier):
    pixels = read_pixels(png(IMAGE), classifier.preprocessing).astype(np.float32)[None]
    logits = np.asarray(keras.ops.convert_to_numpy(classifier.model(pixels)), np.float64)[0] / 1.7
    expected = np.exp(logits) / np.exp(logits).sum()
    prediction = classifier.predict(IMAGE)
    np.testing.assert_allclose(list(prediction.probabilities.values()), expected, rtol=1e-4)
    assert prediction.probability == max(prediction.probabilities.values())
    assert prediction.class_name == classifier.class_names[int(expected.argmax())]
    assert prediction.abstained == (prediction.probability < 0.4)
    assert [name for name, _ in prediction.top(2)] == [classifier.class_names[i] for i in np.argsort(-expected)[:2]]


def test_many_images_are_answered_as_one_by_one(classifier: Classifier):
    images = [np.roll(IMAGE, shift, axis=0) for shift in range(70)]
    together = classifier.predict(images)
    for image, answer in zip(images[::23], together[::23], strict=True):
        alone = classifier.predict(image)
        np.testing.assert_allclose(list(alone.probabilities.values()), list(answer.probabilities.values()), rtol=1e-4)


def test_no_images_give_no_answers(classifier: Classifier):
    assert classifier.predict([]) == []


@pytest.mark.parametrize("wrong", [7, None])
def test_what_is_no_image_says_what_one_is(classifier: Classifier, wrong: object):
    with pytest.raises(WrongRequest, match="An image is a path.*Received: "):
        classifier.predict(wrong)  # type: ignore[arg-type]


def test_an_unreadable_file_is_named(classifier: Classifier, tmp_path: Path):
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UnreadableImage, match=r"bad\.jpg: "):
        classifier.predict(tmp_path / "bad.jpg")
    with pytest.raises(UnreadableImage, match=r"gone\.jpg: .*not there"):
        classifier.predict("gone.jpg")


def test_a_copied_artefact_predicts_the_same(classifier: Classifier, saved: Path, tmp_path: Path):
    shutil.copytree(saved, tmp_path / "elsewhere")
    for folder in (saved, saved.parent, tmp_path / "elsewhere"):
        loaded = load_classifier(folder)
        assert loaded.predict(IMAGE) == classifier.predict(IMAGE)
        assert replace(loaded, engine=None) == replace(classifier, engine=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["manifest.json", "weights.safetensors"])
@pytest.mark.parametrize("change", ["cut", "longer", "empty"])
def test_a_cut_or_longer_file_is_refused(saved: Path, name: str, change: str):
    data = (saved / name).read_bytes()
    (saved / name).write_bytes({"cut": data[:-1], "longer": data + b"\n", "empty": b""}[change])
    with pytest.raises(DamagedArtefact, match=name):
        load_classifier(saved)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["class_names"].pop(), "2 class names for 3 classes"),
        (lambda d: d["class_names"].__setitem__(0, "dog"), "class names"),
        (lambda d: d["preprocessing"].update(height=13), "the model takes another size"),
        (lambda d: d["preprocessing"].update(decoder=99), "needs decoder 99.*pip install .$"),
        (lambda d: d["preprocessing"].update(decoder=True), "needs decoder True"),
        (lambda d: d["calibration"].update(temperature=0), "temperature"),
        (lambda d: d["architecture"].update(family="os.system"), "no architecture family named"),
        (lambda d: d["architecture"]["spec"].update(dense_units=[2_000_000_000]), "dense_units must be"),
        (lambda d: d["architecture"]["spec"].update(dense_units=[64]), "tensor .* is float32"),
        (
            lambda d: d["architecture"]["spec"].update(dense_units=[20_000] * 8),
            "describes a network of 2,8[0-9,]+ numbers",
        ),
        (lambda d: d["weights"].update(file="../../etc/passwd"), "does not describe weights.safetensors"),
        (lambda d: d.pop("provenance"), "has changed since it was written"),
    ],
)
def test_a_forged_manifest_is_refused_by_its_content(saved: Path, change: object, words: str):
    forge(saved, change)
    with pytest.raises(DamagedArtefact, match=words):
        load_classifier(saved)


def test_a_classifier_of_an_earlier_decoder_opens(saved: Path):
    forge(saved, lambda document: document["preprocessing"].update(decoder=1))
    assert load_classifier(saved).class_names


def test_a_folder_without_a_classifier_says_what_is_missing(tmp_path: Path):
    with pytest.raises(UnusableInput, match=r"holds no classifier: there is no manifest\.json"):
        load_classifier(tmp_path)
