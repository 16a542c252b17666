"""What is measured of one method on one image."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from hubel.arrays import Heat, Image, Images
from hubel.explanation.assessment.randomisation import rank_correlation
from hubel.explanation.assessment.road import compute_road
from hubel.explanation.assessment.stability import noisy_copies, relative_change
from hubel.explanation.catalogue import Explain
from hubel.explanation.faithfulness import is_flat, random_maps, score_map
from hubel.explanation.subject import Question, Subject


@dataclass(frozen=True)
class Case:
    """An image, and what is explained of it.

    Args:
        image: uint8 [height, width, 3] at the working size.
        question: the class that the classifier names.
        copies: the image with small noise and the same answer, uint8 [copies, height, width, 3].
        seed: of what is random in a method or a score.
    """

    image: Image
    question: Question
    copies: Images
    seed: int


@dataclass(frozen=True)
class MapNumbers:
    """Of the map of one method for one image.

    Args:
        heat: the map, float32 [height, width].
        insertion: of `score_map`.
        deletion: likewise.
        road: of `compute_road`.
        flat: it marks nothing.
        seconds: that the map took.
        stability: of `relative_change`; None where that is undefined.
        correlations: with the map of each network with replaced weights; none where there was no such network.
    """

    heat: Heat
    insertion: float
    deletion: float
    road: float
    flat: bool
    seconds: float
    stability: float | None = None
    correlations: tuple[float, ...] = ()

    @property
    def gain(self) -> float:
        """Insertion less deletion: the higher, the better."""
        return self.insertion - self.deletion


def make_case(subject: Subject, image: Image, *, seed: int, rng: np.random.Generator) -> Case:
    """The case of an image: the answer is explained.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        seed: of what is random in a method or a score.
        rng: of the noise of the copies.
    """
    named = int(subject.compute_logits(image[None])[0].argmax())
    return Case(image, Question(named), noisy_copies(subject.compute_logits, image, rng=rng), seed)


def measure(subject: Subject, case: Case, compute: Explain) -> MapNumbers:
    """The numbers of one method on one image, all but those of replaced weights.

    Args:
        subject: the classifier.
        case: the image.
        compute: the method.
    """
    begun = time.perf_counter()
    heat = compute(subject, case.image, question=case.question, seed=case.seed)
    seconds = time.perf_counter() - begun
    others = [compute(subject, copy, question=case.question, seed=case.seed) for copy in case.copies]
    change = relative_change(heat, np.stack(others)) if others else None
    return replace(score(subject, case, heat), seconds=seconds, stability=change)


def score(subject: Subject, case: Case, heat: Heat) -> MapNumbers:
    """The numbers of a map, whoever made it.

    Args:
        subject: the classifier.
        case: the image.
        heat: float32 [height, width].
    """
    found = score_map(subject, case.image, heat=heat, question=case.question, seed=case.seed)
    road = compute_road(
        lambda images: subject.compute_probabilities(images, case.question), case.image, heat=heat, seed=case.seed
    )
    return MapNumbers(heat, found.insertion, found.deletion, road, is_flat(heat), 0.0)


def random_numbers(subject: Subject, case: Case) -> MapNumbers:
    """The numbers of a random map.

    Args:
        subject: the classifier.
        case: the image.
    """
    return score(subject, case, random_maps(case.image.shape[:2], seed=case.seed, count=1)[0])


def correlate(randomised: Subject, case: Case, *, compute: Explain, heat: Heat) -> float:
    """Rank correlation of a map with that of a network with replaced weights.

    Args:
        randomised: the network.
        case: the image.
        compute: the method.
        heat: its map for the classifier itself.
    """
    return rank_correlation(heat, compute(randomised, case.image, question=case.question, seed=case.seed))
