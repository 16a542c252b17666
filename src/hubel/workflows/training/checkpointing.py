"""Checkpoints of a run: what they say of it, when they are written, and what a resumed run goes on from."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from hubel.errors import DamagedArtefact, OutputNotWritable, WrongRequest
from hubel.errors.wording import Command, Option, Part, Text
from hubel.events import Message, OnEvent
from hubel.runs.machine import describe_hardware
from hubel.shell import command_words, flag_of
from hubel.training.checkpoints import Checkpoint, CheckpointFolder
from hubel.training.history import History
from hubel.training.interruption import Moment, Stop, Survival
from hubel.training.state import LoopState, Tensors, rows_from_json, rows_to_json
from hubel.wishes import TRAINING

SHARE = 20
"""A checkpoint that took t seconds is followed by the next after 20 t at the earliest: they take 5 % at most."""
EVERY_EPOCH = "HUBEL_CHECKPOINT_EVERY_EPOCH"
"""For tests: a variable of the environment that, when set, has one written after each epoch whatever it costs."""
VARIABLE = "environment variable "
"""In front of its name, in what a run is made of."""
START_WEIGHTS = f"weights of {flag_of('from_run')}"
"""SHA-256 of the weights that the run began with, among what a run is made of."""
BEGUN = "begun"
"""The phase of a checkpoint from before the first step."""


@dataclass(frozen=True)
class Origin:
    """What a run is made of, and how to make it again.

    Args:
        made_of: everything that its result depends on, by the name a user knows it by.
        command: trains it; `NOTHING` where no words can say that.
        anew: the command that replaces it.
    """

    made_of: Mapping[str, Any]
    command: Command
    anew: Command


@dataclass
class Keeper:
    """Writes the checkpoints of one run.

    Args:
        folder: theirs.
        origin: of the run.
        stop: who may ask it to stop.
        on_event: hears what is kept, and what could not be.
        started: monotonic seconds from which the time of the run counts, that of its earlier parts included.
        intake_s: seconds that reading the corpus took, in its earlier parts too.
        found: the checkpoint it goes on from; None for a run from the start.
        keep_end: also the state after the last epoch is kept, because much follows it.
    """

    folder: CheckpointFolder
    origin: Origin
    stop: Stop
    on_event: OnEvent
    started: float
    intake_s: float
    found: Checkpoint | None = None
    keep_end: bool = False
    _last: int | None = None
    _cost_s: float = 0.0
    _ended: float = 0.0
    _at: tuple[str, int, int] | None = None
    _failed: bool = False
    resumed: list[dict[str, Any]] = field(init=False)
    """What ``run.json`` says of each time the run was resumed."""

    def __post_init__(self) -> None:
        self._last = None if self.found is None else self.found.number
        self._hardware = describe_hardware()
        self.resumed = self._resumed_from()

    @property
    def phase(self) -> str:
        """In which a resumed run goes on; ``"begun"`` from the start."""
        return BEGUN if self.found is None else self.found.document["phase"]

    def done(self) -> tuple[History, ...]:
        """The phases that a resumed run has behind it."""
        described = () if self.found is None else self.found.document["done"]
        return tuple(History(rows_from_json(each["rows"]), each["ended_by"], each["epochs"]) for each in described)

    def extra(self) -> list[np.ndarray]:
        """The arrays that came out of these phases."""
        tensors = {} if self.found is None else self.found.tensors
        return [tensors[name] for name in sorted(tensors) if name.startswith("extra/")]

    def survival(self, phase: str, *, done: Sequence[History] = (), extra: Sequence[np.ndarray] = ()) -> Survival:
        """What lets the fit of one phase outlive its end.

        Args:
            phase: its name in the recipes.
            done: phases before it.
            extra: arrays that came out of them.
        """

        def keep(make_state: Callable[[], LoopState], moment: Moment) -> None:
            if self._is_due(moment):
                self._keep(phase, done, extra, make_state(), moment)

        return Survival(self._state(phase), keep, self.stop)

    def begin(self, phase: str = BEGUN, *, done: Sequence[History] = (), extra: Sequence[np.ndarray] = ()) -> None:
        """Keep the state between two phases."""
        self._keep(phase, done, extra, None, "end")

    def _state(self, phase: str) -> LoopState | None:
        if self.found is None or self.phase != phase or self.found.document["loop"] is None:
            return None
        tensors = {name: value for name, value in self.found.tensors.items() if not name.startswith("extra/")}
        return LoopState.from_json(self.found.document["loop"], tensors)

    def _is_due(self, moment: Moment) -> bool:
        if moment == "epoch":
            return EVERY_EPOCH in os.environ or time.monotonic() - self._ended >= SHARE * self._cost_s
        return moment == "stop" or self.keep_end

    def _keep(
        self, phase: str, done: Sequence[History], extra: Sequence[np.ndarray], state: LoopState | None, moment: Moment
    ) -> None:
        begun = time.monotonic()
        at = (phase, 0 if state is None else state.steps, 0 if state is None else state.epoch_steps)
        if at != self._at:
            self._at = at if self._write(self._describe(phase, done, state), _tensors(state, extra)) else self._at
        self._ended = time.monotonic()
        self._cost_s = self._ended - begun
        if moment == "stop":
            self._say_stopped(state)

    def _write(self, document: Mapping[str, Any], tensors: Tensors) -> bool:
        try:
            self._last = self.folder.write(document, tensors, beside=self._last)
        except OutputNotWritable as error:
            if not self._failed:
                kept = "there is none yet" if self._last is None else f"number {self._last} stays"
                text = Text(error.text, f" The training goes on without this checkpoint; {kept}.")
                self.on_event(Message(text, warning=True))
            self._failed = True
            return False
        self._failed = False
        return True

    def _describe(self, phase: str, done: Sequence[History], state: LoopState | None) -> dict[str, Any]:
        return {
            "made_by": f"hubel {version('hubel')}",
            "command": list(command_words(self.origin.command)),
            "made_of": dict(self.origin.made_of),
            "hardware": self._hardware,
            "resumed": self.resumed,
            "spent_s": time.monotonic() - self.started,
            "intake_s": self.intake_s,
            "phase": phase,
            "done": [{**asdict(each), "rows": rows_to_json(each.rows)} for each in done],
            "loop": None if state is None else state.to_json(),
        }

    def _say_stopped(self, state: LoopState | None) -> None:
        if self._failed or state is None:
            return
        text = f"Stopped after step {state.steps}, in epoch {len(state.rows) + 1}: a checkpoint is saved."
        if state.best_epoch and not self.stop.leaves:
            which = "best" if any(row.best for row in state.rows) else "last whole one"
            text += f" Epoch {state.best_epoch}, the {which} so far, is scored now; Ctrl-C once more skips that."
        self.on_event(Message(text))

    def _resumed_from(self) -> list[dict[str, Any]]:
        if self.found is None:
            return []
        document = self.found.document
        row = {
            "checkpoint": self.found.number,
            "phase": document["phase"],
            "steps": 0 if document["loop"] is None else document["loop"]["steps"],
            "same_hardware": document["hardware"] == self._hardware,
        }
        return [*document["resumed"], row]


def _tensors(state: LoopState | None, extra: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    own = {} if state is None else dict(state.tensors)
    return own | {f"extra/{place:05}": np.array(value) for place, value in enumerate(extra)}


def open_keeper(
    folder: CheckpointFolder,
    origin: Origin,
    found: Checkpoint | None,
    *,
    begun: float,
    stop: Stop,
    on_event: OnEvent,
) -> Keeper:
    """The keeper of a run whose corpus was read just now; one that begins has its first checkpoint written.

    Args:
        folder: of the checkpoints; those of a run that is replaced are removed.
        origin: of the run.
        found: the checkpoint to go on from; None to begin.
        begun: monotonic seconds at which this part of the run began.
        stop: who may ask it to stop.
        on_event: hears what is kept.

    Raises:
        WrongRequest: what was begun is another run.
    """
    intake_s = time.monotonic() - begun
    if found is None:
        folder.remove()
        keeper = Keeper(folder, origin, stop, on_event, begun, intake_s)
        keeper.begin()
        return keeper
    check_same(found, origin)
    earlier = found.document
    started = begun - earlier["spent_s"]
    keeper = Keeper(folder, origin, stop, on_event, started, intake_s + earlier["intake_s"], found)
    row = keeper.resumed[-1]
    where = "the start" if row["phase"] == BEGUN else f"step {row['steps']} of phase {row['phase']!r}"
    text = f"Going on from checkpoint {found.number:06}: {where}, after {earlier['spent_s']:.0f} s."
    if not row["same_hardware"]:
        text += " It was written on other hardware: the last bits may differ from those of a run in one go."
    on_event(Message(text, warning=not row["same_hardware"]))
    return keeper


def check_same(found: Checkpoint, origin: Origin) -> None:
    """Refuse to go on with other images, words or versions than a run was begun with.

    Raises:
        WrongRequest: names each difference, and what to type.
    """
    try:
        was, command = dict(found.document["made_of"]), list(found.document["command"])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedArtefact(
            f"Checkpoint {found.number} does not say which run it belongs to. Train anew: ", origin.anew
        ) from error
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
    cure = Text("Go on with the same options and ", Option("resume"), ", and with the corpus and versions as they were")
    variables = {name.removeprefix(VARIABLE): was.get(name) for name in differ if name.startswith(VARIABLE)}
    if variables and command:
        cure = Text(f"Go on as it was begun: {_under(variables)} {words} {flag_of('resume')}")
    elif variables:
        cure = Text(f"Go on as it was begun, under: {_under(variables)}")
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
