"""A learning curve → text for people, on standard output."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hubel.evaluation.learning_curve import LearningCurve, describe_forecast


def show_learning_curve(out: Console, curve: LearningCurve) -> None:
    """A table of the trainings, the forecast, and what its bar does not cover.

    Args:
        out: where it is printed.
        curve: what to show.
    """
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name in ("share", "training images", "accuracy", "95 % interval"):
        table.add_column(name, justify="right")
    for point in curve.points:
        low, high = point.interval
        table.add_row(
            f"{point.share:.0%}", f"{point.train_examples:,}", f"{point.accuracy:.3f}", f"{low:.3f} to {high:.3f}"
        )
    out.print(Text("Learning curve", "bold"))
    out.print(table)
    forecast, *rest = describe_forecast(curve)
    out.print(Text(forecast, "bold"))
    for sentence in rest:
        out.print(sentence)
    out.print()
