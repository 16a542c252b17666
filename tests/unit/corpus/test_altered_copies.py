"""Copies that were changed: cropped, framed, captioned, turned a little, dyed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from tests.made.copies import HARDER, bordered, channels, copy_of
from tests.unit.corpus.test_shared_scenes import measured

from hubel.corpus.altered_copies import colours_differ
from hubel.corpus.duplicates import find_near_pairs
from hubel.corpus.outline import find_margins
from hubel.images.registration import differing_parts, fine_agreement, identity, lay_over, warp


def photograph(seed: int) -> Image.Image:
    """Shapes of all sizes in all places, and some that look like a landscape: rich enough to be told from others."""
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(40, 216, (6, 8, 3)).astype(np.uint8)).resize(
        (320, 240), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, wide, high = *rng.integers(-20, 320, 2), *rng.integers(6, 70, 2)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((int(x), int(y), int(x + wide), int(y + high)), fill=tuple(int(each) for each in rng.integers(0, 256, 3)))
    return image.filter(ImageFilter.GaussianBlur(0.8))


PHOTOGRAPHS = [photograph(seed) for seed in range(40)]


def test_photographs_are_no_copies_of_one_another():
    assert len(pairs_of(PHOTOGRAPHS)) == 0


def pairs_of(images: list[Image.Image]) -> set[tuple[int, int]]:
    rows = measured(images)
    pairs = find_near_pairs(rows, [str(place) for place in range(len(rows))], labels=np.arange(len(rows)) % 2)
    return {(int(pair["first"]), int(pair["second"])) for pair in pairs}


@pytest.mark.parametrize("kind", HARDER)
def test_at_least_four_in_five_changed_copies_are_found_and_no_others(kind: str):
    rng = np.random.default_rng(0)
    found = pairs_of([*PHOTOGRAPHS, *(copy_of(image, kind, rng) for image in PHOTOGRAPHS)])
    planted = {(place, 40 + place) for place in range(40)}
    assert len(found & planted) >= 32
    assert found <= planted


def register(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Maps that lay second images over first ones, from coarse to fine."""
    maps = identity(len(first))
    for side, steps in ((16, 4), (32, 3), (64, 2)):
        maps, _ = lay_over(first, second, maps=maps, side=side, steps=steps)
    return maps


def test_a_crop_is_laid_over_its_original():
    whole = np.stack([np.asarray(image.convert("L").resize((64, 64)), np.float32) for image in PHOTOGRAPHS[:8]])
    cut = [image.crop((16, 0, 320, 228)) for image in PHOTOGRAPHS[:8]]  # 5 % of the left, 5 % of the bottom
    cropped = np.stack([np.asarray(image.convert("L").resize((64, 64)), np.float32) for image in cut])
    maps = register(whole, cropped)
    # x of the original, -1 to 1, in the crop: what lay at 16 of 320 pixels lies at its left edge, the right edge stays
    expected = np.array([[320 / 304, 0, -16 / 304], [0, 240 / 228, 12 / 228]])
    np.testing.assert_allclose(maps, np.broadcast_to(expected, maps.shape), atol=0.02)
    agreement, patterned = fine_agreement(whole, cropped, maps=maps)
    assert np.median(agreement[patterned]) > 0.9
    strange, patterned = fine_agreement(
        whole, np.roll(cropped, 1, axis=0), maps=register(whole, np.roll(cropped, 1, axis=0))
    )
    assert np.median(strange[patterned]) < 0.5


def test_warping_by_a_whole_pixel_moves_by_a_whole_pixel():
    image = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    seen, inside = warp(image, np.array([[[1, 0, 2 / 8], [0, 1, 0]]], np.float32))  # a pixel is 2 / 8 of -1 to 1
    np.testing.assert_allclose(seen[0, :, :7], image[0, :, 1:], atol=0.01)
    assert inside[0, :, :7].all()
    assert not inside[0, :, 7].any()


def test_a_part_that_differs_is_told_from_other_light():
    (image,) = (np.asarray(PHOTOGRAPHS[0].convert("L").resize((64, 64)), np.float32)[None] for _ in range(1))
    with_a_spot = image.copy()
    with_a_spot[:, 20:30, 20:30] = 255 - with_a_spot[:, 20:30, 20:30]
    assert differing_parts(np.repeat(image, 4, 0), np.concatenate([image, image * 0.7 + 30, 255 - image, with_a_spot])).tolist() == [
        False, False, False, True,
    ]  # fmt: skip


def test_margins_are_frames_and_captions_but_not_the_background_of_an_image():
    image = np.asarray(bordered(PHOTOGRAPHS[1].resize((116, 116)), 6 / 116, np.random.default_rng(1)).convert("L"))
    assert image.shape == (128, 128)
    assert find_margins(image[None]).tolist() == [[7, 7, 7, 7]]  # one more: it is a mixture
    wall = np.full((128, 128), 200, np.uint8)
    wall[60:, 30:90] = 40  # half of the image is wall
    assert find_margins(wall[None]).tolist() == [[0, 0, 0, 0]]
    cone = np.full((128, 128), 200, np.uint8)
    for row in range(10, 128):  # less wall above it than a margin may have, but it begins with its tip
        cone[row, max(0, 64 - 2 * (row - 8)) : 64 + 2 * (row - 8)] = 40
    assert find_margins(cone[None]).tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda image: channels(image, 1.25, 1.0, 0.75), False),
        (lambda image: image.convert("L").convert("RGB"), False),
        (lambda image: Image.merge("RGB", image.split()[::-1]), True),
        (lambda image: Image.merge("RGB", (image.split()[1], image.split()[0], image.split()[2])), True),
    ],
)
def test_other_light_is_told_from_other_colours(change, differs: bool):
    def parts(image: Image.Image) -> np.ndarray:
        return np.asarray(image.resize((8, 8), Image.Resampling.BOX))[None]

    told = [
        bool(colours_differ(parts(image), parts(change(image)), changed=np.zeros(1, bool))[0])
        for image in PHOTOGRAPHS[:10]
    ]
    assert told.count(differs) >= 9
