"""Checkpoints on disk: whole or not there, the last whole one found by its number, nothing of the user's touched."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hubel import files
from hubel.errors import DamagedArtefact, OutputNotWritable, UnusableInput
from hubel.events import Message
from hubel.training.checkpoints import STATE, TENSORS, CheckpointFolder


def content(epoch: int) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """A checkpoint whose two parts can be seen to belong together."""
    return {"epoch": epoch, "score": float("-inf")}, {"w": np.full((40, 5), epoch, np.float32), "n": np.array(epoch)}


def fill(folder: CheckpointFolder, epochs: int) -> CheckpointFolder:
    last = None
    for epoch in range(1, epochs + 1):
        last = folder.write(*content(epoch), beside=last)
    return folder


def epoch_of(folder: CheckpointFolder) -> int:
    found = folder.latest()
    assert found is not None
    assert (found.tensors["w"] == found.document["epoch"]).all()
    assert found.tensors["n"].shape == ()
    return found.document["epoch"]


def test_the_last_two_are_kept_and_read_as_they_were_written(tmp_path: Path):
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 4)
    assert folder.numbers() == (3, 4)
    assert epoch_of(folder) == 4
    found = folder.latest()
    assert found is not None
    assert found.document["score"] == float("-inf")
    np.testing.assert_array_equal(found.tensors["w"], content(4)[1]["w"])


def test_without_any_there_is_none(tmp_path: Path):
    assert CheckpointFolder(tmp_path / "checkpoints").latest() is None
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/000007").mkdir()  # a user's
    assert CheckpointFolder(tmp_path / "checkpoints").latest() is None


def test_the_latest_is_the_one_with_the_highest_number_whatever_the_clock_says(tmp_path: Path):
    """T16."""
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 3)
    os.utime(folder.name_of(3), (0, 0))
    os.utime(folder.name_of(3) / STATE, (0, 0))
    os.utime(folder.name_of(2), (4e9, 4e9))
    assert epoch_of(folder) == 3


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
        return
    if how == "empty":
        data = bytearray()
    elif how == "cut":
        del data[-1:]
    elif how == "longer":
        data += b"\n"
    else:
        data[int(how) % len(data)] ^= 1 << int(how) % 8
    path.write_bytes(data)


@pytest.mark.parametrize("name", [STATE, TENSORS])
def test_a_damaged_one_is_named_and_the_one_before_is_used(tmp_path: Path, name: str):
    """T14: one bit of 100 places in each file, and files that are cut, longer, empty or gone."""
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 3)
    path = folder.name_of(3) / name
    whole = path.read_bytes()
    step = max(1, len(whole) // 100)
    for how in ("gone", "empty", "cut", "longer", *map(str, range(0, len(whole), step))):
        damage(path, how)
        heard: list[Message] = []
        found = folder.latest(heard.append)  # type: ignore[arg-type]
        assert found is not None
        assert found.document["epoch"] == 2, how
        (message,) = heard
        assert message.warning
        assert f"checkpoint {folder.name_of(3)} is damaged: {name}" in message.text
        assert "Continuing from the one before, 000002." in message.text
        path.write_bytes(whole)
    assert epoch_of(folder) == 3


def test_a_damaged_one_does_not_push_out_the_whole_one(tmp_path: Path):
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 3)
    damage(folder.name_of(3) / TENSORS, "5")
    assert folder.write(*content(4), beside=2) == 4
    assert folder.numbers() == (2, 4)


def test_where_all_are_damaged_each_is_named_and_the_cure(tmp_path: Path):
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 2)
    for number in (1, 2):
        damage(folder.name_of(number) / TENSORS, "3")
    with pytest.raises(
        UnusableInput,
        match=r"Every checkpoint in .* is damaged: .*000002 is .*000001 is .*Train anew: use overwrite=True instead of resume=True",
    ):
        folder.latest()


def test_one_of_another_format_says_so(tmp_path: Path):
    """T15."""
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 1)
    state = folder.name_of(1) / STATE
    state.write_text(json.dumps({**json.loads(state.read_text()), "format": 9}))
    with pytest.raises(DamagedArtefact, match="has format 9, this version of Hubel reads 1"):
        folder.read(1)


def test_removing_leaves_what_is_the_users(tmp_path: Path):
    """T18."""
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 3)
    (folder.path / "thesis.txt").write_text("mine")
    (folder.name_of(2) / "notes.txt").write_text("mine")
    (folder.path / "000001").mkdir()
    (folder.path / "000001/figure.png").write_text("mine")
    (folder.path / f"{files.TEMPORARY_PREFIX}left").mkdir()
    folder.remove()
    left = sorted(path.relative_to(folder.path).as_posix() for path in folder.path.rglob("*") if path.is_file())
    assert left == ["000001/figure.png", "000002/notes.txt", "thesis.txt"]
    folder.remove()
    assert not list(folder.path.glob(f"{files.TEMPORARY_PREFIX}*"))


def test_removing_leaves_nothing_where_all_is_ours(tmp_path: Path):
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 3)
    folder.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_disk_that_takes_no_more_leaves_the_last_one_and_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
):
    """T10, T11: at each write, fsync and rename in turn."""
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 2)
    injected = 0
    for call in range(100):
        with monkeypatch.context() as patch:
            left = [call]

            def failing(real, left=left):
                def wrapped(*given, **more):
                    nonlocal injected
                    left[0] -= 1
                    if left[0] < 0:
                        injected += 1
                        raise OSError(code, os.strerror(code))
                    return real(*given, **more)

                return wrapped

            patch.setattr(os, "fsync", failing(os.fsync))
            patch.setattr(Path, "write_bytes", failing(Path.write_bytes))
            patch.setattr(Path, "rename", failing(Path.rename))
            try:
                folder.write(*content(3), beside=2)
            except OutputNotWritable as error:
                told = "It needs 0.0 MB; " in str(error) and "MB are free there." in str(error)
                assert told == (code in (errno.ENOSPC, errno.EDQUOT))
            else:
                break
        if folder.numbers() != (1, 2):  # only the last fsync, of the folder's own name, comes after the rename
            assert epoch_of(folder) == 3
            shutil.rmtree(folder.name_of(3))
        assert epoch_of(folder) == 2
        assert not list(folder.path.glob(f"{files.TEMPORARY_PREFIX}*"))
    assert injected == call >= 7


SWEEP = """
import os, signal, sys
from pathlib import Path
from tests.unit.training.test_checkpoints import content, epoch_of, fill
from hubel.training.checkpoints import CheckpointFolder

KINDS = {"os": ("mkdir", "fsync", "rename", "rmdir", "unlink", "chmod"), "Path": ("write_bytes",)}

def armed(at):
    count = [0]
    def wrap(real, name):
        def wrapped(*given, **more):
            count[0] += 1
            if count[0] == at:
                if name == "write_bytes":  # half of it arrives
                    Path(given[0]).open("wb", buffering=0).write(given[1][: len(given[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **more)
        return wrapped
    for name in KINDS["os"]:
        setattr(os, name, wrap(getattr(os, name), name))
    Path.write_bytes = wrap(Path.write_bytes, "write_bytes")
    Path.touch = wrap(Path.touch, "touch")

for at in range(1, 1000):
    folder = fill(CheckpointFolder(Path(sys.argv[1]) / str(at) / "checkpoints"), 3)
    child = os.fork()
    if not child:
        armed(at)
        folder.write(*content(4), beside=3)
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
    print(at, int(killed), epoch_of(folder), len(folder.numbers()))
    assert killed or ended == 0
    folder.tidy()
    last = folder.latest().number
    folder.write(*content(epoch_of(folder) + 1), beside=last)  # what the next program does
    assert len(folder.numbers()) == 2
    assert sorted(path.name for path in folder.path.iterdir()) == [f"{n:06}" for n in folder.numbers()]
    if not killed:
        break
"""


REMOVAL = (
    SWEEP.split("for at in range", maxsplit=1)[0]
    + """
for at in range(1, 1000):
    folder = fill(CheckpointFolder(Path(sys.argv[1]) / str(at) / "checkpoints"), 3)
    (folder.path / "thesis.txt").write_text("mine")
    child = os.fork()
    if not child:
        armed(at)
        folder.remove()
        os._exit(0)
    ended = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL
    assert killed or ended == 0
    folder.tidy()
    print(at, int(killed), len(folder.numbers()), 0 if folder.latest() is None else epoch_of(folder))
    folder.remove()
    assert [path.name for path in folder.path.iterdir()] == ["thesis.txt"]
    if not killed:
        break
"""
)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_killed_at_any_call_of_the_removal_all_of_them_are_there_or_none(tmp_path: Path):
    """A real SIGKILL before each unlink, rmdir and fsync; whoever comes next never meets half a checkpoint."""
    done = subprocess.run([sys.executable, "-c", REMOVAL, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *points, last = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(points) >= 7  # two files and a folder of each of the two, and what says that they are being removed
    assert all(killed for _, killed, _, _ in points)
    assert {(count, epoch) for _, _, count, epoch in points} == {(2, 3), (0, 0)}
    assert last[1:] == (0, 0, 0)


def test_on_a_disk_that_takes_no_new_file_they_are_removed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = fill(CheckpointFolder(tmp_path / "checkpoints"), 2)

    def full(self: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "touch", full)
    folder.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_killed_at_any_call_of_a_save_the_old_or_the_new_one_is_there_whole(tmp_path: Path):
    """T02, T03: a real SIGKILL before each call that changes the disk, and in the middle of each write."""
    done = subprocess.run([sys.executable, "-c", SWEEP, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *points, last = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(points) >= 12
    assert all(killed for _, killed, _, _ in points)  # a sweep in which nothing is killed proves nothing
    assert not last[1]
    assert [epoch for _, _, epoch, _ in points] == sorted(epoch for _, _, epoch, _ in points)
    assert {epoch for _, _, epoch, _ in points} == {3, 4}


def test_everything_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """T04: both files, then their folder, then the name, then the folder above."""
    folder, calls = fill(CheckpointFolder(tmp_path / "checkpoints"), 2), []
    fsync, rename = os.fsync, Path.rename

    def spied(handle: int) -> None:
        calls.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        fsync(handle)

    def renamed(self: Path, target: Path) -> Path:
        calls.append(f"-> {target.name}")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", spied)
    monkeypatch.setattr(Path, "rename", renamed)
    folder.write(*content(3), beside=2)
    assert sorted(calls[:2]) == [STATE, TENSORS]
    assert calls[2].startswith(files.TEMPORARY_PREFIX)
    assert calls[3:] == ["-> 000003", "checkpoints"]
