"""``tf.train.Example`` without TensorFlow: the features of one record, from its protocol-buffer bytes.

Source: tensorflow/core/example/feature.proto; encoding: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

MOST_FEATURES = 10_000
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_KINDS = {1: "bytes", 2: "float", 3: "int64"}
"""Field of a Feature → what its list holds."""


class Feature(NamedTuple):
    """A list of values, of which one is enough for an image with a label.

    Args:
        kind: ``"bytes"``, ``"float"`` or ``"int64"``.
        count: how many values; 2 stands for any number above 1.
        value: the first one; None for floats and empty lists.
    """

    kind: str
    count: int
    value: bytes | int | None


def read_features(data: bytes) -> dict[str, Feature]:
    """Name → feature; nothing is copied but the first value of each.

    Raises:
        ValueError: these bytes are no Example.
    """
    features: dict[str, Feature] = {}
    for message in _parts(memoryview(data)):
        for entry in _parts(message):
            name, feature = _entry(entry)
            features[name] = feature
            if len(features) > MOST_FEATURES:
                raise ValueError(f"it has more than {MOST_FEATURES:,} features")
    if not features:
        raise ValueError("it has no features")
    return features


def _entry(view: memoryview) -> tuple[str, Feature]:
    name, feature = "", Feature("bytes", 0, None)
    for number, body in _fields(view):
        if number == 1 and isinstance(body, memoryview):
            name = bytes(body).decode("utf-8")
        elif number == 2 and isinstance(body, memoryview):
            feature = _feature(body)
    return name, feature


def _feature(view: memoryview) -> Feature:
    for number, body in _fields(view):
        kind = _KINDS.get(number)
        if kind is None or not isinstance(body, memoryview):
            continue
        if kind == "float":
            return Feature(kind, min(2, len(body) // 4), None)
        values = map(bytes, _parts(body)) if kind == "bytes" else _int_values(body)
        first = next(values, None)
        more = first is not None and next(values, None) is not None
        return Feature(kind, 0 if first is None else 1 + more, first)
    return Feature("bytes", 0, None)


def _parts(view: memoryview) -> Iterator[memoryview]:
    """What the first field of a message holds, as often as it stands there, where that is bytes."""
    return (body for number, body in _fields(view) if number == 1 and isinstance(body, memoryview))


def _int_values(view: memoryview) -> Iterator[int]:
    """Packed, as TensorFlow writes them, or one by one."""
    for number, body in _fields(view):
        if number != 1:
            continue
        if isinstance(body, int):
            yield _signed(body)
            continue
        place = 0
        while place < len(body):
            value, place = _varint(body, place)
            yield _signed(value)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _fields(view: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """(number, value) of each field of a message; those of fixed width are skipped."""
    place = 0
    while place < len(view):
        key, place = _varint(view, place)
        wire = key & 7
        if wire == _VARINT:
            value, place = _varint(view, place)
            yield key >> 3, value
            continue
        if wire == _BYTES:
            size, place = _varint(view, place)
        elif wire in (_FIXED_64, _FIXED_32):
            size = 8 if wire == _FIXED_64 else 4
        else:
            raise ValueError(f"a field has the unknown wire type {wire}")
        if size > len(view) - place:
            raise ValueError("a field goes on after the end of its message")
        if wire == _BYTES:
            yield key >> 3, view[place : place + size]
        place += size


def _varint(view: memoryview, place: int) -> tuple[int, int]:
    """A number of up to 64 bits, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(view):
            raise ValueError("a number goes on after the end of its message")
        byte = view[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & ((1 << 64) - 1), place
    raise ValueError("a number has more than 10 bytes")
