"""What can be said against an architecture before any time is spent on training it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hubel.architectures.geometry import CONVOLUTIONS, LOCAL, WINDOWED, Fields, image_size
from hubel.architectures.layer_table import LayerRow, least_macs, total_of, uncounted
from hubel.architectures.walk import Call, Graph
from hubel.errors.wording import Command, Option, Text

MOST_IN_ONE_LAYER = 0.9
IMAGE_AXES = 3


@dataclass(frozen=True)
class NetworkDoubt:
    """One warning.

    Args:
        name: of the check, in `CHECKS`.
        text: what is so, with numbers, and what to do.
    """

    name: str
    text: Text | str


@dataclass(frozen=True)
class MeasuredNetwork:
    """What the checks look at: a walked model, what its values see, and its layer table."""

    graph: Graph
    fields: Mapping[int, Fields]
    rows: Sequence[LayerRow]

    @property
    def of_images(self) -> bool:
        """It takes an image, or two axes that are made one; a table's row, a sequence or a video is none."""
        axes = len(self.graph.image_shape)
        convolved = any(call.kind in (*CONVOLUTIONS, LOCAL) for call in self.graph.calls)
        return axes == IMAGE_AXES or (axes == IMAGE_AXES - 1 and convolved)


def _last_map(subject: MeasuredNetwork) -> tuple[str, Fields] | None:
    """The last map that is pooled or flattened, and which no map follows: who made it, what it sees, if it is known."""
    calls = subject.graph.calls
    made_by = {place: call for call in calls for place in call.outputs}
    shapes = ((call, call.input_shapes[0]) for call in calls if call.input_shapes)
    take_a_map = [call for call, shape in shapes if len(shape) == IMAGE_AXES and _places(shape) > 1]
    if not take_a_map or not any(call.kind in (*CONVOLUTIONS, LOCAL) for call in calls):
        return None
    last = take_a_map[-1]
    place = last.outputs[0] if last.kind in WINDOWED else last.inputs[0]  # one kernel over all
    fields = subject.fields.get(place)
    if _places(last.output_shapes[0]) > 1 or place not in made_by or fields is None:
        return None
    return made_by[place].name, fields


def _places(shape: Sequence[int | None]) -> int:
    """Of a map or a sequence; 1 of a vector."""
    return prod(int(size or 0) for size in shape[:-1])


def _sees_little(subject: MeasuredNetwork) -> Text | str | None:
    found = _last_map(subject)
    if found is None:
        return None
    name, fields = found
    sizes = image_size(subject.graph)
    seen, side = min((field.size, size) for field, size in zip(fields, sizes, strict=True))
    if seen * 2 >= side:
        return None
    return Text(
        f"Each position of the last feature map sees {seen} of {side} pixels ({name}): nothing larger is seen as a "
        "whole before the map is pooled or flattened. Use smaller images (",
        Option("input", f"{seen}x{seen}"),
        "), or more groups with pooling in a .toml file of your own.",
    )


def _misses_the_edge(subject: MeasuredNetwork) -> Text | str | None:
    found = _last_map(subject)
    if found is None:
        return None
    name, fields = found
    for axis, what in enumerate(("rows", "columns")):
        side = image_size(subject.graph)[axis]
        first, last = fields[axis].bounds
        stride = fields[axis].stride
        if stride is not None and (first > 0 or last < side):
            fitting = max(1, round(side / max(1, stride))) * max(1, stride)
            return Text(
                f"The last feature map sees nothing of {first + side - last} of {side} {what} of pixels at the edge "
                f"({name}): pooling drops what is left over. Use a side that {stride} divides, such as {fitting}: ",
                Option("input", f"{fitting}x{fitting}"),
                ".",
            )
    return None


def _map_of_one(subject: MeasuredNetwork) -> Text | str | None:
    worked = [call for call in subject.graph.calls if call.kind in (*CONVOLUTIONS, LOCAL)]
    for call in worked:
        kernel = call.layer.kernel_size
        if tuple(call.input_shapes[0][:2]) == (1, 1) and prod(kernel) > 1:
            return Text(
                f"{call.name} slides a {kernel[0]} x {kernel[1]} kernel over a map of 1 x 1: {prod(kernel) - 1} of its "
                f"{prod(kernel)} taps only ever see padding. Leave that group out, or use larger images: ",
                Option("input"),
                ".",
            )
    return None


def _one_layer_holds_most(subject: MeasuredNetwork) -> Text | str | None:
    dense = next((row for row in subject.rows if row.kind == "Dense" and row.output[:2] == (1, 1)), None)
    total = total_of(subject.rows).parameters
    others = [row for row in subject.rows if row.dense_parameters and row is not dense]
    if not subject.of_images or dense is None or not others or dense.parameters <= MOST_IN_ONE_LAYER * total:
        return None
    cure = Text(
        "A convolution shares its weights over all places: compare with ", Command("anatomy", ("small-cnn",)), "."
    )
    if any(row.kind in (*CONVOLUTIONS, LOCAL) for row in subject.rows):
        cure = Text('End the maps with an average (head = "average" in a .toml file), or pool once more before it.')
    return Text(
        f"The dense layer {dense.name} holds {dense.parameters:,} of all {total:,} parameters "
        f"({dense.parameters / total:.1%}). ",
        cure,
    )


def _unknown_fields(subject: MeasuredNetwork) -> Text | str | None:
    unknown: Call | None = next((call for call in subject.graph.calls if call.outputs[0] not in subject.fields), None)
    if unknown is None or not subject.fields or not subject.of_images:
        return None
    return (
        f"From {unknown.name} on, Hubel does not know what a position sees: it cannot follow a {unknown.kind}. "
        "Sizes and parameters are right."
    )


def _uncounted_work(subject: MeasuredNetwork) -> Text | str | None:
    unknown = uncounted(subject.rows)
    if not unknown:
        return None
    first, more = unknown[0], f", nor for {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
    return (
        f"The work of {first.name} ({first.kind}) is not counted: Hubel has no rule for it{more}. The total is at "
        f"least {least_macs(subject.rows):,} MACs; how many more is not known. Sizes and parameters are right."
    )


CHECKS: dict[str, Callable[[MeasuredNetwork], Text | str | None]] = {
    "sees-little": _sees_little,
    "misses-the-edge": _misses_the_edge,
    "map-of-one": _map_of_one,
    "one-layer-holds-most": _one_layer_holds_most,
    "unknown-fields": _unknown_fields,
    "uncounted-work": _uncounted_work,
}
"""name → check of a `MeasuredNetwork`: a text if it holds."""


def find_doubts(subject: MeasuredNetwork) -> list[NetworkDoubt]:
    """Every warning that holds, in the order of `CHECKS`."""
    found = ((name, check(subject)) for name, check in CHECKS.items())
    return [NetworkDoubt(name, text) for name, text in found if text is not None]
