"""Files one after another: the same as listed all at once, and without all of them in memory."""

from __future__ import annotations

import io
import os
import random
import tarfile
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from hubel.corpus.corpus import IntakeRow
from hubel.corpus.trees.catalogue import open_archive, stream_archive
from hubel.corpus.trees.folder import list_files, stream_folder
from hubel.errors import UnusableCorpus
from hubel.events import ignore

NAMES = (
    "a/b.png", "a", "a/b", "b.png", "c/d/e.png", "c", "../x", "./b.png", "z.txt", "c/d", "__MACOSX/q.png", "a/b.png/k.png",
)  # fmt: skip
"""Names that repeat, climb, are files and folders at once, or debris."""


def place_and_fate(row: IntakeRow) -> tuple[str, ...]:
    return row.path, row.status, row.code, row.reason


@pytest.mark.parametrize("seed", range(8))
def test_a_folder_with_links_of_all_kinds_comes_as_it_is_listed(seed: int, tmp_path: Path):
    chance, root, outside = random.Random(seed), tmp_path / "root", tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep/q.png").write_bytes(b"")
    root.mkdir()
    folders = [root]
    for _ in range(12):
        folder = chance.choice(folders) / chance.choice(["a", "b", "a-b", "a.b", "z", "__MACOSX", ".h"])
        folder.mkdir(exist_ok=True)
        folders.append(folder)
    for _ in range(30):
        (chance.choice(folders) / chance.choice(["a.png", "b.png", "a-b.png", "1.txt", "a0", "z.pdf"])).write_bytes(b"")
    for _ in range(6):
        link = chance.choice(folders) / chance.choice(["l1", "l2", "a-l"])
        if not os.path.lexists(link):
            link.symlink_to(chance.choice([*folders, outside, outside / "deep", Path("nowhere"), root / "a.png"]))
    listed, stream = list(list_files(root).rows), stream_folder(root)
    assert [row for row, _ in stream.rows()] == listed
    assert [row for row, _ in stream.rows()] == listed  # and again
    assert stream.count == len(listed)
    assert all((place is None) == bool(row.status) for row, place in stream.rows())


def write_archive(path: Path, chance: random.Random) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a name that is there twice
            for number in range(25):
                archive.writestr(chance.choice(NAMES) + "/" * (chance.random() < 0.2), str(number))
        return
    with tarfile.open(path, "w") as archive:
        for number in range(25):
            member, content = tarfile.TarInfo(chance.choice(NAMES)), str(number).encode()
            member.type = chance.choice([tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, *[tarfile.REGTYPE] * 7])
            if member.type == tarfile.REGTYPE:
                member.size = len(content)
            else:
                member.linkname = chance.choice(NAMES)
            archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("ending", ["tar", "zip"])
@pytest.mark.parametrize("seed", range(12))
def test_a_stream_judges_an_archive_as_its_listing_does(seed: int, ending: str, tmp_path: Path):
    path = tmp_path / f"archive.{ending}"
    write_archive(path, random.Random(seed))
    listed, stream = open_archive(path, ignore), stream_archive(path)
    came = list(stream.rows())
    assert sorted((row for row, _ in came), key=place_and_fate) == sorted(listed.rows(), key=place_and_fate)
    assert stream.count == len(came)
    readable = {row.path: stream.read(place) for row, place in came if place is not None}
    assert readable == {row.path: listed.read(row.path) for row in listed.rows() if row.path in readable}
    assert set(readable) == set(listed.listing.places)


def test_an_archive_comes_in_its_own_order(tmp_path: Path):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as archive:
        for name in ("2.png", "10.png", "1.png"):
            archive.addfile(tarfile.TarInfo(name))
    assert [row.path for row, _ in stream_archive(tmp_path / "x.tar.gz").rows()] == ["2.png", "10.png", "1.png"]


def test_a_damaged_archive_is_refused_before_its_first_file(tmp_path: Path):
    write_archive(tmp_path / "x.zip", random.Random(0))
    (tmp_path / "x.zip").write_bytes((tmp_path / "x.zip").read_bytes()[:-100])
    with pytest.raises(UnusableCorpus, match=r"cannot be read as a zip archive: its list of files, .* is missing"):
        stream_archive(tmp_path / "x.zip")


def test_of_many_members_little_is_held(tmp_path: Path):
    count = 1500
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        for number in range(count):
            archive.addfile(tarfile.TarInfo(f"photos/{number:08}-a-name-of-a-usual-length.png"))
    tracemalloc.start()
    try:
        stream = stream_archive(tmp_path / "x.tar")
        assert sum(1 for _ in stream.rows()) == count
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        assert sum(1 for _ in stream.rows()) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - held < 30 * count  # of each, the listing holds some 500 bytes
