"""The steps of a training on a graphics card: many at a time, about half a second of them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from hubel.backends.framework import BACKEND, is_out_of_memory, keras, on_accelerator
from hubel.catalogue import Later, find
from hubel.errors import OutOfMemory
from hubel.pipeline.augmentation import compute_shares
from hubel.pipeline.batches import TrainingBatches
from hubel.training.source import Ahead

STEPS = {
    "single": "one at a time, as processors take them",
    "fused": "many at a time, on pixels that lie on the device",
    "fused-bfloat16": "the same, with feature maps in bfloat16",
}
"""How steps are taken with JAX and PyTorch: a value of the environment variable HUBEL_STEPS."""
USUAL = {"jax": "fused-bfloat16", "torch": "fused"}
"""On accelerators. PyTorch takes most of a step to begin its hundreds of operations, and fewer bits save none of it."""
MOST_ON_DEVICE = 4_000_000_000
"""Bytes of pixels of the training split that are held on a device; of more, steps are taken one at a time."""
DEVICE_STEPS: dict[str, Callable[..., Any]] = {
    "jax": Later("hubel.backends.fused_jax", "JaxSteps"),
    "torch": Later("hubel.backends.fused_torch", "TorchSteps"),
}
NoRoom: TypeAlias = Callable[[tuple[int, ...]], OutOfMemory]
"""Shape of a batch that had no room → what is raised."""
CHUNK_S = 0.5
"""Seconds after which the clock, a wish to stop and the losses are looked at again."""
MEASURED_STEPS = 16


def find_fused_source(model: keras.Model, batches: object, *, no_room: NoRoom) -> FusedSource | None:
    """What takes many steps at a time on this machine; None where they are taken one at a time.

    Args:
        model: compiled by `hubel.training.fit.compile_model`.
        batches: the training split.
        no_room: makes what is raised where a step has no room.

    Raises:
        UnknownName: HUBEL_STEPS names no way of taking steps.
    """
    usual = USUAL[BACKEND] if BACKEND in USUAL and on_accelerator() else "single"
    kind = os.environ.get("HUBEL_STEPS") or usual
    find(STEPS, kind, kind="value of HUBEL_STEPS")
    if kind == "single" or BACKEND not in DEVICE_STEPS or not isinstance(batches, TrainingBatches):
        return None
    if len(batches.indices) * math.prod(batches.images.shape[1:]) > MOST_ON_DEVICE:
        return None
    return FusedSource(model, batches, bfloat16=kind == "fused-bfloat16", no_room=no_room)


class FusedSource:
    """Takes the steps of an epoch on the device, each of them as one step on the processor would be, within rounding.

    Images are changed by the numbers that the processor draws, and gathered on the device. While it works the places of
    the next epoch are found.

    Args:
        model: compiled by `hubel.training.fit.compile_model`.
        batches: the training split, which fits on the device.
        bfloat16: whether feature maps are computed in bfloat16.
        no_room: makes what is raised where a step has no room.
    """

    def __init__(self, model: keras.Model, batches: TrainingBatches, *, bfloat16: bool, no_room: NoRoom) -> None:
        model.optimizer.build(model.trainable_variables)
        pixels = np.asarray(batches.images[batches.indices])
        self._batches, self._no_room = batches, no_room
        self._steps = DEVICE_STEPS[BACKEND](model, pixels, class_weights=batches.class_weights, bfloat16=bfloat16)
        self._known: tuple[int, Any] | None = None
        self._most = 1

    def train_epoch(self, epoch: int, *, first: int, ahead: Ahead) -> Iterator[tuple[list[float], int]]:
        """Train the steps that are left of an epoch.

        Args:
            epoch: 0 for the first.
            first: the first step that is left.
            ahead: at most how many steps → their learning rates, and the scale of their images if that is smaller; no
                rates to end the epoch.

        Yields:
            Losses of the steps that were taken, and pixels of the shorter side that they saw.
        """
        place, every = first, self._batches.steps_per_epoch
        while place < every:
            rates, scale = ahead(min(self._most, every - place))
            if not rates:
                return
            begun = time.monotonic()
            losses, side = self._train(epoch, place, rates=rates, scale=scale)
            place += len(rates)
            self._most = max(1, round(CHUNK_S * len(rates) / max(time.monotonic() - begun, 1e-9)))
            yield losses, side

    def measure(self, steps: int, *, rate: float, scale: float | None) -> list[float]:
        """Seconds of single steps, once they are compiled.

        Args:
            steps: to be measured at least; the number is fixed.
            rate: learning rate.
            scale: of smaller images, for which is compiled too; None for none.
        """
        count = min(max(steps, MEASURED_STEPS), self._batches.steps_per_epoch)
        for each in (None,) if scale is None else (scale, None):
            self._train(0, 0, rates=[rate], scale=each)
        begun = time.monotonic()
        self._train(0, 0, rates=[rate] * count, scale=None)
        return [(time.monotonic() - begun) / count]

    def _train(self, epoch: int, first: int, *, rates: list[float], scale: float | None) -> tuple[list[float], int]:
        sides = self._batches.images.shape[1:3]
        shares = None if scale is None else tuple(compute_shares(side, scale) for side in sides)
        try:
            started = self._steps.start(self._places(epoch), first, rates=rates, shares=shares)
            if first + len(rates) == self._batches.steps_per_epoch:
                self._places(epoch + 1)
            losses = self._steps.wait(started)[: len(rates)]
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise self._no_room((self._batches.step_size, *sides, 3)) from error
        return [float(loss) for loss in losses], min(sides if shares is None else map(len, shares))

    def _places(self, epoch: int) -> Any:
        """Those of an epoch, on the device."""
        if self._known is None or self._known[0] != epoch:
            places = self._batches.places(epoch)
            self._known = epoch, self._steps.put_epoch(list(vars(places).values()))
        return self._known[1]
