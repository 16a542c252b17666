"""What a user's time decided: what was tried, and what is trained for it. As plain data, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hubel.runs.request import TrainRequest


@dataclass(frozen=True)
class Tried:
    """A network that was tried on a corpus, and what it reached on the validation split.

    Args:
        architecture: its name.
        weights: that its backbone began with; ``"none"`` from scratch.
        image_size: (height, width) in pixels.
        training: ``"head"`` on frozen features, or ``"train"`` from scratch for a share of the time.
        seconds: that it took, decoding and building included.
        accuracy: share of the validation split.
        log_loss: there, in nats, at the temperature that suits it best.
        goes_on: it was given the rest of the time.
    """

    architecture: str
    weights: str
    image_size: tuple[int, int]
    training: str
    seconds: float
    accuracy: float
    log_loss: float
    goes_on: bool = False

    def describe(self) -> str:
        """One line for a person."""
        height, width = self.image_size
        what = (
            "a head on its frozen features" if self.training == "head" else f"from scratch, {height} x {width} pixels"
        )
        return (
            f"Tried {self.architecture}, {what}: {self.accuracy:.1%} of the validation images right, log loss "
            f"{self.log_loss:.3f}, in {self.seconds:.0f} s."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"image_size": list(self.image_size)}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Tried:
        """What `to_json` gave."""
        values: dict[str, Any] = {**row, "image_size": tuple(row["image_size"])}
        return cls(**values)


@dataclass(frozen=True)
class Decision:
    """What is trained, in the words in which a user could have asked for it.

    Args:
        architecture: its name.
        weights: that its backbone begins with; ``"none"`` from scratch.
        alpha: its width; None for the usual one.
        image_size: pixels of the side of its images; None for the usual size.
    """

    architecture: str
    weights: str
    alpha: float | None = None
    image_size: int | None = None

    def applied(self, request: TrainRequest) -> TrainRequest:
        """The request for what was decided."""
        size = self.image_size or request.image_size
        return replace(request, architecture=self.architecture, weights=self.weights, alpha=self.alpha, image_size=size)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def decision_from(document: Mapping[str, Any], request: TrainRequest) -> Decision | None:
    """What was decided for a run.

    Args:
        document: its ``run.json``, or that of one of its checkpoints.
        request: that it was begun with.

    Returns:
        None where the corpus and the request say all.
    """
    decided = document.get("decided")
    if decided is not None:
        return Decision(**decided)
    if "architecture" in document and request.leaves_open:  # written before decisions were
        return Decision(document["architecture"]["name"], document.get("weights", "none"))
    return None


def decided_before(document: Mapping[str, Any], request: TrainRequest) -> tuple[tuple[Tried, ...], Decision | None]:
    """What was tried for a run that is resumed, and what was decided.

    Args:
        document: of its checkpoint.
        request: that it was begun with.
    """
    return tuple(map(Tried.from_json, document.get("tried", ()))), decision_from(document, request)
