"""The figures of a run's page: each takes plain results and gives an inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from hubel.drawing.plot import Axis, Curve, draw_plot
from hubel.evaluation import metrics
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.training.history import EpochRow

MOST_POINTS = 400
"""The eye sees no difference with more."""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _fine_percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def draw_reliability(report: EvaluationReport) -> Markup:
    """Confidence against accuracy, also before calibration where there is one; a dot's area grows with its examples."""
    curves = [Curve("perfectly calibrated", [(0, 0), (1, 1)], "guide")]
    shown = [("after" if report.calibrated else "as the model gives them", report.probabilities, "first")]
    if report.calibrated:
        shown.insert(0, ("before calibration", report.uncalibrated, "third"))
    for name, probabilities, look in shown:
        bins = [each for each in metrics.reliability_bins(probabilities, report.labels) if each.count]
        points = [(each.confidence or 0.0, each.accuracy or 0.0) for each in bins]
        sizes = [2.5 + 7 * (each.count / len(report.labels)) ** 0.5 for each in bins]
        bars = []
        if look == "first":
            bars = [metrics.wilson_interval(round((each.accuracy or 0.0) * each.count), each.count) for each in bins]
        curves.append(Curve(name, points, look, line=False, dots=True, bars=bars, sizes=sizes))
    return draw_plot(
        "Reliability diagram: share classified correctly against confidence",
        Axis("confidence", 0, 1, _percent),
        y=Axis("classified correctly", 0, 1, _percent),
        curves=curves,
    )


def draw_risk_coverage(report: EvaluationReport) -> Markup:
    """Error among the images it answers for, as it answers for more of them; the threshold's place is marked."""
    coverage, risk = metrics.risk_coverage(report.probabilities, report.labels)
    kept = np.unique(np.linspace(0, len(coverage) - 1, min(len(coverage), MOST_POINTS)).astype(int))
    points = [(float(coverage[place]), float(risk[place])) for place in kept]
    answered, selective = metrics.selective_accuracy(report.probabilities, report.labels, threshold=report.threshold)
    curves = [Curve("error among the answers", points, "first")]
    if report.calibrated and selective is not None and report.suitability.useful:
        name = f"at the threshold of {report.threshold:.2f}"
        curves.append(Curve(name, [(answered, 1 - selective)], "second", line=False, dots=True, sizes=(5.0,)))
    most = max(0.02, *(value for _, value in points)) * 1.05
    return draw_plot(
        "Risk and coverage: error among the answers against the share answered",
        Axis("answers for", 0, 1, _percent),
        y=Axis("wrong answers", 0, most, _percent if most > 0.1 else _fine_percent),
        curves=curves,
    )


def draw_history(rows: Sequence[EpochRow]) -> list[tuple[str, Markup]]:
    """(caption, figure) for each phase: losses, and the validation accuracy where there are validation images."""
    figures = []
    losses = [row.validation_log_loss for row in rows if row.validation_log_loss is not None]
    kept = [row for row in rows if row.validation_log_loss is not None and row.validation_log_loss == min(losses)][-1:]
    for phase in dict.fromkeys(row.phase for row in rows):
        mine = [row for row in rows if row.phase == phase]
        figures.append((f"Loss{_PHASES[phase]}", _losses(mine, kept)))
        if any(row.validation_accuracy is not None for row in mine):
            figures.append((f"Validation accuracy{_PHASES[phase]}", _accuracies(mine)))
    return figures


_PHASES = {"train": "", "warm-start": "", "head": ", head alone", "fine-tune": ", whole network"}
"""Phase → what a caption says of it."""


def _epochs(rows: Sequence[EpochRow]) -> Axis:
    return Axis("epoch", 0, max(2, rows[-1].epoch), whole=True)


def _losses(rows: Sequence[EpochRow], kept: Sequence[EpochRow]) -> Markup:
    """Of one phase; ``kept`` is the epoch with the best validation loss of all phases, where one was validated."""
    training = [(row.epoch, row.loss) for row in rows]
    scored = [row for row in rows if row.validation_log_loss is not None]
    validation = [(row.epoch, row.validation_log_loss or 0.0) for row in scored]
    best = [(row.epoch, row.validation_log_loss or 0.0) for row in scored if row in kept]
    known = [value for _, value in (*training, *validation) if np.isfinite(value)]
    curves = [
        Curve("training loss (smoothed labels, augmented images)", training, "third"),
        Curve("validation log loss", validation, "first"),
        Curve("the epoch that is kept", best, "second", line=False, dots=True, sizes=(5.0,)),
    ]
    return draw_plot(
        "Loss by epoch",
        _epochs(rows),
        y=Axis("nats", 0, max([*known, 0.1]) * 1.05),
        curves=[each for each in curves if each.points],
    )


def _accuracies(rows: Sequence[EpochRow]) -> Markup:
    points = [(row.epoch, row.validation_accuracy) for row in rows if row.validation_accuracy is not None]
    low = min((value for _, value in points if np.isfinite(value)), default=0.0)
    floor = 0.0 if low < 0.5 else np.floor(low * 10) / 10 - 0.1
    return draw_plot(
        "Validation accuracy by epoch",
        _epochs(rows),
        y=Axis("validation accuracy", float(floor), 1, _percent),
        curves=[Curve("", points, "first")],
    )


def draw_accuracy_by_images(curve: LearningCurve) -> Markup:
    """Accuracy against training images, and the forecast for twice as many."""
    points = [(point.train_examples, point.accuracy) for point in curve.points]
    ahead = (curve.forecast.train_examples, curve.forecast.accuracy)
    curves = [
        Curve("", [points[-1], ahead], "guide"),
        Curve("measured", points, "first", dots=True, bars=[point.interval for point in curve.points]),
        Curve("forecast", [ahead], "second", line=False, dots=True, bars=[curve.forecast.interval]),
    ]
    lowest = min(low for each in curves for low, _ in each.bars)
    return draw_plot(
        "Accuracy by training images",
        Axis("training images", 0, ahead[0] * 1.04, "{:,.0f}".format, whole=True),
        y=Axis("test accuracy", max(0.0, float(np.floor(lowest * 20) / 20)), 1, _percent),
        curves=curves,
    )
