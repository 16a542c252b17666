"""What is said where a training step needs more memory than there is."""

from __future__ import annotations

import math

from hubel.architectures.layer_table import layer_table
from hubel.backends.framework import keras
from hubel.errors import OutOfMemory
from hubel.errors.wording import Option, Remedy


def no_room(model: keras.Model, shape: tuple[int, ...], *, optimizer_bytes: int) -> OutOfMemory:
    """How much a step takes, and what takes less.

    Args:
        model: that was to be trained.
        shape: of its batch: (batch, height, width, channels) of images, (batch, channels) of features.
        optimizer_bytes: of one parameter in training.
    """
    count, are_images = shape[0], len(shape) == 4
    size = " x ".join(map(str, shape[1:3])) + " pixels" if are_images else "features"
    needed = 4 * math.prod(shape) + optimizer_bytes * model.count_params()
    if are_images:
        needed += 2 * count * sum(row.activation_bytes for row in layer_table(model))  # forward, and their gradients
    fewer = Remedy("Train on fewer images at a time: ", Option("batch_size", max(1, count // 2)), ".")
    smaller = Remedy("Or use smaller images: ", Option("image_size"), ".")
    if count == 1:
        fewer = Remedy("Use another ", Option("architecture"), ".")
    return OutOfMemory(
        f"There is not enough memory for one training step: a batch of {count} images of {size} takes about "
        f"{needed / 1e6:,.0f} MB. Nothing that was saved is lost.",
        fewer,
        smaller,
    )
