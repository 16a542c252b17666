"""The one seam through which pixels become numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from hubel.arrays import Features, Images, ImageStore, Logits
from hubel.events import OnEvent, ignore, in_chunks

SMALL_BATCH, LARGE_BATCH = 1, 64
"""Images that an engine computes together, on a processor."""
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


def batch_of(engine: object) -> int:
    """Images that an engine computes together where there are many; `LARGE_BATCH` if it does not say.

    Args:
        engine: any; a graphics card takes more of them together, and its engine says so.
    """
    return getattr(engine, "large_batch", LARGE_BATCH)


def compute_logits(
    engine: Engine, images: ImageStore, indices: np.ndarray, *, stage: str = "evaluating", on_event: OnEvent = ignore
) -> Logits:
    """Logits of some images, a few at a time.

    Args:
        engine: runs the network.
        images: uint8 [examples, height, width, 3]; they may lie on disk.
        indices: which of them.
        stage: its name in the `Progress` that ``on_event`` hears.
        on_event: hears `Progress`.

    Returns:
        float32 [len(indices), classes].
    """
    chunks = in_chunks(len(indices), 4 * batch_of(engine), stage=stage, on_event=on_event)
    parts = [engine.compute(np.asarray(images[indices[chunk]])).logits for chunk in chunks]
    return np.concatenate(parts) if parts else engine.compute(np.asarray(images[:0])).logits
