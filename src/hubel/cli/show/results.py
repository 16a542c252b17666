"""Results → text for people, on standard output."""

from __future__ import annotations

import sys
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hubel.evaluation.paired import BETTER, CANNOT_TELL, WORSE
from hubel.evaluation.report import EvaluationReport
from hubel.text import counted, one_line

CLASSES_SHOWN = 30
BAR = 20
SETS_SHOWN = ("0.9", "0.95")
"""Coverages of prediction sets that a score shows, as ``metrics.json`` writes them."""

NOT_CALIBRATED = "the model's own probabilities, not calibrated by Hubel"


def console() -> Console:
    """Standard output; colours on a terminal only, and no guessing of markup in file names."""
    return Console(file=sys.stdout, highlight=False, markup=False, soft_wrap=True)


def show_report(out: Console, report: EvaluationReport, *, split: str) -> None:
    """Headline, what there is to beat, how sure it is, per-class table and most frequent mistakes of one score.

    Args:
        out: where it is printed.
        report: the score.
        split: ``"test"``, or ``"all"`` of another corpus.
    """
    score = report.to_json()
    out.print(_headline(score, split))
    out.print(_baselines(score))
    out.print(Text("Verdict     ").append(score["suitability"]["sentence"], "bold"))
    out.print(_details(score))
    out.print(_calibration(score))
    if report.calibrated and score["suitability"]["useful"]:  # else the surest answers are not worth having either
        out.print(_abstention(score["abstention"]))
    if score["prediction_sets"]:
        out.print(_sets(score["prediction_sets"]))
    if "off_corpus" in score:
        out.print(_off_corpus(score["off_corpus"]))
    out.print(_class_table(score))
    mistakes = report.confusions(5)
    if mistakes:
        out.print(Text("Most frequent mistakes", "bold"))
        for true, named, count, support in mistakes:
            out.print(f"  {one_line(true)} mistaken for {one_line(named)}: {count} of {support}")
        out.print()


def show_without_leaks(out: Console, report: EvaluationReport, *, without: EvaluationReport | None) -> None:
    """The score without the test examples that have a copy elsewhere; nothing where none has.

    Args:
        out: where it is printed.
        report: the score of all of them.
        without: the score of the others.
    """
    if without is None:
        return
    count = len(report.labels) - len(without.labels)
    text = Text("Leaks ", "bold red").append(
        f"{count:,} of these {len(report.labels):,} {'has' if count == 1 else 'have'} a copy, or an image of the same "
        "group, in another part. ",
        "not bold default",
    )
    if not len(without.labels):
        out.print(text.append("None is left without them, so this score says nothing.", "not bold default"))
        return
    score = without.to_json()
    low, high = score["accuracy_interval"]
    images = counted(score["examples"], "image")
    rest = f"Without them: accuracy {score['accuracy']:.3f}, {low:.3f} to {high:.3f}, {images}."
    out.print(text.append(rest, "not bold default"))
    out.print()


def _headline(score: dict[str, Any], split: str) -> Text:
    low, high = score["accuracy_interval"]
    where = "test image" if split == "test" else "image"
    text = Text(f"Accuracy {score['accuracy']:.3f}", "bold green")
    return text.append(
        f"   95 % interval {low:.3f} to {high:.3f}, {counted(score['examples'], where)}", "not bold default"
    )


def _baselines(score: dict[str, Any]) -> Text:
    """What it has to beat: red where it does not."""
    beats = score["accuracy_interval"][0] > score["majority_baseline"]
    text = Text("Baselines   always predicting the largest class: ")
    text.append(f"{score['majority_baseline']:.3f}", "default" if beats else "bold red")
    if "dense_baseline" in score:
        test, dense = score["against_dense_baseline"], f"{score['dense_baseline']:.3f}"
        alike = test["first_only"] == test["second_only"] == 0
        said = "a small dense network: {}, right on the same images" if alike else _AGAINST_DENSE[test["verdict"]]
        text.append("   ").append(said.format(dense), "default" if test["verdict"] == BETTER else "bold red")
    return text


_AGAINST_DENSE = {
    BETTER: "a small dense network: {}, beaten",
    WORSE: "a small dense network does better: {}",
    CANNOT_TELL: "a small dense network: {}, cannot tell which is better",
}


def _details(score: dict[str, Any]) -> str:
    top = {k: share for k, share in score["top_k_accuracy"].items() if k != "1"}
    most = f"top-{max(top, key=int)} {top[max(top, key=int)]:.3f}   " if top else ""
    return (
        f"macro-F1 {_defined(score['macro_f1'])}   balanced accuracy {_defined(score['balanced_accuracy'])}   "
        f"ROC-AUC {_defined(score['macro_roc_auc'])}   {most}log loss {score['log_loss']:.3f}"
    )


def _calibration(score: dict[str, Any]) -> str:
    before = f"before calibration {score['ece_uncalibrated']:.3f}" if "ece_uncalibrated" in score else NOT_CALIBRATED
    chance = f"chance alone gives {score['ece_of_chance']:.3f} on this many images"
    return f"calibration error {score['ece']:.3f} ({chance}; {before})"


def _defined(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _abstention(abstention: dict[str, Any]) -> str:
    if abstention["threshold"] == 0:
        return "It never abstains: there were no validation images to choose a threshold with."
    if abstention["selective_accuracy"] is None:
        return f"Below a confidence of {abstention['threshold']:.2f} it abstains; here it always does."
    return (
        f"Below a confidence of {abstention['threshold']:.2f} it abstains: "
        f"it answers for {abstention['coverage']:.0%} of the images, "
        f"and {abstention['selective_accuracy']:.1%} of those answers are right."
    )


def _sets(scores: dict[str, Any]) -> str:
    """Promise and finding of the two usual coverages."""
    told = []
    for key in SETS_SHOWN:
        found, (low, high) = scores[key]["coverage"], scores[key]["coverage_interval"]
        told.append(f"promised {float(key):.0%}, found {found:.1%} ({100 * low:.1f} to {100 * high:.1f})")
    return f"Prediction sets: {'; '.join(told)}."


def _off_corpus(off_corpus: dict[str, Any]) -> str:
    flagged, promised = off_corpus["flagged"], off_corpus["promised"]
    return f"Flagged as unlike the training images: {flagged:.1%} ({promised:.0%} expected for images like the corpus)."


def _class_table(score: dict[str, Any]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, title_justify="left")
    table.add_column("class")
    for name in ("precision", "recall", "F1", "images"):
        table.add_column(name, justify="right")
    table.add_column("")
    rows = sorted(score["per_class"].items(), key=lambda item: -1.0 if item[1]["f1"] is None else item[1]["f1"])
    for name, row in rows[:CLASSES_SHOWN]:
        bar = "" if row["f1"] is None else "━" * round(row["f1"] * BAR)
        numbers = [_number(row[key]) for key in ("precision", "recall", "f1")]
        table.add_row(Text(one_line(name)), *numbers, str(row["support"]), Text(bar, "green"))
    if len(rows) > CLASSES_SHOWN:
        table.caption = f"the {CLASSES_SHOWN} hardest of {len(rows)} classes; all are in metrics.json"
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
