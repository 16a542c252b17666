"""A small residual network with a strided, whitened stem: the quickest to learn from scratch on a processor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

from hubel.architectures.spec import (
    BATCH_NORMALISATION,
    LOGITS,
    MAX_FILTERS,
    MAX_GROUPS,
    Kit,
    RecipeHints,
    Spec,
    check,
    normalised,
)
from hubel.arithmetic.convolution import convolution_parameters, dense_parameters
from hubel.errors import WrongRequest

STEM = "stem"
SMALLEST_MAP, FEWEST_GROUPS = 4, 3
"""Pixels of the shorter side of the last map; so many groups are made if one of 3 pixels is left."""
STEM_KERNEL = 4
LEAST_ALPHA, MOST_ALPHA = 0.25, 8.0
WIDTHS = (32, 64, 128, 192, 256, 256, 256)


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

    family = "residual"
    hints = RecipeHints("kernel-muon", learning_rate=0.2, weight_decay=5e-4, whitened_layer=STEM, small_until=0.5)

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

    @property
    def normalises_convolutions(self) -> bool:
        """Always."""
        return True

    @property
    def alpha(self) -> float:
        """Its width, as a multiple of what it has by default."""
        return self.widths[0] / WIDTHS[0]

    def widened(self, alpha: float) -> ResidualSpec:
        """The same network with so many times as many filters everywhere, rounded to multiples of 8."""
        check("alpha", alpha, LEAST_ALPHA, MOST_ALPHA, whole=False)
        stem, *widths = (8 * round(alpha * filters / 8) for filters in (self.stem_filters, *self.widths))
        return replace(self, stem_filters=stem, widths=tuple(widths))

    def count_parameters(self) -> int:
        """Weights, biases and statistics of the network."""
        total = convolution_parameters((self.stem_kernel, self.stem_kernel), self.channels, filters=self.stem_filters)
        channels = self.stem_filters
        for width, blocks in zip(self.widths, self.blocks, strict=True):
            total += _parameters(channels, width) + blocks * _parameters(width, width)
            channels = width
        return total + dense_parameters(channels, self.classes, bias=False)

    def count_work(self) -> tuple[int, int]:
        """Multiply-accumulates of one image, and numbers in the largest map."""
        size = tuple(-(-side // 2) for side in self.image_size)
        macs = prod(size) * self.stem_kernel**2 * self.channels * self.stem_filters
        channels, largest = self.stem_filters, self.stem_filters * prod(size)
        for number, (width, blocks) in enumerate(zip(self.widths, self.blocks, strict=True)):
            size = size if number == 0 else tuple(-(-side // 2) for side in size)
            macs += prod(size) * 9 * width * (channels + blocks * width)
            channels, largest = width, max(largest, width * prod(size))
        return macs + channels * self.classes, largest

    def build(self, kit: Kit) -> Any:
        """Strided stem, groups with residual blocks, global max pooling, logits.

        Source: residual blocks after He et al. 2016, arXiv:1603.05027, with one convolution each; global max pooling
        and the scaled logits after Page 2019, "How to train your ResNet".
        """
        keras, layers = kit.keras, kit.keras.layers
        inputs = keras.Input((*self.image_size, self.channels), name="image")
        x = layers.Rescaling(1 / 63.75, offset=-2, name="scale_pixels")(inputs)  # about mean 0, deviation 1
        stem = {"strides": 2, "padding": "same", "kernel_initializer": "he_normal"}
        x = layers.Conv2D(self.stem_filters, self.stem_kernel, name=STEM, **stem)(x)
        x = layers.ReLU(name="stem_relu")(x)
        for number, (filters, blocks) in enumerate(zip(self.widths, self.blocks, strict=True), 1):
            x = _convolution(keras, x, filters, name=f"group_{number}", stride=1 if number == 1 else 2)
            for block in range(1, blocks + 1):
                inner = _convolution(keras, x, filters, name=f"group_{number}_block_{block}")
                x = layers.Add(name=f"group_{number}_block_{block}_add")([x, inner])
        x = layers.GlobalMaxPooling2D(name="pool")(x)
        if self.dropout:
            x = layers.Dropout(self.dropout, name="dropout")(x)
        x = layers.Dense(self.classes, use_bias=False, name="logits_unscaled")(x)
        return keras.Model(inputs, layers.Rescaling(0.25, name=LOGITS)(x), name="residual")


def _convolution(keras: Any, x: Any, filters: int, *, name: str, stride: int = 1) -> Any:
    x = keras.layers.Conv2D(
        filters,
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_convolution",
    )(x)
    return keras.layers.ReLU(name=f"{name}_relu")(normalised(keras, x, name))


def _parameters(channels: int, filters: int) -> int:
    return convolution_parameters((3, 3), channels, filters=filters, bias=False) + BATCH_NORMALISATION * filters


def residual_spec(image_size: tuple[int, int], classes: int) -> ResidualSpec:
    """Groups until the map is 4 to 7 pixels: 3 groups at 32 pixels, 5 at 128; of small images 3 if its map is 3 pixels.

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
    """
    side = -(-min(image_size) // 2)  # after the stem, whose "same" padding rounds up
    widths = [WIDTHS[0]]
    while len(widths) < len(WIDTHS):
        if side // 2 < (SMALLEST_MAP if len(widths) >= FEWEST_GROUPS else SMALLEST_MAP - 1):
            break
        side = -(-side // 2)
        widths.append(WIDTHS[len(widths)])
    blocks = (0,) + (1,) * (len(widths) - 1)
    return ResidualSpec(image_size, classes, 32, STEM_KERNEL, tuple(widths), blocks)
