"""Thumbnails: small, upright, in their own shape; what cannot be read is left out."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.conftest import COLOURS, write_image

from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.events import Event, Progress
from hubel.reports.audit_page import shown_paths
from hubel.reports.thumbnails import make_thumbnails


class StoredImages:
    """A source of pixels that lie in memory."""

    def __init__(self, *images: np.ndarray) -> None:
        self.images = images

    def read(self, position: int) -> np.ndarray:
        return self.images[position]


def corpus_of(*images: np.ndarray) -> Corpus:
    found = [Found(f"{number:03}.png", "cat") for number in range(len(images))]
    return make_corpus("memory", "arrays", found=found, source=StoredImages(*images))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((224, 224), (112, 112)), ((400, 300), (112, 84)), ((300, 400), (84, 112)), ((4000, 3), (112, 1)), ((112, 50), (112, 50))],
)  # fmt: skip
def test_images_shrink_in_their_own_shape(size: tuple[int, int], expected: tuple[int, int]):
    width, height = size
    (data,) = make_thumbnails(corpus_of(np.full((height, width, 3), 90, np.uint8)), [0]).values()
    assert opened(data).format == "JPEG"
    assert opened(data).size == expected
    np.testing.assert_allclose(np.asarray(opened(data)), 90, atol=2)


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_a_small_image_keeps_its_own_pixels(height: int, width: int, seed: int):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    (data,) = make_thumbnails(corpus_of(pixels), [0], side=41).values()
    assert opened(data).format == "PNG"
    np.testing.assert_array_equal(np.asarray(opened(data)), pixels)


def test_only_the_images_asked_for_are_made(colours: Path):
    corpus = read_corpus(colours)
    made = make_thumbnails(corpus, [41, 0], side=16)
    assert list(made) == ["red/01.png", "blue/00.png"]
    for path, data in made.items():
        assert opened(data).size == (16, 16)
        mean = np.asarray(opened(data)).mean(axis=(0, 1))
        np.testing.assert_allclose(mean, COLOURS[path.split("/")[0]], atol=20)


def test_a_photograph_is_upright(tmp_path: Path):
    pixels = np.zeros((300, 600, 3), np.uint8)
    pixels[:, 300:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: to be shown a quarter turn clockwise
    (tmp_path / "cat").mkdir()
    Image.fromarray(pixels).save(tmp_path / "cat/1.jpg", exif=exif)
    write_image(tmp_path / "dog/1.png", pixels)
    (data,) = make_thumbnails(read_corpus(tmp_path), [0]).values()
    assert opened(data).size == (56, 112)
    upright = np.asarray(opened(data)).mean(axis=(1, 2))
    assert upright[:50].max() < 10
    assert upright[-50:].min() > 245


def test_what_cannot_be_read_is_left_out(colours: Path):
    (colours / "blue/01.png").write_bytes(b"<html>not found</html>")
    corpus = read_corpus(colours)
    (colours / "blue/00.png").unlink()
    assert list(make_thumbnails(corpus, [0, 1, 2])) == ["blue/02.png"]


def test_progress_is_told(colours: Path):
    events: list[Event] = []
    make_thumbnails(read_corpus(colours), range(60), on_event=events.append)
    assert events == [Progress("thumbnails", 50, 60), Progress("thumbnails", 60, 60)]


def test_no_images_make_no_thumbnails(colours: Path):
    assert make_thumbnails(read_corpus(colours), []) == {}


def test_more_suspect_labels_than_other_findings_are_shown_because_they_are_decided_on_here():
    check = Check("Labels", "why", "threshold", "cure")
    suspects = [
        Finding("suspect-label", (f"cat/{n:03}.jpg",), n / 1000, "doubtful", suggested="dog") for n in range(301)
    ]
    assert len(shown_paths(suspects, {"suspect-label": check})) == 300
    others = [replace(finding, check="dark") for finding in suspects]
    assert len(shown_paths(others, {"dark": check})) == 60
