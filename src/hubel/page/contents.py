"""What travels in a page beside the weights, as plain data."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image as PillowImage

from hubel.architectures.layer_table import LayerRow, total_of
from hubel.architectures.walk import Graph
from hubel.arrays import Image
from hubel.classifier.off_corpus import AnyScore
from hubel.classifier.prediction_sets import COVERAGES, PredictionSets
from hubel.classifier.stored_score import describe_score
from hubel.graphs.network_graph import IMAGE, NetworkGraph

FORMAT = 1


@dataclass(frozen=True)
class PageExample:
    """An image of the run that travels in the page.

    Args:
        path: in its corpus.
        class_name: of its label.
        pixels: as they reach the network, uint8 [height, width, 3].
    """

    path: str
    class_name: str
    pixels: Image


@dataclass(frozen=True)
class LaidOpen:
    """A network, and how its layers lie in its graph.

    Args:
        graph: its operations.
        walked: its layers.
        rows: of the layers, in numbers.
    """

    graph: NetworkGraph
    walked: Graph
    rows: tuple[LayerRow, ...]


def page_data(
    network: LaidOpen,
    description: Mapping[str, Any],
    *,
    tensors: Mapping[str, Any],
    sets: PredictionSets | None,
    examples: Sequence[PageExample],
    off_corpus: AnyScore | None = None,
) -> dict[str, Any]:
    """The page's document.

    Args:
        network: laid open.
        description: of `hubel.exports.description.describe`.
        tensors: the index of `hubel.page.weights.pack`.
        sets: prediction sets, where the classifier has any.
        examples: images that travel.
        off_corpus: recognises images unlike those of training, where the classifier has one; its tensors travel in
            one piece with the weights.
    """
    return {
        "format": FORMAT,
        "classifier": dict(description),
        "sets": None if sets is None else {"coverages": list(COVERAGES), "thresholds": list(sets.thresholds)},
        "off_corpus": describe_score(off_corpus),
        "graph": network.graph.to_json(),
        "layers": list(_layers(network)),
        "total": asdict(total_of(network.rows)),
        "tensors": dict(tensors),
        "examples": [_example(each) for each in examples],
    }


def _layers(network: LaidOpen) -> Any:
    """The layers as anatomy names them, each with the steps that it became."""
    made_by = {place: call.name for call in network.walked.calls for place in call.outputs}
    for row, call in zip(network.rows, network.walked.calls, strict=True):
        steps = network.graph.layers.get(row.name, ((), IMAGE))
        yield {
            **{key: value for key, value in asdict(row).items() if key not in ("activation_bytes", "reused")},
            "inputs": [made_by.get(place, IMAGE) for place in call.inputs],
            "steps": list(steps[0]),
            "value": steps[1],
        }


def _example(example: PageExample) -> dict[str, str]:
    file = io.BytesIO()
    PillowImage.fromarray(example.pixels).save(file, "PNG", optimize=True)
    return {
        "path": example.path,
        "class_name": example.class_name,
        "type": "image/png",
        "data": base64.b64encode(file.getvalue()).decode(),
    }
