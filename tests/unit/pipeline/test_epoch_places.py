"""The places of an epoch's pixels give the batches that the processor makes, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.pipeline.augmentation import NONE, Augmentation
from hubel.pipeline.batches import TrainingBatches


@pytest.mark.parametrize("augmentation", [NONE, Augmentation(), Augmentation(zoom=0.4, brightness=0.3)])
def test_gathered_by_its_places_every_pixel_is_that_of_the_batch(augmentation: Augmentation):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (23, 7, 6, 3), dtype=np.uint8), rng.integers(0, 4, 23)
    split = rng.permutation(23)[:17]
    batches = TrainingBatches(images, labels, split, 5, augmentation, np.ones(4, np.float32), 2)
    places, held = batches.places(3), images[split]
    assert places.examples.shape == (3, 5)
    for step, (expected, classes) in enumerate(batches.epoch(3)):
        np.testing.assert_array_equal(places.labels[step], classes)
        for number in range(5):
            image = held[places.examples[step, number]]
            for row in range(7):
                for column in range(6):
                    source = image[places.rows[step, number, row], places.columns[step, number, column]]
                    pixel = np.clip(source * places.gains[step, number], 0, 255)
                    np.testing.assert_array_equal(pixel, expected[number, row, column])
