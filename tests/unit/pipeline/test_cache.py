"""The cache of decoded images: right pixels, found again, never half used."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import OutputNotWritable
from hubel.events import Message, Progress
from hubel.images.preprocessing import Preprocessing, read_pixels
from hubel.pipeline.cache import Kind, kept
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus

SIZE = Preprocessing(8, 8)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for each test."""
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def decode(corpus: Path) -> tuple[DecodedCorpus, set[str]]:
    heard = set()

    def listen(event: object) -> None:
        if isinstance(event, Progress):
            heard.add(event.stage)

    return decode_corpus(read_corpus(corpus), SIZE, on_event=listen), heard


def test_every_image_is_what_the_one_reader_makes_of_its_file(colours: Path):
    decoded, _ = decode(colours)
    for index, example in enumerate(decoded.corpus.examples):
        np.testing.assert_array_equal(decoded.images[index], read_pixels((colours / example.path).read_bytes(), SIZE))


def test_the_second_time_nothing_is_decoded(colours: Path):
    first, heard_first = decode(colours)
    second, heard_second = decode(colours)
    assert ("decoding" in heard_first, "decoding" in heard_second) == (True, False)
    np.testing.assert_array_equal(first.images, second.images)


def test_a_changed_image_is_decoded_again(colours: Path):
    decode(colours)
    Image.fromarray(np.full((24, 24, 3), 7, np.uint8)).save(colours / "red/00.png")
    decoded, heard = decode(colours)
    place = [example.path for example in decoded.corpus.examples].index("red/00.png")
    assert "decoding" in heard
    assert (decoded.images[place] == 7).all()


@pytest.mark.parametrize("damage", ["flip", "cut", "no index", "nonsense index", "nested index"])
def test_a_damaged_entry_is_made_again(colours: Path, damage: str, cache: Path):
    good = np.array(decode(colours)[0].images)
    entry = next((cache / "images").iterdir())
    pixels = bytearray((entry / "data.bin").read_bytes())
    if damage == "flip":
        pixels[100] ^= 1
        (entry / "data.bin").write_bytes(pixels)
    elif damage == "cut":
        (entry / "data.bin").write_bytes(pixels[:-1])
    elif damage == "no index":
        (entry / "index.json").unlink()
    else:
        (entry / "index.json").write_text("[]" if damage == "nonsense index" else "[" * 100_000)
    decoded, heard = decode(colours)
    assert "decoding" in heard
    np.testing.assert_array_equal(decoded.images, good)


def test_unreadable_images_are_refused_by_name_and_the_rest_is_read(colours: Path, cache: Path):
    (colours / "red/bad.jpg").write_bytes(b"<html>")
    (colours / "red/00.png").write_bytes((colours / "red/01.png").read_bytes()[:50])
    for _ in range(2):  # cold and from the cache
        decoded, _ = decode(colours)
        assert {row.path: row.code for row in decoded.corpus.refused} == {
            "red/00.png": "truncated",
            "red/bad.jpg": "not-an-image",
        }
        assert len(decoded.images) == len(decoded.corpus) == len(decoded.digests) == 59
        assert decoded.corpus.intake_counts == {"found": 61, "read": 59, "refused": 2, "ignored": 0}


def test_a_class_without_a_readable_image_goes_and_labels_still_fit(colours: Path):
    for path in (colours / "green").iterdir():
        path.write_bytes(b"")
    decoded, _ = decode(colours)
    assert decoded.corpus.class_names == ("blue", "red")
    assert decoded.corpus.notes == ("Class 'green' is left out: none of its images can be read.",)
    for index, example in enumerate(decoded.corpus.examples):
        name = decoded.corpus.class_names[example.label]
        assert example.path.startswith(name)
        assert decoded.images[index].mean(axis=(0, 1)).argmax() == {"red": 0, "blue": 2}[name]


def test_nothing_is_left_behind_when_decoding_fails(colours: Path, cache: Path):
    def stop(event: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_corpus(read_corpus(colours), SIZE, on_event=stop)
    assert not list(cache.rglob("*.bin"))


def test_where_the_cache_cannot_be_written_it_works_without_and_says_so_once(colours: Path, cache: Path):
    cache.write_text("a file, where the folder would be")
    said: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Message):
            said.append(event.text)

    for _ in range(2):
        decoded = decode_corpus(read_corpus(colours), SIZE, on_event=listen)
        example = decoded.corpus.examples[5]
        np.testing.assert_array_equal(decoded.images[5], read_pixels((colours / example.path).read_bytes(), SIZE))
    (text,) = said
    assert f"The cache {cache} cannot be written, so images are decoded again each time. Set HUBEL_CACHE" in text
    assert cache.read_text() == "a file, where the folder would be"


def test_a_cache_without_room_says_what_to_set(colours: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("hubel.files.tempfile.TemporaryFile", full)
    monkeypatch.setattr("hubel.files.tempfile.mkdtemp", full)
    with pytest.raises(OutputNotWritable, match="set HUBEL_CACHE to a folder with room"):
        decode_corpus(read_corpus(colours), SIZE)


def test_the_corpus_is_only_read(colours: Path):
    before = sorted((path, path.stat().st_mtime_ns) for path in colours.rglob("*"))
    decode(colours)
    assert sorted((path, path.stat().st_mtime_ns) for path in colours.rglob("*")) == before


def test_what_a_killed_process_left_in_the_cache_is_not_used_and_goes_after_a_day(colours: Path, cache: Path):
    good = np.array(decode(colours)[0].images)
    entry = next((cache / "images").iterdir())
    two_days_ago = time.time() - 2 * 24 * 3600
    old, new, long = (cache / "images" / f".hubel-writing-{name}" for name in ("old", "new", "long"))
    for half in (old, new, long):
        half.mkdir()
        (half / "data.bin").write_bytes((entry / "data.bin").read_bytes()[:100])
    for path in (old / "data.bin", old, long):  # into the last one somebody has been writing for two days
        os.utime(path, (two_days_ago, two_days_ago))
    (entry / "index.json").unlink()
    decoded, heard = decode(colours)
    assert "decoding" in heard
    np.testing.assert_array_equal(decoded.images, good)
    assert (old.exists(), new.exists(), long.exists()) == (False, True, True)


def test_what_was_unused_for_longest_goes_first_when_the_cache_is_full(cache: Path, monkeypatch: pytest.MonkeyPatch):
    def make(name: str, days_unused: int) -> Path:
        before = set(cache.glob("numbers/*"))
        kind, row = Kind("numbers", np.dtype(np.uint8), (100_000,), 1), np.zeros(100_000, np.uint8)
        kept([name], kind, make_rows=lambda: [(0, row)])
        (entry,) = set(cache.glob("numbers/*")) - before
        if name == "oldest":
            (entry / "index.json").unlink()  # it takes room all the same
        for path in (*entry.iterdir(), entry):
            os.utime(path, (time.time() - days_unused * 24 * 3600,) * 2)
        return entry

    entries = [make("old", 2), make("oldest", 3), make("used", 1)]
    monkeypatch.setattr("hubel.pipeline.cache.MAX_CACHE_BYTES", 350_000)  # four take 400,000 and a little
    make("new", 0)
    assert [entry.exists() for entry in entries] == [True, False, True]
