"""Several training steps of PyTorch: the pixels lie on the device, and their losses are fetched together."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from hubel.backends.mixed_precision import maps_in_bfloat16

torch = importlib.import_module("torch")
Arrays: TypeAlias = Sequence[np.ndarray]


class TorchSteps:
    """The training split on the device, and the steps of a compiled model on it; nothing waits for one of them.

    Args:
        model: compiled, with a float32 policy; its optimiser is built.
        pixels: uint8 [training examples, height, width, 3].
        class_weights: weight of each class in the loss, float32 [classes].
        bfloat16: whether feature maps are computed in bfloat16; weights, statistics, features and logits stay float32.
    """

    def __init__(self, model: Any, pixels: np.ndarray, *, class_weights: np.ndarray, bfloat16: bool) -> None:
        self._model, self._bfloat16 = model, bfloat16
        self._device = model.trainable_variables[0].value.device
        self._pixels, self._class_weights = self._put(pixels), self._put(class_weights)

    def put_epoch(self, places: Arrays) -> list[Any]:
        """Bring an epoch to the device.

        Args:
            places: examples and labels [steps, batch], rows [steps, batch, height], columns [steps, batch, width] and
                gains [steps, batch, 3].
        """
        *whole, gains = places
        return [*(self._put(each).long() for each in whole), self._put(gains)]

    def start(self, epoch: list[Any], first: int, *, rates: Sequence[float], shares: Arrays | None) -> list[Any]:
        """Begin some steps, and do not wait for them.

        Args:
            epoch: of `put_epoch`.
            first: the first of them in the epoch.
            rates: learning rate of each of them.
            shares: matrices that make rows and columns of an image fewer, [smaller height, height] and [smaller width,
                width]; None to leave images as they are.

        Returns:
            What `wait` takes.
        """
        shrinking = None if shares is None else tuple(self._put(each) for each in shares)
        losses = []
        with maps_in_bfloat16(self._model, wanted=self._bfloat16):
            for step, rate in enumerate(self._put(np.asarray(rates, np.float32)), first):
                self._model.optimizer.learning_rate = rate  # on the device already: a number would wait for its way
                self._model.reset_metrics()
                logs = self._model.train_step(self._batch(epoch, step, shrinking=shrinking))
                losses.append(logs["loss"].detach().clone())
        return losses

    def wait(self, started: list[Any]) -> np.ndarray:
        """Losses of the steps, once they are done: float32 [steps].

        Args:
            started: of `start`.
        """
        return torch.stack(started).cpu().numpy()

    def _put(self, array: np.ndarray) -> Any:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self._device)

    def _batch(self, epoch: list[Any], step: int, *, shrinking: tuple[Any, Any] | None) -> tuple[Any, Any, Any]:
        """Images [batch, height, width, 3], labels [batch, classes] and weights [batch] of a step."""
        examples, labels, rows, columns, gains = (each[step] for each in epoch)
        images = self._pixels[examples[:, None, None], rows[:, :, None], columns[:, None, :]].float()
        images = (images * gains[:, None, None, :]).clamp_(0, 255)
        if shrinking is not None:
            low, narrow = shrinking
            images = torch.einsum("rh,bhwc,sw->brsc", low, images, narrow)
        one_hot = torch.nn.functional.one_hot(labels, len(self._class_weights)).float()
        return images, one_hot, self._class_weights[labels]
