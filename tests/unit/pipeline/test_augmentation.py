"""Augmentation and batches: functions of (seed, epoch, index), and each change against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.errors import WrongRequest
from hubel.pipeline.augmentation import NONE, Augmentation, augment, draw, shrink
from hubel.pipeline.batches import TrainingBatches, class_weights, made_ahead

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 8, 12, 3), dtype=np.uint8)
ALL = np.arange(30)


def test_without_augmentation_the_pixels_are_untouched():
    np.testing.assert_array_equal(augment(IMAGES, ALL, draws=draw(NONE, 30, seed=0, epoch=0)), IMAGES)


def test_mirroring_swaps_left_and_right_of_the_other_half_in_the_next_epoch():
    only = Augmentation(mirror=True, shift=0)
    first, second = (augment(IMAGES, ALL, draws=draw(only, 30, seed=0, epoch=epoch)) for epoch in (0, 1))
    for index in ALL:
        plain, mirrored = IMAGES[index].astype(np.float32), IMAGES[index][:, ::-1].astype(np.float32)
        assert np.array_equal(first[index], plain) != np.array_equal(first[index], mirrored)
        assert np.array_equal(second[index], plain) != np.array_equal(first[index], plain)


def test_a_shift_moves_whole_pixels_and_mirrors_at_the_border():
    moved = augment(IMAGES, ALL, draws=(draws := draw(Augmentation(mirror=False, shift=0.25), 30, seed=1, epoch=0)))
    padded = np.pad(IMAGES, ((0, 0), (3, 3), (3, 3), (0, 0)), "reflect")
    for index in ALL:
        down, right = (np.round(draws.offsets[index] * IMAGES.shape[1:3]) + 3).astype(int)
        np.testing.assert_array_equal(moved[index], padded[index, down : down + 8, right : right + 12])


def test_a_zoom_shows_a_part_of_the_image_larger():
    ramp = np.broadcast_to(np.arange(100, dtype=np.uint8)[None, None, :, None], (1, 100, 100, 3))
    zoomed = augment(ramp, np.array([0]), draws=draw(Augmentation(mirror=False, shift=0, zoom=0.5), 1, seed=3, epoch=0))
    row = zoomed[0, 50, :, 0]
    assert 50 <= row.max() - row.min() + 1 < 100  # at least half of each side is in view
    assert abs(row.mean() - 49.5) < 1.5  # around the middle
    assert (np.diff(row) >= 0).all()


def test_brightness_scales_each_image_and_stays_in_range():
    bright = augment(IMAGES, ALL, draws=draw(Augmentation(mirror=False, shift=0, brightness=0.3), 30, seed=0, epoch=0))
    assert bright.min() >= 0
    assert bright.max() <= 255
    ratios = bright[IMAGES > 20] / IMAGES[IMAGES > 20]
    assert ratios.std() > 0.05
    assert 0.35 <= ratios.min() <= ratios.max() <= 1.65


def test_the_same_image_is_changed_alike_in_any_batch():
    draws = draw(Augmentation(zoom=0.3, brightness=0.2), 30, seed=5, epoch=2)
    whole = augment(IMAGES, ALL, draws=draws)
    np.testing.assert_array_equal(augment(IMAGES, np.array([7, 3]), draws=draws), whole[[7, 3]])


@pytest.mark.parametrize("field", ["shift", "zoom", "brightness"])
def test_an_impossible_share_is_refused(field: str):
    with pytest.raises(WrongRequest, match=f"Augmentation {field} must be a share"):
        Augmentation(**{field: 1.5})


def batches(**changes: object) -> TrainingBatches:
    settings = {"indices": np.arange(3, 30), "batch_size": 8, "augmentation": NONE, "seed": 0, **changes}
    labels = np.arange(30) % 3
    return TrainingBatches(images=IMAGES, labels=labels, class_weights=np.ones(3, np.float32), **settings)  # type: ignore[arg-type]


def test_an_epoch_takes_each_training_image_at_most_once_and_no_other():
    seen = [image for images, _ in batches().epoch(0) for image in images]
    places = [int(np.flatnonzero((image == IMAGES).all(axis=(1, 2, 3)))[0]) for image in seen]
    assert len(places) == len(set(places)) == 24  # three whole batches
    assert min(places) >= 3


def test_labels_stay_with_their_images():
    for images, labels in batches().epoch(4):
        for image, label in zip(images, labels, strict=True):
            assert int(np.flatnonzero((image == IMAGES).all(axis=(1, 2, 3)))[0]) % 3 == label


@given(epoch=st.integers(0, 50), seed=st.integers(0, 9))
def test_any_epoch_can_be_made_again_and_no_two_are_alike(epoch: int, seed: int):
    made = batches(seed=seed)
    one, again, other = (
        np.concatenate([labels for _, labels in made.epoch(each)]) for each in (epoch, epoch, epoch + 1)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_split_smaller_than_a_batch_is_one_batch():
    made = batches(indices=np.arange(5))
    assert made.steps_per_epoch == 1
    assert [len(labels) for _, labels in made.epoch(0)] == [5]


def test_batches_made_ahead_are_the_same_in_order():
    source = [(np.full(2, each), np.array([each])) for each in range(10)]
    assert [int(labels[0]) for _, labels in made_ahead(iter(source))] == list(range(10))


def test_an_error_while_making_batches_reaches_the_caller():
    def broken():
        yield np.zeros(1), np.zeros(1, np.int64)
        raise ValueError("disk gone")

    with pytest.raises(ValueError, match="disk gone"):
        list(made_ahead(broken()))


def test_class_weights_follow_their_formula():
    labels = np.array([0] * 90 + [1] * 10)
    weights = class_weights(labels, 2, balance=1.0)
    np.testing.assert_allclose(weights, [50 / 90, 50 / 10], rtol=1e-6)  # every class counts the same in total
    np.testing.assert_array_equal(class_weights(labels, 2, balance=0.0), [1, 1])
    assert abs(class_weights(labels, 2, balance=0.5)[labels].mean() - 1) < 1e-6


@pytest.mark.parametrize(("side", "scale"), [((12, 8), 0.5), ((8, 12), 0.75), ((7, 5), 0.6), ((6, 6), 1.0)])
def test_a_smaller_image_has_the_mean_of_the_area_below_each_pixel(side: tuple[int, int], scale: float):
    images = np.random.default_rng(0).uniform(0, 255, (2, *side, 3)).astype(np.float32)
    height, width = (round(each * scale) for each in side)
    fine = np.repeat(np.repeat(images, height, axis=1), width, axis=2)  # each pixel as height x width of them
    expected = fine.reshape(2, height, side[0], width, side[1], 3).mean(axis=(2, 4))
    np.testing.assert_allclose(shrink(images, scale), expected, rtol=1e-5)
    assert shrink(images, scale).dtype == np.float32
