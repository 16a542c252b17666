"""Commands of a training: the one that asks for it, to go on with it, and to replace it."""

from __future__ import annotations

from hubel.architectures.catalogue import Architecture
from hubel.architectures.families.cnn import CnnSpec
from hubel.errors.wording import NOTHING, Command, Option, Text, Value
from hubel.runs.request import TrainRequest
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder
from hubel.wishes import READING, TRAINING, Time, Wish

OF_THE_NETWORK = frozenset({"architecture", "weights", "alpha", "image_size", "resize", "bands"})
"""Options that say what ``from_run`` takes from a run."""
ONLY_ONCE = frozenset({"resume", "overwrite"})
"""Options about what is in the folder at the time: no part of what is trained."""


def train_command(request: TrainRequest) -> Command:
    """The command that trains this; `NOTHING` for a network that was made in Python."""
    if isinstance(request.architecture, CnnSpec | Architecture):
        return NOTHING
    given = [
        Option(name, _value(getattr(request, wish.field or name), wish))
        for name, wish in TRAINING.items()
        if name not in READING and name not in ONLY_ONCE and getattr(request, wish.field or name) != wish.default
    ]
    return Command("train", (str(request.location),), (*given, *request.reading.options))


def _value(value: object, wish: Wish) -> Value:
    if wish.kind is Time:
        return f"{value:g}s"
    return value if isinstance(value, int | float) else str(value)


def same_call(request: TrainRequest) -> Command:
    """The command, or what stands for one that no words can say."""
    return train_command(request) or Command("train", ("...",))


def go_on_command(request: TrainRequest) -> Command:
    """The command that goes on where this training stopped."""
    return same_call(request).with_(Option("resume", value=True))


def whole_command(request: TrainRequest) -> Command:
    """The command that replaces this training by a new one."""
    return same_call(request).with_(Option("overwrite", value=True))


def how_to_go_on(request: TrainRequest) -> Text:
    """What to do after a training was stopped."""
    if CheckpointFolder(request.out / CHECKPOINTS).numbers():
        return Text("Continue where it stopped: ", go_on_command(request))
    return Text("Nothing was trained yet. Begin again: ", same_call(request))
