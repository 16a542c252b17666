"""Artefact ↔ Keras model: the tensors of one are the weights of the other, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hubel.architectures.build import weight_name
from hubel.backends.framework import BACKEND, keras
from hubel.backends.select import backend_version
from hubel.catalogue import Later
from hubel.classifier.classifier import Classifier
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.mirrored import with_tta
from hubel.classifier.runtime import Runtime
from hubel.classifier.saving import write_artefact
from hubel.classifier.self_test import TOLERANCE
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_building import make_engine
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import HubelError
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
    classifier = _on_keras(classifier)
    tensors = _tensors_of(classifier)
    graph = None if held_out is None else _compiled(classifier, tensors, held_out=held_out, on_event=on_event)
    write_artefact(classifier, tensors, folder=folder, made_by=made_by, graph=graph)


def save_compiled(classifier: Classifier, folder: Path, *, made_by: str, held_out: HeldOut) -> None:
    """Write a classifier with its compiled graph, or nothing at all.

    Args:
        classifier: what to save.
        folder: as of `save_classifier`.
        made_by: program and version, for people.
        held_out: images on which the graph must answer like it.

    Raises:
        OutputNotWritable: the folder cannot be written.
        HubelError: the network cannot be compiled, or its graph does not answer alike.
    """
    classifier = _on_keras(classifier)
    tensors = _tensors_of(classifier)
    graph = compile_classifier(classifier, tensors, held_out=held_out)
    write_artefact(classifier, tensors, folder=folder, made_by=made_by, graph=graph)


def _tensors_of(classifier: Classifier) -> dict[str, np.ndarray]:
    return {
        weight_name(each): np.ascontiguousarray(keras.ops.convert_to_numpy(each)) for each in classifier.model.weights
    }


def _on_keras(classifier: Classifier) -> Classifier:
    """The same classifier on its reference engine, whose answers are kept."""
    if isinstance(getattr(classifier.engine, "plain", classifier.engine), KerasEngine):
        return classifier
    return replace(classifier, engine=with_tta(KerasEngine(classifier.model), classifier.tta))


def _compiled(
    classifier: Classifier, tensors: Mapping[str, np.ndarray], *, held_out: HeldOut, on_event: OnEvent
) -> CompiledGraph | None:
    try:
        return compile_classifier(classifier, tensors, held_out=held_out)
    except (HubelError, ImportError) as error:
        on_event(Message(NOT_COMPILED + str(error)))
        return None
