"""A blueprint and its weights → the Keras engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hubel.architectures.build import build_model, weight_name
from hubel.architectures.catalogue import Blueprint
from hubel.backends.framework import keras
from hubel.classifier.manifest import CURE
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import DamagedArtefact


def make_engine(blueprint: Blueprint, tensors: Mapping[str, np.ndarray], path: Path) -> KerasEngine:
    """Build the network and give it its weights.

    Args:
        blueprint: of the network.
        tensors: name → float32 [...], one for each weight.
        path: named in errors.

    Raises:
        DamagedArtefact: a tensor is missing, foreign, or of another shape; it is named.
    """
    model = build_model(blueprint)
    fill_model(model, tensors, path=path)
    return KerasEngine(model)


def fill_model(model: keras.Model, tensors: Mapping[str, np.ndarray], *, path: Path) -> None:
    """Give a model its weights.

    Args:
        model: it is changed.
        tensors: name → float32 [...], one for each weight.
        path: named in errors.

    Raises:
        DamagedArtefact: a tensor is missing, foreign, or of another shape; it is named.
    """
    expected = {weight_name(variable): variable for variable in model.weights}
    if set(expected) != set(tensors):
        odd = sorted(set(expected) ^ set(tensors))[0]
        raise DamagedArtefact(f"{path} does not fit the architecture: tensor {odd!r} is missing or unexpected. {CURE}")
    for name, variable in expected.items():
        value = tensors[name]
        if tuple(value.shape) != tuple(variable.shape) or value.dtype != np.dtype(variable.dtype):
            raise DamagedArtefact(
                f"{path}: tensor {name!r} is {value.dtype} {list(value.shape)}, the architecture needs "
                f"{variable.dtype} {list(variable.shape)}. {CURE}"
            )
        variable.assign(value)
