"""Whatever happens to the files of the cache: what comes out is what a fresh cache gives, or the run stops and says so."""

from __future__ import annotations

import errno
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from hubel import files
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import DamagedCache, UnreadableImage
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline import cache, decoded
from hubel.pipeline.cache import Entry, Kind, kept
from hubel.pipeline.decoded import decode_corpus
from hubel.pipeline.stored_rows import StoredRows

KIND = Kind("numbers", np.dtype(np.uint8), (4, 5), 1)
ROWS = np.random.default_rng(3).integers(0, 256, (40, 4, 5), dtype=np.uint8)
FAULTS = {7: ("truncated", "the file ends too early"), 21: ("empty", "the file has no bytes")}
READABLE = np.array([place for place in range(40) if place not in FAULTS])
DIGESTS = [f"{place:064x}" for place in range(40)]


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for each test."""
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rows() -> Iterator[tuple[int, np.ndarray | UnreadableImage]]:
    for place in range(40):
        yield place, UnreadableImage(*FAULTS[place]) if place in FAULTS else ROWS[place]


def opened(make: Callable[[], Iterator[tuple[int, np.ndarray | UnreadableImage]]] = rows) -> Entry:
    entry = kept(DIGESTS, KIND, make_rows=make)
    assert {place: (each.code, each.reason) for place, each in entry.refused.items()} == FAULTS
    return entry


def other() -> Path:
    """Files of another entry of the same size."""
    kept(["another"], KIND, make_rows=lambda: enumerate(ROWS[READABLE][::-1]))
    return next(path.parent for path in cache.cache_folder().glob("*/*/data.bin") if path.parent != mine())


@functools.cache
def key() -> str:
    """Of the entry of these contents: the only one in a cache that was empty."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBEL_CACHE", folder)
        opened()
        (data,) = Path(folder).glob("*/*/data.bin")
        return data.parent.name


def mine() -> Path:
    return cache.cache_folder() / KIND.name / key()


def change(path: Path, edit: Callable[[bytearray], object]) -> None:
    """In place, as a program does that opens the file for writing."""
    content = bytearray(path.read_bytes())
    edit(content)
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()


def flip(path: Path, rng: np.random.Generator) -> None:
    def edit(content: bytearray) -> None:
        content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))

    change(path, edit)


def digit(path: Path, rng: np.random.Generator) -> None:
    """One digit of a text becomes another; of pixels, one byte."""

    def edit(content: bytearray) -> None:
        places = [place for place, byte in enumerate(content) if chr(byte).isascii() and chr(byte).isdigit()] or [0]
        place = places[int(rng.integers(len(places)))]
        content[place] = ord("0") + (content[place] - ord("0") + 1 + int(rng.integers(9))) % 10

    change(path, edit)


def cut(path: Path, rng: np.random.Generator) -> None:
    os.truncate(path, int(rng.integers(path.stat().st_size)))


def overwrite(path: Path, rng: np.random.Generator) -> None:
    change(path, lambda content: content.__setitem__(slice(None), rng.bytes(len(content))))


def swap_rows(path: Path, rng: np.random.Generator) -> None:
    def edit(content: bytearray) -> None:
        one, two = rng.choice(len(content) // 20, 2, replace=False) * 20
        content[one : one + 20], content[two : two + 20] = content[two : two + 20], content[one : one + 20]

    change(path, edit)


def delete(path: Path, rng: np.random.Generator) -> None:
    path.unlink()


def delete_entry(path: Path, rng: np.random.Generator) -> None:
    shutil.rmtree(path.parent)


def from_another_entry(path: Path, rng: np.random.Generator) -> None:
    shutil.copyfile(other() / path.name, path)  # keeps the file, changes what is in it


def another_entry(path: Path, rng: np.random.Generator) -> None:
    shutil.copytree(other(), path.parent, dirs_exist_ok=True)


def replace(path: Path, rng: np.random.Generator) -> None:
    new = path.with_name("new")
    new.write_bytes(rng.bytes(path.stat().st_size))
    new.replace(path)


DAMAGES = [
    flip, digit, cut, overwrite, swap_rows, delete, delete_entry, from_another_entry, another_entry, replace,
]  # fmt: skip


def hurt(rng: np.random.Generator) -> None:
    path = mine() / ("data.bin" if rng.random() < 0.5 else "index.json")
    if path.exists() and path.stat().st_size:
        DAMAGES[int(rng.integers(len(DAMAGES)))](path, rng)


def test_200_damages_during_and_between_runs_never_change_a_result():
    rng = np.random.default_rng(12)
    stopped = whole = 0
    for _ in range(200):
        entry = opened()
        try:
            for step in range(6):
                if step == 3 and rng.random() < 0.7:
                    hurt(rng)
                chosen = rng.permutation(len(READABLE))[:8]
                np.testing.assert_array_equal(entry.rows[chosen], ROWS[READABLE][chosen])
            np.testing.assert_array_equal(entry.data, ROWS[READABLE])
            whole += 1
        except DamagedCache as error:
            assert re.search(r"cache file .*data\.bin was damaged while it was in use .* Start again", str(error))
            stopped += 1
        if rng.random() < 0.7:
            hurt(rng)
        np.testing.assert_array_equal(opened().data, ROWS[READABLE])
    assert stopped > 20
    assert whole > 100


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["data.bin", "index.json"])
def test_what_is_damaged_between_runs_is_made_again_at_once(damage: Callable[..., None], name: str):
    opened()
    damage(mine() / name, np.random.default_rng(0))
    made = []
    assert opened(lambda: made.append(1) or rows()).rows.shape == (38, 4, 5)
    assert made == [1]
    np.testing.assert_array_equal(opened(lambda: pytest.fail("made again")).data, ROWS[READABLE])


@pytest.mark.parametrize("damage", [delete, delete_entry, replace])
@pytest.mark.parametrize("name", ["data.bin", "index.json"])
def test_a_run_does_not_notice_that_its_entry_is_deleted_or_replaced(damage: Callable[..., None], name: str):
    entry = opened()
    damage(mine() / name, np.random.default_rng(0))
    np.testing.assert_array_equal(entry.data, ROWS[READABLE])


def test_an_entry_that_is_deleted_while_it_is_written_is_written_again(root: Path):
    tries = []

    def disturbed() -> Iterator[tuple[int, np.ndarray | UnreadableImage]]:
        tries.append(1)
        for place, row in rows():
            if place == 20 and len(tries) == 1:
                shutil.rmtree(root)
            yield place, row

    np.testing.assert_array_equal(opened(disturbed).data, ROWS[READABLE])
    assert len(tries) == 2


def test_an_entry_that_another_run_completes_first_is_taken(monkeypatch: pytest.MonkeyPatch):
    made = []

    def slower(temporary: Path, path: Path) -> None:
        shutil.copytree(temporary, path)
        raise OSError(errno.ENOTEMPTY, "Directory not empty")  # a rename onto a folder

    monkeypatch.setattr(files, "_take_its_place", slower)
    np.testing.assert_array_equal(opened(lambda: made.append(1) or rows()).data, ROWS[READABLE])
    assert made == [1]


def test_an_entry_that_is_deleted_again_and_again_is_given_up_with_a_reason(root: Path):
    def disturbed() -> Iterator[tuple[int, np.ndarray | UnreadableImage]]:
        yield from rows()
        shutil.rmtree(root)

    with pytest.raises(
        DamagedCache, match="deleted or damaged each time it was made. Set HUBEL_CACHE to a folder that"
    ):
        opened(disturbed)


def test_a_cache_that_may_only_be_read_is_used(monkeypatch: pytest.MonkeyPatch):
    opened()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refuse)
    np.testing.assert_array_equal(opened(lambda: pytest.fail("made again")).data, ROWS[READABLE])


@pytest.mark.parametrize(
    "key",
    [0, -1, slice(3), slice(2, 30, 5), np.array([5, 4, 4, 37]), np.array([], int), np.arange(38) % 3 == 0, [1, 2]],
)
def test_rows_on_disk_are_indexed_like_an_array(key: object):
    expected = ROWS[READABLE][key]
    found = opened().rows[key]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_a_place_that_does_not_exist_is_an_index_error():
    with pytest.raises(IndexError):
        opened().rows[38]


def test_pixels_stay_on_disk_only_where_they_are_too_large_to_hold(colours: Path, monkeypatch: pytest.MonkeyPatch):
    small = decode_corpus(read_corpus(colours), Preprocessing(8, 8))
    monkeypatch.setattr(decoded, "HELD_BYTES", 60 * 8 * 8 * 3 - 1)
    large = decode_corpus(read_corpus(colours), Preprocessing(8, 8))
    assert (type(small.images), type(large.images)) == (np.ndarray, StoredRows)
    np.testing.assert_array_equal(small.images, large.images[:])


CHILD = """
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
import numpy as np
from hubel.errors import DamagedCache
from hubel.pipeline.cache import Kind, kept

shape = 64, 64, 3
row = np.arange(np.prod(shape)).astype(np.uint8).reshape(shape)
kind = Kind("images", np.dtype(np.uint8), shape, 1)
entry = kept(["content"], kind, make_rows=lambda: ((place, row) for place in range(200)))
print("ready", flush=True)
try:
    for step in range(10**6):
        assert (entry.rows[np.arange(step, step + 32) % 200] == row).all()
except DamagedCache as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_a_run_whose_file_is_cut_off_while_it_reads_stops_with_a_reason_and_is_not_killed(root: Path):
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        (data,) = root.rglob("data.bin")
        os.truncate(data, 4096)  # what touches a mapped page behind this gets SIGBUS
        said = child.stdout.read()
    assert child.returncode == DamagedCache.exit_code
    assert f"The cache file {data} was damaged while it was in use (it ends too early). Start again" in said
