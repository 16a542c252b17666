"""What a classifier must say of a few made images, so that every machine can see whether it still says it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hubel.arrays import Images
from hubel.classifier.answering import softmax
from hubel.classifier.classifier import Classifier
from hubel.classifier.patterns import PATTERNS, make_patterns
from hubel.errors import ClaimFailed, WrongRequest
from hubel.errors.wording import Option, Remedy

IMAGES = 4
"""As many as the engine answers one by one: the function that a single image needs is made in any case."""
COVERAGE = 0.9
"""Of the prediction sets that are compared."""
TOLERANCE = 1e-4
"""Of probabilities. float32 rounds differently under other libraries and processors: by 4e-7 at most between the three
backends, measured on three networks. A wrong weight, order or scale changes far more."""
_DIGITS = 7
"""Decimals that are kept: more would only hold the rounding of the machine that wrote them."""


@dataclass(frozen=True)
class Answer:
    """What is expected for one pattern.

    Args:
        class_name: the most probable class.
        probabilities: calibrated, in the order of the classes.
        prediction_set: indices of the classes in the set for a coverage of 0.9; None where there are no sets.
        off_corpus_score: None where there is no such score.
    """

    class_name: str
    probabilities: tuple[float, ...]
    prediction_set: tuple[int, ...] | None
    off_corpus_score: float | None


@dataclass(frozen=True)
class SelfTest:
    """Which patterns, and what is expected of them.

    Args:
        patterns: their numbers.
        pixels_sha256: of the bytes of the images, so that a change in how they are made is noticed.
        answers: one for each.
    """

    patterns: tuple[int, ...]
    pixels_sha256: str
    answers: tuple[Answer, ...]

    def __post_init__(self) -> None:
        known = all(type(number) is int and 0 <= number < PATTERNS for number in self.patterns)
        if not known or not 1 <= len(self.patterns) == len(self.answers) <= PATTERNS:
            raise WrongRequest(
                f"A self-test needs 1 to {PATTERNS} patterns numbered 0 to {PATTERNS - 1}, and one answer for each."
            )

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the artefact."""
        return asdict(self)

    @property
    def spread(self) -> float:
        """How far the probabilities of its patterns lie apart at most: near 0, the test would notice little."""
        rows = np.array([answer.probabilities for answer in self.answers])
        return float((rows.max(axis=0) - rows.min(axis=0)).max())


@dataclass(frozen=True)
class Outcome:
    """A self-test that was computed again.

    Args:
        failures: what does not hold, in words; empty where all holds.
        difference: the largest between an expected and a computed probability; 1 where the images are different.
        tolerance: the largest that is allowed on this machine.
    """

    failures: tuple[str, ...]
    difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """The classifier answers here as it did where it was saved."""
        return not self.failures


def make_self_test(classifier: Classifier) -> SelfTest:
    """Ask a classifier about every pattern, and keep those whose answers differ most.

    Raises:
        ClaimFailed: its answers are not numbers.
    """
    size = classifier.preprocessing.size
    pieces = [tuple(range(start, start + IMAGES)) for start in range(0, PATTERNS, IMAGES)]
    answers = [answer for piece in pieces for answer in _ask(classifier, make_patterns(piece, size))]
    probabilities = np.array([answer.probabilities for answer in answers])
    if not np.isfinite(probabilities).all():
        raise ClaimFailed(
            "The classifier's probabilities are not numbers, so it is not saved: its weights grew without bound during "
            "training.",
            Remedy(
                "Train again with other images, another ", Option("seed"), " or another ", Option("architecture"), "."
            ),
        )
    kept = _farthest(probabilities)
    return SelfTest(kept, _digest(make_patterns(kept, size)), tuple(answers[number] for number in kept))


def _farthest(probabilities: np.ndarray) -> tuple[int, ...]:
    """Patterns whose answers lie farthest apart: greedy, beginning with the one farthest from the mean."""
    distances = np.abs(probabilities - probabilities.mean(axis=0)).max(axis=1)  # [patterns]
    kept = [int(distances.argmax())]
    while len(kept) < IMAGES:
        apart = np.abs(probabilities[:, None] - probabilities[kept][None]).max(axis=2).min(axis=1)
        apart[kept] = -1.0  # each once, also where all answers are the same
        kept.append(int(apart.argmax()))
    return tuple(sorted(kept))


def read_self_test(described: Mapping[str, Any] | None, class_names: tuple[str, ...]) -> SelfTest | None:
    """The self-test that `SelfTest.to_json` wrote; None where the artefact is of a version that had none.

    Args:
        described: plain data of a stranger.
        class_names: of the classifier.

    Raises:
        WrongRequest: it does not fit the classes.
        KeyError, TypeError: a field is missing, unknown or of the wrong type.
    """
    if described is None:
        return None
    answers = []
    for each in described["answers"]:
        members, score = each["prediction_set"], each["off_corpus_score"]
        answer = Answer(
            each["class_name"],
            tuple(map(float, each["probabilities"])),
            None if members is None else tuple(map(int, members)),
            None if score is None else float(score),
        )
        if len(answer.probabilities) != len(class_names) or answer.class_name not in class_names:
            raise WrongRequest("The self-test and the classifier have different classes.")
        answers.append(answer)
    return SelfTest(tuple(described["patterns"]), str(described["pixels_sha256"]), tuple(answers))


def run_self_test(classifier: Classifier, test: SelfTest, *, tolerance: float = TOLERANCE) -> Outcome:
    """Compute the answers here and compare them with what is expected.

    Args:
        classifier: to be tested.
        test: made where it was saved.
        tolerance: largest allowed difference of a probability.
    """
    images = make_patterns(test.patterns, classifier.preprocessing.size)
    if _digest(images) != test.pixels_sha256:
        return Outcome(
            ("the images of the self-test come out differently here than where it was saved",), 1.0, tolerance
        )
    answers = _ask(classifier, images)
    failures, largest = [], 0.0
    for number, expected, answer in zip(test.patterns, test.answers, answers, strict=True):
        differences = np.abs(np.subtract(expected.probabilities, answer.probabilities))
        largest = max(largest, float(differences.max()))
        wrong = _first_difference(classifier, expected, answer=answer, tolerance=tolerance)
        if wrong is not None:
            failures.append(f"pattern {number}: {wrong}")
    return Outcome(tuple(failures), largest, tolerance)


def _first_difference(classifier: Classifier, expected: Answer, *, answer: Answer, tolerance: float) -> str | None:
    found = (
        _other_probability(classifier, expected, answer=answer, tolerance=tolerance),
        _other_name(classifier, expected, answer=answer, tolerance=tolerance),
        _other_set(classifier, expected, answer=answer, tolerance=tolerance),
        _other_score(expected, answer, tolerance=tolerance),
    )
    return next((words for words in found if words is not None), None)


def _other_probability(classifier: Classifier, expected: Answer, *, answer: Answer, tolerance: float) -> str | None:
    differences = np.abs(np.subtract(expected.probabilities, answer.probabilities))
    worst = int(differences.argmax())
    if differences[worst] <= tolerance:  # not so for what is no number
        return None
    name, was, now = classifier.class_names[worst], expected.probabilities[worst], answer.probabilities[worst]
    return f"class {name!r} must have probability {was:.5f} and has {now:.5f}"


def _other_name(classifier: Classifier, expected: Answer, *, answer: Answer, tolerance: float) -> str | None:
    place = classifier.class_names.index(expected.class_name)
    if answer.probabilities[place] >= max(answer.probabilities) - 2 * tolerance:  # of two as probable, either may win
        return None
    return f"it must be named {expected.class_name!r} and is named {answer.class_name!r}"


def _other_set(classifier: Classifier, expected: Answer, *, answer: Answer, tolerance: float) -> str | None:
    if expected.prediction_set is None or answer.prediction_set is None or classifier.sets is None:
        return None if expected.prediction_set == answer.prediction_set else "only one of the two has a prediction set"
    distance = np.abs(np.array(expected.probabilities) - classifier.sets.threshold(COVERAGE))
    either = set(np.flatnonzero(distance <= 2 * tolerance).tolist())  # at the threshold, a class may fall on any side
    changed = set(expected.prediction_set) ^ set(answer.prediction_set)
    return None if changed <= either else "another prediction set"


def _other_score(expected: Answer, answer: Answer, *, tolerance: float) -> str | None:
    was, now = expected.off_corpus_score, answer.off_corpus_score
    if was is None or now is None:
        return None if was == now else "only one of the two has an off-corpus score"
    if abs(was - now) <= 10 * tolerance * max(1.0, abs(was)):
        return None
    return f"the off-corpus score must be {was:.5g} and is {now:.5g}"


def _ask(classifier: Classifier, images: Images) -> list[Answer]:
    logits, scores = classifier.compute(images)
    probabilities = softmax(logits, temperature=classifier.calibration.temperature)
    sets = None if classifier.sets is None else classifier.sets.find(probabilities, COVERAGE)
    return [
        Answer(
            classifier.class_names[int(row.argmax())],
            tuple(round(float(value), _DIGITS) for value in row),
            None if sets is None else tuple(np.flatnonzero(sets[place]).tolist()),
            None if scores is None else float(f"{scores[place]:.{_DIGITS}g}"),
        )
        for place, row in enumerate(probabilities)
    ]


def _digest(images: Images) -> str:
    return hashlib.sha256(np.ascontiguousarray(images).tobytes()).hexdigest()
