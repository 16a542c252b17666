"""The mean of an image and its mirror image: by hand, in an artefact, and in what looks inside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.classifier.made import forge, make_classifier, read_document, save_made

from hubel.arrays import Images
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Outputs, Wanted
from hubel.classifier.mirrored import MirroredEngine, with_tta
from hubel.engines.catalogue import load_classifier
from hubel.errors import DamagedArtefact
from hubel.wishes import MIRROR, NO_TTA
from hubel.workflows.looking.trace import trace_run
from hubel.workflows.verify import verify_artefact

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(3)
KERNELS = {name: RNG.normal(size=(4, 6, 3, units)) for name, units in (("logits", 2), ("features", 5), ("maps", 7))}
IMAGES = RNG.integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)


class Sums:
    """Sums of pixels times weights that differ from column to column, so that a mirror image gives others."""

    model = "the network"

    def compute(self, pixels: Images, *, wanted: Wanted = "logits") -> Outputs:
        made = {
            name: np.einsum("bhwc,hwcu->bu", pixels.astype(np.float64), kernel).astype(np.float32)
            for name, kernel in KERNELS.items()
        }
        if wanted == "logits":
            return Outputs(made["logits"])
        maps = made["maps"] if wanted == "maps" else np.zeros((len(pixels), 0), np.float32)
        return Outputs(made["logits"], made["features"], maps)


def by_hand(name: str, image: np.ndarray) -> list[float]:
    """Half of the sum over the image and half of the sum over the image read from right to left."""
    height, width, channels = image.shape
    totals = [0.0] * KERNELS[name].shape[-1]
    for row in range(height):
        for column in range(width):
            for channel in range(channels):
                pair = int(image[row, column, channel]) + int(image[row, width - 1 - column, channel])
                for unit in range(len(totals)):
                    totals[unit] += 0.5 * pair * KERNELS[name][row, column, channel, unit]
    return totals


@pytest.fixture
def mirrored() -> Classifier:
    plain = make_classifier()
    return replace(plain, engine=with_tta(plain.engine, MIRROR))


@pytest.fixture
def images() -> Images:
    return np.random.default_rng(1).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def test_every_output_is_the_mean_of_the_image_and_its_mirror_image():
    made = MirroredEngine(Sums()).compute(IMAGES, wanted="maps")
    for name in KERNELS:
        got = getattr(made, name)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, [by_hand(name, image) for image in IMAGES], rtol=1e-5, atol=1e-2)


def test_what_nobody_asked_for_stays_empty():
    engine = MirroredEngine(Sums())
    logits, features = engine.compute(IMAGES), engine.compute(IMAGES, wanted="features")
    assert (logits.features.shape, logits.maps.shape) == ((0, 0), (0, 0))
    assert (features.features.shape, features.maps.shape) == ((3, 5), (3, 0))
    none = engine.compute(IMAGES[:0], wanted="maps")
    assert (none.logits.shape, none.features.shape, none.maps.shape) == ((0, 2), (0, 5), (0, 7))


def test_an_image_and_its_mirror_image_get_the_same_answer_to_the_bit(mirrored: Classifier, images: Images):
    there, back = (mirrored.compute_logits(each) for each in (images, images[:, :, ::-1]))
    np.testing.assert_array_equal(there, back)
    assert np.abs(there - make_classifier().compute_logits(images)).max() > 1e-3


def test_without_it_the_engine_is_left_alone():
    engine = Sums()
    assert with_tta(engine, NO_TTA) is engine
    with pytest.raises(ValueError, match="'flip' is unknown; known are none and mirror"):
        with_tta(engine, "flip")


def test_it_travels_in_the_artefact_and_answers_by_itself(tmp_path: Path, mirrored: Classifier, images: Images):
    saved = save_made(tmp_path / "classifier", mirrored)
    document = read_document(saved)
    assert (document["format"], document["tta"]) == (4, "mirror")
    opened = load_classifier(saved)
    assert (opened.tta, make_classifier().tta) == ("mirror", "none")
    plain = make_classifier().engine
    here, there = (plain.compute(each, wanted="maps") for each in (images, images[:, :, ::-1]))
    np.testing.assert_allclose(opened.compute_logits(images), (here.logits + there.logits) / 2, atol=1e-6)
    np.testing.assert_allclose(opened.look(images)[1].maps, (here.maps + there.maps) / 2, rtol=1e-5, atol=1e-5)
    assert "answers with the mean of each image and its mirror image" in repr(opened)
    found = verify_artefact(saved)
    assert found.holds
    assert str(found.checks[1].text).endswith("; it answers with the mean of each image and its mirror image")


def test_a_classifier_without_it_is_written_as_before(tmp_path: Path):
    saved = save_made(tmp_path / "classifier")
    assert list(read_document(saved)) == [
        "format", "made_by", "architecture", "class_names", "preprocessing", "calibration", "prediction_sets",
        "off_corpus", "provenance", "self_test", "weights",
    ]  # fmt: skip
    assert read_document(saved)["format"] == 3
    assert "mirror" not in str(verify_artefact(saved).checks[1].text)


@pytest.mark.parametrize("wrong", ["flip", "", None, True, ["mirror"]])
def test_an_unknown_way_to_answer_is_refused(wrong: object, tmp_path: Path, mirrored: Classifier):
    saved = save_made(tmp_path / "classifier", mirrored)
    forge(saved, lambda document: document.update(tta=wrong))
    with pytest.raises(DamagedArtefact, match="test-time augmentation .* is unknown; known are none and mirror"):
        load_classifier(saved)


def test_a_format_has_the_key_or_has_it_not(tmp_path: Path, mirrored: Classifier):
    without, with_it = save_made(tmp_path / "without", mirrored), save_made(tmp_path / "with")
    forge(without, lambda document: document.pop("tta"))
    forge(with_it, lambda document: document.update(tta="mirror"))
    for saved in (without, with_it):
        with pytest.raises(DamagedArtefact, match="has changed since it was written"):
            load_classifier(saved)


def test_a_self_test_notices_that_the_mirror_image_was_left_out(tmp_path: Path, mirrored: Classifier):
    saved = save_made(tmp_path / "classifier", mirrored)
    forge(saved, lambda document: document.update(tta="none"))
    found = verify_artefact(saved)
    assert [check.result for check in found.checks] == ["holds", "holds", "fails"]


def test_a_trace_of_probabilities_is_of_the_mean_and_a_layer_is_of_the_image(tmp_path: Path, mirrored: Classifier):
    saved = save_made(tmp_path / "classifier", mirrored)
    pixels = np.random.default_rng(5).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    here, there = (make_classifier().compute_logits(each[None])[0] for each in (pixels, pixels[:, ::-1]))
    exponentials = np.exp((here + there) / 2 / 0.5)  # the temperature is 0.5
    traced = trace_run(saved, tmp_path / "image.png", layer="probabilities", filter_name="dog")
    assert traced.trace.value == pytest.approx(exponentials[1] / exponentials.sum(), abs=1e-6)
    assert traced.trace.formula.startswith("the mean of ")
    logits = trace_run(saved, tmp_path / "image.png", layer="logits", filter_name="dog")
    assert logits.trace.value == pytest.approx(here[1], abs=1e-5)
    assert "The values of a layer are of the image as it is" in repr(logits)
    assert traced.note == ""
    assert traced.to_json()["tta"] == logits.to_json()["tta"] == "mirror"
