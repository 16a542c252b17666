"""After a run, in plain words: what is wrong, and the next command to type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from hubel.workflows.train import Run

FEW_IMAGES = 30
CUT_SHORT = 0.8
"""Share of the planned epochs below which the time limit is said to have cut them short."""


def next_steps(run: Run, *, command: Sequence[str]) -> list[str]:
    """Sentences, the most useful first; each says what to do.

    Args:
        run: what was trained.
        command: the words that trained it, to be typed again.
    """
    test = run.metrics["test"]
    steps = []
    if test["examples"] and test["accuracy_interval"][0] <= test["majority_baseline"]:
        steps.append(
            "It does not beat always naming the largest class: check that the folders hold what their names say, or "
            f"train longer: {_again(command, '--time-limit', '15m')}"
        )
    if run.without_leaks is not None:
        steps.append(
            "The given test split leaks: believe the score without the copies, and see them: "
            f"hubel audit {shlex.quote(run.corpus.location)}"
        )
    if run.fitted.interrupted:
        steps.append(f"The training was stopped early; the best epoch so far is saved. To the end: {_again(command)}")
    elif run.fitted.time_limit_s is not None and "train" in run.fitted.recipes:
        done, planned = run.fitted.histories[-1].epochs, run.fitted.recipes["train"].epochs
        if done < CUT_SHORT * planned:
            longer = f"{2 * run.fitted.time_limit_s:.0f}s"
            steps.append(
                f"{done:.0f} epochs fitted into the time limit; it may gain from more: "
                f"{_again(command, '--time-limit', longer)}"
            )
    few = [name for name, count in run.corpus.class_counts.items() if count < FEW_IMAGES]
    if few:
        names = ", ".join(repr(name) for name in few[:4]) + (" ..." if len(few) > 4 else "")
        steps.append(f"Fewer than {FEW_IMAGES} pictures of {names}: more of them help most.")
    steps.append(f"Name new pictures: hubel predict {shlex.quote(str(run.path))} PICTURE_OR_FOLDER")
    return steps


def _again(command: Sequence[str], *more: str) -> str:
    """The same command with these words, over the run that is there."""
    kept: list[str] = []
    words = iter(command)
    for word in words:
        if word in more[:1]:
            next(words, None)  # its value goes too
        elif word != "--overwrite" and not any(word.startswith(f"{option}=") for option in more[:1]):
            kept.append(word)
    return shlex.join([*kept, "--overwrite", *more])
