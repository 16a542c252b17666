"""Checkpoints of a run: what they say of it, when they are written, and what a resumed run goes on from."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from hubel.errors import DamagedArtefact, OutputNotWritable, WrongRequest
from hubel.errors.wording import Command, Option, Part, Text
from hubel.events import Message, OnEvent
from hubel.runs.machine import describe_hardware
from hubel.shell import command_words, flag_of
from hubel.training.checkpoints import Checkpoint, CheckpointFolder
from hubel.training.interruption import Moment
from hubel.training.plan import BEGUN, Point
from hubel.training.state import LoopState
from hubel.wishes import TRAINING

SHARE = 20
"""A checkpoint that took t seconds is followed by the next after 20 t at the earliest: they take 5 % at most."""
EVERY_EPOCH = "HUBEL_CHECKPOINT_EVERY_EPOCH"
"""For tests: a variable of the environment that, when set, has one written after each epoch whatever it costs."""
VARIABLE = "environment variable "
"""In front of its name, in what a run is made of."""
START_WEIGHTS = f"weights of {flag_of('from_run')}"
"""SHA-256 of the weights that the run began with, among what a run is made of."""


@dataclass(frozen=True)
class Origin:
    """What a run is made of, and how to make it again.

    Args:
        made_of: everything that its result depends on, by the name a user knows it by.
        command: trains it; `NOTHING` where no words can say that.
        anew: the command that replaces it.
        by_time: what its time decided, as plain data: the networks that were ``tried``, and what was ``decided``.
    """

    made_of: Mapping[str, Any]
    command: Command
    anew: Command
    by_time: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SoFar:
    """What is known of a run, its earlier parts included, when its corpus was read.

    Args:
        started: monotonic seconds from which its time counts, that of its earlier parts included.
        intake_s: seconds that reading the corpus took, in its earlier parts too.
        hardware: that it runs on.
        resumed: what ``run.json`` says of each time it was resumed.
        number: of the checkpoint that it goes on from; None from the start.
    """

    started: float
    intake_s: float
    hardware: Mapping[str, Any]
    resumed: tuple[Mapping[str, Any], ...] = ()
    number: int | None = None


@dataclass(frozen=True)
class _Written:
    """What a writer knows of its last try: number of the last whole checkpoint, at which step, when and how long."""

    number: int | None
    at: tuple[str, int, int] | None = None
    ended: float = 0.0
    cost_s: float = 0.0
    failed: bool = False


class CheckpointWriter:
    """A listener of a training: writes a checkpoint where that is worth its time.

    Args:
        folder: of the checkpoints.
        origin: of the run.
        so_far: what is known of it.
        keep_end: also the state after the last epoch is written, because much follows it.
        on_event: hears what is written, and what could not be.
    """

    def __init__(
        self, folder: CheckpointFolder, origin: Origin, *, so_far: SoFar, keep_end: bool, on_event: OnEvent
    ) -> None:
        self._folder, self._origin, self._so_far = folder, origin, so_far
        self._keep_end, self._on_event = keep_end, on_event
        self._last = _Written(so_far.number)

    def __call__(self, make_point: Callable[[], Point], moment: Moment) -> None:
        """Write the point, if it is worth its time.

        Args:
            make_point: makes it.
            moment: why it is offered.
        """
        if not self._is_due(moment):
            return
        point, last, begun = make_point(), self._last, time.monotonic()
        state = point.state
        at = (point.phase, 0 if state is None else state.steps, 0 if state is None else state.epoch_steps)
        if at != last.at:
            number = self._write(point)
            last = replace(last, failed=True) if number is None else _Written(number, at)
        ended = time.monotonic()
        self._last = replace(last, ended=ended, cost_s=ended - begun)
        if moment in ("stop", "leave") and state is not None and not last.failed:
            self._on_event(_stopped(state, scores=moment == "stop"))

    def _is_due(self, moment: Moment) -> bool:
        if moment == "epoch":
            return EVERY_EPOCH in os.environ or time.monotonic() - self._last.ended >= SHARE * self._last.cost_s
        return self._keep_end or moment != "end"

    def _write(self, point: Point) -> int | None:
        """The number of the new checkpoint; None where it could not be written, which is said once."""
        last = self._last
        try:
            return self._folder.write(self._describe(point), point.tensors, beside=last.number)
        except OutputNotWritable as error:
            if not last.failed:
                kept = "there is none yet" if last.number is None else f"number {last.number} stays"
                text = Text(error.text, f" The training continues without this checkpoint; {kept}.")
                self._on_event(Message(text, warning=True))
            return None

    def _describe(self, point: Point) -> dict[str, Any]:
        return {
            "made_by": f"hubel {version('hubel')}",
            "command": list(command_words(self._origin.command)),
            "made_of": dict(self._origin.made_of),
            **self._origin.by_time,
            "hardware": self._so_far.hardware,
            "resumed": list(self._so_far.resumed),
            "spent_s": time.monotonic() - self._so_far.started,
            "intake_s": self._so_far.intake_s,
            **point.to_json(),
        }


def _stopped(state: LoopState, *, scores: bool) -> Message:
    text = f"Stopped after step {state.steps}, in epoch {len(state.rows) + 1}: a checkpoint is saved."
    if state.best_epoch and scores:
        which = "best" if any(row.best for row in state.rows) else "last complete one"
        text += f" Epoch {state.best_epoch}, the {which} so far, is scored now; press Ctrl-C again to skip that."
    return Message(text)


def open_run(
    folder: CheckpointFolder, origin: Origin, *, found: Checkpoint | None, begun: float, on_event: OnEvent
) -> SoFar:
    """What is known of a run whose corpus was read just now.

    Args:
        folder: of the checkpoints; those of a run that is replaced are removed.
        origin: of the run.
        found: the checkpoint to go on from; None to begin.
        begun: monotonic seconds at which this part of the run began.
        on_event: hears from where it goes on.

    Raises:
        WrongRequest: what was begun is another run.
        DamagedArtefact: the checkpoint does not say what its run was made of.
    """
    intake_s, hardware = time.monotonic() - begun, describe_hardware()
    if found is None:
        folder.remove()
        return SoFar(begun, intake_s, hardware)
    check_same(found, origin)
    before = found.document
    steps = 0 if before["loop"] is None else before["loop"]["steps"]
    same = before["hardware"] == hardware
    row = {"checkpoint": found.number, "phase": before["phase"], "steps": steps, "same_hardware": same}
    where = "the start" if before["phase"] == BEGUN else f"step {steps} of phase {before['phase']!r}"
    text = f"Continuing from checkpoint {found.number:06}: {where}, after {before['spent_s']:.0f} s."
    if not same:
        text += " It was written on other hardware: the last bits may differ from those of an uninterrupted run."
    on_event(Message(text, warning=not same))
    started, resumed = begun - before["spent_s"], (*before["resumed"], row)
    return SoFar(started, intake_s + before["intake_s"], hardware, resumed, found.number)


def check_same(found: Checkpoint, origin: Origin) -> None:
    """Refuse to go on with other images, words or versions than a run was begun with.

    Args:
        found: the checkpoint to go on from.
        origin: of the run that is asked for.

    Raises:
        WrongRequest: names each difference, and what to do.
        DamagedArtefact: the checkpoint does not say what its run was made of.
    """
    try:
        was, command = dict(found.document["made_of"]), list(found.document["command"])
    except (KeyError, TypeError, ValueError) as error:
        text = f"Checkpoint {found.number} does not record what its run was made from. Train anew: "
        raise DamagedArtefact(text, origin.anew) from error
    now = dict(origin.made_of)
    differ = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    if not differ:
        return
    lines = [
        part
        for name in differ
        for part in ("  ", *_called(name), f": was {_short(name, was.get(name))}, is {_short(name, now.get(name))}\n")
    ]
    words = shlex.join(command) if command else "the call that began it"
    resume = Option("resume", value=True)
    cure = Text("Continue with the same options and ", resume, ", with the corpus and versions as they were")
    variables = {name.removeprefix(VARIABLE): was.get(name) for name in differ if name.startswith(VARIABLE)}
    if variables and command:
        cure = Text(f"Continue as it was begun: {_under(variables)} {words} {flag_of('resume')}")
    elif variables:
        cure = Text(f"Continue as it was begun, under: {_under(variables)}")
    raise WrongRequest(
        "The run cannot be resumed: the result would mix two different runs.\n",
        Text(*lines), f"It was begun with: {words}\n", cure, "; or train anew: ", origin.anew,
    )  # fmt: skip


def _called(name: str) -> tuple[Part, ...]:
    """The name for a user: a checkpoint has a wish by its flag."""
    if name == START_WEIGHTS:
        return "weights of ", Option("from_run")
    return (next((Option(wish) for wish in TRAINING if flag_of(wish) == name), name),)


def _under(variables: Mapping[str, str | None]) -> str:
    """The words that give a command these variables, and take away those that are None."""
    away = [f"-u {name}" for name, value in variables.items() if value is None]
    given = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value is not None]
    return " ".join(["env", *away, *given])


def _short(name: str, value: Any) -> str:
    absent = "not set" if name.startswith(VARIABLE) else "not given"
    text = value if isinstance(value, str) else absent if value is None else ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
