"""Decoded and measured in one pass: what two passes give, to the byte; each file is read and opened once for both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hubel.arrays import Image as Pixels
from hubel.corpus.corpus import Source
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnreadableImage
from hubel.images.faults import no_memory
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline import decoded as decoded_module
from hubel.pipeline.cache import Kind, RowsBeside, kept, temporary_rows
from hubel.pipeline.decoded import decode_corpus
from hubel.pipeline.examine import decode_and_measure, examine_corpus, examine_decoded

SIZES = {
    "small": Preprocessing(8, 8),
    "at the size of some": Preprocessing(32, 32, "crop"),
    "between": Preprocessing(64, 96, "pad"),
    "large": Preprocessing(160, 128),
    "deep": Preprocessing(32, 32, integer_range=(100, 5000)),
    "one band": Preprocessing(32, 32, bands=(1,)),
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for each test."""
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Images of many formats and sizes, some turned, some broken."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "mixed" / name).mkdir(parents=True)

    def image(width: int, height: int) -> Image.Image:
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        return coarse.resize((width, height), Image.Resampling.BICUBIC)

    turned = Image.Exif()
    turned[0x0112] = 6
    wide = [(32, 32), (64, 64), (20, 31), (300, 200), (259, 130), (1100, 700), (128, 256), (513, 512)]
    for number, size in enumerate(wide):
        folder = tmp_path / "mixed" / "ab"[number % 2]
        image(*size).save(folder / f"{number}.jpg", quality=80)
        image(*size).save(folder / f"{number}-turned.jpg", exif=turned, progressive=True)
        image(*size).convert("L").save(folder / f"{number}-grey.jpg")
        image(*size).save(folder / f"{number}.png")
        image(*size).save(folder / f"{number}-turned.png", exif=turned)
    a, b = tmp_path / "mixed/a", tmp_path / "mixed/b"
    image(40, 30).convert("RGBA").save(a / "clear.png")
    image(40, 30).convert("CMYK").save(a / "ink.jpg")
    image(40, 30).save(a / "moving.gif", save_all=True, append_images=[image(40, 30), image(40, 30)])
    image(400, 300).save(a / "several.mpo", save_all=True, append_images=[image(400, 300)])
    image(40, 30).save(b / "plain.tif")
    image(40, 30).save(b / "plain.bmp")
    image(40, 30).save(b / "plain.webp")
    Image.fromarray(rng.integers(0, 6000, (33, 40)).astype(np.uint16)).save(b / "deep.png")
    (b / "copy.jpg").write_bytes((a / "0.jpg").read_bytes())
    (a / "empty.jpg").write_bytes(b"")
    (b / "cut.jpg").write_bytes((a / "0.jpg").read_bytes()[:-40])
    (b / "page.png").write_bytes(b"<html>")
    return tmp_path / "mixed"


def files_of(cache: Path) -> dict[str, bytes]:
    return {str(path.relative_to(cache)): path.read_bytes() for path in cache.rglob("*") if path.is_file()}


def stages(heard: list[Any]) -> set[str]:
    return {event.stage for event in heard if hasattr(event, "stage")}


@pytest.mark.parametrize("preprocessing", SIZES.values(), ids=SIZES)
def test_the_cache_holds_what_two_passes_write(
    mixed: Path, preprocessing: Preprocessing, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    heard: list[Any] = []
    decoded = decode_and_measure(read_corpus(mixed), preprocessing)
    examined = examine_decoded(decoded, on_event=heard.append)
    assert stages(heard) == {"comparing", "comparing outlines"}
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "other"))
    expected = decode_corpus(read_corpus(mixed), preprocessing)
    expected_examined = examine_decoded(expected)
    assert files_of(cache) == files_of(tmp_path / "other")
    assert {path.split("/")[0] for path in files_of(cache)} == {"images", "measurements", "pairs"}
    np.testing.assert_array_equal(decoded.images[:], expected.images[:])
    np.testing.assert_array_equal(examined.measurements, expected_examined.measurements)
    assert {row.path for row in decoded.corpus.refused} == {"a/empty.jpg", "b/cut.jpg", "b/page.png"}
    assert decoded.corpus == expected.corpus


@dataclass
class Counted:
    """A source that counts its readings, and in which one example fails at some of them."""

    source: Source
    position: int = -1
    fails: range = range(0)
    readings: Counter[int] = field(default_factory=Counter)

    def read(self, position: int) -> bytes | Pixels:
        self.readings[position] += 1
        if position == self.position and self.readings[position] in self.fails:
            raise UnreadableImage("vanished", "so it is")
        return self.source.read(position)


def test_each_file_is_read_to_be_hashed_and_once_more(colours: Path):
    corpus = read_corpus(colours)
    source = Counted(corpus.source)
    examine_decoded(decode_and_measure(replace(corpus, source=source), SIZES["small"]))
    assert set(source.readings.values()) == {2}
    assert len(source.readings) == len(corpus) == 60


def test_a_small_jpeg_is_opened_and_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rng = np.random.default_rng(0)
    for number in range(6):
        path = tmp_path / "small" / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    opened = []
    really_open = Image.open
    monkeypatch.setattr(Image, "open", lambda *args, **options: opened.append(1) or really_open(*args, **options))
    decode_and_measure(read_corpus(tmp_path / "small"), Preprocessing(32, 32))
    assert len(opened) == 6


def test_what_fails_once_is_tried_again_for_both(colours: Path, cache: Path):
    corpus = read_corpus(colours)
    decode_and_measure(replace(corpus, source=Counted(corpus.source, 27, range(2, 3))), SIZES["small"])
    heard: list[Any] = []
    again = decode_corpus(corpus, SIZES["small"], on_event=heard.append)
    examined = examine_decoded(again, on_event=heard.append)
    assert stages(heard) == {"checking files", "comparing"}  # both were kept
    assert (len(again.corpus), len(examined.measurements)) == (60, 60)
    np.testing.assert_array_equal(examined.measurements, examine_corpus(corpus).measurements)
    (images, measurements) = (next((cache / kind).glob("*/data.bin")) for kind in ("images", "measurements"))
    assert (images.stat().st_size, measurements.stat().st_size % 60) == (60 * 8 * 8 * 3, 0)


def test_of_images_with_one_that_stays_away_only_the_measurements_are_kept(colours: Path, cache: Path):
    corpus = read_corpus(colours)
    away = replace(corpus, source=Counted(corpus.source, 27, range(2, 9)))
    decoded = decode_and_measure(away, SIZES["small"])
    assert [row.code for row in decoded.corpus.refused] == ["vanished"]
    assert (len(list((cache / "images").glob("*"))), len(list((cache / "measurements").glob("*")))) == (0, 1)
    heard: list[Any] = []
    assert len(examine_decoded(decoded, on_event=heard.append).measurements) == 59
    assert stages(heard) == {"comparing"}


def test_measurements_with_a_fault_of_the_moment_are_not_kept_and_made_later(
    mixed: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(decoded_module, "look_at", lambda *_: no_memory())  # asked of large images only
        decoded = decode_and_measure(read_corpus(mixed), SIZES["small"])
    assert len(list((cache / "images").glob("*"))) == 1
    assert list((cache / "measurements").glob("*")) == []
    heard: list[Any] = []
    examine_decoded(decoded, on_event=heard.append)
    assert stages(heard) == {"measuring", "comparing", "comparing outlines"}


def test_a_lack_of_memory_for_one_of_the_two_is_tried_again(colours: Path, monkeypatch: pytest.MonkeyPatch):
    expected = examine_corpus(read_corpus(colours)).measurements
    monkeypatch.setenv("HUBEL_CACHE", str(colours.parent / "another"))
    squashed, calls = decoded_module.squashed, []

    def sometimes(image: Image.Image) -> Pixels:
        calls.append(image)
        if len(calls) == 7:
            raise MemoryError
        return squashed(image)

    monkeypatch.setattr(decoded_module, "squashed", sometimes)
    decoded = decode_and_measure(read_corpus(colours), SIZES["small"])
    assert (len(decoded.corpus), len(calls)) == (60, 61)
    heard: list[Any] = []
    np.testing.assert_array_equal(examine_decoded(decoded, on_event=heard.append).measurements, expected)
    assert stages(heard) == {"comparing"}


def test_who_stops_leaves_nothing_in_the_cache(colours: Path, cache: Path):
    def stop(event: object) -> None:
        if getattr(event, "stage", "") == "decoding and measuring":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_and_measure(read_corpus(colours), SIZES["small"], on_event=stop)
    assert list(cache.glob("*/*")) == []


def test_what_is_measured_already_is_not_measured_again(colours: Path, cache: Path):
    examine_corpus(read_corpus(colours))
    before = {path: content for path, content in files_of(cache).items() if path.startswith("measurements")}
    heard: list[Any] = []
    decode_and_measure(read_corpus(colours), SIZES["small"], on_event=heard.append)
    assert stages(heard) == {"checking files", "decoding"}
    assert before.items() <= files_of(cache).items()


def test_rows_that_are_begun_again_replace_the_first():
    kind = Kind("numbers", np.dtype("<i4"), (2,), 1)
    with temporary_rows(kind) as file:
        rows = RowsBeside(kind, file)
        rows.add(0, np.array([1, 2], "<i4"))
        rows.begin()
        rows.add(3, np.array([5, 6], "<i4"))  # the places of a part, in any order
        rows.add(1, np.array([3, 4], "<i4"))
        rows.keep(["one", "three"])
    entry = kept(["one", "three"], kind, make_rows=lambda: pytest.fail("they were not kept"))
    assert entry.data.tolist() == [[3, 4], [5, 6]]


def test_rows_of_which_one_is_missing_are_not_kept(cache: Path):
    kind = Kind("numbers", np.dtype("<i4"), (2,), 1)
    with temporary_rows(kind) as file:
        rows = RowsBeside(kind, file)
        rows.add(0, np.array([1, 2], "<i4"))
        rows.keep(["one", "two"])
    assert files_of(cache) == {}
