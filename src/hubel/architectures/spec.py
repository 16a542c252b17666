"""What an architecture is as plain data, with bounds that are checked when it is made.

A spec comes out of an artefact that may be a stranger's: every number in it is bounded here, before anything of
that size is built. Each family of networks is one file in `hubel.architectures.families`: its spec, how many weights
that has, what one image costs, how it is built, and how it is best trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from hubel.errors import WrongRequest

MAX_CLASSES = 20_000
MAX_FILTERS = 2048
MAX_UNITS = 20_000
MAX_GROUPS = 8
SUFFIX = ".toml"
"""Of a file with a network of the user's own."""
MAX_SIDE = 1024
BATCH_NORMALISATION = 4
"""Numbers of each channel: scale, offset, moving mean, moving variance."""
LOGITS = "logits"
"""The last layer of every network."""
MOMENTUM = 0.9
"""Of the statistics of batch normalisation. Keras' 0.99 lags behind in runs of a few hundred steps, MobileNetV3's 0.999
far behind: the statistics of prediction would be those of old weights."""


class _Data(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Made = TypeVar("Made", bound=_Data)


def check(name: str, value: object, low: float, high: float, *, whole: bool = True) -> None:
    """Refuse a number outside its bounds.

    Args:
        name: of the field, for the message.
        value: given by a user or a file.
        low: the least that is allowed.
        high: the most.
        whole: refuse fractions too.

    Raises:
        WrongRequest: naming the field, the value and the bounds.
    """
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        word = "whole number" if whole else "number"
        raise WrongRequest(f"{name} must be a {word} from {low} to {high}. Received: {value!r}.")


def check_one_of(name: str, value: object, *, known: tuple[str, ...]) -> None:
    """Refuse a word that is not one of the known ones.

    Args:
        name: of the field, for the message.
        value: given by a user or a file.
        known: words that are allowed.

    Raises:
        WrongRequest: naming the field, the value and what is known.
    """
    if not isinstance(value, str) or value not in known:
        raise WrongRequest(f"{name} must be one of {', '.join(known)}. Received: {value!r}.")


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Args:
        name: of the field, for the message.
        value: given by a user or a file.

    Raises:
        WrongRequest: naming the field and the value.
    """
    if not isinstance(value, bool):
        raise WrongRequest(f"{name} must be true or false. Received: {value!r}.")


@dataclass(frozen=True)
class Kit:
    """What networks are built of: given to `Spec.build`, so that no family loads a framework before it builds.

    Args:
        keras: the module.
        sum_pooling: the layer `SumPooling2D`.
        locally_connected: the layer `LocallyConnected2D`.
    """

    keras: Any
    sum_pooling: Any
    locally_connected: Any


def normalised(keras: Any, x: Any, name: str) -> Any:
    """Maps [batch, height, width, channels] behind batch normalisation.

    Args:
        keras: of the `Kit`.
        x: of Keras' graph.
        name: of what it follows.
    """
    return keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=1e-5, name=f"{name}_norm")(x)


LEAST_FUSED = 16
"""Pixels of the shorter side of the images, below which a step has too few numbers to gain by fusing."""


@dataclass(frozen=True)
class RecipeHints:
    """What suits a family in training from scratch.

    Args:
        optimizer: a name that a training recipe knows.
        learning_rate: its peak.
        weight_decay: as the optimizer takes it.
        whitened_layer: a first convolution that begins with `whitening_kernel`; empty for none.
        small_until: share of the training in which it sees smaller images, for which it must take images of any size.
    """

    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    whitened_layer: str = ""
    small_until: float = 0.0


@dataclass(frozen=True)
class Spec(ABC):
    """Common to all families: what goes in, and how many classes come out.

    A family says what it is called in an artefact (``family``) and how it is trained from scratch (``hints``).

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
        channels: numbers of each pixel. Training and artefacts have 3; others are for looking at an architecture.
    """

    family: ClassVar[str]
    hints: ClassVar[RecipeHints]

    image_size: tuple[int, int]
    classes: int
    channels: int = field(default=3, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", tuple(self.image_size))
        if len(self.image_size) != 2:
            raise WrongRequest(f"image_size must be (height, width). Received: {self.image_size!r}.")
        for value in self.image_size:
            check("image_size", value, 1, MAX_SIDE)
        check("classes", self.classes, 2, MAX_CLASSES)
        check("channels", self.channels, 1, 1024)

    @property
    def gains_by_fusing(self) -> bool:
        """A step is quicker where batch normalisation is fused, and convolutions have 16 bits.

        That is so of ordinary convolutions followed by batch normalisation, on images that are large enough.
        """
        return min(self.image_size) >= LEAST_FUSED and self.normalises_convolutions

    @property
    def normalises_convolutions(self) -> bool:
        """Ordinary convolutions followed by batch normalisation are what a step takes its time for."""
        return False

    def to_json(self) -> dict[str, Any]:
        """Plain data; the fields that are not ``image_size`` and ``classes`` depend on the kind."""
        return asdict(self)

    def widened(self, alpha: float) -> Spec | None:  # noqa: ARG002  (of families that have a width)
        """The same network ``alpha`` times as wide; None for one that comes in one width."""
        return None

    @abstractmethod
    def count_parameters(self) -> int:
        """Weights, biases and statistics of the network, before anything of that size is made.

        Exact, except for a pretrained backbone: that is within a factor of 2.
        """

    @abstractmethod
    def count_work(self) -> tuple[int, int]:
        """What one image costs: multiply-accumulates, and numbers in the largest map; of a backbone, about."""

    @abstractmethod
    def build(self, kit: Kit) -> Any:
        """A ``keras.Model`` with random weights: float32 [batch, height, width, channels], 0 to 255, → logits.

        Scaling the pixels is its first layer, so whoever takes the model away needs no rule beside it; its last layer
        is called logits.

        Args:
            kit: what to build it of.
        """


def spec_from_json(kind: type[Made], document: object) -> Made:
    """What `Spec.to_json` wrote of a spec, or of a part of one.

    Args:
        kind: the class to make.
        document: its fields, from a file.

    Raises:
        WrongRequest: a missing, unknown or impossible field, named.
    """
    if not isinstance(document, dict):
        raise WrongRequest(f"{kind.__name__} must be an object. Received: {type(document).__name__}.")
    known = {field.name for field in fields(kind)}
    unknown = sorted(str(name) for name in set(document) - known)
    if unknown:
        raise WrongRequest(f"{kind.__name__} has no field {unknown[0]!r}. Known: {', '.join(sorted(known))}.")
    try:
        return kind(**document)
    except TypeError as error:
        raise WrongRequest(f"{kind.__name__}: {error}.") from error
