"""Files are whole under their final name, or not there."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import shutil
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel import files
from hubel.errors import OutputNotWritable, UnusableInput


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files.write_bytes(tmp_path / "a", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputNotWritable, match="the disk is full"):
        files.write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path):
    with pytest.raises(RuntimeError), files.written_folder(tmp_path / "made") as temporary:
        (temporary / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with files.written_folder(tmp_path / "made") as temporary:
        (temporary / "whole").write_text("x")
        assert not (tmp_path / "made").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "whole"]


def test_a_folder_that_is_there_is_replaced_as_a_whole(tmp_path: Path):
    for content in ("one", "two"):
        with files.written_folder(tmp_path / "made") as temporary:
            (temporary / content).write_text("x")
    assert [path.name for path in tmp_path.rglob("*")] == ["made", "two"]


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no call that swaps two folders")
def test_at_no_instant_is_there_no_folder_while_it_is_replaced(tmp_path: Path):
    with files.written_folder(tmp_path / "made") as temporary:
        (temporary / "content").write_text("0")
    stop, seen = threading.Event(), set()

    def look() -> None:
        while not stop.is_set():
            seen.add((tmp_path / "made").exists())

    thread = threading.Thread(target=look)
    thread.start()
    for number in range(300):
        with files.written_folder(tmp_path / "made", durable=False) as temporary:
            (temporary / "content").write_text(str(number))
    stop.set()
    thread.join()
    assert seen == {True}


def test_the_old_folder_stays_when_the_new_one_cannot_take_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with files.written_folder(tmp_path / "made") as temporary:
        (temporary / "old").write_text("x")
    rename, calls = Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(files, "_exchange", lambda *_: False)  # as on a system that cannot swap two folders
    monkeypatch.setattr(Path, "rename", second_fails)
    with (
        pytest.raises(OutputNotWritable, match="Input/output error"),
        files.written_folder(tmp_path / "made") as temporary,
    ):
        (temporary / "new").write_text("x")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["made", "old"]


def test_an_unwritable_place_says_what_to_do(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputNotWritable, match=r"a part of the path is a file\. Write elsewhere: out=PATH\."):
        files.write_bytes(tmp_path / "file" / "x", b"")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=20)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
def test_a_csv_keeps_any_text(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]):
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    files.write_csv(path, ("a", "b"), rows=rows)
    assert [(row["a"], row["b"]) for row in files.read_csv(path)] == rows


def test_a_csv_keeps_every_digit_and_every_byte(tmp_path: Path):
    name = os.fsdecode(b"\xff\xfe.png")
    files.write_csv(tmp_path / "x.csv", ("path", "value"), rows=[(name, 0.1 + 0.2)])
    (row,) = files.read_csv(tmp_path / "x.csv")
    assert (row["path"], float(row["value"])) == (name, 0.1 + 0.2)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''-", '=HYPERLINK("x")'])
def test_cells_that_a_spreadsheet_would_run_are_defused_and_come_back(tmp_path: Path, cell: str):
    files.write_csv(tmp_path / "x.csv", (cell, "b"), rows=[(cell, -1.5)])
    raw = list(csv.reader(io.StringIO((tmp_path / "x.csv").read_bytes().decode(), newline="")))
    assert raw == [["'" + cell, "b"], ["'" + cell, "-1.5"]]
    assert files.read_csv(tmp_path / "x.csv") == [{cell: cell, "b": "-1.5"}]


def test_a_name_that_is_not_utf8_leaves_json_valid(tmp_path: Path):
    name = b"\xff.jpg".decode("utf-8", "surrogateescape")
    files.write_json(tmp_path / "x.json", {"path": name, "plain": "Käse"})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"path": name, "plain": "Käse"}


def test_looking_at_a_path_tells_what_is_there(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    assert (files.is_there(tmp_path), files.is_folder(tmp_path), files.is_file(tmp_path)) == (True, True, False)
    assert (files.is_folder(tmp_path / "file"), files.is_file(str(tmp_path / "file"))) == (False, True)
    for nowhere in ("none", "none/deeper", "file/below"):
        assert not files.is_there(tmp_path / nowhere)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("x" * 300, "a name in it is longer than the file system allows; check the path"),
        ("y/" * 3000, "a name in it is longer than the file system allows; check the path"),
        ("loop", "a link in it leads back to itself; name the file or folder that the link was meant to lead to"),
        ("loop/below", "a link in it leads back to itself; name the file or folder that the link was meant to lead to"),
        ("a\0b", "it holds a NUL character, which no path can contain; check where it comes from"),
    ],
)
def test_a_path_that_cannot_be_looked_at_is_a_sentence_and_nothing_else(tmp_path: Path, path: str, said: str):
    (tmp_path / "loop").symlink_to("loop")
    for look in (files.is_there, files.is_file, files.is_folder):
        with pytest.raises(UnusableInput, match=f"cannot be read: {said}[.]$") as refused:
            look(tmp_path / path)
        assert len(str(refused.value)) < 400
        assert str(refused.value).isprintable()
    if "\0" not in path:
        assert files.real_path(tmp_path / path).is_absolute()


def test_a_closed_folder_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def denied(path: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "stat", denied)
    with pytest.raises(UnusableInput, match="this user may not read it; chmod \\+rx its folder and \\+r the file"):
        files.is_there("closed/a")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("x" * 300, "a name in it is longer than the file system allows. Write elsewhere: out=PATH"),
        ("loop/below", "a link in it leads back to itself. Write elsewhere: out=PATH"),
        ("a\0b", "it holds a NUL character, which no path can contain"),
        ("folder", "there is a folder of that name. Write elsewhere: out=PATH"),
    ],
)
def test_a_path_that_cannot_be_written_is_a_sentence(tmp_path: Path, path: str, said: str):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputNotWritable, match=f"^Cannot write .*: {said}[.]$"):
        files.write_bytes(tmp_path / path, b"x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder", "loop"]


def test_the_room_that_is_said_is_measured_when_the_half_written_folder_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    left: list[int] = []

    def free(path: str | Path) -> SimpleNamespace:
        left.append(len(list(Path(path).iterdir())))
        return SimpleNamespace(free=10**6 * (7 - left[-1]))

    monkeypatch.setattr(shutil, "disk_usage", free)
    with (
        pytest.raises(OutputNotWritable, match=r"It needs 9\.0 MB; 7\.0 MB are free there\."),
        files.written_folder(tmp_path / "made", needed=9_000_000) as temporary,
    ):
        (temporary / "half").write_bytes(b"x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert left == [0]
