"""Manifests: which rows of a CSV, TSV or Parquet file are examples, and what is said about the others."""

import csv
import io
import os
import re
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.conftest import write_image
from tests.unit.corpus.listed import typed

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import manifest
from hubel.errors import HubelError, UnusableCorpus
from hubel.events import Event, Progress, ignore

PIXELS = np.zeros((4, 4, 3), np.uint8)
IMAGES = ["a.jpg", "b.jpg", "cats/c.jpg", "cats/d.jpg", "deep/er/e.jpg", "ü ñ/f,g;h.jpg"]
in_one_folder = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in IMAGES:
        write_image(tmp_path / "corpus" / path, PIXELS)
    return tmp_path / "corpus"


def read(folder: Path, text: str | bytes, name: str = "list.csv") -> Corpus:
    data = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(data)
    assert manifest.matches(folder / name)
    return manifest.read(folder / name, ignore)


def read_table(folder: Path, columns: dict[str, Any]) -> Corpus:
    pq.write_table(pa.table(columns), folder / "list.parquet")
    assert manifest.matches(folder / "list.parquet")
    return manifest.read(folder / "list.parquet", ignore)


def classes(corpus: Corpus) -> dict[str, str]:
    return {each.path: corpus.class_names[each.label] for each in corpus.examples}


def left_out(corpus: Corpus) -> list[tuple[str, str]]:
    return [(row.path, f"{row.status} {row.code}") for row in corpus.left_out]


def reasons(corpus: Corpus) -> str:
    return "\n".join(row.reason for row in corpus.left_out)


def test_a_manifest_gives_paths_class_names_splits_and_groups(folder: Path):
    corpus = read(
        folder,
        "Patient,File,Split,Class,age\np1,a.jpg,train,cat,7\np1,b.jpg,VAL,dog,8\n,cats/c.jpg,testing,cat,9\n"
        "p2,cats/d.jpg,,dog,1\n",
    )
    assert [(each.path, each.split, each.group) for each in corpus.examples] == [
        ("a.jpg", "train", "p1"),
        ("b.jpg", "validation", "p1"),
        ("cats/c.jpg", "test", None),
        ("cats/d.jpg", None, "p2"),
    ]
    assert classes(corpus) == {"a.jpg": "cat", "b.jpg": "dog", "cats/c.jpg": "cat", "cats/d.jpg": "dog"}
    assert (corpus.format, corpus.location) == ("manifest", str(folder / "list.csv"))
    assert corpus.notes == ("Examples with the same 'Patient' stay on one side of a split.",)
    content = corpus.read(2)
    assert content == (folder / "cats/c.jpg").read_bytes()


@pytest.mark.parametrize("word", ["path", "file", "FILENAME", "file_name", "filepath", "image", " Image_Path", "img"])
def test_the_path_column_has_one_of_its_usual_names_in_any_case(folder: Path, word: str):
    assert classes(read(folder, f"{word},label\na.jpg,cat\n")) == {"a.jpg": "cat"}


def test_where_two_columns_could_be_meant_it_is_said_which_was_taken(folder: Path):
    corpus = read(folder, "category,label,image,path\nfur,cat,x.jpg,a.jpg\nfin,cod,y.jpg,b.jpg\n")
    assert classes(corpus) == {"a.jpg": "cat", "b.jpg": "cod"}
    assert tuple(map(typed, corpus.notes)) == (
        "The paths are read from column 'path', not from 'image'. To choose: --path-column NAME",
        "The labels are read from column 'label', not from 'category'. To choose: --label-column NAME",
    )


def test_two_columns_of_one_name_are_refused(folder: Path):
    with pytest.raises(UnusableCorpus, match="two columns called 'label': rename or remove one"):
        read(folder, "path,label,label\na.jpg,cat,dog\n")


LABELS = ["01", "1", "1.0", "NA", "null", "True", '=HYPERLINK("http://x.invalid","cat")', " cat", "dog", "é\r\nü", '"']


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_labels_stay_text_in_every_encoding_and_with_every_delimiter(folder: Path, delimiter: str, encoding: str):
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([["label", "file"], *([label, f"{place}.jpg"] for place, label in enumerate(LABELS))])
    for place in range(len(LABELS)):
        (folder / f"{place}.jpg").touch()
    start = b"\xfe\xff" if encoding == "utf-16-be" else b""
    corpus = read(folder, start + written.getvalue().encode(encoding))
    assert classes(corpus) == {f"{place}.jpg": label for place, label in enumerate(LABELS)}
    assert corpus.notes == ()


TEXT = st.text(st.characters(exclude_characters="\0\ufffd", exclude_categories=["Cs"]), min_size=1, max_size=30)


@in_one_folder
@given(
    labels=st.lists(TEXT.filter(lambda text: bool(text.strip())), min_size=1, max_size=len(IMAGES), unique=True),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)
@example(labels=['a\n\n"b"\r\n', '\n"', '","'], delimiter=",", encoding="utf-8", quoting=csv.QUOTE_MINIMAL)
def test_what_pythons_writer_writes_is_read_back(
    folder: Path, labels: list[str], delimiter: str, encoding: str, quoting: Any
):
    assume(all(label == label.strip(" ") for label in labels))  # spaces and several labels have tests of their own
    assume(not any(part in labels for label in labels for part in re.split("[ ,;|]", label) if part != label))
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, quoting=quoting)
    writer.writerows([["path", "label"], *zip(IMAGES, labels, strict=False)])
    corpus = read(folder, written.getvalue().encode(encoding))
    assert classes(corpus) == dict(zip(IMAGES, labels, strict=False))
    assert corpus.left_out == ()


@in_one_folder
@given(st.binary(max_size=400))
def test_no_bytes_make_anything_but_a_corpus_or_a_named_error(folder: Path, data: bytes):
    (folder / "list.csv").write_bytes(b"path,label\na.jpg,cat\n" + data)
    try:
        corpus = manifest.read(folder / "list.csv", ignore)
    except HubelError as error:
        assert "list.csv" in str(error)
    else:
        counts = corpus.intake_counts
        assert counts["found"] == counts["read"] + counts["refused"] + counts["ignored"] >= 1
        assert all(row.code and row.reason.startswith("line ") for row in corpus.left_out)


BAD_LINES = {
    '"cats/d.jpg,dog': ("list.csv:3", "unclosed-quote", "line 3: it opens a quote that is not closed: close it"),
    'cats/d.jpg,"dog': ("cats/d.jpg", "unclosed-quote", "line 3: it opens a quote that is not closed: close it"),
    '"cats"/d.jpg,dog': ("list.csv:3", "bad-quote", "line 3: there is a quote inside of a quoted cell: write it twice"),
    "cats/d.jpg": ("cats/d.jpg", "missing-cells", "line 3: it has 1 of the 2 cells that the header names"),
    "cats/d.jpg,dog,x": ("cats/d.jpg", "extra-cells", "line 3: it has 3 cells, the header names 2"),
    "cats/d.jpg,": ("cats/d.jpg", "no-label", "line 3: it has no label: write one"),
    "cats/d.jpg,  \t ": ("cats/d.jpg", "no-label", "line 3: it has no label: write one"),
    ",dog": ("list.csv:3", "no-path", "line 3: it names no file: write its path"),
    "cats/d.jpg,do\0g": ("cats/d.jpg", "nul", "line 3: it holds a NUL character: remove it"),
    "cats/\0d.jpg,dog": ("list.csv:3", "nul", "line 3: it holds a NUL character: remove it"),
    f"cats/d.jpg,{'x' * 70_000}": ("cats/d.jpg", "cell-too-long", "line 3: a cell has more than 65,536 characters"),
    f"cats/d.jpg,{'x' * 140_000}": ("list.csv:3", "cell-too-long", "line 3: a cell has more than 65,536 characters"),
    f"{'x' * 70_000},dog": ("list.csv:3", "cell-too-long", "line 3: a cell has more than 65,536 characters"),
    "x" * 1_000_001: ("list.csv:3", "line-too-long", "line 3: it has more than 1,000,000 characters: shorten it"),
    "x," * 1500: ("x", "extra-cells", "line 3: it has 1501 cells, the header names 2"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: repr(line[:20]))
def test_a_bad_line_costs_only_itself_and_says_what_to_do(folder: Path, line: str, end: str):
    path, code, reason = BAD_LINES[line]
    corpus = read(folder, end.join(["file,label", "a.jpg,cat", line, "b.jpg,dog", "cats/c.jpg,cat"]))
    assert classes(corpus) == {"a.jpg": "cat", "b.jpg": "dog", "cats/c.jpg": "cat"}
    assert left_out(corpus) == [(path, f"refused {code}")]
    assert reason in reasons(corpus)


def test_rows_of_empty_cells_are_ignored_and_empty_lines_are_no_rows(folder: Path):
    corpus = read(folder, "\n\nfile,label\n\na.jpg,cat\n,\n\r\n , ,\n\n")
    assert classes(corpus) == {"a.jpg": "cat"}
    assert left_out(corpus) == [("list.csv:6", "ignored blank-row"), ("list.csv:8", "ignored blank-row")]


def test_a_quoted_label_may_go_over_several_lines_and_lines_are_still_counted(folder: Path):
    corpus = read(folder, 'file,label\na.jpg,"two\n\nlines"\nb.jpg\n')
    assert classes(corpus) == {"a.jpg": "two\n\nlines"}
    assert "line 5: it has 1 of the 2 cells" in reasons(corpus)


def test_an_open_quote_is_not_followed_for_ever(folder: Path):
    many = "".join('a.jpg,"x\n' + "b.jpg,cat\n" * 150 for _ in range(3))
    corpus = read(folder, f"file,label\n{many}")
    assert {code for _, code in left_out(corpus)} == {"refused unclosed-quote", "ignored listed-twice"}
    assert corpus.intake_counts == {"found": 453, "read": 1, "refused": 3, "ignored": 449}


def test_what_is_not_utf8_is_read_as_windows_1252_and_that_is_said(folder: Path):
    corpus = read(folder, b"file,label\na.jpg,Caf\xe9\nb.jpg,x\x81y\n")
    assert classes(corpus) == {"a.jpg": "Café"}
    assert corpus.notes == ("list.csv is not UTF-8: it is read as Windows-1252. Save it as UTF-8 if names look wrong.",)
    assert left_out(corpus) == [("b.jpg", "refused not-text")]  # 0x81 is nothing in Windows-1252
    assert "line 3: it has bytes that are not text in this encoding: save the manifest as UTF-8" in reasons(corpus)


def test_a_line_of_twenty_megabytes_is_never_held(folder: Path):
    (folder / "list.csv").write_bytes(b"file,label\n" + b"x" * 20_000_000 + b"\na.jpg,cat\n")
    manifest.read(folder / "list.csv", ignore)
    tracemalloc.start()
    corpus = manifest.read(folder / "list.csv", ignore)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert classes(corpus) == {"a.jpg": "cat"}
    assert peak < 12_000_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cats/a.jpg,cat\n", r"begins with 'cats/a.jpg,cat', which is not a header.*that row is an image already, put"),
        (
            "file,kind,age\na.jpg,cat,7\n",
            "paths are in 'file'; it is not clear which column holds the labels. Name it: label_column=NAME",
        ),
        ("", "is empty: write path,label into its first line"),
        ("\n\n", "is empty"),
        ("file,label\n", "has a header, but lists no file: add a row for each image"),
        ("file,label\n,\n", "has a header, but lists no file"),
        ("file,label" + ",x" * 1000, "which is not a header"),
    ],
)
def test_a_file_without_header_or_rows_says_what_to_add(folder: Path, text: str, words: str):
    with pytest.raises(UnusableCorpus, match=words):
        read(folder, text)


OUTSIDE = {
    "../secret.jpg": (
        "outside",
        "leaves the folder of the list: copy the image into it, or name the folder that holds the images",
    ),
    "cats/../../secret.jpg": ("outside", "leaves the folder of the list"),
    "..\\secret.jpg": ("outside", "leaves the folder of the list"),
    "..": ("outside", "leaves the folder of the list"),
    "/etc/hostname": ("outside", "absolute path that leads elsewhere: write it relative to the folder of the list"),
    "\\\\server\\share\\x.jpg": ("outside", "absolute path"),
    "C:\\x.jpg": ("outside", "absolute path"),
    "c:x.jpg": ("outside", "absolute path"),
    "file:///etc/hosts": ("not-a-path", "a URL, and Hubel downloads nothing: download it"),
    "http://127.0.0.1:1/x.jpg": ("not-a-path", "a URL, and Hubel downloads nothing"),
    "HTTPS://x.invalid/x.jpg": ("not-a-path", "a URL"),
    "s3://bucket/x.jpg": ("not-a-path", "a URL"),
    "loop/a.jpg": ("not-a-path", "the system cannot look for it (Too many levels of symbolic links)"),
    "dead.jpg": ("vanished", "not there"),
    "nothing.jpg": ("vanished", "the file is not there: copy it back, or correct the path"),
    "a.jpg/x.jpg": ("vanished", "not there"),
    "cats": ("not-a-file", "it is a folder: list the images in it one by one"),
    ".": ("not-a-file", "it is a folder"),
    "pipe.jpg": ("not-a-file", "it is a pipe, a socket or a device"),
    "x" * 300: ("not-a-path", "the system cannot look for it (File name too long)"),
}


@pytest.fixture
def trapped(folder: Path) -> Path:
    """A folder with ways out of it, to a file that must not be touched."""
    (folder.parent / "secret.jpg").write_bytes(b"secret")
    (folder / "dead.jpg").symlink_to(folder / "nothing at all.jpg")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe.jpg")
    return folder


@pytest.mark.timeout(60)
@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:30])
def test_a_path_that_is_no_file_below_the_folder_is_refused_with_its_line(trapped: Path, path: str):
    code, reason = OUTSIDE[path]
    corpus = read(trapped, f"file,label\n{path},cat\na.jpg,cat\n")
    assert classes(corpus) == {"a.jpg": "cat"}
    assert left_out(corpus) == [(path, f"refused {code}")]
    assert reasons(corpus).startswith("line 2: ")
    assert reason in reasons(corpus)


_opened: list[str] | None = None


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if _opened is not None and event in ("open", "os.listdir", "os.scandir", "socket.connect", "socket.getaddrinfo"):
        _opened.append(f"{event} {arguments[0]}")


sys.addaudithook(_listen)  # it cannot be taken away again: it listens only while a test wants it


@pytest.mark.timeout(60)
def test_nothing_outside_is_opened_and_nothing_is_fetched(trapped: Path):
    global _opened  # noqa: PLW0603
    listed = "".join(f"{path},cat\n" for path in OUTSIDE)
    _opened = []
    try:
        corpus = read(trapped, f"file,label\n{listed}a.jpg,cat\n")
        corpus.read(0)
    finally:
        opened, _opened = _opened, None
    assert {each for each in opened if each.startswith("open ")} == {
        f"open {trapped}/{name}" for name in ("list.csv", "a.jpg")
    }
    listed_folders = [each for each in opened if not each.startswith("open ")]
    assert all(f"{each}/".startswith(f"os.scandir {trapped}/") for each in listed_folders)
    assert len(listed_folders) == len(set(listed_folders))  # once each, however many files are missing


def test_links_are_followed_as_in_folders_and_so_are_detours_inside_the_folder(folder: Path):
    (folder.parent / "store").mkdir()
    (folder.parent / "store" / "e.jpg").write_bytes(b"elsewhere")
    (folder / "in.jpg").symlink_to(folder / "a.jpg")
    (folder / "out.jpg").symlink_to(folder.parent / "store" / "e.jpg")
    (folder / "pets").symlink_to(folder / "cats")
    (folder / "kept").symlink_to(folder.parent / "store")
    rows = {
        "in.jpg": "x",
        "out.jpg": "x",
        "pets/c.jpg": "x",
        "kept/e.jpg": "x",
        "./deep/../b.jpg": "y",
        "cats\\d.jpg": "y",
    }
    corpus = read(folder, "file,label\n" + "".join(f"{path},{label}\n" for path, label in rows.items()))
    linked = dict.fromkeys(("in.jpg", "kept/e.jpg", "out.jpg", "pets/c.jpg"), "x")
    assert classes(corpus) == {"b.jpg": "y", "cats/d.jpg": "y", **linked}
    read_again = {example.path: corpus.read(index) for index, example in enumerate(corpus.examples)}
    assert read_again["out.jpg"] == read_again["kept/e.jpg"] == b"elsewhere"


def test_a_path_listed_twice_in_the_same_way_is_read_once(folder: Path):
    corpus = read(folder, "file,label,group\na.jpg,cat,g\nb.jpg,dog,\n./a.jpg,cat,g\ncats/../a.jpg,cat,g\nb.jpg,dog,\n")
    assert classes(corpus) == {"a.jpg": "cat", "b.jpg": "dog"}
    assert left_out(corpus) == [("a.jpg", "ignored listed-twice")] * 2 + [("b.jpg", "ignored listed-twice")]
    assert reasons(corpus).splitlines() == [
        "line 4: line 2 lists it already",
        "line 5: line 2 lists it already",
        "line 6: line 3 lists it already",
    ]


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ("a.jpg,cat,,\na.jpg,dog,,", "two-labels", "several labels: 'cat' (line 2), 'dog' (line 3). Keep one of them"),
        ("a.jpg,cat,train,\na.jpg,cat,test,", "two-splits", "several splits: 'train' (line 2), 'test' (line 3)"),
        ("a.jpg,cat,,p\na.jpg,cat,,", "two-groups", "several groups: 'p' (line 2), '' (line 3)"),
    ],
)
def test_a_path_listed_in_two_ways_is_refused_on_every_line(folder: Path, rows: str, code: str, said: str):
    corpus = read(folder, f"file,label,split,group\n{rows}\nb.jpg,dog,train,\n")
    assert classes(corpus) == {"b.jpg": "dog"}
    assert left_out(corpus) == [("a.jpg", f"refused {code}")] * 2
    assert [row.reason.partition(": it is listed with ")[::2] for row in corpus.left_out] == [
        ("line 2", corpus.left_out[0].reason.split("listed with ")[1]),
        ("line 3", corpus.left_out[0].reason.split("listed with ")[1]),
    ]
    assert said in corpus.left_out[0].reason


def test_an_unknown_split_is_refused_with_the_words_that_are_known(folder: Path):
    corpus = read(folder, "file,label,split\na.jpg,cat,tarin\nb.jpg,dog,train\n")
    assert classes(corpus) == {"b.jpg": "dog"}
    assert left_out(corpus) == [("a.jpg", "refused unknown-split")]
    assert "line 2: it has the split 'tarin': write one of train, training, validation" in reasons(corpus)


def test_splits_without_anything_to_train_on_are_not_used(folder: Path):
    corpus = read(folder, "file,label,split\na.jpg,cat,test\nb.jpg,dog,val\n")
    assert {each.split for each in corpus.examples} == {None}
    assert "none for training: the given splits are not used" in corpus.notes[0]


def test_a_manifest_of_which_nothing_can_be_read_is_still_accounted_for(folder: Path):
    corpus = read(folder, "file,label\nno.jpg,cat\n")
    assert corpus.intake_counts == {"found": 1, "read": 0, "refused": 1, "ignored": 0}


def test_progress_is_told_while_many_rows_are_listed(folder: Path):
    (folder / "list.tsv").write_text("file\tlabel\n" + "a.jpg\tcat\n" * 4500)
    heard: list[Event] = []
    manifest.read(folder / "list.tsv", heard.append)
    assert heard == [Progress("listing", 2000, 0, "files"), Progress("listing", 4000, 0, "files")]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path):
    with pytest.raises(UnusableCorpus, match=r"gone\.csv cannot be read \(No such file"):
        manifest.read(tmp_path / "gone.csv", ignore)
