"""Answers with and without changes of the images → accuracy, answers that change, calibration, and worst groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hubel.arrays import Labels
from hubel.evaluation.metrics import bins_of, expected_calibration_error, wilson_interval
from hubel.evaluation.paired import WORSE, PairedTest, adjust, compare_hits, holm
from hubel.evaluation.proportions import Share, chance_of_difference

LEAST_OF_A_GROUP = 5
"""Images from which a group is scored: of fewer, the interval holds nearly everything."""
GROUP_LEVEL = 0.05
"""Share of false alarms over all groups together."""


@dataclass(frozen=True)
class NamedImages:
    """What a classifier says of some images.

    Args:
        predicted: class indices, int64 [examples].
        confidence: calibrated probability of these, float64 [examples].
    """

    predicted: Labels
    confidence: np.ndarray

    def calibration_error(self, labels: Labels) -> float:
        """Mean distance between confidence and accuracy, over 15 bins; of at least one image."""
        return expected_calibration_error(bins_of(self.confidence, self.predicted == labels))


@dataclass(frozen=True)
class LevelScore:
    """One strength of one change.

    Args:
        level: in the unit of the change.
        right: images named rightly, of all.
        changed: images that get another class than without the change, of all.
        ece: calibration error.
        test: the answers with the change against those without, on the same images; adjusted for all that are tested.
    """

    level: float
    right: Share
    changed: Share
    ece: float
    test: PairedTest

    @property
    def costs(self) -> bool:
        """Fewer images are named rightly, and chance does not explain it."""
        return self.test.verdict == WORSE

    def to_json(self) -> dict[str, Any]:
        """The object in ``"levels"``."""
        return {
            "level": self.level,
            "accuracy": self.right.value,
            "accuracy_interval": list(self.right.interval),
            "changed_answers": self.changed.value,
            "changed_answers_interval": list(self.changed.interval),
            "ece": self.ece,
            "difference": self.test.difference,
            "difference_interval": list(self.test.interval),
            "p_value": self.test.p_value,
            "adjusted_p": self.test.adjusted_p,
            "costs_accuracy": self.costs,
        }


@dataclass(frozen=True)
class ChangeScore:
    """One change at all of its strengths, the weakest first.

    Args:
        name: of the change.
        unit: of its strengths.
        levels: one score for each.
    """

    name: str
    unit: str
    levels: tuple[LevelScore, ...]

    @property
    def first_cost(self) -> LevelScore | None:
        """The weakest strength that costs accuracy; None where no strength is shown to."""
        return next((each for each in self.levels if each.costs), None)

    def to_json(self) -> dict[str, Any]:
        """The object in ``"changes"``."""
        return {"name": self.name, "unit": self.unit, "levels": [each.to_json() for each in self.levels]}


@dataclass(frozen=True)
class GroupOfImages:
    """A group of the test images.

    Args:
        name: of the group.
        right: images named rightly as they are.
        changed: share of the answers that change, mean over every change and strength.
        adjusted_p: chance that its images are named rightly so rarely if they are like the others: Fisher's exact test,
            one-sided, adjusted by Holm for the number of groups.
    """

    name: str
    right: Share
    changed: float
    adjusted_p: float

    @property
    def is_worse(self) -> bool:
        """Its images are named rightly less often than the others, and chance does not explain it."""
        return self.adjusted_p <= GROUP_LEVEL

    def to_json(self) -> dict[str, Any]:
        """The object in ``"groups"``."""
        return {
            "name": self.name,
            "examples": self.right.count,
            "accuracy": self.right.value,
            "accuracy_interval": list(self.right.interval),
            "changed_answers": self.changed,
            "adjusted_p": self.adjusted_p,
            "worse_than_the_others": self.is_worse,
        }


@dataclass(frozen=True)
class CleanScore:
    """The images as they are: named rightly, and the calibration error."""

    right: Share
    ece: float

    def to_json(self) -> dict[str, Any]:
        """The object under ``"clean"``."""
        interval = list(wilson_interval(self.right.hits, self.right.count))
        return {"accuracy": self.right.value, "accuracy_interval": interval, "ece": self.ece}


Levels = Mapping[float, NamedImages]


def score_clean(clean: NamedImages, labels: Labels) -> CleanScore:
    """The score of the images as they are.

    Args:
        clean: the answers; of at least one image.
        labels: int64 [examples].
    """
    hits = clean.predicted == labels
    return CleanScore(Share(int(hits.sum()), len(hits)), clean.calibration_error(labels))


def score_changes(
    clean: NamedImages, changed: Mapping[str, Levels], *, units: Mapping[str, str], labels: Labels
) -> tuple[ChangeScore, ...]:
    """Every change at every strength, against the same images as they are.

    Args:
        clean: the answers for the images as they are.
        changed: name of the change → strength → the answers for the changed images, the weakest first.
        units: name of the change → unit of its strengths.
        labels: int64 [examples].
    """
    hits = clean.predicted == labels
    flat = [
        (name, _score_level(level, answers, clean=clean, labels=labels, hits=hits))
        for name, levels in changed.items()
        for level, answers in levels.items()
    ]
    tests = adjust([each.test for _, each in flat])
    adjusted = [(name, replace(each, test=test)) for (name, each), test in zip(flat, tests, strict=True)]
    return tuple(
        ChangeScore(name, units[name], tuple(each for owner, each in adjusted if owner == name)) for name in changed
    )


def _score_level(
    level: float, answers: NamedImages, *, clean: NamedImages, labels: Labels, hits: np.ndarray
) -> LevelScore:
    right, other = answers.predicted == labels, answers.predicted != clean.predicted
    return LevelScore(
        level=level,
        right=Share(int(right.sum()), len(right)),
        changed=Share(int(other.sum()), len(other)),
        ece=answers.calibration_error(labels),
        test=compare_hits(right, hits),
    )


def score_groups(
    groups: Sequence[str], clean: NamedImages, *, changed: Mapping[str, Levels], labels: Labels
) -> tuple[GroupOfImages, ...]:
    """The groups that have enough images, the least accurate first; none where there are fewer than two.

    Args:
        groups: name of each image's group; empty for an image without one.
        clean: the answers for the images as they are.
        changed: as of `score_changes`.
        labels: int64 [examples].
    """
    hits, owners = clean.predicted == labels, np.array(groups, object)
    names = sorted(name for name, count in Counter(groups).items() if name and count >= LEAST_OF_A_GROUP)
    if len(names) < 2:
        return ()
    other = [each.predicted != clean.predicted for levels in changed.values() for each in levels.values()]
    scores, chances = [], []
    for name in names:
        mine = owners == name
        share, rest = (Share(int(hits[part].sum()), int(part.sum())) for part in (mine, ~mine))
        moved = float(np.mean([each[mine].mean() for each in other])) if other else 0.0
        scores.append(GroupOfImages(name, share, moved, 1.0))
        chances.append(chance_of_difference(share, rest, alternative="less") if rest.count else 1.0)
    scores = [replace(each, adjusted_p=chance) for each, chance in zip(scores, holm(chances), strict=True)]
    return tuple(sorted(scores, key=lambda each: (each.right.value, each.name)))
