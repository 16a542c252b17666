"""One value of any layer, worked out from the layer's input and weights, and checked against the model's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from hubel.architectures.geometry import receptive_fields
from hubel.architectures.walk import Call, Graph, compute_values
from hubel.arithmetic.receptive_field import field_box
from hubel.arrays import Image
from hubel.backends.framework import keras
from hubel.classifier.answering import Answering
from hubel.errors import ClaimFailed, UnusableInput, WrongRequest
from hubel.errors.wording import Option
from hubel.explanation.layer_rules import RULES
from hubel.explanation.worked_value import Numbers, Patch, Position, Term, WorkedValue, number, softmax_at
from hubel.wishes import MIRROR

PROBABILITIES = "probabilities"
"""The name to ask for the step after the logits; the model itself ends with the logits."""
TOLERANCE = 1e-5
"""Relative to the value, or to the sum of the absolute summands if that is larger. Rounding in float32 is a share of
the summands: where large ones cancel, only few digits of a small sum are right, in the model too."""
SHOWN_TERMS = 10
NUMBER_BY_NUMBER = ("Flatten", "Dropout", "Identity", "ReLU", "LeakyReLU", "ELU", "BatchNormalization", "Rescaling")
"""Each number of their vector comes from one number of the map that was flattened, and sees what that one sees."""


@dataclass(frozen=True)
class Trace:
    """One value and where it comes from.

    Args:
        layer: its name.
        kind: Keras' class name.
        at: (row, column) of the feature map; None of a vector.
        filter_index: which feature map or unit.
        value: as worked out here in float64.
        model_value: as the model computed it.
        tolerance: how far the two may lie apart.
        formula: with the numbers put in, up to the value.
        before: the value before the activation; None where there is no activation.
        activation: its name; None where there is none.
        bias: that was added; None where there is none.
        patch: the window of the input with kernel, products and sums; None for kinds without one.
        terms: summands or factors, those that count most first; of long sums there are many.
        receptive_field: (top, left, bottom, right) in pixels of the image that reaches the model, bottom and right one
            behind the last; None where it is not known.
    """

    layer: str
    kind: str
    at: tuple[int, int] | None
    filter_index: int
    value: float
    model_value: float
    tolerance: float
    formula: str
    before: float | None = None
    activation: str | None = None
    bias: float | None = None
    patch: Patch | None = None
    terms: tuple[Term, ...] = ()
    receptive_field: tuple[int, int, int, int] | None = None

    @property
    def difference(self) -> float:
        """Between what was worked out and what the model computed."""
        return abs(self.value - self.model_value)

    def to_json(self) -> dict[str, Any]:
        """Plain data with every number, lists for arrays."""
        patch = self.patch
        return {
            "layer": self.layer,
            "kind": self.kind,
            "at": self.at,
            "filter": self.filter_index,
            "value": self.value,
            "model_value": self.model_value,
            "difference": self.difference,
            "tolerance": self.tolerance,
            "formula": self.formula,
            "before_activation": self.before,
            "activation": self.activation,
            "bias": self.bias,
            "patch": None if patch is None else _patch_json(patch),
            "terms": [asdict(term) for term in self.terms],
            "receptive_field": self.receptive_field,
        }


def _patch_json(patch: Patch) -> dict[str, Any]:
    arrays = {name: getattr(patch, name) for name in ("inside", "values", "kernel", "products", "channel_sums")}
    numbers = {name: None if array is None else array.tolist() for name, array in arrays.items()}
    return {"rows": patch.rows, "columns": patch.columns, "channels": patch.channels, **numbers}


@dataclass(frozen=True)
class Tracer:
    """Traces values of one image; the model runs once.

    Args:
        graph: of the model.
        image: uint8 or float32 [height, width, channels] at the model's input size.
    """

    graph: Graph
    image: np.ndarray

    @cached_property
    def _values(self) -> dict[int, Any]:
        return compute_values(self.graph, self.image)

    @cached_property
    def _arrays(self) -> dict[int, np.ndarray]:
        return {}

    @cached_property
    def _fields(self) -> dict[int, Any]:
        return receptive_fields(self.graph)

    def output(self, call: Call) -> np.ndarray:
        """What a layer makes of the image, float32 [height, width, channels] or [units].

        Raises:
            UnusableInput: the layer computes with other numbers than float32, or has several outputs.
        """
        if len(call.outputs) != 1:
            raise UnusableInput(f"{call.name} ({call.kind}) has {len(call.outputs)} outputs; Hubel traces one.")
        return self._array(call.outputs[0], call)

    def _array(self, place: int, call: Call) -> np.ndarray:
        if place not in self._arrays:
            value = np.asarray(keras.ops.convert_to_numpy(self._values[place]))[0]
            if value.dtype != np.float32:
                raise UnusableInput(
                    f"{call.name} computes with {value.dtype}; Hubel traces float32. Load the model with the dtype "
                    "policy 'float32'."
                )
            self._arrays[place] = value
        return self._arrays[place]

    def trace(self, call: Call, *, at: tuple[int, int] | None = None, filter_index: int | None = None) -> Trace:
        """One value of a layer.

        Args:
            call: one of the graph's.
            at: (row, column) of the feature map, from 0; by default where the value is largest.
            filter_index: from 0; by default the one with the largest value there.

        Raises:
            WrongRequest: there is no such place or filter.
            UnusableInput: the layer is of a kind that has no rule, or does not compute with float32, channels last.
            ClaimFailed: what was worked out is not what the model computed.
        """
        output = self.output(call)
        rule = RULES.get(call.kind)
        if rule is None:
            said = f"{call.name} is a {call.kind}, and Hubel does not know how that computes."
            raise UnusableInput(f"{said} Known: {', '.join(RULES)}.")
        if getattr(call.layer, "data_format", None) == "channels_first":
            raise UnusableInput(
                f"The layer {call.name!r} puts channels before height and width; Hubel follows models with channels "
                "last. Build it with data_format='channels_last'."
            )
        index = _choose(call, output, at=at, filter_index=filter_index)
        inputs = tuple(self._array(place, call).astype(np.float64) for place in call.inputs)
        working = rule(Position(call, inputs, index))
        box, value = self.box(call, index), float(output[index])
        return _compared(call.name, call.kind, index=index, working=working, model_value=value, box=box)

    def box(self, call: Call, index: tuple[int, ...]) -> tuple[int, int, int, int] | None:
        """What one value sees of the image.

        Args:
            call: the layer.
            index: of the value: (row, column, filter), or (unit,).

        Returns:
            (top, left, bottom, right) in pixels; None where it is not known.
        """
        value = call.outputs[0]
        makers = {made: each for each in self.graph.calls for made in each.outputs}
        while len(index) == 1 and value in makers and makers[value].kind in NUMBER_BY_NUMBER:
            shape = tuple(int(size or 0) for size in makers[value].input_shapes[0])
            index = tuple(map(int, np.unravel_index(index[0], shape)))
            value = makers[value].inputs[0]
        fields = self._fields.get(value)
        if fields is None:
            return None
        row, column = index[:2] if len(index) == 3 else (0, 0)
        height, width = self.image.shape[:2]
        return field_box(fields, row, column=column, image_size=(height, width))


def _choose(call: Call, output: Numbers, *, at: tuple[int, int] | None, filter_index: int | None) -> tuple[int, ...]:
    if output.ndim not in (1, 3):
        raise UnusableInput(f"{call.name} makes arrays of {list(output.shape)}; Hubel traces feature maps and vectors.")
    count = output.shape[-1]
    if filter_index is not None and not 0 <= filter_index < count:
        said = f": {call.name} has the filters 0 to {count - 1}. Received: {filter_index}."
        raise WrongRequest(Option("filter"), said)
    if output.ndim == 1:
        if at is not None:
            raise WrongRequest(
                f"{call.name} makes a vector of {count}: it has no rows and columns. Leave ", Option("at"), " out."
            )
        return (int(output.argmax()) if filter_index is None else filter_index,)
    height, width = output.shape[:2]
    if at is not None and not (0 <= at[0] < height and 0 <= at[1] < width):
        raise WrongRequest(
            Option("at"),
            f": {call.name} makes maps of {height} x {width}: rows 0 to {height - 1}, columns 0 to {width - 1}. "
            f"Received: {at[0]},{at[1]}.",
        )
    rows = slice(None) if at is None else slice(at[0], at[0] + 1)
    columns = slice(None) if at is None else slice(at[1], at[1] + 1)
    filters = slice(None) if filter_index is None else slice(filter_index, filter_index + 1)
    part = output[rows, columns, filters]
    best = np.unravel_index(int(part.argmax()), part.shape)
    starts = (*((0, 0) if at is None else at), filter_index or 0)
    return tuple(int(start + place) for start, place in zip(starts, best, strict=True))


def _compared(
    layer: str, kind: str, *, index: tuple[int, ...], working: WorkedValue, model_value: float,
    box: tuple[int, int, int, int] | None,
) -> Trace:  # fmt: skip
    trace = Trace(
        layer=layer,
        kind=kind,
        at=(index[0], index[1]) if len(index) == 3 else None,
        filter_index=index[-1],
        value=working.value,
        model_value=model_value,
        tolerance=TOLERANCE * max(abs(model_value), working.size),
        formula=working.formula,
        before=working.before,
        activation=working.activation,
        bias=working.bias,
        patch=working.patch,
        terms=_largest_first(working.terms),
        receptive_field=box,
    )
    if not trace.difference <= trace.tolerance:
        raise ClaimFailed(
            f"{layer} ({kind}), index {list(index)}: Hubel works out {number(trace.value)}, the model computed "
            f"{number(model_value)}; rounding explains a difference of {number(trace.tolerance)} at most. Hubel shows "
            "only what the model really does. If a graphics card computes with reduced precision, set "
            "CUDA_VISIBLE_DEVICES= and try again."
        )
    return trace


def _largest_first(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    return terms if len(terms) <= SHOWN_TERMS else tuple(sorted(terms, key=lambda term: -abs(term.product)))


def trace_probability(
    tracer: Tracer, classifier: Answering, *, pixels: Image, filter_index: int | None = None
) -> Trace:
    """A calibrated probability: logits / temperature, softmax; of the mean logits where the classifier answers so.

    Args:
        tracer: of the classifier's model and one image.
        classifier: whose answer it is checked against.
        pixels: of that image, uint8 [height, width, 3].
        filter_index: class index; by default the predicted class.

    Raises:
        WrongRequest: no such class.
        ClaimFailed: it is not what the classifier answers.
    """
    last = next(call for call in tracer.graph.calls if call.outputs[0] == tracer.graph.outputs[0])
    seen = [tracer]
    if classifier.tta == MIRROR:
        seen.append(replace(tracer, image=np.ascontiguousarray(tracer.image[:, ::-1])))
    outputs = np.stack([each.output(last).astype(np.float64) for each in seen])
    logits = outputs.mean(axis=0)
    temperature = classifier.calibration.temperature
    scaled = logits / temperature
    index = int(scaled.argmax()) if filter_index is None else filter_index
    if not 0 <= index < len(logits):
        raise WrongRequest(Option("filter"), f": the classes are 0 to {len(logits) - 1}. Received: {index}.")
    value, text = softmax_at(scaled, index)
    logit, divided = number(float(logits[index])), number(float(scaled[index]))
    text = f"{logit} / temperature {number(temperature)} = {divided}; {text}"
    if len(seen) > 1:
        plain, mirrored = (number(float(output[index])) for output in outputs)
        text = f"the mean of {plain} and, of the mirror image, {mirrored} is {logit}; {text}"
    answer = classifier.compute_probabilities(pixels[None])[0, index]
    terms = tuple(
        Term(f"logit {name}", float(logit), 1 / temperature, float(each))
        for name, logit, each in zip(classifier.class_names, logits, scaled, strict=True)
    )
    # The classifier computes the logits once more, in a batch: they may differ in their last digits.
    size = value * (1 + 2 * float(np.abs(scaled).max()))
    working = WorkedValue(value, size, text, float(scaled[index]), "softmax", terms=terms)
    box = tracer.box(last, (index,))
    return _compared(PROBABILITIES, "Softmax", index=(index,), working=working, model_value=float(answer), box=box)
