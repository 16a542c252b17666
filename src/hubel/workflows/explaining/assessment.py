"""What an assessment of explanations found: numbers with intervals, marks, and the method that deserves belief."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hubel.text import brief, counted


@dataclass(frozen=True)
class Mean:
    """A mean over images.

    Args:
        value: of it.
        interval: its 95 % bootstrap interval.
    """

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class MethodScore:
    """What was found of one method; None where there is nothing to measure.

    Args:
        name: in `hubel.explanation.catalogue.EXPLANATIONS`.
        insertion: higher is better.
        deletion: lower is better.
        gain: insertion less deletion.
        road: higher is better; 0 is expected of a random map.
        randomisation_correlation: rank correlation with the maps of replaced weights, of the stage where it is highest.
        stages: the same after each stage, the top layer first.
        stability: relative change under small noise; lower is better.
        seconds: for one image.
        marked: why it does not deserve belief here; None if nothing is known against it.
    """

    name: str
    insertion: Mean | None = None
    deletion: Mean | None = None
    gain: Mean | None = None
    road: Mean | None = None
    randomisation_correlation: Mean | None = None
    stages: tuple[float, ...] = ()
    stability: Mean | None = None
    seconds: float | None = None
    marked: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As `hubel explain --assess --json` prints it."""
        means = ("insertion", "deletion", "road", "randomisation_correlation", "stability")
        numbers = {name: None if (mean := getattr(self, name)) is None else mean.value for name in means}
        return {"name": self.name, **numbers, "seconds": self.seconds, "marked": self.marked}


@brief
@dataclass(frozen=True)
class Assessment:
    """Every method on the same images of a run.

    Args:
        run: its folder.
        examples: images.
        seed: of everything random.
        methods: the best first.
        random: what a random map gets on the same images.
        recommended: the method to use; None where none deserves it.
        reason: why that one, or why none.
        without_framework: the same where no framework is installed.
    """

    run: Path
    examples: int
    seed: int
    methods: tuple[MethodScore, ...]
    random: MethodScore
    recommended: str | None
    reason: str
    without_framework: str | None = None

    @property
    def marked(self) -> dict[str, str]:
        """Name → why a method does not deserve belief here."""
        return {each.name: each.marked for each in self.methods if each.marked is not None}

    def to_json(self) -> dict[str, Any]:
        """As `hubel explain --assess --json` prints it."""
        methods = [each.to_json() for each in self.methods]
        return {"examples": self.examples, "methods": methods, "recommended": self.recommended}

    def to_file(self) -> dict[str, Any]:
        """What is kept in the run folder: the same with intervals, the numbers of a random map, and the reasons."""
        return {
            "format": 1,
            "recommended": self.recommended,
            "without_framework": self.without_framework,
            "reason": self.reason,
            "marked": self.marked,
            "methods": [_with_intervals(each) for each in self.methods],
            "random": _with_intervals(self.random),
            "examples": self.examples,
            "seed": self.seed,
        }

    def _brief(self) -> Iterator[str]:
        yield f"Assessment of {counted(len(self.methods), 'explanation')} on {counted(self.examples, 'image')}"
        yield f"recommended: {self.recommended or 'none'}"


def _with_intervals(method: MethodScore) -> dict[str, Any]:
    intervals = {name: list(value.interval) for name, value in _means(method)}
    return {**method.to_json(), "stages": list(method.stages), "intervals": intervals}


def _means(method: MethodScore) -> Sequence[tuple[str, Mean]]:
    return [(name, getattr(method, name)) for name in asdict(method) if isinstance(getattr(method, name), Mean)]
