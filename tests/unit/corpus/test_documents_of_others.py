"""Documents, tables and streams of other programs that hold no images: each is refused by name, with what to do."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.corpus.formats import coco, idx
from hubel.corpus.formats.json_documents import begins_with, mentions, read_json, text_of
from hubel.corpus.formats.json_rows import ROWS_FOR_NAMES, read_json_names, read_json_rows
from hubel.errors import UnusableCorpus
from hubel.events import ignore


def written(folder: Path, content: str | bytes, name: str = "list.json") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_document_is_read_with_and_without_a_byte_order_mark(tmp_path: Path):
    for start in (b"", b"\xef\xbb\xbf"):
        assert read_json(written(tmp_path, start + b'{"a": [1, null, "\xc3\xa4"]}')) == {"a": [1, None, "ä"]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is damaged: it is not JSON (Expecting property name"),
        ("", "is damaged: it is not JSON"),
        (b"\xff\xfe{}", "is damaged: it is not JSON ('utf-8' codec"),
        ("[" * 100_000, "is nested too deeply for a list of images: export it again."),
    ],
)
def test_a_document_that_cannot_be_read_is_named(content: str | bytes, said: str, tmp_path: Path):
    path = written(tmp_path, content)
    with pytest.raises(UnusableCorpus) as refused:
        read_json(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)
    with pytest.raises(
        UnusableCorpus, match=r"cannot be read \(No such file or directory\): give a file that this user"
    ):
        read_json(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"), ("", ""), (1, "1"), (1.5, "1.5"), (1e20, "1e+20"), (True, "True"), (["a"], "a"), ([["a"]], "a"),
        (None, None), (float("nan"), None), ([], None), (["a", "b"], None), ({"a": 1}, None),
    ],
)  # fmt: skip
def test_numbers_and_texts_are_text_and_everything_else_is_an_empty_cell(value: object, text: str | None):
    assert text_of(value) == text


@given(st.floats(allow_nan=False) | st.integers() | st.text())
def test_a_cell_is_what_python_would_write(value: float | str):
    assert text_of(value) == str(value)


def test_the_first_character_decides_and_white_space_does_not(tmp_path: Path):
    assert begins_with(written(tmp_path, b"\xef\xbb\xbf \n\t{"), "{")
    assert not begins_with(written(tmp_path, "[1]"), "{")
    assert not begins_with(written(tmp_path, "{", "list.txt"), "{")
    assert not begins_with(tmp_path / "gone.json", "{")


def test_keys_are_found_wherever_they_are_also_across_blocks(tmp_path: Path):
    block = 1 << 20
    text = '{"images" : [' + " " * (block - 20) + '], "categories": 1}'
    assert text.index('"categories"') < block < text.index('"categories"') + 40
    path = written(tmp_path, text)
    assert mentions(path, "images", "categories")
    assert not mentions(path, "images", "annotations")
    assert not mentions(written(tmp_path, '["images", "categories"]'), "images")  # words, not keys
    assert not mentions(tmp_path / "gone.json", "images")


def test_columns_are_the_keys_of_all_first_objects(tmp_path: Path):
    lines = [{"path": "1.jpg"}, {"path": "2.jpg", "label": "cat"}, {"split": None}]
    path = written(tmp_path, "\n".join(map(json.dumps, lines)), "list.jsonl")
    assert read_json_names(path) == ("path", "label", "split")
    many = [{"path": "x"}] * (ROWS_FOR_NAMES + 2) + [{"late": 1}]
    assert read_json_names(written(tmp_path, json.dumps(many))) == ("path",)


def test_each_object_gives_its_values_and_a_fault_has_its_line(tmp_path: Path):
    text = '{"path": "1.jpg", "label": ["cat"]}\n\n{"path": 2, "label": ["cat", "dog"]}\nnot json\n[1]\n{"other": 1}\n'
    rows = list(read_json_rows(written(tmp_path, text, "list.jsonl"), ("path", "label")))
    assert [(row.number, row.cells, row.code) for row in rows] == [
        (1, ("1.jpg", "cat"), ""), (3, ("2", None), "several-labels"), (4, (None, None), "not-an-object"),
        (5, (None, None), "not-an-object"), (6, (None, None), ""),
    ]  # fmt: skip
    assert rows[1].reason == "its 'label' holds 2 values: an image has one label. Keep one of them"
    assert rows[2].reason.startswith("it is not JSON (Expecting value")
    assert rows[3].reason.startswith("it is not a JSON object: write one such as")


def test_an_array_counts_its_entries(tmp_path: Path):
    rows = list(read_json_rows(written(tmp_path, '[{"path": "a"}, 3, {"path": "b"}]'), ("path",)))
    assert [(row.number, row.cells[0], row.code) for row in rows] == [
        (1, "a", ""),
        (2, None, "not-an-object"),
        (3, "b", ""),
    ]
    (row,) = read_json_rows(written(tmp_path, "[" * 50_000, "deep.jsonl"), ("path",))
    assert row.reason.startswith("it is not JSON (")


@pytest.mark.parametrize("content", ["[]", "[1, 2]", '"text"'])
def test_a_list_without_an_object_says_what_a_line_is(content: str, tmp_path: Path):
    with pytest.raises(UnusableCorpus, match='holds no JSON object. Each line must be one, such as {"path": "1.jpg"'):
        read_json_names(written(tmp_path, content))


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
def test_a_coco_document_whose_part_is_no_list_is_named(key: str, tmp_path: Path):
    document = {"images": [], "annotations": [], "categories": [], key: {}}
    path = written(tmp_path, json.dumps(document))
    assert coco.matches(path)
    with pytest.raises(UnusableCorpus, match=f"is not in COCO form: its '{key}' is no list. Export it again as COCO."):
        coco.read(path, ignore)


def idx_file(*shape: int, kind: int = 8, data: bytes | None = None) -> bytes:
    size = int(np.prod(shape))
    return (
        bytes([0, 0, kind, len(shape)])
        + struct.pack(f">{len(shape)}I", *shape)
        + (bytes(size) if data is None else data)
    )


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (idx_file(3, 4, 4), idx_file(2), "holds 3 images, but train-labels-idx1-ubyte 2 labels: they do not belong together."),
        (b"PK\3\4", idx_file(3), "is not an IDX file: it begins with 50 4b 03 04, not with 00 00 08."),
        (b"", idx_file(3), "is not an IDX file: it begins with nothing"),
        (idx_file(3, 4, 4, kind=0x0D), idx_file(3), "holds numbers of type 0x0d; Hubel reads bytes (0x08): convert it."),
        (idx_file(3), idx_file(3), "has 1 axes, not 3"),
        (idx_file(3, 4, 4)[:9], idx_file(3), "ends within its header"),
        (idx_file(0, 4, 4), idx_file(0), "holds nothing: its header says 0 x 4 x 4."),
        (idx_file(3, 4, 4, data=b"x"), idx_file(3), "is cut off or damaged: its header says 48 bytes, more than the file can hold."),
        (idx_file(3, 4, 4, data=bytes(49)), idx_file(3), "its header says 3 x 4 x 4 = 48 bytes, and it has more after the header."),
    ],
)  # fmt: skip
def test_a_damaged_idx_file_is_named_with_what_its_header_says(images: bytes, labels: bytes, said: str, tmp_path: Path):
    written(tmp_path, images, "train-images-idx3-ubyte")
    written(tmp_path, labels, "train-labels-idx1-ubyte")
    with pytest.raises(UnusableCorpus) as refused:
        idx.read(tmp_path, ignore)
    assert said in str(refused.value)
    assert "train-images-idx3-ubyte" in str(refused.value)


def test_images_without_their_labels_say_which_file_is_missing(tmp_path: Path):
    written(tmp_path, idx_file(3, 4, 4), "train-images-idx3-ubyte")
    with pytest.raises(UnusableCorpus, match="has no labels: train-labels-idx1-ubyte is not beside it. Copy it there."):
        idx.read(tmp_path, ignore)
