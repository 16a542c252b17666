"""A classifier with other weights: what explanations are asked about to see whether they depend on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from hubel.catalogue import Later
from hubel.classifier.artefact import Parts
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Engine
from hubel.classifier.manifest import WEIGHTS
from hubel.classifier.mirrored import with_tta
from hubel.engines.onnx_engine import make_engine
from hubel.explanation.assessment.randomisation import layers_from_top, redraw, replaced, stages
from hubel.graphs.other_weights import weight_order, with_other_weights

_make_keras_engine: Callable[..., Engine] = Later("hubel.engines.keras_building", "make_engine")
_fill_model: Callable[..., None] = Later("hubel.engines.keras_building", "fill_model")
_weight_name: Callable[[Any], str] = Later("hubel.architectures.build", "weight_name")


@dataclass(frozen=True)
class Replaceable:
    """A classifier whose weights can be replaced, on a copy.

    Args:
        classifier: stays as it is.
        parts: of its artefact.
    """

    classifier: Classifier
    parts: Parts

    @cached_property
    def order(self) -> Sequence[str]:
        """Names of the weights in the order of the computation."""
        if self.parts.graph is not None:
            return weight_order(self.parts.graph)
        return [_weight_name(each) for each in self.classifier.model.weights]

    @cached_property
    def stages(self) -> list[tuple[str, ...]]:
        """The layers that are replaced: the top one, then more of them, then all."""
        return stages(layers_from_top(self.order))

    def randomised(self, rng: np.random.Generator) -> Iterator[Classifier]:
        """The classifier with random weights in the layers of each stage.

        They share one Keras model, which is built when first needed: be done with one before you ask for the next.

        Args:
            rng: of the weights.
        """
        tensors = {name: self.parts.tensors[name] for name in self.order}
        drawn = redraw(tensors, rng=rng)
        for layers in self.stages:
            yield self.with_weights(replaced(tensors, drawn, layers=layers))

    def with_weights(self, tensors: Mapping[str, np.ndarray]) -> Classifier:
        """The same classifier, in all else, with other weights; on its compiled graph where it has one.

        Args:
            tensors: name → float32 [...], all weights of the network.
        """
        blueprint, path = self.classifier.blueprint, self.parts.folder / WEIGHTS
        in_keras = partial(self._in_keras, tensors)
        if self.parts.graph is None:
            engine = in_keras()
        else:
            graph = with_other_weights(self.parts.graph, self.parts.tensors, others=tensors)
            engine = make_engine(blueprint, tensors, path, graph=graph, make_keras_engine=in_keras)
        return replace(self.classifier, engine=with_tta(engine, self.classifier.tta))

    def _in_keras(self, tensors: Mapping[str, np.ndarray]) -> Engine:
        _fill_model(self._spare.model, tensors, path=self.parts.folder / WEIGHTS)
        return self._spare

    @cached_property
    def _spare(self) -> Engine:
        weights = {name: self.parts.tensors[name] for name in self.order}
        return _make_keras_engine(self.classifier.blueprint, weights, self.parts.folder / WEIGHTS)
