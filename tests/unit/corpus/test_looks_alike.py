"""What is alike: class names, sets of images, outlines and colours; against loops and by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hubel.corpus.altered_copies import colours_differ
from hubel.corpus.corpus import alike, difference
from hubel.corpus.near_pairs import joined
from hubel.corpus.nested_parts import nested_parts
from hubel.corpus.outline import CELLS, LENGTH, MAPS, SIDE, compute_outlines, find_margins, without_margins


@pytest.mark.parametrize(
    ("names", "how"),
    [
        (["Cat", "cat"], "upper and lower case"),
        (["caf\u00e9", "cafe\u0301"], "Unicode form"),
        (["t-shirt", "t_shirt"], "spaces, dots, hyphens or underscores"),
        (["dog", "dog."], "spaces, dots, hyphens or underscores"),
        (["ape", "\u0430pe"], "letters that look alike, case, spaces or Unicode form"),
        (["T-Shirt", "t shirt "], "letters that look alike, case, spaces or Unicode form"),
    ],
)
def test_names_that_read_alike_say_in_what_they_differ(names: list[str], how: str):
    assert alike([*names, "zebra"]) == [names]
    assert difference(names) == how


def test_names_that_do_not_read_alike_are_left_alone():
    assert alike(["cat", "cats", "ca t", "dog1", "dog2", "tschüss", "tschuss"]) == []


@settings(deadline=None)
@given(st.integers(1, 12), st.data())
def test_links_join_sets_as_a_loop_does(count: int, data: st.DataObject):
    places = st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=12)
    links = data.draw(places)
    expected = list(range(count))
    for one, other in links:
        old, new = expected[one], expected[other]
        expected = [new if each == old else each for each in expected]
    first, second = (np.array([pair[end] for pair in links], np.int64) for end in (0, 1))
    found = joined(np.arange(count), first, second).tolist()
    for one in range(count):
        for other in range(count):
            assert (found[one] == found[other]) == (expected[one] == expected[other])


def blocks(seed: int = 0) -> np.ndarray:
    """Colours of 4 x 4 parts, uint8 [1, 4, 4, 3], neither dark nor bright."""
    return np.random.default_rng(seed).integers(60, 180, (1, 4, 4, 3)).astype(np.uint8)


UNCHANGED = np.array([False])


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda one: one, False),
        (lambda one: np.clip(one * 1.3, 0, 255), False),  # more light
        (lambda one: one * 0.7 + 20, False),
        (lambda one: one * np.array([1.2, 1.0, 0.8]), False),  # warmer
        (lambda one: 255 - one, False),  # inverted
        (lambda one: np.repeat(one @ np.array([[0.299], [0.587], [0.114]]), 3, axis=-1), False),  # grey
        (lambda one: one[..., ::-1], True),  # red and blue swapped
        (lambda one: one[:, ::-1], True),  # other places
        (lambda one: blocks(1), True),
    ],
)
def test_other_light_makes_no_other_colours(change, differs: bool):
    one = blocks().astype(np.float64)
    other = np.clip(change(one), 0, 255).astype(np.uint8)
    assert colours_differ(blocks(), other, changed=UNCHANGED).tolist() == [differs]
    assert colours_differ(other, blocks(), changed=UNCHANGED).tolist() == [differs]


def test_a_covered_part_is_left_out_only_where_a_change_is_known():
    covered = blocks().copy()
    covered[0, 0] = 0  # a caption over a quarter of the parts
    assert colours_differ(blocks(), covered, changed=np.array([True])).tolist() == [False]
    assert colours_differ(blocks(), covered, changed=UNCHANGED).tolist() == [True]


def stripes(*, upright: bool) -> np.ndarray:
    """Float32 [64, 64]: dark and bright stripes of 8 pixels."""
    wave = np.where(np.arange(SIDE) // 8 % 2, 200.0, 40.0).astype(np.float32)
    image = np.broadcast_to(wave, (SIDE, SIDE)).copy()
    return image if upright else image.T.copy()


def test_an_outline_tells_the_direction_of_edges_by_its_cosine():
    found = compute_outlines(np.stack([stripes(upright=True), stripes(upright=False)]))
    assert found.shape == (2, LENGTH)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    maps = found.reshape(2, CELLS, CELLS, MAPS)
    # an edge of upright stripes runs down: its gradient lies at 0 degrees, the other at 90, twice that at 180
    assert (maps[0, ..., 1] > 0).all()
    assert (maps[1, ..., 1] < 0).all()
    np.testing.assert_allclose(maps[..., 2], 0, atol=1e-6)
    np.testing.assert_allclose(maps[..., 0], np.abs(maps[..., 1]), atol=1e-6)


def test_an_outline_is_the_same_whatever_the_brightness_and_without_edges_there_is_none():
    rng = np.random.default_rng(2)
    image = np.asarray(Image.fromarray(rng.integers(0, 200, (8, 8), np.uint8)).resize((SIDE, SIDE)), np.float32)
    plain, brighter, inverted = compute_outlines(np.stack([image, image * 0.5 + 90, 255 - image]))
    np.testing.assert_allclose(plain, brighter, atol=1e-5)
    np.testing.assert_allclose(plain, inverted, atol=1e-5)
    assert (compute_outlines(np.full((1, SIDE, SIDE), 7, np.float32)) == 0).all()


def test_a_frame_is_a_margin_and_can_be_cut_off():
    rng = np.random.default_rng(3)
    inner = rng.integers(60, 255, (SIDE, SIDE)).astype(np.float32)
    framed = inner.copy()
    framed[:5] = framed[:, :3] = 0
    (top, bottom, left, right) = find_margins(framed[None])[0]
    assert (top, left) == (6, 4)  # and one pixel more, where both are mixed
    assert (bottom, right) == (0, 0)
    assert find_margins(inner[None]).tolist() == [[0, 0, 0, 0]]
    assert find_margins(np.zeros((1, SIDE, SIDE), np.float32)).tolist() == [[0, 0, 0, 0]]  # flat throughout
    cut = without_margins(Image.fromarray(framed), np.array([top, bottom, left, right]))
    assert cut.size == (SIDE, SIDE)
    assert np.asarray(cut).min() > 20


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 99))
def test_parts_lie_in_one_another_and_keep_the_share_of_each_class(counts: list[int], seed: int):
    labels = np.repeat(np.arange(len(counts)), counts)
    shares = (0.1, 0.25, 0.5, 1.0)
    parts = nested_parts(labels, shares, seed=seed)
    for share, part in zip(shares, parts, strict=True):
        expected = [max(1, int(share * count + 0.5)) for count in counts]
        assert np.bincount(labels[part], minlength=len(counts)).tolist() == expected
        assert part.tolist() == sorted(set(part.tolist()))
    for smaller, larger in itertools.pairwise(parts):
        assert set(smaller.tolist()) <= set(larger.tolist())
    assert all((one == other).all() for one, other in zip(parts, nested_parts(labels, shares, seed=seed), strict=True))
