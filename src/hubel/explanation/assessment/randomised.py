"""A classifier with other weights: what explanations are asked about to see whether they depend on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hubel.catalogue import Later
from hubel.classifier.artefact import Parts
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Engine
from hubel.classifier.manifest import WEIGHTS
from hubel.classifier.mirrored import with_tta
from hubel.engines.onnx_engine import make_engine as make_onnx_engine
from hubel.explanation.assessment.randomisation import layers_from_top, redraw, replaced, stages
from hubel.graphs.other_weights import weight_order, with_other_weights

_make_keras_engine: Callable[..., Engine] = Later("hubel.engines.keras_building", "make_engine")
_weight_name: Callable[[Any], str] = Later("hubel.architectures.build", "weight_name")


def randomised_classifiers(
    classifier: Classifier, parts: Parts, *, rng: np.random.Generator
) -> list[Classifier]:  # fmt: skip
    """The same classifier with the weights of its top layer replaced, then of more layers, then of all.

    Args:
        classifier: stays as it is.
        parts: of its artefact.
        rng: of the new weights.
    """
    order = _weight_order(classifier, parts)
    tensors = {name: parts.tensors[name] for name in order}
    drawn = redraw(tensors, rng=rng)
    return [
        with_weights(classifier, parts, replaced(tensors, drawn, layers)) for layers in stages(layers_from_top(order))
    ]


def with_weights(classifier: Classifier, parts: Parts, tensors: Mapping[str, np.ndarray]) -> Classifier:
    """The same classifier, in all else, with other weights; on its compiled graph where it has one.

    Args:
        classifier: stays as it is.
        parts: of its artefact.
        tensors: name → float32 [...], all weights of the network.
    """
    path = parts.folder / WEIGHTS
    if parts.graph is None:
        engine = _make_keras_engine(classifier.blueprint, tensors, path)
    else:
        graph = with_other_weights(parts.graph, parts.tensors, tensors)
        engine = make_onnx_engine(classifier.blueprint, tensors, path, graph=graph)
    return replace(classifier, engine=with_tta(engine, classifier.tta))


def _weight_order(classifier: Classifier, parts: Parts) -> Sequence[str]:
    """Names of the weights in the order of the computation."""
    if parts.graph is not None:
        return weight_order(parts.graph)
    return [_weight_name(each) for each in classifier.model.weights]
