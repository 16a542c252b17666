"""What excites a filter, on a network whose filters are known."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import Call, Graph, compute_batch, walk
from hubel.backends.framework import keras
from hubel.backends.gradients import compute_gradient
from hubel.explanation.excitation import Ascent, find_patches, make_exciting_images
from hubel.explanation.image_prior import ImagePrior, small_move

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
    found = find_patches(graph, find_layer(graph, "likes"), images=images, filters=[0, 1], most=2)
    first, second = found[0]
    assert (first.example, first.row, first.column, first.value) == (3, 4, 7, 200.0)
    assert first.box == (3, 6, 6, 9)
    assert (second.example, second.box) == (1, (0, 10, 2, 12)), "cut at the image's edge"
    assert found[1][0].value == 0


def test_an_image_made_to_excite_a_filter_has_its_colour(graph):
    call = find_layer(graph, "likes")
    red, blue = make_exciting_images(graph, call, filters=[0, 1])
    assert red.dtype == np.uint8
    assert red.shape == (12, 12, 3)
    assert red[..., 0].mean() > 170
    assert red[..., 0].mean() > red[..., 2].mean() + 15
    assert blue[..., 2].mean() > blue[..., 0].mean() + 15
    assert np.ptp(red[..., 0]) < 60, "the filter likes red anywhere: nothing speaks for specks"


def test_without_colours_the_channels_are_equal(graph):
    (grey,) = make_exciting_images(
        graph, find_layer(graph, "likes"), filters=[0], ascent=Ascent(steps=20, colour=False)
    )
    assert (grey == grey[..., :1]).all()
    assert grey.mean() > 138


@pytest.fixture(scope="module")
def edges():
    """Two convolutions with weights that are the same on every framework."""
    rng = np.random.default_rng(3)
    image = keras.Input((32, 32, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(image)
    x = keras.layers.ReLU()(keras.layers.Conv2D(8, 5, padding="same")(x))
    x = keras.layers.ReLU(name="end")(keras.layers.Conv2D(4, 5, padding="same", name="mix")(x))
    model = keras.Model(image, x)
    shapes = [weights.shape for weights in model.get_weights()]
    model.set_weights([rng.normal(0, 0.1, shape) if len(shape) == 4 else np.zeros(shape) for shape in shapes])
    return walk(model)


def excitement(graph: Graph, call: Call, images: np.ndarray) -> np.ndarray:
    """Mean of each image's each map, [images, filters]."""
    values = compute_batch(graph, images.astype(np.float32))[call.outputs[0]]
    return keras.ops.convert_to_numpy(values).mean(axis=(1, 2))


def fineness(image: np.ndarray) -> float:
    """Share of the energy, the mean left out, at frequencies above a quarter of a pixel."""
    spectrum = np.abs(np.fft.fft2(image.astype(float) - image.mean(axis=(0, 1)), axes=(0, 1))) ** 2
    down, across = np.fft.fftfreq(image.shape[0])[:, None], np.fft.fftfreq(image.shape[1])[None]
    return float(spectrum[np.hypot(down, across) > 0.25].sum() / spectrum.sum())


def plain_ascent(graph: Graph, call: Call, index: int) -> np.ndarray:
    """What version 0.5 did, after Erhan et al. 2009: noise, pixels changed along the gradient."""
    image = np.random.default_rng(0).normal(127.5, 30, (1, 32, 32, 3)).astype(np.float32)
    for _ in range(60):
        slope = compute_gradient(
            lambda tensor: keras.ops.mean(compute_batch(graph, tensor)[call.outputs[0]][..., index]), image
        )
        image = np.clip(image + 4 * slope / np.abs(slope).max(), 0, 255)
    return image[0]


def test_it_excites_far_more_than_noise_and_is_smoother_than_plain_gradient_ascent(edges):
    call = find_layer(edges, "mix")
    made = make_exciting_images(edges, call, filters=range(4))
    found = excitement(edges, call, made)
    noise = excitement(edges, call, np.random.default_rng(1).integers(0, 256, (32, 32, 32, 3)))
    for index in range(4):
        mean, spread = noise[:, index].mean(), noise[:, index].std()
        assert found[index, index] > mean + 10 * spread
        assert fineness(made[index]) < fineness(plain_ascent(edges, call, index))


def test_a_filter_that_is_off_everywhere_is_woken(edges):
    call = find_layer(edges, "mix")
    kernel, bias = call.layer.get_weights()
    call.layer.set_weights([kernel, bias - 0.2])
    grey = np.full((1, 32, 32, 3), 127.5)
    assert (excitement(edges, find_layer(edges, "end"), grey) == 0).all()
    made = make_exciting_images(edges, find_layer(edges, "end"), filters=[0])
    call.layer.set_weights([kernel, bias])
    assert fineness(made[0]) < 1
    assert excitement(edges, call, made)[0, 0] > 0.2


def test_a_filter_that_is_off_everywhere_is_woken_through_the_activation_of_its_own_layer():
    image = keras.Input((8, 8, 3))
    dark = keras.layers.Conv2D(1, 1, activation="relu", name="dark")
    model = keras.Model(image, dark(image))
    dark.set_weights([np.array([0, 0, -1], np.float32).reshape(1, 1, 3, 1), np.array([90], np.float32)])
    graph = walk(model)
    made = make_exciting_images(graph, find_layer(graph, "dark"), filters=[0])[0]
    assert dark.activation is keras.activations.relu
    red, green, blue = made.mean(axis=(0, 1))
    assert blue < 70  # below 90 the filter is on; plain grey is 127.5
    assert blue < min(red, green) - 20


def test_the_same_seed_gives_the_same_image_whatever_is_made_beside_it(graph):
    call = find_layer(graph, "likes")
    alone = make_exciting_images(graph, call, filters=[1], ascent=Ascent(steps=8))
    beside = make_exciting_images(graph, call, filters=[0, 1], ascent=Ascent(steps=8))
    other = make_exciting_images(graph, call, filters=[1], ascent=Ascent(steps=8, seed=1))
    np.testing.assert_array_equal(alone[0], beside[1])
    assert (alone != other).any()


def test_progress_is_told(graph):
    heard = []
    make_exciting_images(
        graph, find_layer(graph, "likes"), filters=[0, 1], ascent=Ascent(steps=3), on_event=heard.append
    )
    assert [(each.done, each.total) for each in heard] == [(2, 6), (4, 6), (6, 6)]


@pytest.mark.parametrize(("size", "colour"), [((6, 8, 3), True), ((7, 5, 3), False), ((5, 6, 1), False)])
def test_the_gradient_of_the_frequencies_is_that_of_finite_differences(size, colour):
    prior = ImagePrior(*size, colour=colour)
    rng = np.random.default_rng(0)
    spectrum = 30 * prior.start(rng, 2)
    weights = rng.normal(size=(2, *size))
    gradient = prior.gradient(prior.image(spectrum), weights)
    for place in [(0, 0, 0, 0), (1, 0, 2, 1), (0, 0, 1, spectrum.shape[3] - 1)]:
        for direction, found in ((1e-5, gradient[place].real), (1e-5j, gradient[place].imag)):
            higher, lower = spectrum.copy(), spectrum.copy()
            higher[place] += direction
            lower[place] -= direction
            slope = ((prior.image(higher) - prior.image(lower)) * weights).sum() / 2e-5
            assert slope == pytest.approx(found, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (40, 33)])
def test_a_small_move_keeps_a_plain_image_and_moves_others_a_little(size):
    move = small_move(np.random.default_rng(4), size[0], width=size[1])
    np.testing.assert_allclose(move @ np.ones(size[0] * size[1]), 1)
    rows = np.repeat(np.arange(size[0]), size[1])
    moved = np.abs(move @ rows - rows)
    assert 0 < np.median(moved) <= 4
