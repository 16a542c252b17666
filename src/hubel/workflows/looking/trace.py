"""Trace: a run, or a model file, and an image → one value of one layer, worked out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import Call, Graph, walk
from hubel.arrays import Image
from hubel.classifier.mirrored import MEAN_OF_BOTH
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.explanation.layer_rules import RULES
from hubel.explanation.trace import PROBABILITIES, Trace, Tracer, trace_probability
from hubel.text import brief
from hubel.wishes import MIRROR, NO_TTA
from hubel.workflows.opening import NOTHING_SAID, Said, open_target


@dataclass(frozen=True)
class TraceableLayer:
    """A layer that can be traced.

    Args:
        name: as `find_layer` takes it.
        kind: Keras' class name.
        output: its size, [height, width, filters] or [units].
        number: among all layers, from 1, as `hubel anatomy` counts; None of the step behind the last.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    number: int | None = None


@brief
@dataclass(frozen=True)
class TracedRun:
    """A trace with what surrounds it.

    Args:
        trace: the value.
        pixels: what reaches the model, uint8 [height, width, 3].
        class_name: that the value is the logit or the probability of; None of other layers.
        makes: output size of the layer.
        takes: names of the layers that made its input; none where that is the image.
        following: for each layer that takes its output, the options that trace the same place there.
        flattened: (height, width, channels) of the map that a dense layer's input was before it became a vector.
        tta: how the classifier answers. A layer's values are of the image as it is; an answer, as the probabilities
            show it, is the mean of the logits of the image and of its mirror image where this is ``"mirror"``.
    """

    trace: Trace
    pixels: Image
    class_name: str | None
    makes: tuple[int, ...]
    takes: tuple[str, ...]
    following: tuple[tuple[Option, ...], ...]
    flattened: tuple[int, int, int] | None = None
    tta: str = NO_TTA

    @property
    def note(self) -> str:
        """That the run does not answer by these values alone; empty where it does."""
        if self.tta != MIRROR or self.trace.layer == PROBABILITIES:
            return ""
        values = f"The values of a layer are of the image as it is; {PROBABILITIES!r} are of the mean."
        return f"This run {MEAN_OF_BOTH}. {values}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        height, width = self.pixels.shape[:2]
        return {
            **self.trace.to_json(),
            "class_name": self.class_name,
            "output": self.makes,
            "input_from": self.takes,
            "image_size": [height, width],
            "tta": self.tta,
        }

    def _brief(self) -> Iterator[str]:
        height, width = self.pixels.shape[:2]
        yield f"TracedRun of an image of {height} x {width} pixels"
        yield from repr(self.trace).splitlines()
        yield from filter(None, (self.note,))


def list_traceable(run: Path, *, said: Said = NOTHING_SAID) -> list[TraceableLayer]:
    """The layers of a run or model file of which a value can be traced, and the step behind them.

    Args:
        run: a run folder, or a model file.
        said: of a model file, what the user knows of it.

    Raises:
        UnusableInput: no such run.
    """
    classifier = open_target(run, said)
    calls = walk(classifier.model).calls
    numbered = enumerate(calls, start=1)
    choices = [
        TraceableLayer(call.name, call.kind, _size(call), place) for place, call in numbered if call.kind in RULES
    ]
    last = [TraceableLayer(PROBABILITIES, "Softmax", (len(classifier.class_names),))]
    return choices + last if classifier.makes_logits else choices


def trace_run(
    run: Path,
    image: Path,
    *,
    layer: str,
    at: tuple[int, int] | None = None,
    filter_name: str | None = None,
    said: Said = NOTHING_SAID,
) -> TracedRun:
    """One value of a layer of a run, for one image.

    Args:
        run: a run folder, or a model file.
        image: an image.
        layer: as `find_layer` takes it, or ``probabilities``.
        at: (row, column); by default where the value is largest.
        filter_name: a filter's or unit's number from 0; a class name where that is asked of the logits.
        said: of a model file, what the user knows of it.

    Raises:
        UnknownName: no such layer.
        WrongRequest: no such place or filter.
        UnreadableImage: the image cannot be read.
        ClaimFailed: what was worked out is not what the model computed.
    """
    classifier = open_target(run, said)
    graph = walk(classifier.model)
    pixels = classifier.read_pixels(image)
    tracer = Tracer(graph, classifier.to_input(pixels))
    if layer == PROBABILITIES and classifier.makes_logits:
        if at is not None:
            raise WrongRequest("Probabilities have no rows and columns. Leave ", Option("at"), " out.")
        chosen = _filter_index(filter_name, classifier.class_names)
        trace = trace_probability(tracer, classifier, pixels=pixels, filter_index=chosen)
        name, last = classifier.class_names[trace.filter_index], _producers(graph, graph.outputs)
        return TracedRun(trace, pixels, name, (len(classifier.class_names),), last, (), tta=classifier.tta)
    usable = [each for each in graph.calls if each.kind in RULES]
    others = (PROBABILITIES,) if classifier.makes_logits else ()
    call = find_layer(graph, layer, usable=usable, others=others)
    names = classifier.output_names if call.outputs[0] in graph.outputs else ()
    trace = tracer.trace(call, at=at, filter_index=_filter_index(filter_name, names))
    return TracedRun(
        trace,
        pixels,
        names[trace.filter_index] if names else None,
        _size(call),
        _producers(graph, call.inputs),
        _following(graph, call, trace=trace, softmax_follows=classifier.makes_logits),
        _flattened(graph, call),
        classifier.tta,
    )


def _size(call: Call) -> tuple[int, ...]:
    return tuple(int(size or 0) for size in call.output_shapes[0])


def _filter_index(text: str | None, class_names: tuple[str, ...]) -> int | None:
    if text is None:
        return None
    if text in class_names:
        return class_names.index(text)
    if not (text.isascii() and text.isdigit()):
        also = f", or a class name: {', '.join(class_names[:20])}" if class_names else ""
        raise WrongRequest(Option("filter"), f" must be a whole number from 0{also}. Received: {text!r}.")
    return int(text)


def _producers(graph: Graph, places: tuple[int, ...]) -> tuple[str, ...]:
    maker = {place: call.name for call in graph.calls for place in call.outputs}
    return tuple(maker[place] for place in places if place in maker)


def _following(graph: Graph, call: Call, *, trace: Trace, softmax_follows: bool) -> tuple[tuple[Option, ...], ...]:
    number = Option("filter", trace.filter_index)
    found = []
    for other in graph.calls:
        if call.outputs[0] not in other.inputs or other.kind not in RULES:
            continue
        same = (number,) if _size(other) == _size(call) else ()
        place = (Option("at", f"{trace.at[0]},{trace.at[1]}"),) if same and trace.at is not None else ()
        found.append((Option("layer", other.name), *place, *same))
    if softmax_follows and call.outputs[0] in graph.outputs:
        found.append((Option("layer", PROBABILITIES), number))
    return tuple(found)


def _flattened(graph: Graph, call: Call) -> tuple[int, int, int] | None:
    """Back from a dense layer, through what changes no number's place, to the map that was made a vector."""
    maker = {place: each for each in graph.calls for place in each.outputs}
    before = maker.get(call.inputs[0]) if call.kind == "Dense" else None
    while before is not None and before.kind == "Dropout":
        before = maker.get(before.inputs[0])
    if before is None or before.kind != "Flatten" or len(before.input_shapes[0]) != 3:
        return None
    height, width, channels = (int(size or 0) for size in before.input_shapes[0])
    return height, width, channels
