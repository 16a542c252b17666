"""JSON of a stranger is counted before it is parsed."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.classifier.manifest import MAX_DEPTH, JsonBounds, read_bounded_json

BOUNDS = JsonBounds(values=1000, containers=100)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=20,
)


@given(PLAIN)
def test_what_is_small_and_shallow_is_read_as_pythons_own_reader_does(document: object):
    data = json.dumps(document).encode()
    try:
        assert read_bounded_json(data, BOUNDS) == json.loads(data)
    except ValueError as error:
        assert "nested deeper" in str(error)
        assert data.count(b"[") + data.count(b"{") > MAX_DEPTH


@given(st.binary(max_size=40))
def test_any_bytes_are_read_as_by_pythons_own_reader_or_refused(data: bytes):
    try:
        expected = json.loads(data.decode())
    except ValueError:
        with pytest.raises(ValueError, match="."):
            read_bounded_json(data, BOUNDS)
    else:
        try:
            assert read_bounded_json(data, BOUNDS) == expected
        except ValueError as error:
            assert "no number" in str(error) or "too large" in str(error) or "twice" in str(error)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_depth_is_counted_outside_of_texts():
    assert read_bounded_json(nested(MAX_DEPTH), BOUNDS)
    with pytest.raises(ValueError, match="nested deeper than 16 levels"):
        read_bounded_json(nested(MAX_DEPTH + 1), BOUNDS)
    assert read_bounded_json(json.dumps(["[" * 500, "\\", '"[{' * 50]).encode(), BOUNDS)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (nested(1000), "more than 100 lists"),
        (b"[" * 100_000, "more than 100 lists"),
        (b"[" + b"1," * 2000 + b"1]", "more than 1,000 values"),
        (b'{"a": 1, "b": 2, "a": 3}', "'a' appears twice"),
        (b'{"a": NaN}', "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[1e400]", "1e400 is too large"),
        (b"[" + b"9" * 5000 + b"]", "digits"),
        (b'{"a', "Unterminated"),
        (b"\xff", "utf-8"),
        (b"", "Expecting value"),
    ],
)
def test_what_is_too_much_or_said_twice_is_refused(data: bytes, words: str):
    with pytest.raises(ValueError, match=words):
        read_bounded_json(data, BOUNDS)


@pytest.mark.parametrize("piece", [b'"', b'\\"', b'"\\', b"[", b"{", b'{"a":', b',"', b"\\", b"1"])
def test_no_input_takes_long(piece: bytes):
    data = b'"' + piece * (8_000_000 // len(piece))
    started = time.process_time()
    with pytest.raises(ValueError, match="."):
        read_bounded_json(data, JsonBounds(values=10_000_000, containers=5_000_000))
    assert time.process_time() - started < 5  # of this process: others run beside it
