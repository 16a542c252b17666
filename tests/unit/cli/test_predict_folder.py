"""``hubel predict RUN FOLDER``: every file is named once, counted, or refused; nothing is passed over in silence."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image
from tests.unit.cli.conftest import Typed

GREY = np.full((16, 16, 3), 90, np.uint8)


@pytest.fixture
def mixed(folder: Path) -> Path:
    """Two images, one of them damaged, among notes, a document and what a program left."""
    place = folder / "mixed"
    write_image(place / "good.png", GREY)
    (place / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (place / "page.jpg").write_bytes(b"<!doctype html>")
    for name in ("a.txt", "b.txt", "readme.pdf", ".DS_Store"):
        (place / name).write_bytes(b"%PDF-1.7")
    return place


def test_a_table_names_each_file_once_and_counts_what_is_no_image(typed: Typed, mixed: Path):
    code, printed, said = typed("predict run mixed")
    assert code == 4
    assert [line.split("  ")[0] for line in printed.splitlines()] == [
        "mixed/bad.png", "mixed/good.png", "mixed/page.jpg",
    ]  # fmt: skip
    assert (printed + said).count("bad.png") == (printed + said).count("page.jpg") == 1
    assert said.splitlines() == [
        "Skipped 4 files that are not images: 2 .txt, 1 left by programs, 1 .pdf.",
        "2 of 3 inputs could not be read.",
    ]


def test_a_document_that_is_named_itself_is_refused(typed: Typed, mixed: Path):
    code, printed, said = typed("predict run mixed/readme.pdf mixed/good.png --format jsonl")
    assert code == 4
    assert json.loads(printed.splitlines()[0])["error"]["message"].startswith("it is a PDF document")
    assert said == "1 of 2 inputs could not be read.\n"


def test_an_archive_is_treated_as_its_folder(typed: Typed, mixed: Path, folder: Path):
    with zipfile.ZipFile(folder / "mixed.zip", "w") as archive:
        for path in sorted(mixed.iterdir()):
            archive.write(path, path.name)
    _, of_folder, said_of_folder = typed("predict run mixed --format csv")
    _, of_archive, said = typed("predict run mixed.zip --format csv")
    assert of_archive.replace("mixed.zip/", "mixed/") == of_folder
    assert said == said_of_folder


def test_a_folder_of_documents_only_holds_no_images(typed: Typed, folder: Path):
    (folder / "papers").mkdir(exist_ok=True)
    (folder / "papers" / "one.pdf").write_bytes(b"%PDF-1.7")
    code, printed, said = typed("predict run papers")
    assert (code, printed) == (4, "papers  refused: it holds no images: name another one\n")
    assert said.splitlines() == ["Skipped 1 file that is not an image: 1 .pdf.", "It could not be read."]
