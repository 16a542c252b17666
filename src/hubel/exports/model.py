"""What a format's module writes a network from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.catalogue import Later
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.classifier.classifier import Classifier
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.manifest import CURE, GRAPH
from hubel.errors import DamagedArtefact
from hubel.graphs.onnx_rules import check_onnx

_compile_model: Callable[..., CompiledGraph] = Later("hubel.engines.compiling", "compile_model")


@dataclass(frozen=True)
class Model:
    """A classifier's network.

    Args:
        run: a run folder, or its ``classifier/`` folder.
        classifier: that was loaded from it.
        description: of `hubel.exports.description.describe`.
        examples: reads training images, uint8 [images, height, width, 3], for what is measured on some.
    """

    run: Path
    classifier: Classifier
    description: dict[str, Any]
    examples: Callable[[], np.ndarray]

    def graph(self) -> bytes:
        """The file of its compiled graph; compiled now, by Keras, where it was saved without one.

        Raises:
            DamagedArtefact: the graph breaks a rule, or is not of the classifier's weights.
        """
        parts = read_parts(find_artefact(self.run))
        if parts.graph is None:
            return _compile_model(self.classifier.model).data
        try:
            check_onnx(parts.graph, self.classifier.blueprint.spec, tensors=parts.tensors)
        except ValueError as error:
            raise DamagedArtefact(f"{parts.folder / GRAPH}: {error}. {CURE}") from error
        return parts.graph.data
