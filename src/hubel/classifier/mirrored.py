"""Test-time augmentation: an engine that answers with the mean of each image and its mirror image."""

from __future__ import annotations

from typing import Any

import numpy as np

from hubel.arrays import Images
from hubel.classifier.engine import Engine, Outputs, Wanted
from hubel.wishes import MIRROR, NO_TTA

MEAN_OF_BOTH = "answers with the mean of each image and its mirror image"
"""What such a classifier does, in words."""


class MirroredEngine:
    """The mean of what an engine gives for an image and for the same image with left and right swapped.

    Args:
        plain: runs the network, twice for each image.
    """

    def __init__(self, plain: Engine) -> None:
        self.plain = plain

    def __repr__(self) -> str:
        return f"MirroredEngine({self.plain!r})"

    @property
    def model(self) -> Any:
        """The network, which knows nothing of mirror images."""
        return self.plain.model

    def compute(self, pixels: Images, *, wanted: Wanted = "logits") -> Outputs:
        """Run the network on both; logits, features and maps are means, and what is empty stays empty.

        Args:
            pixels: uint8 [batch, height, width, 3] at the working size.
            wanted: what is needed beside the logits.
        """
        seen = self.plain.compute(pixels, wanted=wanted)
        mirrored = self.plain.compute(np.ascontiguousarray(pixels[:, :, ::-1]), wanted=wanted)
        return Outputs(
            _mean(seen.logits, mirrored.logits),
            _mean(seen.features, mirrored.features),
            _mean(seen.maps, mirrored.maps),
        )


def _mean(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first + second) / np.float32(2)


def with_tta(engine: Engine, tta: str) -> Engine:
    """The engine that answers so.

    Args:
        engine: runs the network.
        tta: ``"none"``, which leaves the engine as it is, or ``"mirror"``.

    Raises:
        ValueError: it is neither.
    """
    if tta not in (NO_TTA, MIRROR):
        raise ValueError(f"the test-time augmentation {tta!r} is unknown; known are {NO_TTA} and {MIRROR}")
    return MirroredEngine(engine) if tta == MIRROR else engine
