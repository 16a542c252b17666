"""What an architecture is as plain data, with bounds that are checked when it is made.

A spec comes out of an artefact that may be a stranger's: every number in it is bounded here, before anything of
that size is built.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from hubel.arithmetic.convolution import PADDINGS, positions
from hubel.errors import WrongRequest

MAX_CLASSES = 20_000
MAX_FILTERS = 2048
MAX_UNITS = 20_000
MAX_GROUPS = 8
MAX_SIDE = 1024
POOLING = ("max", "average", "sum", "none")
ACTIVATIONS = ("relu", "none")
HEADS = ("flatten", "average", "max")


def check(name: str, value: object, low: float, high: float, *, whole: bool = True) -> None:
    """Refuse a number outside of its bounds.

    Raises:
        WrongRequest: naming the field, the value and the bounds.
    """
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        word = "whole number" if whole else "number"
        raise WrongRequest(f"{name} must be a {word} from {low} to {high}. Received: {value!r}.")


def check_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    """Refuse a word that is not one of the known ones.

    Raises:
        WrongRequest: naming the field, the value and what is known.
    """
    if not isinstance(value, str) or value not in known:
        raise WrongRequest(f"{name} must be one of {', '.join(known)}. Received: {value!r}.")


def check_flag(name: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Raises:
        WrongRequest: naming the field and the value.
    """
    if not isinstance(value, bool):
        raise WrongRequest(f"{name} must be true or false. Received: {value!r}.")


@dataclass(frozen=True)
class Spec:
    """Common to all: what goes in and how many classes come out.

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
        channels: numbers of each pixel. Training and artefacts have 3; others are for looking at an architecture.
    """

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

    def to_json(self) -> dict[str, Any]:
        """Plain data; the fields that are not ``image_size`` and ``classes`` depend on the kind."""
        return asdict(self)


@dataclass(frozen=True)
class Group:
    """Convolutions, each followed by ReLU, then pooling.

    Args:
        filters: feature maps of each convolution.
        convolutions: how many, one after the other.
        kernel_size: height and width in pixels.
        pooling: ``"max"``, ``"average"``, ``"sum"`` or ``"none"``.
        window: height and width of the pooling window in pixels, and its stride; what is left at the edge is dropped.
        padding: ``"same"`` or ``"valid"``, of the convolutions.
    """

    filters: int
    convolutions: int = 1
    kernel_size: int = 3
    pooling: str = "max"
    window: int = 2
    padding: str = "same"

    def __post_init__(self) -> None:
        check("filters", self.filters, 1, MAX_FILTERS)
        check("convolutions", self.convolutions, 1, 8)
        check("kernel_size", self.kernel_size, 1, 31)
        check_one_of("pooling", self.pooling, POOLING)
        check("window", self.window, 1, 31)
        check_one_of("padding", self.padding, PADDINGS)

    def convolved(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of the map after one of its convolutions; 0 where the kernel does not fit."""
        height, width = (positions(side, self.kernel_size, padding=self.padding) for side in size)
        return height, width

    def pooled(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of a convolved map after the pooling; 0 where the window does not fit."""
        if self.pooling == "none":
            return size
        height, width = (positions(side, self.window, stride=self.window) for side in size)
        return height, width


@dataclass(frozen=True)
class CnnSpec(Spec):
    """Groups of convolution + ReLU + pooling, then dense layers with ReLU, then one logit for each class.

    Args:
        groups: from the image inwards; without groups it is a dense network.
        dense_units: units of each hidden dense layer.
        batch_normalisation: between each convolution and its activation.
        dropout: share of the inputs of each dense layer that is left out in training, 0 to 0.9.
        activation: ``"relu"``, or ``"none"`` for a linear network; of every convolution and hidden dense layer.
        shared: False makes every convolution a locally connected layer: a kernel of its own at every position.
        head: how the last map becomes a vector: ``"flatten"``, or the ``"average"`` or ``"max"`` of each channel.
    """

    groups: tuple[Group, ...] = ()
    dense_units: tuple[int, ...] = ()
    batch_normalisation: bool = True
    dropout: float = 0.0
    activation: str = "relu"
    shared: bool = True
    head: str = "flatten"

    def __post_init__(self) -> None:
        super().__post_init__()
        check("the number of groups", len(self.groups), 0, MAX_GROUPS)  # before anything is made of each
        check("the number of dense layers", len(self.dense_units), 0, MAX_GROUPS)
        groups = tuple(group if isinstance(group, Group) else _from_fields(Group, group) for group in self.groups)
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "dense_units", tuple(self.dense_units))
        for units in self.dense_units:
            check("dense_units", units, 1, MAX_UNITS)
        check_flag("batch_normalisation", self.batch_normalisation)
        check("dropout", self.dropout, 0, 0.9, whole=False)
        check_one_of("activation", self.activation, ACTIVATIONS)
        check_flag("shared", self.shared)
        check_one_of("head", self.head, HEADS)
        self._check_size()

    def _check_size(self) -> None:
        misfit = _first_misfit(self.groups, self.image_size)
        if misfit is None:
            return
        number, words = misfit
        height, width = self.image_size
        cures = []
        if number > 1:
            cures.append(f"use at most {number - 1} group{'s' * (number > 2)} at {height} x {width} pixels")
        for side in range(min(height, width) + 1, MAX_SIDE + 1):
            if _first_misfit(self.groups, (side, side)) is None:
                cures.append(f"use images of at least {side} x {side} pixels")
                break
        cures.append(f"give group {number} {words[1]}")
        raise WrongRequest(f"Group {number}{words[0]}: {', or '.join(cures)}.")


def _first_misfit(groups: tuple[Group, ...], size: tuple[int, int]) -> tuple[int, tuple[str, str]] | None:
    """The first group whose kernel or window is larger than its map: its number, what is wrong, and another group."""
    for number, group in enumerate(groups, 1):
        for _ in range(group.convolutions):
            before, size = size, group.convolved(size)
            if 0 in size:
                kernel, larger = f"{group.kernel_size} x {group.kernel_size}", group.kernel_size - min(before)
                words = f"'s {kernel} kernel with padding 'valid' does not fit a {before[0]} x {before[1]} map"
                return number, (f"{words}, {_pixels(larger)} too small", "padding 'same'")
        before, size = size, group.pooled(size)
        if 0 in size:
            words = f" would shrink a {before[0]} x {before[1]} map to {size[0]} x {size[1]}"
            window = (
                f"its {group.window} x {group.window} pooling window needs {_pixels(group.window - min(before))} more"
            )
            return number, (f"{words} ({window})", "pooling 'none'")
    return None


def _pixels(count: int) -> str:
    return f"{count} pixel{'s' * (count != 1)}"


@dataclass(frozen=True)
class ResidualSpec(Spec):
    """A strided stem, then groups that halve the size, each with residual blocks; global pooling; logits.

    Args:
        stem_filters: feature maps of the stem, a convolution of ``stem_kernel`` x ``stem_kernel`` with stride 2.
        stem_kernel: its kernel size.
        widths: filters of each group; from the second on, a group begins with a convolution of stride 2.
        blocks: residual blocks of each group.
        dropout: share of the pooled features left out in training, 0 to 0.9.
    """

    stem_filters: int = 32
    stem_kernel: int = 4
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (0, 1, 1)
    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "blocks", tuple(self.blocks))
        check("stem_filters", self.stem_filters, 1, MAX_FILTERS)
        check("stem_kernel", self.stem_kernel, 1, 15)
        check("the number of widths", len(self.widths), 1, MAX_GROUPS)
        if len(self.blocks) != len(self.widths):
            raise WrongRequest(
                f"blocks needs {len(self.widths)} numbers, one for each width. Received: {self.blocks!r}."
            )
        for width, count in zip(self.widths, self.blocks, strict=True):
            check("widths", width, 1, MAX_FILTERS)
            check("blocks", count, 0, 16)
        check("dropout", self.dropout, 0, 0.9, whole=False)


@dataclass(frozen=True)
class PretrainedSpec(Spec):
    """A backbone of ``keras.applications``, global pooling of several of its layers, and a dense head.

    Args:
        backbone: a name in `hubel.architectures.families.pretrained.PRETRAINED`.
        alpha: width of the backbone, as a share of the full one.
        dropout: share of the pooled features left out in training, 0 to 0.9.
        fixed_statistics: batch normalisation keeps the statistics of its pretraining; False to train from scratch.
    """

    backbone: str = "mobilenet"
    alpha: float = 0.25
    dropout: float = 0.0
    fixed_statistics: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check("alpha", self.alpha, 0.1, 2.0, whole=False)
        check("dropout", self.dropout, 0, 0.9, whole=False)
        for value in self.image_size:
            check("image_size", value, 32, MAX_SIDE)
        if self.channels != 3:
            raise WrongRequest(
                f"A pretrained backbone sees red, green and blue: channels=3. Received: {self.channels}."
            )


def spec_from_json(kind: type[Spec], document: object) -> Spec:
    """The spec that `Spec.to_json` wrote.

    Raises:
        WrongRequest: a missing, unknown or impossible field, named.
    """
    return _from_fields(kind, document)


def _from_fields(kind: type[Spec | Group], document: object) -> Any:
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
