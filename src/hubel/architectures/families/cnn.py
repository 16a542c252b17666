"""Networks of groups of convolutions and dense layers: the family of most architectures, and of a user's own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import prod
from typing import Any

from hubel.architectures.spec import (
    BATCH_NORMALISATION,
    LOGITS,
    MAX_FILTERS,
    MAX_GROUPS,
    MAX_SIDE,
    MAX_UNITS,
    Kit,
    RecipeHints,
    Spec,
    check,
    check_flag,
    check_one_of,
    normalised,
    spec_from_json,
)
from hubel.arithmetic.convolution import PADDINGS, convolution_parameters, dense_parameters, positions
from hubel.errors import WrongRequest

POOLING = ("max", "average", "sum", "none")
ACTIVATIONS = ("relu", "none")
HEADS = ("flatten", "average", "max")


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
        check_one_of("pooling", self.pooling, known=POOLING)
        check("window", self.window, 1, 31)
        check_one_of("padding", self.padding, known=PADDINGS)

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

    family = "cnn"
    hints = RecipeHints()

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
        groups = tuple(group if isinstance(group, Group) else spec_from_json(Group, group) for group in self.groups)
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "dense_units", tuple(self.dense_units))
        for units in self.dense_units:
            check("dense_units", units, 1, MAX_UNITS)
        check_flag("batch_normalisation", self.batch_normalisation)
        check("dropout", self.dropout, 0, 0.9, whole=False)
        check_one_of("activation", self.activation, known=ACTIVATIONS)
        check_flag("shared", self.shared)
        check_one_of("head", self.head, known=HEADS)
        self._check_size()

    @property
    def normalises_convolutions(self) -> bool:
        """With batch normalisation, unless each position has a kernel of its own."""
        return self.batch_normalisation and self.shared and bool(self.groups)

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

    def count_parameters(self) -> int:
        """Weights, biases and statistics of the network."""
        size, channels, total = self.image_size, self.channels, 0
        normalised = self.batch_normalisation
        for group in self.groups:
            for _ in range(group.convolutions):
                size = group.convolved(size)
                kernel = (group.kernel_size, group.kernel_size)
                weights = convolution_parameters(kernel, channels, filters=group.filters, bias=not normalised)
                total += weights if self.shared else weights * prod(size)
                total += BATCH_NORMALISATION * group.filters if normalised else 0
                channels = group.filters
            size = group.pooled(size)
        inputs = channels * (prod(size) if self.head == "flatten" else 1)
        for units in (*self.dense_units, self.classes):
            total += dense_parameters(inputs, units)
            inputs = units
        return total

    def count_work(self) -> tuple[int, int]:
        """Multiply-accumulates of one image, and numbers in the largest map."""
        size, channels = self.image_size, self.channels
        macs, largest = 0, channels * prod(size)
        for group in self.groups:
            for _ in range(group.convolutions):
                size = group.convolved(size)
                macs += prod(size) * group.kernel_size**2 * channels * group.filters
                channels = group.filters
                largest = max(largest, channels * prod(size))
            size = group.pooled(size)
        inputs = channels * (prod(size) if self.head == "flatten" else 1)
        for units in (*self.dense_units, self.classes):
            macs += inputs * units
            inputs, largest = units, max(largest, units)
        return macs, largest

    def build(self, kit: Kit) -> Any:
        """Groups of convolution + activation + pooling, dense layers, logits."""
        keras = kit.keras
        inputs = keras.Input((*self.image_size, self.channels), name="image")
        x = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scale_pixels")(inputs)
        for number, group in enumerate(self.groups, 1):
            x = self._group(kit, x, group=group, name=f"group_{number}")
        x = _vector(keras, x, head=self.head)
        for number, units in enumerate(self.dense_units, 1):
            if self.dropout:
                x = keras.layers.Dropout(self.dropout, name=f"dropout_{number}")(x)
            relu = "relu" if self.activation == "relu" else None
            x = keras.layers.Dense(units, activation=relu, kernel_initializer="he_normal", name=f"dense_{number}")(x)
        if self.dropout:
            x = keras.layers.Dropout(self.dropout, name="dropout_logits")(x)
        return keras.Model(inputs, keras.layers.Dense(self.classes, name=LOGITS)(x), name="cnn")

    def _group(self, kit: Kit, x: Any, *, group: Group, name: str) -> Any:
        layers = kit.keras.layers
        convolution, kind = (layers.Conv2D, "convolution") if self.shared else (kit.locally_connected, "local")
        for number in range(1, group.convolutions + 1):
            each = f"{name}_{number}"
            x = convolution(
                group.filters,
                group.kernel_size,
                padding=group.padding,
                use_bias=not self.batch_normalisation,
                kernel_initializer="he_normal",
                name=f"{each}_{kind}",
            )(x)
            if self.batch_normalisation:
                x = normalised(kit.keras, x, each)
            if self.activation == "relu":
                x = layers.ReLU(name=f"{each}_relu")(x)
        pooling = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D, "sum": kit.sum_pooling}
        return x if group.pooling == "none" else pooling[group.pooling](group.window, name=f"{name}_pool")(x)


def _vector(keras: Any, x: Any, *, head: str) -> Any:
    if head == "average":
        return keras.layers.GlobalAveragePooling2D(name="global_pool")(x)
    if head == "max":
        return keras.layers.GlobalMaxPooling2D(name="global_pool")(x)
    return keras.layers.Flatten(name="flatten")(x)


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


FROM_THE_CORPUS = ("image_size", "classes", "channels")
NETWORK_FIELDS = tuple(field.name for field in fields(CnnSpec) if field.name not in FROM_THE_CORPUS)
