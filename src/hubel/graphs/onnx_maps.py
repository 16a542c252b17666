"""The last feature maps in a compiled graph, and the same graph with these maps as one more output.

No package is needed: messages of the file's format that follow each other are one message, with the outputs of both.

Source: https://protobuf.dev/programming-guides/encoding/#last-one-wins, on messages and repeated fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from hubel.graphs.network_graph import IMAGE, LOGITS
from hubel.graphs.onnx_reader import FLOAT, OnnxContent, OnnxNode, read_onnx
from hubel.graphs.onnx_shapes import BATCH, value_shapes

_FIRST, _LAST = [0, 3, 1, 2], [0, 2, 3, 1]
"""Orders of the axes of a transposition that brings the channels to the first place, or back to the last."""
_MOST_NUMBERS = 2**40
"""No bound: the file was checked when the classifier was loaded."""


@dataclass(frozen=True)
class LastMaps:
    """Maps in a file.

    Args:
        name: of the value.
        channels_first: it is [batch, channels, rows, columns]; else the channels are last.
    """

    name: str
    channels_first: bool


def find_last_maps(data: bytes) -> LastMaps | None:
    """The last value with rows, columns and channels that leads to the logits; None where there is none.

    Args:
        data: a file that Hubel wrote, and that was checked.
    """
    content = read_onnx(data)
    shapes = value_shapes(content, (BATCH, *content.inputs[0].sides[1:]), most_numbers=_MOST_NUMBERS)
    first = _channels_first(content)
    for node in _leading_to_logits(content):
        name = node.outputs[0]
        shape = shapes[name]
        if len(shape) == 4:
            places = shape[2:] if first[name] else shape[1:3]
            if tuple(places) != (1, 1):
                return LastMaps(name, first[name])
    return None


def with_output(data: bytes, name: str) -> bytes:
    """A file with one more output.

    Args:
        data: of the file.
        name: of a value in it, of float32.
    """
    kind = _message(1, _number(1, FLOAT))  # TypeProto: a tensor of float32, of any shape
    port = _message(1, name.encode()) + _message(2, kind)
    return data + _message(7, _message(12, port))  # ModelProto: a graph with an output


def _leading_to_logits(content: OnnxContent) -> list[OnnxNode]:
    """From the end; what only the other outputs need is left out, and so are pixels as numbers."""
    wanted, found = {LOGITS}, []
    for node in reversed(content.nodes):
        if wanted & set(node.outputs):
            wanted |= set(node.inputs)
            if IMAGE not in node.inputs:
                found.append(node)
    return found


def _channels_first(content: OnnxContent) -> dict[str, bool]:
    """Of each value: whether its channels lie before rows and columns; only transpositions change that."""
    found = {IMAGE: False}
    for node in content.nodes:
        order = node.attributes.get("perm")
        before = any(found.get(name, False) for name in node.inputs)
        found[node.outputs[0]] = {tuple(_FIRST): True, tuple(_LAST): False}.get(tuple(order or ()), before)
    return found


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])
