"""Every hostile manifest of the torture files does what its row of MANIFEST.csv says; skipped where those are not."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import hugging_face, manifest
from hubel.errors import HubelError, UnreadableImage, UnusableCorpus
from hubel.events import ignore
from hubel.images.decode import decode_image

IMAGES = [
    *(f"{name}.jpg" for name in "abcdef"),
    *(f"cats/{name}.jpg" for name in "abcd"),
    "dogs/b.jpg",
]


class Expected(NamedTuple):
    """What the ``note`` of a file means: images read with their class names, rows refused with words of the reason."""

    read: dict[str, str]
    refused: dict[str, list[str]]


def read_as(**names: str) -> dict[str, str]:
    return {f"{path.replace('_', '/')}.jpg": name for path, name in names.items()}


EXPECTED = {
    "bom_semicolon_crlf.csv": Expected(read_as(cats_a="Katze", dogs_b="Hündin"), {}),
    "duplicate_rows_two_labels.csv": Expected(
        {},
        {
            "a.jpg": [
                f"line {line}: it is listed with several labels: 'cat' (line 2), 'dog' (line 3)" for line in (2, 3, 4)
            ]
        },
    ),
    "formula.csv": Expected(
        read_as(cats_a='=HYPERLINK("http://x.invalid","cat")', cats_b="@SUM(1+1)", cats_c="+1", cats_d="-1"), {}
    ),
    "latin1.csv": Expected(read_as(cats_a="Café"), {}),
    "missing_files.csv": Expected(
        read_as(cats_a="cat", dogs_b="dog"), {"cats/not_there.jpg": ["line 3: the file is not there"]}
    ),
    "nul_and_empty_label.csv": Expected(
        {},
        {
            "a.jpg": ["line 2: it holds a NUL character"],
            "b.jpg": ["line 3: it has no label"],
            "c.jpg": ["line 4: it has no label"],
        },
    ),
    "numeric_labels.csv": Expected(read_as(a="01", b="1", c="1.0", d="NA", e="null", f="True"), {}),
    "ragged.csv": Expected(
        read_as(a="cat"),
        {
            "b.jpg": ["line 3: it has 1 of the 2 cells"],
            "c.jpg": ["line 4: it has 3 cells"],
            "made__ragged.csv:5": ["line 5: it opens a quote that is not closed"],
        },
    ),
    "traversal.csv": Expected(
        {},
        {
            "../../../../etc/passwd": ["line 2: it leaves the folder of the list"],
            "/etc/hostname": ["line 3: it is an absolute path"],
            "file:///etc/hosts": ["line 4: it is a URL, and Hubel downloads nothing"],
            "http://127.0.0.1:1/x.jpg": ["line 5: it is a URL, and Hubel downloads nothing"],
        },
    ),
}
UNUSABLE = {
    "no_header.csv": "begins with 'cats/a.jpg,cat', which is not a header.*If that row is an image already, put path,label above it",
    "garbage.parquet": r"made__garbage\.parquet is damaged \(.*: download it again",
}


def listed(shared: Path, kind: str) -> Iterator[Path]:
    with (shared / "torture/MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        yield from (shared / "torture" / row["file"] for row in csv.DictReader(file) if row["kind"] == kind)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for path in IMAGES:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 128, np.uint8)).save(tmp_path / path)
    return tmp_path


def read_copy(original: Path, folder: Path) -> Corpus:
    copy = folder / original.name
    copy.write_bytes(original.read_bytes())
    if manifest.matches(copy):
        return manifest.read(copy, ignore)
    return hugging_face.read(copy, ignore) if copy.suffix == ".parquet" else manifest.read(copy, ignore)


def check_account(corpus: Corpus) -> None:
    counts = corpus.intake_counts
    assert counts["found"] == counts["read"] + counts["refused"] + counts["ignored"] == len(corpus.intake)
    assert all(row.code and row.reason for row in corpus.left_out)


def test_every_manifest_of_the_set_is_expected_here(shared: Path):
    names = {path.name.removeprefix("made__") for path in listed(shared, "manifest")}
    assert names == set(EXPECTED) | set(UNUSABLE)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_manifest_is_read_and_refused_as_its_note_says(shared: Path, images: Path, name: str):
    corpus = read_copy(shared / f"torture/manifest/made__{name}", images)
    check_account(corpus)
    assert {each.path: corpus.class_names[each.label] for each in corpus.examples} == EXPECTED[name].read
    for index in range(len(corpus)):
        content = corpus.read(index)
        assert isinstance(content, bytes)
        assert decode_image(content).shape == (8, 8, 3)
    refused = [(row.path, row.reason) for row in corpus.refused]
    wanted = [(path, words) for path, several in EXPECTED[name].refused.items() for words in several]
    assert [path for path, _ in refused] == [path for path, _ in wanted]
    assert all(words in reason for (_, reason), (_, words) in zip(refused, wanted, strict=True))


def test_what_is_not_utf8_is_said(shared: Path, images: Path):
    corpus = read_copy(shared / "torture/manifest/made__latin1.csv", images)
    assert any("is read as Windows-1252" in note for note in corpus.notes)


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_manifest_without_header_or_sense_says_what_to_do(shared: Path, images: Path, name: str):
    with pytest.raises(UnusableCorpus, match=UNUSABLE[name]):
        read_copy(shared / f"torture/manifest/made__{name}", images)


@pytest.mark.parametrize("header", [b"", b"path,label\n", b"\xff\xfep\0a\0t\0h\0,\0l\0a\0b\0e\0l\0\n\0"])
def test_mutated_csv_is_read_or_refused_by_name_and_nothing_else(shared: Path, images: Path, header: bytes):
    originals = list(listed(shared, "manifest-fuzz"))
    assert len(originals) == 20
    for original in originals:
        path = images / original.name
        path.write_bytes(header + original.read_bytes())
        try:
            corpus = manifest.read(path, ignore)
        except HubelError as error:
            assert original.name in str(error)
        else:
            check_account(corpus)
            assert all(row.reason.startswith("line ") for row in corpus.left_out)


def test_hostile_file_and_class_names_survive_a_round_trip_through_a_manifest(shared: Path, tmp_path: Path):
    with zipfile.ZipFile(shared / "torture/names/made__names_torture.zip") as archive:
        names = archive.namelist()
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(archive.read(name))
    written = io.StringIO()
    rows = [(name, name.split("/")[0]) for name in names]
    csv.writer(written).writerows([("path", "label"), *rows])
    (tmp_path / "list.csv").write_bytes(written.getvalue().encode())
    corpus = manifest.read(tmp_path / "list.csv", ignore)
    assert corpus.left_out == ()
    assert {each.path: corpus.class_names[each.label] for each in corpus.examples} == dict(rows)
    for index in range(len(corpus)):
        content = corpus.read(index)
        assert isinstance(content, bytes)
        try:
            decode_image(content)
        except UnreadableImage as error:
            pytest.fail(f"{corpus.examples[index].path!r}: {error}")
