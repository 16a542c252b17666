"""Artefact ↔ Keras model: the tensors of one are the weights of the other, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hubel.architectures.build import build_model, weight_name
from hubel.architectures.catalogue import Blueprint
from hubel.backends.framework import BACKEND, keras
from hubel.backends.select import backend_version
from hubel.catalogue import Later
from hubel.classifier.classifier import Classifier
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.manifest import CURE
from hubel.classifier.runtime import Runtime
from hubel.classifier.saving import write_artefact
from hubel.classifier.self_test import TOLERANCE
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import DamagedArtefact, HubelError
from hubel.events import Message, OnEvent, ignore

compile_classifier: Callable[..., CompiledGraph] = Later("hubel.engines.compiling", "compile_classifier")
NOT_COMPILED = "The classifier is saved without a compiled graph, so it answers through Keras, which starts slowly. "


@cache
def runtime() -> Runtime:
    """Keras, on the backend that was chosen; versions are looked up once."""
    libraries = {
        "hubel": version("hubel"),
        "keras": version("keras"),
        "numpy": version("numpy"),
        BACKEND: backend_version(BACKEND),
    }
    return Runtime(make_engine, libraries, TOLERANCE)


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
    return KerasEngine(model)


def save_classifier(
    classifier: Classifier,
    folder: Path,
    *,
    made_by: str,
    held_out: HeldOut | None = None,
    on_event: OnEvent = ignore,
) -> None:
    """Write a classifier and the weights of its model as an artefact: whole under its final name, or not at all.

    Args:
        classifier: what to save.
        folder: created; an artefact that is already there is replaced in one rename.
        made_by: program and version, for people.
        held_out: images on which its compiled graph must answer like it, to be kept beside it; None for no graph.
        on_event: hears why there is none.

    Raises:
        OutputNotWritable: the folder cannot be written.
        ClaimFailed: its answers are not numbers.
    """
    tensors = {
        weight_name(each): np.ascontiguousarray(keras.ops.convert_to_numpy(each)) for each in classifier.model.weights
    }
    graph = None if held_out is None else _compiled(classifier, tensors, held_out=held_out, on_event=on_event)
    write_artefact(classifier, tensors, folder=folder, made_by=made_by, graph=graph)


def _compiled(
    classifier: Classifier, tensors: Mapping[str, np.ndarray], *, held_out: HeldOut, on_event: OnEvent
) -> CompiledGraph | None:
    try:
        return compile_classifier(classifier, tensors, held_out=held_out)
    except (HubelError, ImportError) as error:
        on_event(Message(NOT_COMPILED + str(error)))
        return None
