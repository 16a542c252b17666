"""What a training does, until when, and how long that takes: one frozen value, made before the first step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hubel.training.checkpoints import Checkpoint
from hubel.training.history import History
from hubel.training.recipe import Recipe, as_planned, recipes_from
from hubel.training.state import LoopState, rows_from_json, rows_to_json

BEGUN = "begun"
"""The phase of a checkpoint from before the first step."""
HEAD, FINE_TUNE = "head", "fine-tune"
MARGIN = 1.2
"""Scoring an image takes so many times as long as its forward pass."""
ROOM = 2.0
"""What follows a training, beside scoring, has about so many times the seconds that it takes."""


@dataclass(frozen=True)
class Costs:
    """Seconds that a network takes on this machine, measured or foretold before its first step.

    Args:
        rate: images per second, forward.
        epoch_s: the steps of one epoch of the whole network.
        validation_s: the validation after it.
        beside_s: another training on this corpus, beside its steps: building, compiling, scoring.
        smaller: share of that time which an epoch takes on average, where the training begins with smaller images.
        compiling_s: the first steps, for which a step is compiled; images of another size are compiled for again.
    """

    rate: float
    epoch_s: float
    validation_s: float
    beside_s: float
    smaller: float = 1.0
    compiling_s: float = 0.0

    def training_s(self, epochs: int, *, share: float = 1.0) -> float:
        """Of so many epochs.

        Args:
            epochs: validated after each.
            share: of the training split.
        """
        return epochs * (share * self.smaller * self.epoch_s + self.validation_s)


@dataclass(frozen=True)
class Afterwards:
    """What is done after a training: a validation, scoring, a baseline, writing.

    Args:
        fixed_s: seconds, however fast the network is; enough for a slow machine.
        images: to score.
        fewest: of them, where the time is short.
        most_s: seconds that all of it may take, where it can be cut.
    """

    fixed_s: float
    images: int
    fewest: int
    most_s: float = math.inf

    def seconds(self, rate: float, *, slowness: float = 1.0) -> float:
        """To keep for it.

        Args:
            rate: images per second, forward.
            slowness: everything takes so many times as long by now, at least 1.
        """
        fixed_s = self.fixed_s * max(1.0, slowness / ROOM)
        whole_s, least_s = (fixed_s + MARGIN * count * slowness / rate for count in (self.images, self.fewest))
        return min(whole_s, max(least_s, self.most_s))


@dataclass(frozen=True)
class Point:
    """Where a training goes on.

    Args:
        phase: its name in the recipes; ``"begun"`` from the start.
        done: the phases behind it.
        head: what came out of them: kernel [channels, classes] and bias [classes] of a trained head, mean and deviation
            [channels] of its features.
        state: of the phase itself; None where it begins.
        recipes: of all phases, as they were planned; empty before that.
    """

    phase: str = BEGUN
    done: tuple[History, ...] = ()
    head: tuple[np.ndarray, ...] = ()
    state: LoopState | None = None
    recipes: tuple[Recipe, ...] = ()

    def state_of(self, phase: str) -> LoopState | None:
        """What this phase goes on from; None where it begins."""
        return self.state if phase == self.phase else None

    def to_json(self) -> dict[str, Any]:
        """Everything but the arrays."""
        return {
            "phase": self.phase,
            "done": [
                {"rows": rows_to_json(each.rows), "ended_by": each.ended_by, "epochs": each.epochs}
                for each in self.done
            ],
            "loop": None if self.state is None else self.state.to_json(),
            "recipe": {each.phase: each.to_json() for each in self.recipes},
        }

    @property
    def tensors(self) -> dict[str, np.ndarray]:
        """Its arrays [each of its own shape], by name."""
        own = {} if self.state is None else dict(self.state.tensors)
        return own | {f"extra/{place:05}": np.array(value) for place, value in enumerate(self.head)}


def point_of(checkpoint: Checkpoint) -> Point:
    """The point that a checkpoint was written at."""
    document: Mapping[str, Any] = checkpoint.document
    own = {name: value for name, value in checkpoint.tensors.items() if not name.startswith("extra/")}
    extra = [checkpoint.tensors[name] for name in sorted(checkpoint.tensors) if name not in own]
    done = (History(rows_from_json(each["rows"]), each["ended_by"], each["epochs"]) for each in document["done"])
    loop = document["loop"]
    state = None if loop is None else LoopState.from_json(loop, own)
    recipes = recipes_from(document.get("recipe", {}))
    return Point(document["phase"], tuple(done), tuple(extra), state, recipes)


@dataclass(frozen=True)
class FitPlan:
    """What a training does, until when.

    Args:
        recipes: of its phases, in order.
        costs: of the network.
        afterwards: what follows.
        limit_s: seconds for everything, from the start to the saved classifier; None where only epochs end it.
        clock_s: seconds that it gives to the training; below 1 it will end late. None without a limit.
        ends_at: monotonic seconds at which the training must have ended.
        elapsed_s: seconds from the start until this was planned.
        expected_s: seconds of each of its phases, of each part of a learning curve, and of what follows, by name.
        remaining_s: seconds from then until everything is written, as expected.
        shares: of the training split, which are trained on after it for a learning curve.
        fits_epochs: fine-tuning is planned for as many epochs as the time allows, for the user named no number.
        is_part: it is such a part itself.
        point: where it begins.
    """

    recipes: tuple[Recipe, ...]
    costs: Costs
    afterwards: Afterwards
    limit_s: float | None = None
    clock_s: float | None = None
    ends_at: float = math.inf
    elapsed_s: float = 0.0
    expected_s: Mapping[str, float] = field(default_factory=dict)
    remaining_s: float = 0.0
    shares: tuple[float, ...] = ()
    fits_epochs: bool = False
    is_part: bool = False
    point: Point = Point()

    @property
    def reserve_s(self) -> float:
        """Seconds that are kept for what follows."""
        return self.afterwards.seconds(self.costs.rate)

    def later_s(self, slowness: float) -> float:
        """Seconds by which what follows will take longer than was planned.

        Args:
            slowness: everything takes so many times as long by now, at least 1.
        """
        return self.afterwards.seconds(self.costs.rate, slowness=slowness) - self.reserve_s

    def seconds(self, now: float, *, slower_s: float = 0.0) -> float:
        """Seconds that training may still take; infinite where only epochs end it.

        Args:
            now: monotonic seconds.
            slower_s: by which what follows will take longer than was planned.
        """
        if self.clock_s is None:
            return math.inf
        if self.is_part:
            return max(1.0, min(self.clock_s, self.ends_at - now))
        return self.ends_at - now - slower_s

    def after(self, checkpoint: Checkpoint | None) -> FitPlan:
        """The same, going on from a checkpoint; from the start without one."""
        if checkpoint is None:
            return self
        point = point_of(checkpoint)
        return replace(self.as_planned(point.recipes), point=point)

    def as_planned(self, recipes: tuple[Recipe, ...]) -> FitPlan:
        """The same by the recipes of an earlier plan for the same words: what their time decided stays as it was.

        Args:
            recipes: of its phases; of a phase that they do not have, the recipe stays.
        """
        return replace(self, recipes=as_planned(self.recipes, recipes))

    def carried_out(self, phases: int, *, clock_s: float | None) -> FitPlan:
        """The plan as it was carried out.

        Args:
            phases: that were trained; there was no time for the others.
            clock_s: seconds that the clock gave in the end to the training of the whole network.
        """
        return replace(self, recipes=self.recipes[:phases], clock_s=clock_s, point=Point())

    def scaled(
        self, share: float, *, afterwards: Afterwards, left_s: float = math.inf, ends_at: float = math.inf
    ) -> FitPlan:
        """The same training on a share of the training split, with as much time for each image.

        Args:
            share: of the training split.
            afterwards: what follows the part.
            left_s: seconds that are left for it.
            ends_at: monotonic seconds at which it must have ended.
        """
        clock_s = None if self.clock_s is None else min(self.clock_s * share, left_s)
        return replace(
            self, afterwards=afterwards, clock_s=clock_s, ends_at=ends_at, shares=(), is_part=True, point=Point()
        )  # fmt: skip
