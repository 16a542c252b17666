"""An ONNX file → what stands in it. A field that Hubel does not write is refused, so that nothing is hidden in one.

Files are read here, not by a library: the fields are few, numbers stay where they lie, and no package is needed.

Source: the format, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, and how its messages are written,
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_NODES, MOST_TENSORS, MOST_LETTERS, MOST_DIMENSIONS = 4096, 8192, 300, 6
FLOAT, UINT8, INT64 = 1, 2, 7
"""Types of numbers, as ONNX counts them."""
_VARINT, _BYTES, _FOUR_BYTES = 0, 2, 5

_DIMENSION = {1: ("value", "int"), 2: ("name", "text")}
_PORT = {
    1: ("name", "text"),
    2: ("type", {1: ("tensor", {1: ("numbers", "int"), 2: ("shape", {1: ("sides", [_DIMENSION])})})}),
}
_TENSOR = {1: ("sides", ["int"]), 2: ("numbers", "int"), 8: ("name", "text"), 9: ("raw", "bytes")}
_ATTRIBUTE = {
    1: ("name", "text"), 2: ("float", "float"), 3: ("int", "int"), 7: ("floats", ["float"]), 8: ("ints", ["int"]),
    20: ("type", "int"),
}  # fmt: skip
_NODE = {
    1: ("inputs", ["text"]),
    2: ("outputs", ["text"]),
    3: ("name", "text"),
    4: ("kind", "text"),
    5: ("attributes", [_ATTRIBUTE]),
}
_GRAPH = {
    1: ("nodes", [_NODE]),
    2: ("name", "text"),
    5: ("tensors", [_TENSOR]),
    11: ("inputs", [_PORT]),
    12: ("outputs", [_PORT]),
}
_OPSET = {1: ("domain", "text"), 2: ("version", "int")}
_MODEL = {1: ("ir_version", "int"), 2: ("producer", "text"), 7: ("graph", _GRAPH), 8: ("opsets", [_OPSET])}
"""Number of a field → its name and what it holds: a kind of value, the fields of a message, or a list of either. What
is not here is refused: subgraphs, functions, external data, training, metadata, and weights in other forms."""


@dataclass(frozen=True)
class OnnxTensor:
    """A constant of the file.

    Args:
        name: of the value.
        numbers: `FLOAT` or `INT64`.
        shape: of it.
        raw: its numbers as they lie in the file.
    """

    name: str
    numbers: int
    shape: tuple[int, ...]
    raw: memoryview

    def values(self) -> np.ndarray:
        """float32 or int64 [...], without a copy."""
        return np.frombuffer(self.raw, "<f4" if self.numbers == FLOAT else "<i8").reshape(self.shape)


@dataclass(frozen=True)
class OnnxNode:
    """An operation of the file; names are those of values."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class OnnxPort:
    """An input or output: the type of its numbers, and its sides, of which the batch has a name."""

    name: str
    numbers: int
    sides: tuple[int | str, ...]


@dataclass(frozen=True)
class OnnxContent:
    """All of a file."""

    ir_version: int
    opsets: tuple[tuple[str, int], ...]
    nodes: tuple[OnnxNode, ...]
    tensors: dict[str, OnnxTensor]
    inputs: tuple[OnnxPort, ...]
    outputs: tuple[OnnxPort, ...]


def read_onnx(data: bytes) -> OnnxContent:
    """Read a file.

    Args:
        data: its bytes, whose number is bounded already; the tensors keep them alive.

    Raises:
        ValueError: it is cut off, holds what Hubel does not write, or more than is allowed.
    """
    model = _read(memoryview(data), _MODEL, what="the file")
    graph = model.get("graph", {})
    tensors = [_tensor(each) for each in _few(graph, "tensors", most=MOST_TENSORS)]
    named = {each.name: each for each in tensors}
    if len(named) != len(tensors):
        raise ValueError("two tensors have one name")
    return OnnxContent(
        model.get("ir_version", 0),
        tuple((each.get("domain", ""), each.get("version", 0)) for each in model.get("opsets", [])),
        tuple(_node(each) for each in _few(graph, "nodes", most=MOST_NODES)),
        named,
        tuple(_port(each) for each in _few(graph, "inputs", most=1)),
        tuple(_port(each) for each in _few(graph, "outputs", most=3)),
    )


def _few(graph: dict[str, Any], name: str, *, most: int) -> list[Any]:
    found = graph.get(name, [])
    if len(found) > most:
        raise ValueError(f"it has {len(found):,} {name}; {most:,} are allowed")
    return found


def _node(read: dict[str, Any]) -> OnnxNode:
    attributes = {}
    for each in read.get("attributes", []):
        name = each.get("name", "")
        values = [each[kind] for kind in ("float", "int", "floats", "ints") if kind in each]
        if len(values) != 1 or name in attributes:
            raise ValueError(f"attribute {name!r} of {read.get('name', '')!r} has no value, or two")
        attributes[name] = values[0]
    inputs, outputs = tuple(read.get("inputs", ())), tuple(read.get("outputs", ()))
    return OnnxNode(read.get("name", ""), read.get("kind", ""), inputs, outputs, attributes)


def _tensor(read: dict[str, Any]) -> OnnxTensor:
    name, numbers, shape = read.get("name", ""), read.get("numbers", 0), tuple(read.get("sides", ()))
    if numbers not in (FLOAT, INT64):
        raise ValueError(f"tensor {name!r} has numbers of type {numbers}; only float32 and int64 are allowed")
    if len(shape) > MOST_DIMENSIONS or not all(1 <= side < 2**31 for side in shape):
        raise ValueError(f"tensor {name!r} has the impossible shape {str(shape)[:60]}")
    size = 4 if numbers == FLOAT else 8
    for side in shape:
        size *= side
    raw = read.get("raw", memoryview(b""))
    if len(raw) != size:
        raise ValueError(f"tensor {name!r} of shape {list(shape)} has {len(raw):,} bytes, not {size:,}")
    return OnnxTensor(name, numbers, shape, raw)


def _port(read: dict[str, Any]) -> OnnxPort:
    tensor = read.get("type", {}).get("tensor", {})
    sides = tensor.get("shape", {}).get("sides", [])
    return OnnxPort(
        read.get("name", ""), tensor.get("numbers", 0), tuple(each.get("value", each.get("name", "")) for each in sides)
    )


def _read(data: memoryview, fields: dict[int, Any], *, what: str) -> dict[str, Any]:
    """The fields of a message by their names."""
    found: dict[str, Any] = {}
    for number, wire, value in _wire(data):
        if number not in fields:
            raise ValueError(f"{what} has a field {number}, which Hubel does not write")
        name, kind = fields[number]
        several = isinstance(kind, list)
        made = _value(wire, value, kind[0] if several else kind, what=name)
        if several:
            found.setdefault(name, []).append(made)
        elif name in found:
            raise ValueError(f"{what} has its {name} twice")
        else:
            found[name] = made
    return found


def _value(wire: int, value: Any, kind: Any, *, what: str) -> Any:
    if isinstance(kind, dict) and wire == _BYTES:
        return _read(value, kind, what=what)
    if kind == "bytes" and wire == _BYTES:
        return value
    if kind == "text" and wire == _BYTES and len(value) <= MOST_LETTERS:
        return bytes(value).decode("utf-8")
    if kind == "int" and wire == _VARINT:
        return value - 2**64 if value >= 2**63 else value
    if kind == "float" and wire == _FOUR_BYTES:
        return struct.unpack("<f", value)[0]
    raise ValueError(f"its {what} is written in a form that Hubel does not write, or too long")


def _wire(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number of a field, how it is written, and its value."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(data, place)
        elif wire in (_BYTES, _FOUR_BYTES):
            length, place = _varint(data, place) if wire == _BYTES else (4, place)
            value, place = data[place : place + length], place + length
            if place > len(data):
                raise ValueError("it is cut off")
        else:
            raise ValueError(f"field {number} is written in a form that Hubel does not write")
        yield number, wire, value


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 70:
        byte = data[place]
        value |= (byte & 127) << shift
        place += 1
        shift += 7
        if byte < 128:
            return value, place
    raise ValueError("it is cut off, or a number has no end")
