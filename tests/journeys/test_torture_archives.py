"""Archives made to do harm: named with the cause, nothing written, nothing hangs, memory stays small."""

from __future__ import annotations

import csv
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from hubel.corpus.corpus import alike, difference
from hubel.corpus.formats import archives
from hubel.errors import HubelError, UnreadableImage
from hubel.events import ignore
from hubel.files import read_csv, write_csv

MOST_MEMORY = 30_000_000
OUTSIDE = Path("/tmp/absolute_escape.txt")

SaidBy: TypeAlias = Callable[[str], str]

pytestmark = pytest.mark.timeout(60)


def rows_of(shared: Path, kind: str) -> list[dict[str, str]]:
    with (shared / "torture/MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


def listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_size) for path in [OUTSIDE, *folder.rglob("*")] if path.exists())


def said_of(path: Path, *places: Path) -> str:
    """Everything a user hears of an archive; it may write in none of the places, nor take much memory."""
    before = [listing(place) for place in places]
    tracemalloc.start()
    said = []
    try:
        corpus = archives.read(path, ignore)
        said += [f"{row.path!r} {row.status} {row.code}: {row.reason}" for row in corpus.left_out]
        said += corpus.notes
        said += [f"{names} differ only by {difference(names)}" for names in alike(corpus.class_names)]
        for index in range(len(corpus)):
            try:
                corpus.read(index)
            except UnreadableImage as error:
                said.append(f"{corpus.examples[index].path!r} refused {error.code}: {error}")
    except HubelError as error:
        assert path.name in str(error)
        said.append(str(error))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_MEMORY + path.stat().st_size
    assert [listing(place) for place in places] == before
    return "\n".join(said)


CAUSES = {
    "made__tar_fifo.tar": ("'cats/pipe.jpg' refused not-a-file", "remove it"),
    "made__tar_hardlink_escape.tar": ("'cats/a.jpg' refused hard-link", "etc/passwd"),
    "made__tar_slip.tar": ("'../outside.txt' refused climbing-name", "pack it from inside"),
    "made__tar_symlink_escape.tar": ("'d' refused link", "'/tmp'"),
    "made__zip_absolute.zip": ("'/tmp/absolute_escape.txt' refused absolute-name", "pack it from inside"),
    "made__zip_bomb_400MB.zip": ("'big_x.jpg'", "from 407,679 to 419,430,400 bytes"),
    "made__zip_case_collision.zip": ("'CATS', 'Cats', 'cats'", "differ only by upper and lower case"),
    "made__zip_duplicate_member.zip": ("'cats/a.jpg' ignored replaced", "the later one counts"),
    "made__zip_slip.zip": ("'../../outside.txt' refused climbing-name", "pack it from inside"),
    "made__zip_symlink.zip": ("'cats/link.jpg' refused link", "pack the file itself"),
    "made__zip_truncated.zip": ("made__zip_truncated.zip", "cut off"),
}
"""What must be said of each attack, by the notes of its manifest."""


@pytest.fixture
def said_by(shared: Path, tmp_path: Path, private_cache: Path, monkeypatch: pytest.MonkeyPatch) -> SaidBy:
    """What is said of an archive of the manifest, in the working folder, deep enough to see what climbs out of it."""

    def say(file: str) -> str:
        path = tmp_path / "a/b/c" / Path(file).name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((shared / "torture" / file).read_bytes())
        monkeypatch.chdir(path.parent)
        return said_of(path, tmp_path, private_cache)

    return say


def test_every_attack_is_named_with_its_cause_and_writes_nothing(shared: Path, said_by: SaidBy):
    rows = rows_of(shared, "archive-attack")
    assert {Path(row["file"]).name for row in rows} == set(CAUSES)
    for row in rows:
        said = said_by(row["file"])
        for words in CAUSES[Path(row["file"]).name]:
            assert words in said, row["note"]


def test_mutated_archives_are_read_or_refused_by_name(shared: Path, said_by: SaidBy):
    rows = rows_of(shared, "archive-fuzz")
    assert len(rows) == 40
    for row in rows:
        said_by(row["file"])


def test_hostile_names_are_read_and_survive_a_csv_byte_for_byte(shared: Path, tmp_path: Path):
    (row,) = rows_of(shared, "names")
    with zipfile.ZipFile(shared / "torture" / row["file"]) as archive:
        expected = {info.filename: archive.read(info) for info in archive.infolist()}
    corpus = archives.read(shared / "torture" / row["file"], ignore)
    assert corpus.intake_counts == {"found": 25, "read": 25, "refused": 0, "ignored": 0}
    assert {example.path: corpus.read(index) for index, example in enumerate(corpus.examples)} == expected
    assert {"0", "01", "1", "=cmd", "_", "{{7*7}}", "cats", "日本語"} < set(corpus.class_names)
    write_csv(tmp_path / "intake.csv", ("path", "status"), rows=[(each.path, each.status) for each in corpus.intake])
    paths = [each["path"] for each in read_csv(tmp_path / "intake.csv")]
    assert [path.encode("utf-8", "surrogateescape") for path in paths] == sorted(
        (name.encode("utf-8", "surrogateescape") for name in expected),
        key=lambda name: name.decode("utf-8", "surrogateescape"),
    )
