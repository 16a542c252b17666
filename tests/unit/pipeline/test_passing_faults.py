"""A fault that passes leaves no trace: what was away for a moment is read the next time, and nothing goes unmeasured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from hubel.arrays import Image as Pixels
from hubel.corpus.corpus import Corpus, Source
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.measurement import measure_images
from hubel.corpus.trees.folder import read_file
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.images.decode import decoded_pillow
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.decoded import decode_corpus, pixels_of, see_and_measure
from hubel.pipeline.examine import examine_corpus, examine_decoded

SIZE = Preprocessing(8, 8)
MOMENT = [UnreadableImage(code, "so it is") for code in ("vanished", "permission-denied", "unreadable", "changed")]
FAULTS = [*MOMENT, MemoryError(), UnreadableImage("not-a-file", "it is a pipe")]
IDS = ["vanished", "permission-denied", "unreadable", "changed", "no-memory", "not-a-file"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for each test."""
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@dataclass
class Disturbed:
    """A source in which one example fails at some of its readings: the first is hashed, the second decoded."""

    source: Source
    position: int
    fault: Exception
    fails: Callable[[int], bool]
    readings: int = field(default=0)

    def read(self, position: int) -> bytes | Pixels:
        if position == self.position:
            self.readings += 1
            if self.fails(self.readings):
                raise self.fault
        return self.source.read(position)


def disturbed(folder: Path, path: str, fault: Exception, fails: Callable[[int], bool]) -> Corpus:
    corpus = read_corpus(folder)
    place = [example.path for example in corpus.examples].index(path)
    return replace(corpus, source=Disturbed(corpus.source, corpus.positions[place], fault, fails))


def entries(cache: Path, kind: str) -> list[str]:
    return sorted(path.name for path in (cache / kind).glob("*"))


@pytest.fixture
def fresh(colours: Path, tmp_path: Path) -> np.ndarray:
    """The pixels as a cache of its own gives them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUBEL_CACHE", str(tmp_path / "fresh"))
        return np.array(decode_corpus(read_corpus(colours), SIZE).images)


@pytest.mark.parametrize("fault", FAULTS[:-1], ids=IDS[:-1])
@pytest.mark.parametrize("reading", [1, 2], ids=["hashed", "decoded"])
def test_what_fails_once_is_tried_again_and_lies_in_its_place(
    colours: Path, cache: Path, fault: Exception, reading: int, fresh: np.ndarray
):
    decoded = decode_corpus(disturbed(colours, "green/07.png", fault, lambda number: number == reading), SIZE)
    assert decoded.corpus.refused == ()
    np.testing.assert_array_equal(decoded.images, fresh)
    assert len(entries(cache, "images")) == 1  # nothing failed in the end: it is kept
    np.testing.assert_array_equal(decode_corpus(read_corpus(colours), SIZE).images, fresh)


@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
@pytest.mark.parametrize("first", [1, 2], ids=["hashed", "decoded"])
def test_what_stays_away_is_refused_and_the_next_run_knows_nothing_of_it(
    colours: Path, fault: Exception, first: int, fresh: np.ndarray
):
    for _ in range(2):  # also where the first of two faults left something behind
        decoded = decode_corpus(disturbed(colours, "green/07.png", fault, lambda number: number >= first), SIZE)
        (row,) = decoded.corpus.refused
        assert (row.path, row.class_name) == ("green/07.png", "green")
        code = getattr(fault, "code", "no-memory")
        assert row.code == ("changed" if code == "not-a-file" and first == 2 else code)
        assert decoded.corpus.intake_counts == {"found": 60, "read": 59, "refused": 1, "ignored": 0}
        np.testing.assert_array_equal(decoded.images[:], np.delete(fresh, 27, axis=0))  # after 20 blue and 7 green
    whole = decode_corpus(read_corpus(colours), SIZE)
    assert whole.corpus.refused == ()
    np.testing.assert_array_equal(whole.images, fresh)


def test_of_an_entry_with_a_passing_fault_nothing_is_left_on_disk(colours: Path, cache: Path):
    corpus = disturbed(colours, "red/00.png", MOMENT[0], lambda number: number >= 2)
    decode_corpus(corpus, SIZE)
    assert entries(cache, "images") == []


def test_a_fault_of_the_content_is_remembered_beside_one_that_passes(colours: Path, cache: Path):
    (colours / "red/01.png").write_bytes(b"")
    decoded = decode_corpus(disturbed(colours, "red/00.png", MOMENT[0], lambda number: number == 2), SIZE)
    assert {row.path: row.code for row in decoded.corpus.refused} == {"red/01.png": "empty"}
    (index,) = cache.glob("images/*/index.json")
    assert '"refused": {"41": ["empty", ' in index.read_text()  # after 40 blue and green, and red/00


def test_an_image_that_changes_while_the_corpus_is_read_is_refused_this_time_only(colours: Path):
    def swap(event: object) -> None:
        if getattr(event, "stage", "") == "checking files":  # after it was hashed, before it is decoded
            (colours / "red/00.png").write_bytes((colours / "blue/00.png").read_bytes())

    decoded = decode_corpus(read_corpus(colours), SIZE, on_event=swap)
    assert [(row.path, row.code) for row in decoded.corpus.refused] == [("red/00.png", "changed")]
    again = decode_corpus(read_corpus(colours), SIZE)
    assert again.corpus.refused == ()
    np.testing.assert_array_equal(again.images[40], again.images[0])


def test_the_audit_finds_a_file_again_that_was_away(colours: Path):
    away = examine_corpus(disturbed(colours, "red/00.png", MOMENT[0], lambda number: number >= 2))
    assert [row.code for row in away.corpus.refused] == ["vanished"]
    assert len(away.measurements) == 59
    back = examine_corpus(read_corpus(colours))
    assert back.corpus.refused == ()
    assert (back.measurements["width"] == 24).all()


@pytest.fixture
def with_copies(tmp_path: Path) -> Path:
    """Twelve different images, each with a re-encoded copy."""
    rng = np.random.default_rng(5)
    for number in range(12):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        path = tmp_path / "copies" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image = coarse.resize((64, 64), Image.Resampling.BICUBIC)
        image.save(path)
        image.save(path.with_suffix(".jpg"), quality=90)
    return tmp_path / "copies"


def together(corpus: Corpus, sets: list[int]) -> set[tuple[str, str]]:
    """Paths, and which path stands for the set each is in."""
    return {(each.path, corpus.examples[first].path) for each, first in zip(corpus.examples, sets, strict=True)}


def in_pairs(corpus: Corpus) -> set[tuple[str, str]]:
    return {(each.path, each.path[:-3] + "jpg") for each in corpus.examples}


def test_copies_of_an_image_that_is_away_once_while_it_is_measured_stay_together(with_copies: Path):
    corpus = disturbed(with_copies, "a/00.png", MOMENT[0], lambda number: number == 3)
    decoded = decode_corpus(corpus, SIZE)
    examined = examine_decoded(decoded)
    assert together(examined.corpus, examined.copies.kept_together(decoded.corpus)) == in_pairs(corpus)


@pytest.mark.parametrize("fault", FAULTS, ids=IDS)
def test_no_split_is_cut_with_an_image_that_could_not_be_measured(with_copies: Path, cache: Path, fault: Exception):
    decoded = decode_corpus(disturbed(with_copies, "a/00.png", fault, lambda number: number >= 3), SIZE)
    with pytest.raises(UnusableCorpus) as caught:
        examine_decoded(decoded)
    said = str(caught.value)
    assert said.startswith(
        f"{with_copies}: 'a/00.png' was decoded, but could not be read again to look for its copies: "
    )
    assert "copies could lie on both sides of a split. Start again when nothing changes the corpus" in said
    assert (entries(cache, "measurements"), entries(cache, "pairs")) == ([], [])
    later = decode_corpus(read_corpus(with_copies), SIZE)
    sets = examine_decoded(later).copies.kept_together(later.corpus)
    assert together(later.corpus, sets) == in_pairs(later.corpus)


def test_all_images_that_are_away_are_counted(with_copies: Path):
    decoded = decode_corpus(read_corpus(with_copies), SIZE)
    for name in ("00.png", "02.png", "04.jpg"):
        (with_copies / "a" / name).unlink()
    with pytest.raises(UnusableCorpus, match=r"'a/00.png' \(and 2 more\) was decoded"):
        examine_decoded(decoded)


def test_the_file_system_is_to_blame_for_a_file_that_is_not_there_and_the_file_for_what_is_in_it(tmp_path: Path):
    with pytest.raises(UnreadableImage) as away:
        read_file(tmp_path / "a.png")
    with pytest.raises(UnreadableImage) as below_a_file:
        (tmp_path / "file").write_bytes(b"")
        read_file(tmp_path / "file" / "a.png")
    assert (away.value.code, away.value.may_pass) == ("vanished", True)
    assert (below_a_file.value.code, below_a_file.value.may_pass) == ("unreadable", True)
    for code in ("empty", "not-an-image", "truncated", "corrupt", "too-large", "too-many-pixels"):
        assert not UnreadableImage(code, "").may_pass


LIMITED = """
import resource, sys
from pathlib import Path
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.measurement import measure_images
from hubel.pipeline.examine import examine_corpus

small, large = map(read_corpus, sys.argv[1:])
examine_corpus(small)  # loads what it needs
pages = int(Path("/proc/self/statm").read_text().split()[0])
free, most = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 60_000_000, most))
for _ in range(2):
    print(*(f"{row.path} {row.code}" for row in examine_corpus(large).corpus.refused))
resource.setrlimit(resource.RLIMIT_AS, (free, most))
print(len(examine_corpus(large).corpus.refused))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how much memory a process has")
def test_an_image_that_memory_was_short_for_is_read_when_there_is_more(colours: Path, tmp_path: Path):
    for name in ("red", "blue"):
        path = tmp_path / "large" / name / "large.png"
        path.parent.mkdir(parents=True)
        (colours / name / "00.png").rename(path.with_name("small.png"))
        Image.new("1", (5000, 5000)).save(path)  # a few kilobytes; 100 MB as RGB
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, colours, tmp_path / "large"], capture_output=True, text=True, check=False
    )
    short = "blue/large.png no-memory red/large.png no-memory"
    assert (done.stdout.splitlines(), done.stderr) == ([short, short, "0"], "")


@pytest.mark.parametrize(("ending", "code"), [("png", "no-memory"), ("tif", "corrupt")])
def test_a_decoder_that_finds_no_memory_for_its_tables_says_nothing_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, code: str
):
    """Of PNG it is zlib that begins then, which fails for no other reason; of other formats the file may be at fault."""

    def load(image: ImageFile.ImageFile) -> None:
        raise OSError(f"{Image.core.getcodecstatus(-8)} when reading image file")

    path = tmp_path / f"image.{ending}"
    Image.new("RGB", (20, 20)).save(path)
    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(UnreadableImage) as fault, decoded_pillow(path.read_bytes()):
        pass
    assert (fault.value.code, fault.value.may_pass) == (code, code == "no-memory")


def test_a_fault_that_is_handed_on_keeps_no_pixels_in_memory(tmp_path: Path):
    """Sixteen large images that end too early are refused together; a traceback keeps what its frames hold."""
    path = tmp_path / "image.png"
    Image.effect_noise((300, 300), 50).save(path)
    ends_early = path.read_bytes()[:-2000]
    pixels, look = see_and_measure(SIZE, [ends_early])[0]
    for fault in (pixels, look, pixels_of(ends_early, SIZE), *measure_images([ends_early])):
        assert isinstance(fault, UnreadableImage)
        assert (fault.code, fault.__traceback__, fault.__context__, fault.__cause__) == ("truncated", None, None, None)
