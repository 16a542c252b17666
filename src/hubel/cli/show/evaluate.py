"""A score, two runs compared, and strangers → text for people, on standard output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from hubel.cli.show.results import console, show_report, show_without_leaks
from hubel.evaluation.metrics import wilson_interval
from hubel.evaluation.paired import BETTER, CANNOT_TELL, PairedTest
from hubel.text import counted, one_line, p_text, points
from hubel.workflows.evaluating.compare_runs import Against

if TYPE_CHECKING:
    from hubel.workflows.evaluating.evaluate import Evaluation, LeftOut
    from hubel.workflows.evaluating.off_corpus_test import StrangerScore

CLASSES_SHOWN = 5


def show_score(evaluation: Evaluation, target: Path, *, out: Path | None) -> None:
    """The score of a run or a model file, and where its report was written.

    Args:
        evaluation: the score.
        target: the run or the model file, as it was named.
        out: folder of the report of a model file.
    """
    screen = console()
    screen.print(f"{target} on {evaluation.location}{_without(evaluation.left_out)}")
    show_report(screen, evaluation.report, split=evaluation.split)
    show_without_leaks(screen, evaluation.report, without=evaluation.without_leaks)
    if out is not None:
        screen.print(f"Report: {out}/report.html")


def _without(left_out: LeftOut | None) -> str:
    """Which images are not in the score; near copies of training images were not themselves trained on."""
    if left_out is None or not left_out.paths:
        return ""
    parts = []
    if left_out.trained_on:
        parts.append(f"{counted(len(left_out.trained_on), 'image')} it was trained on")
    if left_out.copies:
        which = "such" if left_out.trained_on else "images it was trained on"
        parts.append(f"{counted(len(left_out.copies), 'copy', 'copies')} of {which}")
    return f", without {' and '.join(parts)}"


def show_against(compared: Against) -> None:
    """Both accuracies, where the two differ, the verdict, and the classes where they differ most."""
    out = console()
    first, second = one_line(compared.first), one_line(compared.second)
    if first == second:
        second += " (the same run)"
    test = compared.test
    where = "shared test images" if compared.corpus is None else f"images of {one_line(compared.corpus)}"
    out.print(f"{first} against {second} on {test.examples:,} {where}")
    width = max(len(first), len(second))
    for name, hits in ((first, compared.first_hits), (second, compared.second_hits)):
        low, high = wilson_interval(int(hits.sum()), len(hits))
        out.print(f"  {name:<{width}}  accuracy {hits.mean():.3f}   95 % interval {low:.3f} to {high:.3f}")
    out.print(f"Only {first} is right: {test.first_only:,}.   Only {second} is right: {test.second_only:,}.")
    low, high = test.interval
    out.print(
        f"Difference {points(test.difference)} points   95 % interval {points(low)} to {points(high)}   "
        f"{p_text(test.p_value)} (exact McNemar test)"
    )
    style = {BETTER: "bold green", CANNOT_TELL: "bold yellow"}.get(test.verdict, "bold red")
    out.print(Text(_said(first, second, test=test), "bold" if test.alike else style))
    other = compared.by_other_labels
    if other is not None:
        numbers = f"({points(other.difference)} points, {p_text(other.p_value)})"
        out.print(f"By the labels of {second} instead: {_said(first, second, test=other)} {numbers}")
    out.print(_class_table(compared, first, second=second))


def _said(first: str, second: str, *, test: PairedTest) -> str:
    if test.alike:
        return f"There is no difference: {first} and {second} are right on the same images."
    if test.verdict == CANNOT_TELL:
        return f"Cannot tell whether {first} or {second} is better: the difference may be due to chance."
    return f"{first} is {test.verdict} than {second}."


def _class_table(compared: Against, first: str, *, second: str) -> Table | str:
    pairs = [pair for pair in compared.classes if pair.first_right != pair.second_right]
    if not pairs:
        return "They do equally well on every class."
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("where they differ most")
    for name in ("images", f"right by {first}", f"right by {second}"):
        table.add_column(name, justify="right")
    for pair in pairs[:CLASSES_SHOWN]:
        counts = (str(count) for count in (pair.examples, pair.first_right, pair.second_right))
        table.add_row(Text(one_line(pair.name)), *counts)
    if len(pairs) > CLASSES_SHOWN:
        table.caption = f"{CLASSES_SHOWN} of the {len(pairs)} classes on which they differ; --json has all"
    return table


def show_strangers(score: StrangerScore) -> None:
    """AUROC, and the share beyond the limit on either side."""
    out = console()
    out.print(Text(f"Off-corpus score: AUROC {score.auroc:.3f}", "bold"))
    out.print("  the chance that a stranger scores higher than a test image of the run; 0.5 is guessing, 1 is perfect")
    for name, scores in (("own test images", score.own), (f"strangers, {one_line(score.location)}", score.strangers)):
        out.print(f"  flagged {_share(scores)} of {len(scores):,} {name}")


def _share(scores: np.ndarray) -> str:
    flagged = int((scores > 1).sum())
    low, high = wilson_interval(flagged, len(scores))
    return f"{flagged / len(scores):.1%} ({low:.1%} to {high:.1%})"
