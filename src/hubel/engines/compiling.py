"""A trained model → its compiled graph, kept only if it answers like the model for images it has not learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hubel.backends.framework import keras
from hubel.classifier.answering import softmax
from hubel.classifier.classifier import Classifier
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.engine import LARGE_BATCH
from hubel.classifier.manifest import GRAPH
from hubel.classifier.mirrored import with_tta
from hubel.classifier.self_test import TOLERANCE
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_engine import MOST_CHANNELS, find_features, find_maps
from hubel.engines.onnx_engine import make_engine
from hubel.errors import ClaimFailed
from hubel.graphs.keras_graph import read_graph
from hubel.graphs.network_graph import OUTPUTS, NetworkGraph
from hubel.graphs.onnx_file import write_onnx
from hubel.graphs.onnx_rules import OPSET


def plain_graph(model: keras.Model) -> NetworkGraph:
    """A model as plain data, with the outputs that `KerasEngine` gives.

    Raises:
        UnusableInput: it holds a layer that a graph has no operation for; it is named.
    """
    return read_graph(model, features=find_features(model), maps=find_maps(model), most_channels=MOST_CHANNELS)


def compile_model(model: keras.Model) -> CompiledGraph:
    """The file of a model's graph.

    Raises:
        UnusableInput: as of `plain_graph`.
    """
    graph = plain_graph(model)
    counts = {name: graph.shape_of(graph.outputs[name])[0] for name in OUTPUTS if name in graph.outputs}
    return CompiledGraph(write_onnx(graph), OPSET, counts)


@dataclass(frozen=True)
class Compiled:
    """A classifier that answers through its compiled graph.

    Args:
        graph: to be kept in its artefact.
        classifier: answers like the one that was compiled, and several times as fast where the network is large.
    """

    graph: CompiledGraph
    classifier: Classifier


def compile_classifier(classifier: Classifier, tensors: Mapping[str, np.ndarray], *, held_out: HeldOut) -> Compiled:
    """Compile a classifier's network, and hold its answers against those of the model.

    Args:
        classifier: on the Keras engine.
        tensors: its network's weights, name → float32 [...].
        held_out: images that both are asked about.

    Raises:
        HubelError: it cannot be compiled, or they do not agree.
    """
    graph = compile_model(classifier.model)
    engine = make_engine(classifier.blueprint, tensors, Path(GRAPH), graph=graph)
    twin = replace(classifier, engine=with_tta(engine, classifier.tta))
    pixels = held_out.sample(classifier.blueprint.spec)
    for start in range(0, len(pixels), LARGE_BATCH):
        _check_alike(classifier, twin, pixels=pixels[start : start + LARGE_BATCH])
    return Compiled(graph, twin)


def _check_alike(classifier: Classifier, twin: Classifier, *, pixels: np.ndarray) -> None:
    (logits, scores), (other_logits, other_scores) = classifier.compute(pixels), twin.compute(pixels)
    temperature = classifier.calibration.temperature
    check_probabilities(softmax(logits, temperature=temperature), softmax(other_logits, temperature=temperature))
    if scores is not None and other_scores is not None:
        apart = np.abs(scores - other_scores) / np.maximum(1, np.abs(scores))
        if not (apart <= 10 * TOLERANCE).all():  # as in the self-test; not so for what is no number
            raise ClaimFailed(f"An off-corpus score differs by {apart.max():.1e}; {10 * TOLERANCE:g} is allowed.")


def check_probabilities(expected: np.ndarray, found: np.ndarray) -> None:
    """See that two engines give the same answers, within rounding.

    Args:
        expected: float64 [batch, classes], of the model.
        found: the same of the compiled graph.

    Raises:
        ClaimFailed: a probability differs by more than 1e-4, or a class does that is not as probable as another.
    """
    largest = np.abs(expected - found).max(initial=0.0)
    if not largest <= TOLERANCE:
        raise ClaimFailed(f"A probability differs by {largest:.1e}; {TOLERANCE:g} is allowed.")
    best = np.sort(expected, axis=1)[:, -2:]
    other = expected.argmax(axis=1) != found.argmax(axis=1)
    if (other & (best[:, 1] - best[:, 0] > TOLERANCE)).any():
        raise ClaimFailed("An image is given another class.")
