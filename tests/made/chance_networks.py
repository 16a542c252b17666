"""Networks of every architecture that nobody trained, with statistics as if somebody had; and images for them."""

from __future__ import annotations

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.backends.framework import keras

LARGE = ("mobilenet-v3-large", "efficientnet-v2-b0", "resnet50-v2", "convnext-tiny")
GROUPS = (Group(6, kernel_size=4, window=2), Group(5, kernel_size=3, padding="valid", window=3))


def of_pooling(pooling: str) -> tuple[Group, ...]:
    return tuple(Group(each.filters, 1, each.kernel_size, pooling, each.window, each.padding) for each in GROUPS)


OWN = {
    "sum pooling": CnnSpec((21, 26), 4, of_pooling("sum"), (7,)),
    "average pooling": CnnSpec((21, 26), 4, of_pooling("average"), head="average"),
    "no pooling": CnnSpec((21, 26), 4, of_pooling("none"), activation="none", head="max"),
    "no weight sharing": CnnSpec((21, 26), 4, GROUPS, shared=False),
    "no weight sharing, biases": CnnSpec((9, 11), 4, GROUPS[:1], shared=False, batch_normalisation=False),
    "dropout": CnnSpec((21, 26), 4, GROUPS, (7,), dropout=0.5),
}


def trained_by_chance(blueprint: Blueprint) -> keras.Model:
    """A network whose statistics are nearly those of some images, so that these still differ at its end."""
    keras.utils.set_random_seed(1)
    model, rng = build_model(blueprint), np.random.default_rng(1)
    for weight in model.weights:
        name, shape = weight.path.rpartition("/")[2], weight.shape
        if name.startswith(("gamma", "variable")):
            weight.assign(rng.uniform(0.5, 1.5, shape))
        elif name in ("beta", "bias"):
            weight.assign(rng.normal(0, 0.2, shape))
    norms = [
        each for each in model._flatten_layers(include_self=False) if isinstance(each, keras.layers.BatchNormalization)
    ]
    for layer in norms:
        layer.trainable, layer.momentum = True, 0.0
    model(varied_images(128, blueprint.spec.image_size).astype(np.float32), training=True)
    for layer in norms:
        variance = np.asarray(keras.ops.convert_to_numpy(layer.moving_variance))
        layer.moving_variance.assign(variance * rng.uniform(0.7, 1.4, variance.shape))
        layer.moving_mean.assign_add(np.sqrt(variance) * rng.uniform(-0.2, 0.2, variance.shape))
    return model


def varied_images(count: int, size: tuple[int, int]) -> np.ndarray:
    """Noise of every strength and grain, stripes and plain colours: uint8 [count, height, width, 3]."""
    rng = np.random.default_rng(2)
    images = []
    for number in range(count):
        grain = 1 + number % 7
        coarse = rng.normal(128, 10 + number % 100, (-(-size[0] // grain), -(-size[1] // grain), 3))
        images.append(coarse.repeat(grain, 0).repeat(grain, 1)[: size[0], : size[1]] + rng.uniform(-80, 80, 3))
    return np.clip(images, 0, 255).astype(np.uint8)
