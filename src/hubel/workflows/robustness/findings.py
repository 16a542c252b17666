"""A robustness test in one or two sentences: what harms most, and what is not shown to harm."""

from __future__ import annotations

from hubel.advice.on_robustness import most_harmful_first, said_change
from hubel.evaluation.robustness import ChangeScore, LevelScore
from hubel.text import listed, points
from hubel.workflows.robustness.robustness import Robustness


def describe(found: Robustness) -> list[str]:
    """The sentences.

    Args:
        found: what was measured.
    """
    harmful = most_harmful_first(found.changes)
    harmless = [each.name for each in found.changes if each.first_cost is None]
    sentences = [_most_harmful(found, harmful[0])] if harmful else []
    if harmless:
        rest = "Not shown to cost accuracy at any strength" if harmful else "No change is shown to cost accuracy"
        sentences.append(f"{rest}: {listed(harmless)}.")
    return sentences


def _most_harmful(found: Robustness, harmful: tuple[ChangeScore, LevelScore]) -> str:
    worst, level = harmful
    low, high = level.test.interval
    phrase = said_change(worst.name, level.level, side=min(found.classifier.preprocessing.size))
    return (
        f"It is most sensitive to {phrase}: {100 * level.changed.value:.0f} % of the answers change, and accuracy is "
        f"{level.right.value:.3f} instead of {found.clean.right.value:.3f} ({points(low)} to {points(high)} points)."
    )
