"""``hubel predict RUN -``: paths, one per line, or the bytes of one image."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.cli.conftest import Typed

from hubel.errors import UnusableInput
from hubel.workflows.predicting.inputs import read_standard_input


@pytest.fixture
def sent(typed: Typed, monkeypatch: pytest.MonkeyPatch):
    """Bytes sent to ``predict run -`` → (exit code, standard output, standard error)."""

    def send(data: bytes) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        return typed("predict run - --format jsonl")

    return send


def test_an_image_is_named_as_its_file_is(sent, typed: Typed, folder: Path):
    code, printed, _ = sent((folder / "image.png").read_bytes())
    of_file = json.loads(typed("predict run image.png --format jsonl")[1])
    assert code == 0
    assert json.loads(printed) == {**of_file, "path": "-"}


def test_paths_are_read_one_a_line(sent):
    code, printed, _ = sent(b"image.png\nnowhere.png\n")
    assert code == 4
    assert [json.loads(line)["path"] for line in printed.splitlines()] == ["image.png", "nowhere.png"]


def test_a_damaged_image_is_no_list_of_paths(sent, folder: Path):
    # Whole but for its last bytes: the header is sound, and the fault is found when it is decoded.
    code, printed, _ = sent((folder / "image.png").read_bytes()[:-40])
    assert code == 4
    assert json.loads(printed)["error"]["code"] == "truncated"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0", b"\0" * 5000, b"a.png\0b.png\0"])
def test_bytes_that_are_neither_are_refused_in_words(sent, data: bytes):
    code, printed, said = sent(data)
    assert code == 3
    assert said.startswith("Error: Standard input holds neither paths, one per line, nor an image that can be read: ")
    assert "Traceback" not in said
    assert printed == ""


def test_nothing_at_all_says_what_may_come(sent):
    code, _, said = sent(b"")
    assert code == 3
    assert said == "Error: Standard input named no image. Send paths, one per line, or the bytes of one image.\n"


def test_a_name_that_is_not_utf_8_keeps_its_bytes():
    (path,) = read_standard_input(io.BytesIO(b"caf\xe9.png\n"))
    assert os.fsencode(path) == b"caf\xe9.png"


def test_a_list_that_begins_like_an_image_is_a_list():
    assert list(read_standard_input(io.BytesIO(b"BMW/1.jpg\nGIF89a/2.jpg\n"))) == ["BMW/1.jpg", "GIF89a/2.jpg"]
    with pytest.raises(UnusableInput):
        list(read_standard_input(io.BytesIO(b"BM\0")))
