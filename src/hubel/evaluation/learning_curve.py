"""Accuracy against the number of training images, and a forecast for twice as many. NumPy only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hubel.evaluation.metrics import wilson_interval
from hubel.random_streams import stream
from hubel.text import brief, counted, with_interval

MIN_TEST = 10
"""Fewer test images say nothing of a curve."""
MIN_PER_CLASS = 2
"""Images a class must have in the smallest part, on average."""
DRAWS = 2000
HARDLY_HELPS = 0.05
"""A curve looks flat where twice the images are expected to save less than this share of the mistakes."""
MAY_HELP = 0.25
"""Where the upper end of the bar would save more than this share of the mistakes, a curve is not called flat."""
FEW_MISTAKES = 4
"""With fewer on the last point, the bar reaches up to 1: how close to it a classifier can come cannot be seen."""
ENDS = 0.01
"""Quantiles at which the bar ends. At the nominal 2.5 % it held the truth in 88 % where the curve is flat or steep."""
COVERED = "which test images were chosen"
NOT_COVERED = "the luck of a single training, a power law that does not hold, or images of a different kind"


@dataclass(frozen=True)
class CurvePoint:
    """One training, scored on the test split.

    Args:
        share: of the training split, 0 to 1.
        train_examples: images trained on.
        examples: test images, the same for every point.
        accuracy: share of them named rightly.
        interval: its 95 % Wilson interval.
    """

    share: float
    train_examples: int
    examples: int
    accuracy: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Forecast:
    """What more training images are expected to bring.

    Args:
        train_examples: images it speaks of.
        accuracy: expected on the test split.
        interval: error bar of it, of 95 % at least; of `COVERED`, not of `NOT_COVERED`.
    """

    train_examples: int
    accuracy: float
    interval: tuple[float, float]


@brief
@dataclass(frozen=True)
class LearningCurve:
    """Accuracy against training images.

    Args:
        points: the fewest images first; the last is the classifier itself.
        forecast: for twice the images of the last point.
    """

    points: tuple[CurvePoint, ...]
    forecast: Forecast

    @property
    def exponent(self) -> float:
        """The fitted b of error = a * images^-b, at least 0."""
        wrong = np.array([round((1 - point.accuracy) * point.examples) for point in self.points], np.float64)
        errors = smoothed_errors(wrong, self.points[0].examples)
        return float(fit_power_law([point.train_examples for point in self.points], errors).exponent)

    @property
    def mistakes(self) -> int:
        """Of the last point, on the test split."""
        return round((1 - self.points[-1].accuracy) * self.points[-1].examples)

    @property
    def few_mistakes(self) -> bool:
        """Too few to tell what more images would save of them."""
        return self.mistakes < FEW_MISTAKES

    @property
    def looks_flat(self) -> bool:
        """Twice the images are expected to save fewer than one mistake in twenty."""
        return bool(2.0**-self.exponent > 1 - HARDLY_HELPS)

    @property
    def flat(self) -> bool:
        """More images like these will hardly help: it looks flat, and the bar leaves no room for much more."""
        wrong_now, wrong_at_best = 1 - self.points[-1].accuracy, 1 - self.forecast.interval[1]
        return self.looks_flat and not self.few_mistakes and wrong_at_best >= (1 - MAY_HELP) * wrong_now

    def to_json(self) -> dict[str, Any]:
        """The object under ``"learning_curve"`` in ``metrics.json``."""
        return {
            "points": [{**asdict(point), "interval": list(point.interval)} for point in self.points],
            "forecast": {**asdict(self.forecast), "interval": list(self.forecast.interval)},
            "exponent": self.exponent,
            "flat": self.flat,
            "few_mistakes": self.few_mistakes,
            "forecast_interval_covers": COVERED,
            "forecast_interval_does_not_cover": NOT_COVERED,
        }

    def _brief(self) -> Iterator[str]:
        yield "LearningCurve"
        for point in self.points:
            yield f"{point.train_examples:,} training images: {with_interval(point.accuracy, point.interval)}"
        ahead = self.forecast
        yield f"{ahead.train_examples:,} expected: {with_interval(ahead.accuracy, ahead.interval)}"


@dataclass(frozen=True)
class PowerLaw:
    """error = exp(log_factor) * images^-exponent; arrays where several were fitted."""

    log_factor: np.ndarray
    exponent: np.ndarray

    def error(self, train_examples: float) -> np.ndarray:
        """Expected errors [curves], 0 to 1, after so many training images."""
        return np.minimum(1.0, np.exp(self.log_factor - self.exponent * np.log(train_examples)))


def fit_power_law(train_examples: Sequence[int], errors: np.ndarray) -> PowerLaw:
    """Least squares in logarithms; where errors rise with more images, the constant that fits best.

    Args:
        train_examples: images of each point, at least two different numbers.
        errors: above 0, float64 [..., points].
    """
    logs, images = np.log(errors), np.log(np.asarray(train_examples, np.float64))
    centred = images - images.mean()
    slope = (logs * centred).sum(axis=-1) / (centred**2).sum()  # the centred images sum to 0
    exponent = np.maximum(0.0, -slope)
    return PowerLaw(logs.mean(axis=-1) + exponent * images.mean(), exponent)


def smoothed_errors(wrong: np.ndarray, count: int) -> np.ndarray:
    """Shares of wrong images as if one more had been half wrong, so that none is 0: float64 [sizes].

    Args:
        wrong: how many, [sizes].
        count: of how many.
    """
    return (wrong + 0.5) / (count + 1)


def fit_forecast(train_examples: Sequence[int], wrong: np.ndarray, *, seed: int) -> Forecast:
    """Extrapolate to twice the largest number of training images.

    The bar lies between the quantiles `ENDS` and 1 - `ENDS` over bootstrap draws of the test images, each the same for
    all points. They are drawn from the images and the half-wrong one of `smoothed_errors`: without it no draw could be
    worse than no mistake, where none was made. With it none is as good as the truth may be: after fewer than
    `FEW_MISTAKES` the bar reaches up to 1.

    Args:
        train_examples: images of each point.
        wrong: bool [points, examples], which test images were named wrongly.
        seed: of the draws.

    Source: error as a power of the number of images, Cortes et al. 1993; Hestness et al. 2017, arXiv:1712.00409.
    """
    points, count = wrong.shape
    target = 2 * train_examples[-1]
    patterns, counts = np.unique(wrong.T, axis=0, return_counts=True)  # images with equal marks are interchangeable
    patterns = np.concatenate([patterns, np.zeros((1, points), bool), np.ones((1, points), bool)])
    chances = np.array([*counts, 0.5, 0.5]) / (count + 1)
    drawn = stream("forecast", seed).multinomial(count, chances, size=DRAWS) @ patterns  # [draws, points]
    bootstrap = fit_power_law(train_examples, smoothed_errors(drawn, count)).error(target)
    error = fit_power_law(train_examples, smoothed_errors(wrong.sum(axis=1), count)).error(target)
    least, most = np.quantile(bootstrap, (ENDS, 1 - ENDS))
    if wrong[-1].sum() < FEW_MISTAKES:
        least = 0.0
    return Forecast(target, float(1 - error), (float(1 - most), float(1 - least)))


def make_learning_curve(
    shares: Sequence[float], train_examples: Sequence[int], *, wrong: np.ndarray, seed: int
) -> LearningCurve:
    """The curve and its forecast.

    Args:
        shares: of the training split, ascending.
        train_examples: images of each.
        wrong: bool [points, examples], which test images were named wrongly after each training.
        seed: of the bootstrap.
    """
    count = wrong.shape[1]
    points = []
    for share, images, marks in zip(shares, train_examples, wrong, strict=True):
        right = count - int(marks.sum())
        points.append(CurvePoint(share, images, count, right / count, wilson_interval(right, count)))
    return LearningCurve(tuple(points), fit_forecast(train_examples, wrong, seed=seed))


def describe_forecast(curve: LearningCurve) -> tuple[str, ...]:
    """Sentences for the user: what twice the images would gain, and what that does not know."""
    forecast, last = curve.forecast, curve.points[-1]
    low, high = forecast.interval
    bar = f"({low:.3f} to {high:.3f})"
    sentences = [f"Twice the images ({forecast.train_examples:,}) would give about {forecast.accuracy:.3f} {bar}."]
    if curve.few_mistakes:
        made = {0: "no mistake", 1: "one mistake"}.get(curve.mistakes, f"{curve.mistakes} mistakes")
        sentences.append(
            f"With {made} in {counted(last.examples, 'test image')} it cannot be seen what more images would "
            "gain: the bar reaches up to 1. More test images would show it."
        )
    elif curve.flat:
        sentences.append("The curve is flat: more images like these will hardly help.")
    elif curve.looks_flat:
        tell = f"{last.examples:,} test images cannot tell"
        sentences.append(f"The curve looks flat, but {tell}: the bar reaches up to {high:.3f}.")
    elif low <= last.accuracy:
        sentences.append(f"The bar reaches down to today's {last.accuracy:.3f}: they may also gain nothing.")
    sentences.append(f"The bar accounts for {COVERED}; it does not account for {NOT_COVERED}.")
    return tuple(sentences)
