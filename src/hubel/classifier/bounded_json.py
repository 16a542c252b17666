"""JSON of a stranger: its depth and size are checked before it is parsed."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 16
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Possessive, and a text that does not end matches too: no input makes it slow."""
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True)
class JsonBounds:
    """How much a JSON document may hold.

    Args:
        values: numbers, texts, lists and objects, counted by the commas between them.
        containers: lists and objects.
    """

    values: int
    containers: int


def read_bounded_json(data: bytes, bounds: JsonBounds) -> Any:
    """Parse JSON that is small, shallow and has no key twice.

    Args:
        data: UTF-8.
        bounds: how much it may hold; depth is bounded always.

    Raises:
        ValueError: it is too large or too deep, has a key twice or a number that is not finite, or is not JSON.
    """
    if data.count(b",") > bounds.values or data.count(b'"') > 4 * bounds.values:
        raise ValueError(f"it holds more than {bounds.values:,} values")
    brackets = _TEXTS.sub(b"", data).translate(None, delete=_ALL_BUT_BRACKETS)
    if len(brackets) > 2 * bounds.containers:
        raise ValueError(f"it holds more than {bounds.containers:,} lists and objects")
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    return json.loads(
        data.decode("utf-8"), object_pairs_hook=_said_once, parse_float=_finite, parse_constant=_no_number
    )


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{twice[:60]!r} appears twice")
    return document


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")
