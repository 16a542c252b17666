"""What an architecture is as plain data, with bounds that are checked when it is made.

A spec comes out of an artefact that may be a stranger's: every number in it is bounded here, before anything of
that size is built.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from hubel.errors import WrongRequest

MAX_CLASSES = 20_000
MAX_FILTERS = 2048
MAX_UNITS = 20_000
MAX_GROUPS = 8
POOLING = ("max", "average", "none")


def check(name: str, value: object, low: float, high: float, *, whole: bool = True) -> None:
    """Refuse a number outside of its bounds.

    Raises:
        WrongRequest: naming the field, the value and the bounds.
    """
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        word = "whole number" if whole else "number"
        raise WrongRequest(f"{name} must be a {word} from {low} to {high}. Received: {value!r}.")


@dataclass(frozen=True)
class Spec:
    """Common to all: what goes in and how many classes come out."""

    image_size: tuple[int, int]
    classes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", tuple(self.image_size))
        if len(self.image_size) != 2:
            raise WrongRequest(f"image_size must be (height, width). Received: {self.image_size!r}.")
        for value in self.image_size:
            check("image_size", value, 1, 1024)
        check("classes", self.classes, 2, MAX_CLASSES)

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
        pooling: ``"max"``, ``"average"`` or ``"none"``, over 2 x 2 pixels with stride 2.
    """

    filters: int
    convolutions: int = 1
    kernel_size: int = 3
    pooling: str = "max"

    def __post_init__(self) -> None:
        check("filters", self.filters, 1, MAX_FILTERS)
        check("convolutions", self.convolutions, 1, 8)
        check("kernel_size", self.kernel_size, 1, 31)
        if self.pooling not in POOLING:
            raise WrongRequest(f"pooling must be one of {', '.join(POOLING)}. Received: {self.pooling!r}.")


@dataclass(frozen=True)
class CnnSpec(Spec):
    """Groups of convolution + ReLU + pooling, then dense layers with ReLU, then one logit for each class.

    Args:
        groups: from the image inwards; without groups it is a dense network.
        dense_units: units of each hidden dense layer.
        batch_normalisation: between each convolution and its ReLU.
        dropout: share of the inputs of each dense layer that is left out in training, 0 to 0.9.
    """

    groups: tuple[Group, ...] = ()
    dense_units: tuple[int, ...] = ()
    batch_normalisation: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        groups = tuple(group if isinstance(group, Group) else _from_fields(Group, group) for group in self.groups)
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "dense_units", tuple(self.dense_units))
        check("the number of groups", len(self.groups), 0, MAX_GROUPS)
        check("the number of dense layers", len(self.dense_units), 0, MAX_GROUPS)
        for units in self.dense_units:
            check("dense_units", units, 1, MAX_UNITS)
        check("dropout", self.dropout, 0, 0.9, whole=False)
        self._check_size()

    def _check_size(self) -> None:
        height, width = self.image_size
        for number, group in enumerate(self.groups, 1):
            if group.pooling == "none":
                continue
            if min(height, width) < 2:
                raise WrongRequest(
                    f"Group {number} would pool a {height} x {width} map to nothing: use at most {number - 1} pooling "
                    f"groups at {self.image_size[0]} x {self.image_size[1]} pixels."
                )
            height, width = height // 2, width // 2


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
        backbone: a name in `hubel.architectures.families.pretrained.BACKBONES`.
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
            check("image_size", value, 32, 1024)


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
