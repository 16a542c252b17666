"""Copies: planted ones are found and named, others are not, and what belongs together stays together."""

from __future__ import annotations

import io
import tracemalloc
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from tests.made.copies import TURNS
from tests.made.measurements import measure_image

from hubel.corpus import near_pairs
from hubel.corpus.corpus import Found, make_corpus
from hubel.corpus.duplicates import Copies, find_near_pairs, members
from hubel.corpus.fingerprint import ORIENTATIONS, oriented
from hubel.corpus.near_pairs import NEAR, PAIR, find_alike
from hubel.events import ignore


def scene(seed: int, *, height: int = 96, width: int = 128) -> Image.Image:
    """A made photograph: soft colours, shapes and grain."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    pixels = np.asarray(coarse).astype(int) + rng.integers(-12, 13, (height, width, 3))
    for _ in range(6):
        top, left = rng.integers(0, height - 20), rng.integers(0, width - 20)
        pixels[top : top + rng.integers(8, 40), left : left + rng.integers(8, 40)] = rng.integers(0, 256, 3)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


CHANGES = {
    "re-encoded": lambda p: jpeg(p, 60),
    "smaller": lambda p: jpeg(p.resize((round(p.width * 0.9), round(p.height * 0.9)), Image.Resampling.LANCZOS)),
    "brighter": lambda p: jpeg(ImageEnhance.Brightness(p).enhance(1.05)),
    "darker": lambda p: jpeg(ImageEnhance.Brightness(p).enhance(0.95)),
    "grey": lambda p: jpeg(p.convert("L")),
}


def pairs_of(files: list[bytes]) -> np.ndarray:
    names = [str(n) for n in range(len(files))]
    return find_near_pairs(np.stack([measure_image(file) for file in files]), names, labels=np.arange(len(files)) % 2)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("change", CHANGES)
def test_copies_are_found_and_nothing_else(change: str):
    originals = [scene(seed) for seed in range(30)]
    files = [jpeg(each) for each in originals] + [CHANGES[change](each) for each in originals]
    pairs = pairs_of(files)
    assert [(p["first"], p["second"], p["orientation"]) for p in pairs] == [(n, n + 30, 0) for n in range(30)]
    assert (pairs["similarity"] >= NEAR).all()


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_copy_is_named(turn: str):
    (pair,) = pairs_of([jpeg(scene(1)), jpeg(TURNS[turn](scene(1)))])
    assert ORIENTATIONS[pair["orientation"]] == turn


def test_the_same_shape_in_another_colour_is_no_copy_but_a_grey_one_is():
    grey = np.asarray(scene(3).convert("L")).astype(float)
    red, blue = (np.stack([grey * a, grey * 0.7, grey * b], -1).astype(np.uint8) for a, b in ((1, 0.2), (0.2, 1)))
    files = [jpeg(Image.fromarray(each)) for each in (red, blue, np.stack([grey] * 3, -1).astype(np.uint8))]
    assert [(p["first"], p["second"]) for p in pairs_of(files)] == [(0, 2), (1, 2)]


def test_images_too_small_or_too_plain_are_not_compared():
    tiny, plain = scene(4).resize((15, 15)), Image.new("RGB", (64, 64), (250, 250, 250))
    assert len(pairs_of([jpeg(tiny), jpeg(tiny, 60), jpeg(plain), jpeg(plain, 60)])) == 0


def test_of_equal_files_only_the_first_is_compared():
    measured = np.stack([measure_image(jpeg(scene(5)))] * 3 + [measure_image(jpeg(scene(5), 60))])
    pairs = find_near_pairs(measured, ["a", "a", "a", "b"], labels=np.zeros(4))
    assert [(p["first"], p["second"]) for p in pairs] == [(0, 3)]
    assert Copies(("a", "a", "a", "b"), pairs).sets() == [0, 0, 0, 0]


def test_every_block_of_a_large_corpus_is_compared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(near_pairs, "_ROWS", 3)
    monkeypatch.setattr(near_pairs, "_COLUMNS", 4)
    rng = np.random.default_rng(0)
    pairs = find_alike(unit(rng.normal(size=(10, 144)))[np.arange(40) % 10], ignore)
    expected = [(a, b) for a, b in combinations(range(40), 2) if a % 10 == b % 10]  # 3 of each: fewer than are kept
    assert sorted((p["first"], p["second"]) for p in pairs) == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.data())
def test_sets_are_the_connected_parts(count: int, data: st.DataObject):
    links = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=12))
    digests = tuple(data.draw(st.lists(st.sampled_from("abcdef"), min_size=count, max_size=count)))
    pairs = np.array([(a, b, 1.0, 0, False) for a, b in links], PAIR) if links else np.zeros(0, PAIR)
    reach = np.eye(count, dtype=bool)
    for a, b in [*links, *combinations(range(count), 2)]:
        if (a, b) in links or digests[a] == digests[b]:
            reach[a, b] = reach[b, a] = True
    for _ in range(count):
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert Copies(digests, pairs).sets() == [int(np.flatnonzero(row)[0]) for row in reach]


def test_given_groups_join_sets():
    corpus = make_corpus(
        "here",
        "test",
        found=[Found(f"{n}.png", "a", None, "x" if n in (0, 3) else None) for n in range(4)],
        source=None,
    )  # type: ignore[arg-type]
    assert Copies(("a", "b", "a", "c"), np.zeros(0, PAIR)).kept_together(corpus) == [0, 1, 0, 0]


def test_groups_of_equal_files_and_members():
    assert members(["a", "b", "a", "c", "b", "a"]) == [(0, 2, 5), (1, 4)]
    assert members([0, 1, 0, 3]) == [(0, 2)]


def test_files_of_one_md5_are_not_one_file(shared: Path):
    import hashlib

    files = [(shared / f"torture/hash-collision/collisions__md5-{n}.jpg").read_bytes() for n in (1, 2)]
    assert len({hashlib.md5(file).hexdigest() for file in files}) == 1
    assert members([hashlib.sha256(file).hexdigest() for file in files]) == []


@pytest.mark.parametrize(("correlation", "is_pair"), [(0.999, True), (0.955, True), (0.945, False), (0.5, False)])
@pytest.mark.parametrize("number", range(8))
def test_the_threshold_is_what_the_documents_say(correlation: float, number: int, *, is_pair: bool):
    assert NEAR == 0.95
    rng = np.random.default_rng(number)
    one, other = (vector / np.linalg.norm(vector) for vector in rng.normal(size=(2, 144)))
    other -= (other @ one) * one
    two = correlation * one + np.sqrt(1 - correlation**2) * other / np.linalg.norm(other)
    pairs = find_alike(np.stack([one, oriented(two[None], number)[0]]).astype(np.float32), ignore)
    assert len(pairs) == is_pair
    if is_pair:
        assert pairs["similarity"][0] == pytest.approx(correlation, abs=2e-3)


def test_of_thousands_of_alike_images_few_pairs_are_kept_but_the_sets_are_whole():
    rng = np.random.default_rng(0)
    vectors = unit(unit(rng.normal(size=(3, 144)))[np.arange(6000) % 3] + rng.normal(size=(6000, 144)) * 0.004)
    vectors[5999] = oriented(vectors[5998][None], 1)[0]  # joins nothing else
    digests = tuple(str(n) for n in range(6000))
    tracemalloc.start()
    pairs = find_alike(vectors, ignore)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pairs) < 20 * 6000  # of 6 million
    assert peak < 400_000_000
    expected = [n % 3 for n in range(5999)] + [5998 % 3]
    assert Copies(digests, pairs).sets() == expected
    upright = Copies(digests, pairs[pairs["orientation"] == 0]).sets()
    assert upright == [*expected[:5999], 5999]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.integers(2, 60), st.floats(0.02, 0.2))
def test_keeping_few_pairs_never_divides_a_set(seed: int, count: int, spread: float):
    rng = np.random.default_rng(seed)
    exact = unit(rng.normal(size=(4, 144))[rng.integers(0, 4, count)] + rng.normal(size=(count, 144)) * spread)
    digests = tuple(str(n) for n in range(count))
    every = [(a, b, 1.0, 0, False) for a, b in combinations(range(count), 2) if exact[a] @ exact[b] >= NEAR]
    all_pairs = np.array(every, PAIR) if every else np.zeros(0, PAIR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_pairs, "LINKS", 1)
        patch.setattr(near_pairs, "_AT_ONCE", 7)
        found = find_alike(exact, ignore)
    assert Copies(digests, found).sets() == Copies(digests, all_pairs).sets()
