"""A compiled graph is data of a stranger: it is checked before anything runs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from hubel.architectures.spec import Spec
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.manifest import OFF_CORPUS
from hubel.graphs.network_graph import IMAGE, LOGITS, OUTPUTS
from hubel.graphs.onnx_reader import FLOAT, UINT8, OnnxContent, read_onnx
from hubel.graphs.onnx_shapes import BATCH, value_shapes
from hubel.graphs.stored_weights import WEIGHT, as_stored

OPSET, IR_VERSION = 20, 9
"""Of ONNX's operators and of its file: what ONNX Runtime reads from version 1.17 on."""
MOST_CONSTANT = 8192
"""Numbers of a constant that is no weight: two for each channel of the widest backbone."""
TIMES_LARGEST_MAP = 16
"""So many times as large as the largest map that a spec foresees may a value be: backbones are estimated."""


def check_onnx(graph: CompiledGraph, spec: Spec, *, tensors: Mapping[str, np.ndarray]) -> None:
    """See that a graph is one that Hubel wrote for these weights, and how much it will ask for.

    Args:
        graph: as an artefact has it.
        spec: of the network.
        tensors: name → float32 [...]: the weights of the artefact.

    Raises:
        ValueError: naming the rule that it breaks.
    """
    content = read_onnx(graph.data)
    if content.ir_version != IR_VERSION or content.opsets != (("", graph.opset),) or graph.opset != OPSET:
        raise ValueError(f"it is not of ONNX's operator set {OPSET} alone")
    _check_weights(content, tensors)
    image = (BATCH, *spec.image_size, 3)
    port = content.inputs[0] if content.inputs else None
    if port is None or (port.name, port.numbers, port.sides) != (IMAGE, UINT8, image):
        raise ValueError(f"its input is not {IMAGE}, uint8 {list(image)}")
    largest = max((each.size for each in tensors.values()), default=0)
    shapes = value_shapes(content, image, most_numbers=TIMES_LARGEST_MAP * spec.count_work()[1] + largest)
    _check_outputs(content, shapes, described=graph.outputs, classes=spec.classes)


def _check_outputs(
    content: OnnxContent, shapes: Mapping[str, tuple[int | str, ...]], *, described: Mapping[str, int], classes: int
) -> None:
    known = list(described)
    if known != list(OUTPUTS[: len(known)]) or len(known) < len(OUTPUTS) - 1 or described[LOGITS] != classes:
        raise ValueError("the manifest does not describe its outputs")
    for port, (name, count) in zip(content.outputs, described.items(), strict=False):
        expected = (BATCH, count)
        if (port.name, port.numbers, port.sides) != (name, FLOAT, expected) or shapes.get(name) != expected:
            raise ValueError(f"its output {name} is not what the manifest says, {count:,} numbers for each image")
    if len(content.outputs) != len(described):
        raise ValueError(f"it has {len(content.outputs)} outputs; the manifest describes {len(described)}")


def _check_weights(content: OnnxContent, tensors: Mapping[str, np.ndarray]) -> None:
    expected = {f"{WEIGHT}{name}": values for name, values in tensors.items() if not name.startswith(OFF_CORPUS)}
    for name, tensor in content.tensors.items():
        if name not in expected:
            if name.startswith(WEIGHT) or tensor.values().size > MOST_CONSTANT:
                raise ValueError(f"tensor {name!r} is no weight of this classifier")
            if tensor.numbers == FLOAT and not np.isfinite(tensor.values()).all():
                raise ValueError(f"tensor {name!r} holds values that are not finite numbers")
        elif tensor.numbers != FLOAT or not any(
            each.shape == tensor.shape and np.array_equal(each, tensor.values()) for each in _layouts(expected[name])
        ):
            raise ValueError(f"tensor {name!r} is not the weight of that name")
    missing = sorted(set(expected) - set(content.tensors))
    if missing:
        raise ValueError(f"it lacks the weight {missing[0].removeprefix(WEIGHT)!r}")


def _layouts(weight: np.ndarray) -> Iterator[np.ndarray]:
    """A weight in each of the orders that it may lie in."""
    yield weight
    if weight.ndim == 4:
        yield as_stored(weight, kind="convolution", part="kernel")
        yield as_stored(weight, kind="depthwise_convolution", part="kernel")
    if weight.ndim in (3, 6):
        yield as_stored(weight, kind="local_convolution", part="kernel")
