"""On images of which one patch decides the class, methods point at the patch: bench_planted.py in small."""

from __future__ import annotations

import numpy as np
import pytest
from tests.made.planted import CLASSES, KINDS, PATCH, SIDE, Planted, against_truth, make_planted
from tests.made.planted_networks import Lesson, trained

from hubel.classifier.classifier import Classifier
from hubel.explanation.catalogue import EXPLANATIONS
from hubel.explanation.faithfulness import random_maps
from hubel.explanation.of_classifier import subject_of
from hubel.explanation.subject import Question

LESSON = Lesson("residual", "colour", seed=0, per_class=60, epochs=3)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, Planted, np.ndarray]:
    """A network, test images, and which of them it names rightly."""
    classifier, planted = trained(LESSON, tmp_path_factory.mktemp("planted")), LESSON.test(2)
    return (
        classifier,
        planted,
        np.flatnonzero(classifier.compute_logits(planted.images).argmax(axis=1) == planted.labels),
    )


@pytest.mark.backend
@pytest.mark.parametrize("name", ["occlusion", "grad-cam", "hires-cam", "layer-cam"])
def test_a_method_points_at_the_patch(name: str, learned: tuple[Classifier, Planted, np.ndarray]):
    classifier, planted, right = learned
    assert len(right) >= 8
    subject = subject_of(classifier)
    heats = [
        EXPLANATIONS[name].compute(subject, planted.images[place], question=Question(int(planted.labels[place])))
        for place in right
    ]
    pointing, mass, flat = against_truth(heats, planted, right)
    assert flat == 0
    assert pointing >= 0.75 * len(right)  # a sixth is chance; trained for longer it is nearly all of them
    assert mass > 2 * PATCH**2 / SIDE**2


def test_a_random_map_has_the_share_of_the_patch_in_it():
    planted = make_planted("shape", seed=3, per_class=20, part=1)
    heats = random_maps((SIDE, SIDE), count=len(planted.labels))
    _, mass, _ = against_truth(heats, planted, np.arange(len(heats)))
    assert mass == pytest.approx(PATCH**2 / SIDE**2, abs=0.01)


def test_a_map_of_the_patch_points_at_it_one_of_another_place_does_not_and_a_flat_one_points_nowhere():
    planted = make_planted("colour", seed=0, per_class=1, part=1)
    heats = [planted.mask(place).astype(np.float32).repeat(4, 0).repeat(4, 1) for place in range(CLASSES)]
    assert against_truth(heats, planted, np.arange(CLASSES)) == (CLASSES, 1.0, 0)
    assert against_truth([1 - heat for heat in heats], planted, np.arange(CLASSES)) == (0, 0.0, 0)
    assert against_truth([0 * heat for heat in heats], planted, np.arange(CLASSES)) == (0, 0.0, CLASSES)


@pytest.mark.parametrize("kind", KINDS)
def test_without_its_patch_an_image_says_nothing_of_its_class(kind: str):
    """Everything outside is drawn alike for every class: its mean does not tell them apart."""
    planted = make_planted(kind, seed=0, per_class=60, part=0)
    outside = np.array([
        image[~planted.mask(place)].mean() for place, image in enumerate(planted.images)
    ])  # fmt: skip
    means = [outside[planted.labels == label].mean() for label in range(CLASSES)]
    assert np.ptp(means) < 4 * outside.std() / 60**0.5
