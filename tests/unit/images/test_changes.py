"""Changes of images: against Pillow and loops of their own, and what holds for every one of them."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from hubel.errors import UnknownName, WrongRequest
from hubel.images.changes.catalogue import CHANGES, MOST_SIDE, bounded, choose_changes, turn_of
from hubel.images.changes.moves import moved

EACH = [(name, level) for name, change in CHANGES.items() for level in change.levels]
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


def drawn(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8))


def soft(height: int = 60, width: int = 80) -> Image.Image:
    """Large shapes of many colours, as in a photograph."""
    return drawn(6, 8).resize((width, height), Image.Resampling.BICUBIC)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(EACH), sizes, st.integers(0, 2**32 - 1))
def test_a_changed_image_has_its_size_and_is_always_the_same(each: tuple[str, float], size: tuple[int, int], turn: int):
    name, level = each
    image = drawn(*size)
    before = np.array(image)
    first, again = (CHANGES[name].alter(image, level, turn=turn) for _ in range(2))
    assert (first.mode, first.size) == ("RGB", image.size)
    np.testing.assert_array_equal(np.asarray(first), np.asarray(again))
    np.testing.assert_array_equal(np.asarray(image), before)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "jpeg"])
@pytest.mark.parametrize("turn", [0, 1])
def test_a_change_of_strength_0_changes_nothing(name: str, turn: int):
    image = soft()
    np.testing.assert_array_equal(np.asarray(CHANGES[name].alter(image, 0, turn=turn)), np.asarray(image))


@pytest.mark.parametrize("name", [name for name, change in CHANGES.items() if len(change.levels) > 1])
@pytest.mark.parametrize("turn", [0, 1])
def test_a_higher_strength_is_further_from_the_image(name: str, turn: int):
    image = soft(240, 320)
    plain = np.asarray(image).astype(float)
    distances = [
        np.abs(np.asarray(CHANGES[name].alter(image, level, turn=turn)) - plain).mean()
        for level in CHANGES[name].levels
    ]
    assert distances[0] > 0
    assert distances == sorted(set(distances))


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 5), st.integers(1, 5))
def test_each_pixel_comes_from_the_nearest_pixel_of_where_it_was(down: int, right: int, height: int, width: int):
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, 3)).astype(np.uint8)
    expected = np.empty_like(images)
    for row in range(height):
        for column in range(width):
            source = min(max(row - down, 0), height - 1), min(max(column - right, 0), width - 1)
            expected[:, row, column] = images[:, source[0], source[1]]
    result = moved(images, down, right)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, expected)


def test_a_move_by_part_of_a_pixel_mixes_the_two_neighbours():
    row = np.array([0, 100, 200, 40], np.uint8)
    images = np.repeat(row[None, None, :, None], 3, axis=3)  # [1, 1, 4, 3]
    assert moved(images, 0, 0.25)[0, 0, :, 0].tolist() == [0, 75, 175, 80]
    assert moved(images, 0, -1.25)[0, 0, :, 0].tolist() == [125, 160, 40, 40]


def test_an_image_moves_up_down_left_or_right_by_a_share_of_that_side():
    image = drawn(50, 100)
    pixels = np.pad(np.asarray(image), ((8, 8), (16, 16), (0, 0)), mode="edge")
    for turn, (top, left) in enumerate([(12, 16), (4, 16), (8, 24), (8, 8)]):  # 8 % of 50 is 4, of 100 is 8
        expected = pixels[top : top + 50, left : left + 100]
        np.testing.assert_array_equal(np.asarray(CHANGES["shift"].alter(image, 8, turn=turn)), expected)


@pytest.mark.parametrize(("turn", "degrees"), [(0, 20), (1, -20)])
@pytest.mark.parametrize("size", [(30, 30), (31, 40), (52, 21)])
def test_a_rotation_is_that_of_pillow_with_the_edge_repeated_around_it(turn: int, degrees: int, size: tuple[int, int]):
    image = drawn(*size)
    wide = Image.fromarray(np.pad(np.asarray(image), ((40, 40), (40, 40), (0, 0)), mode="edge"))
    turned = wide.rotate(degrees, Image.Resampling.BILINEAR).crop((40, 40, 40 + image.width, 40 + image.height))
    ours = np.asarray(CHANGES["rotation"].alter(image, 20, turn=turn))
    assert np.abs(ours.astype(int) - np.asarray(turned)).max() <= 1


def test_a_size_grows_or_shrinks_by_the_same_factor():
    image = soft(60, 80)
    larger = np.asarray(CHANGES["scale"].alter(image, 25, turn=0)).astype(int)
    expected = np.asarray(image.crop((8, 6, 72, 54)).resize((80, 60), Image.Resampling.BILINEAR))
    assert np.abs(larger - expected)[2:-2, 2:-2].max() <= 1  # at the border the filter reaches beyond the crop
    smaller = np.asarray(CHANGES["scale"].alter(image, 25, turn=1))
    np.testing.assert_array_equal(smaller[6:54, 8:72], np.asarray(image.resize((64, 48), Image.Resampling.BILINEAR)))
    np.testing.assert_array_equal(smaller[:6, 8:72], np.repeat(smaller[6:7, 8:72], 6, axis=0))


def test_light_goes_up_and_down():
    image = Image.new("RGB", (4, 4), (100, 60, 200))
    assert CHANGES["brightness"].alter(image, 20, turn=0).getpixel((0, 0)) == (120, 72, 240)
    assert CHANGES["brightness"].alter(image, 20, turn=1).getpixel((0, 0)) == (80, 48, 160)
    assert CHANGES["temperature"].alter(image, 20, turn=0).getpixel((0, 0)) == (120, 60, 160)
    assert CHANGES["temperature"].alter(image, 20, turn=1).getpixel((0, 0)) == (80, 60, 240)
    photo = soft()
    for turn, factor in ((0, 1.4), (1, 0.6)):
        expected = ImageEnhance.Contrast(photo).enhance(factor)
        np.testing.assert_array_equal(np.asarray(CHANGES["contrast"].alter(photo, 40, turn=turn)), np.asarray(expected))


def test_noise_has_the_spread_it_says_and_none_of_its_own_colour():
    image = Image.new("RGB", (100, 100), (128, 128, 128))
    noise = np.asarray(CHANGES["noise"].alter(image, 8, turn=3)).astype(float) - 128
    assert noise.std() == pytest.approx(0.08 * 255, rel=0.02)
    assert np.abs(noise.mean(axis=(0, 1))).max() < 1
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.05
    other = np.asarray(CHANGES["noise"].alter(image, 8, turn=4)).astype(float) - 128
    assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 0.05


def test_blur_and_jpeg_are_those_of_pillow():
    image, buffer = soft(), io.BytesIO()
    blurred = image.filter(ImageFilter.GaussianBlur(2.4))  # 4 % of 60
    np.testing.assert_array_equal(np.asarray(CHANGES["blur"].alter(image, 4, turn=0)), np.asarray(blurred))
    image.save(buffer, "JPEG", quality=15)
    with Image.open(buffer) as saved:
        np.testing.assert_array_equal(np.asarray(CHANGES["jpeg"].alter(image, 15, turn=0)), np.asarray(saved))


@pytest.mark.parametrize("turn", range(6))
def test_what_stands_in_front_is_a_grey_square_wholly_inside(turn: int):
    image = Image.new("RGB", (90, 60), (255, 0, 0))
    grey = (np.asarray(CHANGES["occlusion"].alter(image, 50, turn=turn)) == 128).all(axis=2)
    assert grey.sum() == 30 * 30
    assert grey.any(axis=0).sum() == grey.any(axis=1).sum() == 30


def test_a_mirror_image_swaps_left_and_right():
    image = drawn(5, 7)
    np.testing.assert_array_equal(np.asarray(CHANGES["mirror"].alter(image, 1, turn=0)), np.asarray(image)[:, ::-1])


def test_half_of_the_images_go_each_way():
    turns = [turn_of(hashlib.sha256(str(number).encode()).hexdigest()) for number in range(1000)]
    assert turn_of("000000ffdeadbeef") == 255
    assert 440 <= sum(turn % 2 for turn in turns) <= 560
    assert min(np.bincount([turn % 4 for turn in turns])) >= 200


def test_only_large_images_are_made_smaller():
    assert bounded(image := drawn(3, MOST_SIDE // 16)) is image
    assert bounded(drawn(100, 40), 50).size == (20, 50)
    assert bounded(drawn(100, 1), 50).size == (1, 50)


def test_changes_are_chosen_by_name():
    assert list(choose_changes(None)) == list(CHANGES)
    assert list(choose_changes("blur, shift")) == list(choose_changes(["blur", "shift"])) == ["shift", "blur"]
    with pytest.raises(UnknownName, match="There is no change named 'blurr'. Did you mean 'blur'\\? Known: blur, "):
        choose_changes("blurr")
    with pytest.raises(WrongRequest, match="only needs names of changes: shift, scale, "):
        choose_changes(" ,")
