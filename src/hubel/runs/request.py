"""What a user asks of a training: the request, checked when it is made, and the commands that ask for it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.architectures.catalogue import ARCHITECTURES, Architecture, find_architecture
from hubel.architectures.families.cnn import CnnSpec
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import WrongRequest
from hubel.errors.wording import NOTHING, Command, Option, Text, Value
from hubel.images.preprocessing import RESIZE_POLICIES
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder
from hubel.wishes import MIRROR, NO_TTA, READING, TRAINING, Time, Wish, check_bounds

OF_THE_NETWORK = frozenset({"architecture", "weights", "alpha", "image_size", "resize", "bands"})
"""Options that say what ``from_run`` takes from a run."""
FURTHER: dict[str, dict[str, float]] = {
    "shift": {"shift": 0.25},
    "zoom": {"zoom": 0.25, "widen": 0.5},
    "brightness": {"brightness": 0.4},
}
"""Word of the option ``augment`` → fields of `Augmentation` that go further then, and how far at least."""
ONLY_ONCE = frozenset({"resume", "overwrite"})
"""Options about what is in the folder at the time: no part of what is trained."""


@dataclass(frozen=True)
class TrainRequest:
    """What the user asked for; None leaves the choice to the plan.

    Args:
        corpus: a location that `read_corpus` takes, or a `Corpus`.
        out: the run folder.
        architecture: what `find_architecture` takes: a name, the path of a TOML file with a network, a `CnnSpec` ...
        reading: how the corpus is read, and what counts as a copy in it.
        command: the words the user typed, for ``run.json``.
        planned: recipe of each phase of a run that is repeated, as its ``run.json`` has them; None to plan them.

    The others are rows of `hubel.wishes.TRAINING`, which says what they mean.
    """

    corpus: str | Path | Corpus
    out: Path
    architecture: str | Path | CnnSpec | Architecture | None = None
    weights: str | None = None
    alpha: float | None = None
    image_size: int | None = None
    resize: str | None = None
    epochs: int | None = None
    time_limit_s: float | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    mirror: bool | None = None
    augment: str | None = None
    tta: str | None = None
    seed: int = 0
    corrections: Path | None = None
    overwrite: bool = False
    resume: bool = False
    learning_curve: bool = False
    from_run: Path | None = None
    reading: Reading = AS_FOUND
    command: tuple[str, ...] = ()
    planned: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.overwrite and self.resume:
            raise WrongRequest(
                Option("resume"), " goes on with a run, and ", Option("overwrite"), " replaces it. Leave out one."
            )  # fmt: skip
        if self.learning_curve and self.from_run is not None:
            raise WrongRequest(
                Option("learning_curve"),
                " trains on parts of the images as if the others were not there, and the weights of ",
                Option("from_run", str(self.from_run)),
                " have learned from all of them. Leave out one of them.",
            )
        architecture = None if self.architecture is None else find_architecture(self.architecture)
        if self.resize not in (None, *RESIZE_POLICIES):
            raise WrongRequest(
                Option("resize"), f" must be one of {', '.join(RESIZE_POLICIES)}. Received: {self.resize!r}."
            )
        check_bounds(TRAINING, self)
        _check_tta(self)
        _check_augment(self)
        if self.weights not in (None, "none") and architecture is not None and not architecture.pretrained:
            takers = ", ".join(name for name, entry in ARCHITECTURES.items() if entry.pretrained)
            raise WrongRequest(
                f"{architecture.name} has no pretrained weights. Leave out ",
                Option("weights", self.weights),
                ", or choose another ",
                Option("architecture"),
                f": {takers}.",
            )

    @property
    def leaves_open(self) -> bool:
        """There is a time, and nothing that the user asked for says which network it is for."""
        named = (self.architecture, self.alpha, self.learning_rate, self.from_run)
        return self.time_limit_s is not None and self.weights in (None, "none") and not any(named)

    @property
    def augmented(self) -> tuple[str, ...]:
        """Changes of training images that go further than usual, by their names in `FURTHER`."""
        return tuple(name.strip() for name in (self.augment or "").split(",") if name.strip())

    @property
    def location(self) -> str | Path:
        """Of the corpus."""
        return self.corpus.location if isinstance(self.corpus, Corpus) else self.corpus


def _check_augment(request: TrainRequest) -> None:
    wrong = [name for name in request.augmented if name not in FURTHER]
    if wrong or not (request.augment is None or request.augmented):
        raise WrongRequest(
            Option("augment"), f" takes {', '.join(FURTHER)}, with commas between. Received: {request.augment!r}."
        )


def _check_tta(request: TrainRequest) -> None:
    if request.tta not in (None, NO_TTA, MIRROR):
        raise WrongRequest(Option("tta"), f" must be one of {NO_TTA}, {MIRROR}. Received: {request.tta!r}.")
    if request.tta == MIRROR and request.mirror is False:
        raise WrongRequest(
            Option("tta", MIRROR), " averages the answers for an image and its mirror image, and ",
            Option("mirror", value=False), " says that mirrored images may be something else, as mirrored digits are "
            "other signs. Leave out one of them.",
        )  # fmt: skip


def make_request(
    corpus: str | Path | Corpus, wishes: Mapping[str, Any], *, reading: Reading, command: tuple[str, ...] = ()
) -> TrainRequest:
    """The request for what was given at a door.

    Args:
        corpus: a location that `read_corpus` takes, or a `Corpus`.
        wishes: name in `TRAINING` → value; other names are passed over.
        reading: how the corpus is read.
        command: the words the user typed.

    Raises:
        WrongRequest: a value is outside of its bounds, or two contradict each other.
    """
    given = {
        wish.field or name: wish.read(wishes[name]) for name, wish in TRAINING.items() if name not in READING
    }  # fmt: skip
    return TrainRequest(corpus, **given, reading=reading, command=command)


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
