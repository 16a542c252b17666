"""What excites a filter, on a network whose filters are known."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.architectures.walk import compute_values, find_call, walk
from hubel.backends.framework import keras
from hubel.explanation.excitation import find_patches, make_exciting_image

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def graph():
    """Two filters of 3 x 3: one likes red in its middle, one likes blue there."""
    inputs = keras.Input((12, 12, 3))
    layer = keras.layers.Conv2D(2, 3, padding="same", use_bias=False, name="likes")
    model = keras.Model(inputs, layer(inputs))
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, 0, 0] = kernel[1, 1, 2, 1] = 1
    layer.set_weights([kernel])
    return walk(model)


def test_the_patches_are_where_the_colour_was_planted_strongest_first(graph):
    images = np.zeros((5, 12, 12, 3), np.uint8)
    images[3, 4, 7, 0] = 200
    images[1, 0, 11, 0] = 100
    found = find_patches(graph, find_call(graph, "likes"), images, filters=[0, 1], most=2)
    first, second = found[0]
    assert (first.example, first.row, first.column, first.value) == (3, 4, 7, 200.0)
    assert first.box == (3, 6, 6, 9)
    assert (second.example, second.box) == (1, (0, 10, 2, 12)), "cut at the image's edge"
    assert found[1][0].value == 0


def test_an_image_made_to_excite_a_filter_does_and_leaves_other_colours_alone(graph):
    call = find_call(graph, "likes")
    image = make_exciting_image(graph, call, 1)
    assert image.dtype == np.uint8
    maps = keras.ops.convert_to_numpy(compute_values(graph, image)[call.outputs[0]])[0]
    assert maps[..., 1].mean() > 240
    assert 100 < maps[..., 0].mean() < 150
