"""The reader of weights: what the library reads it reads the same, and what lies about its size is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from hubel.classifier.tensors import MAX_HEADER_BYTES, check_finite, read_header, read_tensors

SHAPES = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"),
    st.lists(st.integers(1, 4), max_size=4),
    max_size=5,
)


def read(path: Path, data: bytes) -> dict[str, np.ndarray]:
    path.write_bytes(data)
    with path.open("rb") as file:
        tensors, digest = read_tensors(file, read_header(file, len(data)))
    assert digest == hashlib.sha256(data).hexdigest()
    return tensors


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tensors") / "weights.safetensors"


@settings(max_examples=50)
@given(SHAPES, st.integers(0, 9))
def test_a_file_is_read_as_the_library_reads_it(path: Path, shapes: dict[str, list[int]], seed: int):
    rng = np.random.default_rng(seed)
    weights = {name: rng.standard_normal(shape).astype(np.float32).reshape(shape) for name, shape in shapes.items()}
    data = save(weights)
    ours, library = read(path, data), load(data)
    assert set(ours) == set(library)
    for name, tensor in library.items():
        np.testing.assert_array_equal(ours[name], tensor)
        assert ours[name].dtype == np.float32


def made(header: object, payload: bytes = b"\0" * 8, *, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + payload


def entry(shape: object = (2,), offsets: object = (0, 8), dtype: object = "F32", **more: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "header claims"),
        (b"\1\0\0", "header claims"),
        (made({}, length=2**63), "header claims 9,223,"),
        (made({}, b" " * (MAX_HEADER_BYTES + 100), length=MAX_HEADER_BYTES + 1), "header claims 1,000,001"),
        (made(b"[]"), "not a list of at most"),
        (made(b" {}"), "not a list of at most"),
        (made(b"{" + b'"a":{},' * 100_000 + b'"b":{}}'), "more than"),
        (made(b"[" * 1000), "nested deeper"),
        (made(b'{"a": {}, "a": {}}'), "'a' appears twice"),
        (made({"__metadata__": {"format": "pt"}}), "__metadata__.*has no place in the file"),
        (made({"a": entry(dtype="F64")}), "'a' is F64; only float32"),
        (made({"a": entry(dtype="BF16")}), "'a' is BF16"),
        (made({"a": entry(dtype=["F32"])}), "'a' is"),
        (made({"a": entry(code="import os")}), "'a' is F32"),
        (made({"a": entry(shape=[-2])}), "'a' has the impossible shape"),
        (made({"a": entry(shape=[0])}), "'a' has the impossible shape"),
        (made({"a": entry(shape=[True, 2])}), "'a' has the impossible shape"),
        (made({"a": entry(shape=[2.0])}), "'a' has the impossible shape"),
        (made({"a": entry(shape=[1] * 7)}), "'a' has the impossible shape"),
        (made({"a": entry(shape=[2**31 - 1] * 6)}), "'a' of shape .* does not lie"),
        (made({"a": entry(shape=[3])}), "'a' of shape .* does not lie"),
        (made({"a": entry(offsets=[0, 8, 9])}), "'a' of shape .* does not lie"),
        (made({"a": entry(offsets=["0", 8])}), "'a' lies at '0'"),
        (made({"a": entry(offsets=[4, 12])}, b"\0" * 12), "'a' of shape .* does not lie"),
        (made({"a": entry(), "b": entry()}), "'b' of shape .* does not lie"),
        (made({"a": entry(), "b": entry(offsets=[4, 12])}, b"\0" * 12), "'b' of shape .* does not lie"),
        (made({"a": entry()}, b"\0" * 7), "tensors take 8 bytes; the file has 7"),
        (made({"a": entry()}, b"\0" * 9), "tensors take 8 bytes; the file has 9"),
        (made({}, b"secret"), "tensors take 0 bytes"),
    ],
)
def test_a_file_that_lies_is_refused(path: Path, data: bytes, words: str):
    with pytest.raises(ValueError, match=words):
        read(path, data)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_no_number_is_named_by_its_tensor(value: float):
    with pytest.raises(ValueError, match="'b' holds values that are not finite numbers"):
        check_finite({"a": np.zeros(3, np.float32), "b": np.array([0, value], np.float32)})
