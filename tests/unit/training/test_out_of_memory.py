"""Rows T08 and T09: no room for a step is said with the batch size, an estimate and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.errors import OutOfMemory
from hubel.training.fit import compile_model, measure_step
from hubel.training.recipe import Recipe

pytestmark = pytest.mark.backend


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


class OutOfMemoryError(RuntimeError):
    """Named as PyTorch's."""


@pytest.fixture(scope="module")
def model():
    model = build_model(make_blueprint("small-cnn", (16, 16), classes=3))
    compile_model(model, Recipe(epochs=1))
    return model


class Black:
    """Batches of so many black images."""

    steps_per_epoch = 1
    class_weights = np.ones(3, np.float32)

    def __init__(self, step_size: int) -> None:
        self.step_size = step_size

    def epoch(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        yield np.zeros((self.step_size, 16, 16, 3), np.float32), np.zeros(self.step_size, np.int64)


def step(model, count: int) -> None:
    measure_step(model, Black(count))


@pytest.mark.parametrize(
    "error",
    [MemoryError(), ResourceExhaustedError("OOM"), OutOfMemoryError("CUDA"), RuntimeError("RESOURCE_EXHAUSTED: 2 GB")],
    ids=lambda error: type(error).__name__,
)
def test_no_room_for_a_step_says_what_takes_less(model, error: Exception, monkeypatch: pytest.MonkeyPatch):
    def fails(*given, **more):
        raise error

    monkeypatch.setattr(model, "train_on_batch", fails)
    with pytest.raises(OutOfMemory, match=r"a batch of 64 images of 16 x 16 pixels takes about [1-9][0-9]* MB") as told:
        step(model, 64)
    assert str(told.value).endswith(
        "Train on fewer images at a time: batch_size=32. Or use smaller images: image_size."
    )
    with pytest.raises(OutOfMemory, match="Use another architecture. Or use smaller images: image_size."):
        step(model, 1)


def test_another_error_stays_what_it_is(model, monkeypatch: pytest.MonkeyPatch):
    def fails(*given, **more):
        raise RuntimeError("something else")

    monkeypatch.setattr(model, "train_on_batch", fails)
    with pytest.raises(RuntimeError, match="something else"):
        step(model, 2)
