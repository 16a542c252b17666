"""Artefact ↔ Keras model: the tensors of one are the weights of the other, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from hubel.engines.compiling import Compiled

compile_classifier: Callable[..., Compiled] = Later("hubel.engines.compiling", "compile_classifier")
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


def save_classifier(classifier: Classifier, folder: Path, *, made_by: str, graph: CompiledGraph | None = None) -> None:
    """Write a classifier and the weights of its model as an artefact: whole under its final name, or not at all.

    Args:
        classifier: what to save.
        folder: created; an artefact that is already there is replaced in one rename.
        made_by: program and version, for people.
        graph: of `compiled` or `compiled_if_alike`, to be kept beside it; None for none.

    Raises:
        OutputNotWritable: the folder cannot be written.
        ClaimFailed: its answers are not numbers.
    """
    classifier = _on_keras(classifier)
    write_artefact(classifier, _tensors_of(classifier), folder=folder, made_by=made_by, graph=graph)


def compiled(classifier: Classifier, *, held_out: HeldOut) -> Compiled:
    """A classifier's compiled graph, and the classifier that answers through it.

    Args:
        classifier: with the weights of its model.
        held_out: images on which the graph must answer like it.

    Raises:
        HubelError: the network cannot be compiled, or its graph does not answer alike.
    """
    classifier = _on_keras(classifier)
    return compile_classifier(classifier, _tensors_of(classifier), held_out=held_out)


def compiled_if_alike(classifier: Classifier, *, held_out: HeldOut, on_event: OnEvent = ignore) -> Compiled | None:
    """The same; None where it cannot be compiled, or does not answer alike.

    Args:
        classifier: as of `compiled`.
        held_out: as of `compiled`.
        on_event: hears why there is none.
    """
    try:
        return compiled(classifier, held_out=held_out)
    except (HubelError, ImportError) as error:
        on_event(Message(NOT_COMPILED + str(error)))
        return None


def _tensors_of(classifier: Classifier) -> dict[str, np.ndarray]:
    return {
        weight_name(each): np.ascontiguousarray(keras.ops.convert_to_numpy(each)) for each in classifier.model.weights
    }


def _on_keras(classifier: Classifier) -> Classifier:
    """The same classifier on its reference engine, whose answers are kept."""
    if isinstance(getattr(classifier.engine, "plain", classifier.engine), KerasEngine):
        return classifier
    return replace(classifier, engine=with_tta(KerasEngine(classifier.model), classifier.tta))
