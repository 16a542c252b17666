"""Numbers of maps → scores with intervals, marks, and the method to use: each by a rule that is written down here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hubel.evaluation.bootstrap import mean_interval
from hubel.explanation.assessment.measure import MapNumbers
from hubel.explanation.assessment.randomisation import LIMIT
from hubel.text import counted
from hubel.workflows.explaining.assessment import Mean, MethodScore

TIE = 0.02
"""Two methods whose insertion less deletion differs by less are equally good: the quicker one is taken."""
MOST_FLAT = 0.5
"""Share of the images on which a map may mark nothing."""
IGNORES_WEIGHTS = (
    f"its maps hardly depend on what the network has learned: they stay alike (rank correlation above {LIMIT:.2f}) "
    "when its weights are replaced at random"
)
NONE_GOOD = "no method passes the test of replaced weights and is surely better than a random map"


def score_method(name: str, numbers: Sequence[MapNumbers], *, random: Sequence[MapNumbers]) -> MethodScore:
    """Means with intervals over the images, and the mark.

    Args:
        name: of the method.
        numbers: of its map for each image.
        random: of a random map for each of the same images.
    """
    stages = _stages(numbers)
    worst = max(stages, key=lambda stage: stage.mean(), default=None)
    found = MethodScore(
        name,
        insertion=_mean([each.insertion for each in numbers]),
        deletion=_mean([each.deletion for each in numbers]),
        gain=_mean([each.gain for each in numbers]),
        road=_mean([each.road for each in numbers]),
        randomisation_correlation=None if worst is None else _mean(worst),
        stages=tuple(float(stage.mean()) for stage in stages),
        stability=_mean([each.stability for each in numbers if each.stability is not None]),
        seconds=float(np.median([each.seconds for each in numbers])),
    )
    return replace(found, marked=_why_marked(found, numbers, random=random))


def _why_marked(found: MethodScore, numbers: Sequence[MapNumbers], *, random: Sequence[MapNumbers]) -> str | None:
    flat = sum(each.flat for each in numbers)
    if flat > MOST_FLAT * len(numbers):
        return f"it marks nothing on {flat:,} of {counted(len(numbers), 'image')}"
    same = found.randomisation_correlation
    if same is not None and same.value > LIMIT:
        return IGNORES_WEIGHTS
    if np.mean([each.gain for each in numbers]) <= np.mean([each.gain for each in random]):
        return "it finds what decides no better than a random map"
    return None


def recommend(
    methods: Sequence[MethodScore],
    gains: Mapping[str, Sequence[float]],
    *,
    random: Sequence[float],
) -> tuple[str | None, str]:
    """The method to use, and why.

    Of those that are not marked and surely better than a random map, the one with the highest insertion less deletion;
    of those within `TIE` of it, the quickest.

    Args:
        methods: with their marks.
        gains: name → insertion less deletion for each image.
        random: the same of a random map.
    """
    good = [
        each
        for each in methods
        if each.marked is None
        and each.randomisation_correlation is not None
        and mean_interval(np.subtract(gains[each.name], random))[0] > 0
    ]
    if not good:
        return None, NONE_GOOD
    mean = {each.name: float(np.mean(gains[each.name])) for each in good}
    best = max(mean.values())
    equal = [each for each in good if mean[each.name] >= best - TIE]
    chosen = min(equal, key=lambda each: each.seconds or 0.0)
    reason = "one with the highest insertion less deletion"
    if len(equal) > 1:
        reason = f"quickest of {len(equal)} that are within {TIE} of the highest insertion less deletion"
    return chosen.name, f"{reason}, of {counted(len(good), 'method')} with no mark and surely better than a random map"


def _stages(numbers: Sequence[MapNumbers]) -> list[np.ndarray]:
    """Correlations of each stage, float64 [images]."""
    return [np.array(stage) for stage in zip(*(each.correlations for each in numbers), strict=True)]


def _mean(values: Sequence[float] | np.ndarray) -> Mean | None:
    return Mean(float(np.mean(values)), mean_interval(values)) if len(values) else None
