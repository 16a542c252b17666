"""The one seam through which pixels become numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from hubel.arrays import Features, Images, Logits

SMALL_BATCH, LARGE_BATCH = 1, 64
"""Images that an engine computes together."""
Wanted: TypeAlias = Literal["logits", "features", "maps"]
"""The last output that is needed; each includes those before it. An engine may give more."""


@dataclass(frozen=True)
class Outputs:
    """What a network makes of some images.

    Args:
        logits: float32 [batch, classes].
        features: what enters the last dense layer, float32 [batch, channels]; [0, 0] where nobody asked for them.
        maps: mean and deviation of feature maps at several depths, float32 [batch, map channels]; [batch, 0] for a
            network without feature maps, [0, 0] where nobody asked for them.
    """

    logits: Logits
    features: Features = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    maps: Features = field(default_factory=lambda: np.zeros((0, 0), np.float32))


class Engine(Protocol):
    """Runs a network; every engine gives the outputs of the Keras model, within rounding."""

    def compute(self, pixels: Images, *, wanted: Wanted = "logits") -> Outputs:
        """Run the network.

        Args:
            pixels: uint8 [batch, height, width, 3] at the working size; of no images, the outputs have no rows.
            wanted: what is needed beside the logits.
        """
        ...

    @property
    def model(self) -> Any:
        """The network as a `keras.Model`, for whoever looks inside; answering for images never asks for it."""
        ...
