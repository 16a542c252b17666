"""`NetworkGraph` → an ONNX file: uint8 images in, so that whoever runs it needs no rule for the pixels.

Maps lie with their channels first in ONNX, and last in Keras and in images. A value is turned where an operation needs
it the other way, once. Weights are written as they are, so that a file can be compared with the weights of an artefact.
Equal graphs give equal bytes.

Source: https://onnx.ai/onnx/operators/ of operator set 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hubel.graphs.network_graph import FEATURES, IMAGE, LOGITS, MAPS, GraphStep, NetworkGraph
from hubel.graphs.onnx_rules import IR_VERSION, OPSET
from hubel.graphs.onnx_shapes import BATCH
from hubel.graphs.stored_weights import WEIGHT, as_stored

FIRST, LAST = "channels first", "channels last"
PRODUCER = "hubel"


def write_onnx(graph: NetworkGraph) -> bytes:
    """The file of a network, checked by ONNX's own checker.

    Its input is ``image``, uint8 [batch, height, width, 3]; its outputs are float32 [batch, numbers].
    """
    builder = _Builder(graph)
    for step in graph.steps:
        builder.add(step)
    for output in (LOGITS, FEATURES, MAPS):
        if output in graph.outputs:
            builder.node(
                "Identity", [builder.form(graph.outputs[output], LAST)], name=f"output/{output}", output=output
            )
    inputs = [helper.make_tensor_value_info(IMAGE, TensorProto.UINT8, [BATCH, *graph.image_size, 3])]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *graph.shape_of(graph.outputs[name])])
        for name in (LOGITS, FEATURES, MAPS)
        if name in graph.outputs
    ]
    made = helper.make_graph(builder.nodes, "network", inputs, outputs, list(builder.tensors.values()))
    model = helper.make_model(
        made, producer_name=PRODUCER, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


class _Builder:
    """Nodes and tensors; each value of the graph is known in one or both forms."""

    def __init__(self, graph: NetworkGraph) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: dict[str, onnx.TensorProto] = {}
        self._graph = graph
        self._shapes = {IMAGE: (*graph.image_size, 3)} | {step.name: step.shape for step in graph.steps}
        self._forms: dict[str, dict[str, str]] = {
            IMAGE: {LAST: self.node("Cast", [IMAGE], name="pixels", to=int(TensorProto.FLOAT))}
        }

    def add(self, step: GraphStep) -> None:
        getattr(self, f"_{step.kind}")(step)

    def node(self, kind: str, inputs: Sequence[str], *, name: str, output: str = "", **attributes: Any) -> str:
        """Add a node, and give the name of what it makes: never that of an input or output of the network."""
        made = output or f"value/{name}"
        self.nodes.append(helper.make_node(kind, list(inputs), [made], name=name, **attributes))
        return made

    def form(self, value: str, form: str) -> str:
        """The name of a value in a form; one that is no map has only one."""
        forms = self._forms[value]
        if len(self._shapes[value]) != 3:
            return forms[LAST]
        if form not in forms:
            order = [0, 3, 1, 2] if form == FIRST else [0, 2, 3, 1]
            (there,) = forms.values()
            forms[form] = self.node("Transpose", [there], name=f"{value}/{form.replace(' ', '_')}", perm=order)
        return forms[form]

    def _shared_form(self, values: Sequence[str]) -> str:
        """The form that most of the values are known in already."""
        known = [self._forms[value] for value in values]
        return LAST if sum(LAST in each for each in known) > sum(FIRST in each for each in known) else FIRST

    def _made(self, step: GraphStep, name: str, *, form: str = LAST) -> None:
        self._forms[step.name] = {form: name}

    def _weight(self, step: GraphStep, part: str) -> str:
        """A weight of the network, as the operation wants it."""
        name = step.weights[part]
        stored = as_stored(self._graph.weights[name], kind=step.kind, part=part)
        return self._tensor(f"{WEIGHT}{name}", stored)

    def _weight_or(self, step: GraphStep, part: str, *, otherwise: float) -> str:
        if part in step.weights:
            return self._weight(step, part)
        return self._numbers(f"{step.name}/{part}", np.full(step.shape[-1], otherwise, np.float32))

    def _numbers(self, name: str, values: object, *, kind: type = np.float32) -> str:
        return self._tensor(f"constant/{name}", np.asarray(values, kind))

    def _tensor(self, name: str, values: np.ndarray) -> str:
        self.tensors.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _each(self, step: GraphStep, kind: str, *more: str, **attributes: Any) -> None:
        """An operation on each number: in the form that is there."""
        form = self._shared_form(step.inputs)
        inputs = [self.form(value, form) for value in step.inputs]
        flat = len(step.shape) != 3
        self._made(step, self.node(kind, [*inputs, *more], name=step.name, **attributes), form=LAST if flat else form)

    def _rescale(self, step: GraphStep) -> None:
        scale, offset = (self._numbers(f"{step.name}/{each}", step.attributes[each]) for each in ("scale", "offset"))
        scaled = self.node("Mul", [self.form(step.inputs[0], LAST), scale], name=f"{step.name}/scaled")
        self._made(step, self.node("Add", [scaled, offset], name=step.name))

    def _pad(self, step: GraphStep) -> None:
        (above, below), (left, right) = step.attributes["padding"]
        amounts = self._numbers(f"{step.name}/padding", [0, 0, above, left, 0, 0, below, right], kind=np.int64)
        self._made(step, self.node("Pad", [self.form(step.inputs[0], FIRST), amounts], name=step.name), form=FIRST)

    def _convolution(self, step: GraphStep, groups: int = 0) -> None:
        inputs = [self.form(step.inputs[0], FIRST), *(self._weight(step, part) for part in step.weights)]
        attributes: dict[str, Any] = {
            "strides": step.attributes["strides"],
            "dilations": step.attributes["dilation"],
            "pads": _pads(step),
            "group": groups or step.attributes["groups"],
        }
        self._made(step, self.node("Conv", inputs, name=step.name, **attributes), form=FIRST)

    def _depthwise_convolution(self, step: GraphStep) -> None:
        self._convolution(step, groups=self._shapes[step.inputs[0]][2])

    def _local_convolution(self, step: GraphStep) -> None:
        """The windows of each place beside each other, and each place's own product."""
        rows, columns, height, width, channels, filters = self._graph.weights[step.weights["kernel"]].shape
        (above, below), (left, right) = step.attributes["padding"]
        amounts = self._numbers(f"{step.name}/padding", [0, above, left, 0, 0, below, right, 0], kind=np.int64)
        padded = self.node("Pad", [self.form(step.inputs[0], LAST), amounts], name=f"{step.name}/padded")
        axes = self._numbers("rows_and_columns", [1, 2], kind=np.int64)
        taps = []
        for row in range(height):
            for column in range(width):
                place = f"{step.name}/tap_{row}_{column}"
                start = self._numbers(f"{place}/start", [row, column], kind=np.int64)
                stop = self._numbers(f"{place}/stop", [row + rows, column + columns], kind=np.int64)
                taps.append(self.node("Slice", [padded, start, stop, axes], name=place))
        windows = self.node("Concat", taps, name=f"{step.name}/windows", axis=3)
        flat = self._reshaped(windows, f"{step.name}/rows", shape=(rows * columns, height * width * channels))
        turned = self.node("Transpose", [flat], name=f"{step.name}/places", perm=[1, 0, 2])  # [places, batch, taps]
        x = self.node("MatMul", [turned, self._weight(step, "kernel")], name=f"{step.name}/products")
        if "bias" in step.weights:
            x = self.node("Add", [x, self._weight(step, "bias")], name=f"{step.name}/sums")
        x = self.node("Transpose", [x], name=f"{step.name}/turned", perm=[1, 0, 2])
        self._made(step, self._reshaped(x, step.name, shape=(rows, columns, filters)))

    def _reshaped(self, value: str, name: str, *, shape: Sequence[int]) -> str:
        sides = self._numbers(f"{name}/shape", [0, *shape], kind=np.int64)  # 0: as many as before, which is the batch
        return self.node("Reshape", [value, sides], name=name)

    def _batch_normalisation(self, step: GraphStep) -> None:
        scale, offset = self._weight_or(step, "scale", otherwise=1), self._weight_or(step, "offset", otherwise=0)
        inputs = [self.form(step.inputs[0], FIRST), scale, offset, self._weight(step, "mean")]
        inputs.append(self._weight(step, "variance"))
        name = self.node("BatchNormalization", inputs, name=step.name, epsilon=step.attributes["epsilon"])
        self._made(step, name, form=FIRST if len(step.shape) == 3 else LAST)

    def _layer_normalisation(self, step: GraphStep) -> None:
        scale, offset = self._weight_or(step, "scale", otherwise=1), self._weight_or(step, "offset", otherwise=0)
        inputs = [self.form(step.inputs[0], LAST), scale, offset]
        name = self.node("LayerNormalization", inputs, name=step.name, axis=-1, epsilon=step.attributes["epsilon"])
        self._made(step, name)

    def _scale_channels(self, step: GraphStep) -> None:
        inputs = [self.form(step.inputs[0], LAST), self._weight(step, "scale")]
        self._made(step, self.node("Mul", inputs, name=step.name))

    def _dense(self, step: GraphStep) -> None:
        x = [self.form(step.inputs[0], LAST), self._weight(step, "kernel")]
        if "bias" not in step.weights:
            self._made(step, self.node("MatMul", x, name=step.name))
        elif len(step.shape) == 1:
            self._made(step, self.node("Gemm", [*x, self._weight(step, "bias")], name=step.name))
        else:
            product = self.node("MatMul", x, name=f"{step.name}/product")
            self._made(step, self.node("Add", [product, self._weight(step, "bias")], name=step.name))

    def _pooling(self, step: GraphStep, kind: str, *, name: str, **attributes: Any) -> str:
        window = {"kernel_shape": step.attributes["window"], "strides": step.attributes["strides"]}
        return self.node(
            kind, [self.form(step.inputs[0], FIRST)], name=name, **window, pads=_pads(step), ceil_mode=0, **attributes
        )

    def _max_pooling(self, step: GraphStep) -> None:
        self._made(step, self._pooling(step, "MaxPool", name=step.name), form=FIRST)

    def _average_pooling(self, step: GraphStep) -> None:
        self._made(step, self._pooling(step, "AveragePool", name=step.name, count_include_pad=0), form=FIRST)

    def _sum_pooling(self, step: GraphStep) -> None:
        mean = self._pooling(step, "AveragePool", name=f"{step.name}/mean", count_include_pad=1)
        count = self._numbers(f"{step.name}/count", prod(step.attributes["window"]))
        self._made(step, self.node("Mul", [mean, count], name=step.name), form=FIRST)

    def _global(self, step: GraphStep, kind: str) -> None:
        x = [self.form(step.inputs[0], FIRST)]
        if len(step.shape) == 3:
            self._made(step, self.node(kind, x, name=step.name), form=FIRST)
        else:
            pooled = self.node(kind, x, name=f"{step.name}/map")
            self._made(step, self.node("Flatten", [pooled], name=step.name, axis=1))

    def _global_average(self, step: GraphStep) -> None:
        self._global(step, "GlobalAveragePool")

    def _global_max(self, step: GraphStep) -> None:
        self._global(step, "GlobalMaxPool")

    def _merge(self, step: GraphStep, kind: str) -> None:
        number = step.attributes.get("number")
        self._each(step, kind, *([] if number is None else [self._numbers(f"{step.name}/number", number)]))

    def _add(self, step: GraphStep) -> None:
        self._merge(step, "Sum" if len(step.inputs) > 2 else "Add")

    def _multiply(self, step: GraphStep) -> None:
        self._merge(step, "Mul")

    def _concatenate(self, step: GraphStep) -> None:
        form = self._shared_form(step.inputs) if len(step.shape) == 3 else LAST
        inputs = [self.form(value, form) for value in step.inputs]
        axis = 1 if form == FIRST else len(step.shape)
        self._made(step, self.node("Concat", inputs, name=step.name, axis=axis), form=form)

    def _reshape(self, step: GraphStep) -> None:
        self._made(step, self._reshaped(self.form(step.inputs[0], LAST), step.name, shape=step.shape))

    def _relu(self, step: GraphStep) -> None:
        most = step.attributes["max_value"]
        if most is None:
            self._each(step, "Relu")
        else:
            self._each(step, "Clip", self._numbers("zero", 0.0), self._numbers(f"{step.name}/most", most))

    def _sigmoid(self, step: GraphStep) -> None:
        self._each(step, "Sigmoid")

    def _hard_sigmoid(self, step: GraphStep) -> None:
        self._each(step, "HardSigmoid", alpha=1 / 6, beta=0.5)

    def _swish(self, step: GraphStep) -> None:
        form = self._shared_form(step.inputs)
        x = self.form(step.inputs[0], form)
        share = self.node("Sigmoid", [x], name=f"{step.name}/share")
        self._made(step, self.node("Mul", [x, share], name=step.name), form=form if len(step.shape) == 3 else LAST)

    def _hard_swish(self, step: GraphStep) -> None:
        self._each(step, "HardSwish")

    def _gelu(self, step: GraphStep) -> None:
        self._each(step, "Gelu")

    def _tanh(self, step: GraphStep) -> None:
        self._each(step, "Tanh")

    def _softmax(self, step: GraphStep) -> None:
        self._made(step, self.node("Softmax", [self.form(step.inputs[0], LAST)], name=step.name, axis=-1))

    def _summarise_map(self, step: GraphStep) -> None:
        x, most = self.form(step.inputs[0], FIRST), step.attributes["channels"]
        if self._shapes[step.inputs[0]][2] > most:
            limits = [
                self._numbers(f"{step.name}/{name}", [n], kind=np.int64) for name, n in (("from", 0), ("to", most))
            ]
            axis = self._numbers("channels", [1], kind=np.int64)
            x = self.node("Slice", [x, *limits, axis], name=f"{step.name}/first")
        places = self._numbers("places", [2, 3], kind=np.int64)
        mean = self.node("ReduceMean", [x, places], name=f"{step.name}/mean", keepdims=1)
        apart = self.node("Sub", [x, mean], name=f"{step.name}/apart")
        square = self.node("Mul", [apart, apart], name=f"{step.name}/square")
        variance = self.node("ReduceMean", [square, places], name=f"{step.name}/variance", keepdims=0)
        both = [self.node("Flatten", [mean], name=f"{step.name}/means", axis=1)]
        both.append(self.node("Sqrt", [variance], name=f"{step.name}/deviation"))
        self._made(step, self.node("Concat", both, name=step.name, axis=1))


def _pads(step: GraphStep) -> list[int]:
    (above, below), (left, right) = step.attributes["padding"]
    return [above, left, below, right]
