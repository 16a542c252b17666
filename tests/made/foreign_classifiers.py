"""Models that nobody trained: they know red, green and blue images apart, given their pixels as -1 to 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from hubel.backends.framework import keras

CLASSES = ("blue", "green", "red")
SIDE, EACH, WRONG = 12, 20, 3
layers = keras.layers


def write_images(folder: Path, *, wrong: int = WRONG) -> None:
    """20 noisy images of each class, of which the last few of green are red ones."""
    rng = np.random.default_rng(0)
    for channel, name in zip((2, 1, 0), CLASSES, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(EACH):
            pixels = rng.integers(0, 90, (SIDE, SIDE, 3), np.uint8)
            bright = 0 if name == "green" and number >= EACH - wrong else channel
            pixels[..., bright] += 120
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")


def read_images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The same with Pillow alone: float32 [60, 12, 12, 3] and their labels."""
    paths = sorted(folder.glob("*/*.png"))
    pixels = [np.asarray(Image.open(path).convert("RGB"), np.float32) for path in paths]
    return np.stack(pixels), np.array([CLASSES.index(path.parent.name) for path in paths])


def make_model(*, end: str | None = "softmax", channels: int = 3, side: int | None = SIDE) -> keras.Model:
    """Dark channels count against their class; what is not below 0 counts for nothing.

    Args:
        end: activation of the last layer.
        channels: of the input: 3, or 1, which says how dark an image is.
        side: of the input; None takes any.
    """
    image = keras.Input((side, side, channels))
    dark = layers.Conv2D(channels, 1, activation="relu", name="dark")
    answer = layers.Dense(channels, activation=end, name="answer")
    model = keras.Model(image, answer(layers.GlobalAveragePooling2D(name="mean")(dark(image))))
    dark.set_weights([-np.eye(channels, dtype=np.float32)[None, None], np.zeros(channels, np.float32)])
    answer.set_weights([-5 * np.eye(channels, dtype=np.float32)[:, ::-1], np.zeros(channels, np.float32)])
    return model
