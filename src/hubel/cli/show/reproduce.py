"""A repetition compared with its run → text for people, on standard output."""

from __future__ import annotations

from rich.text import Text

from hubel.cli.main import REPORT_AT
from hubel.cli.show.results import console
from hubel.text import one_line
from hubel.workflows.reproducing.same_result import Reproduction, SameResult

SCORES_NAMED = 5


def show_reproduction(reproduction: Reproduction) -> None:
    """The verdict, what differs, and why, as far as that is known."""
    out, result = console(), reproduction.result
    run = one_line(str(reproduction.run))
    if result.same:
        verdict = Text("The same", "bold green")
        verdict.append(
            f": weights to the bit, all {result.predictions:,} predictions, every score.", "not bold default"
        )
        out.print(verdict)
        out.print(f"This holds for {run}, trained again on {one_line(reproduction.corpus)}, on this machine, today.")
    else:
        out.print(Text("Not the same", "bold red").append(f": {_in_one_line(result)}.", "not bold default"))
        for name, text in _details(result):
            out.print(f"  {name:<12} {text}")
    _show_reasons(reproduction)
    if reproduction.out is not None:
        out.print(f"The repetition is in {one_line(str(reproduction.out))}.")


def _in_one_line(result: SameResult) -> str:
    parts = [] if result.same_weights else ["different weights"]
    if result.another_class:
        parts.append(f"{result.another_class:,} of {result.predictions:,} predictions name a different class")
    elif not result.same_predictions:
        parts.append(
            "different probabilities, but the same classes" if not _unmatched(result) else "different predictions"
        )
    if result.scores:
        parts.append("different scores")
    return ", ".join(parts)


def _unmatched(result: SameResult) -> int:
    return result.only_then + result.only_now


def _details(result: SameResult) -> list[tuple[str, str]]:
    """(name, text) lines: weights, predictions, accuracy and scores."""
    weights = "the same to the bit"
    if not result.same_weights:
        weights = f"SHA-256 {result.weights_then[:12]}... then, {result.weights_now[:12]}... now"
    predictions = (
        f"{result.another_class:,} of {result.predictions:,} name a different class; "
        f"largest difference of a probability {result.largest_difference:.2g}"
    )
    if _unmatched(result):
        predictions += f"; {result.only_then:,} only then, {result.only_now:,} only now"
    accuracy = "no test images"
    if result.accuracy_then is not None and result.accuracy_now is not None:
        accuracy = f"{result.accuracy_then:.4f} then, {result.accuracy_now:.4f} now, on the test images"
    scores = "the same"
    if result.scores:
        more = " ..." if len(result.scores) > SCORES_NAMED else ""
        scores = f"{len(result.scores):,} numbers differ: {', '.join(result.scores[:SCORES_NAMED])}{more}"
    return [("weights", weights), ("predictions", predictions), ("accuracy", accuracy), ("scores", scores)]


def _show_reasons(reproduction: Reproduction) -> None:
    """What was not as it was; where none of it explains the result, say that it needs an explanation."""
    out, result = console(), reproduction.result
    reasons = [each for each in reproduction.differences if each.explains and not result.same]
    others = [each for each in reproduction.differences if each not in reasons]
    if not reasons and not result.same:
        out.print(_unexplained(reproduction))
    for heading, differences in (("Likely reasons:", reasons), ("Also different, without effect:", others)):
        if differences:
            out.print(heading)
        for each in differences:
            out.print(f"  {each.about:<12} {one_line(each.text)}")


def _unexplained(reproduction: Reproduction) -> str:
    run = one_line(str(reproduction.run))
    if reproduction.result.same_weights:
        return (
            "No known difference explains this, and the weights are the same: predictions.csv or metrics.json in "
            f"{run} may have been changed since."
        )
    return (
        "No known difference explains this: the same computation gave another result on this machine. Please report it "
        f"at {REPORT_AT}, with {run}/run.json."
    )
