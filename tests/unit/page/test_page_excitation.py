"""Images that excite filters, as they travel in a page."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image
from tests.made.pages import HEIGHT, WIDTH, tiny_model

from hubel.architectures.layer_table import layer_rows
from hubel.architectures.walk import compute_batch, walk
from hubel.backends.framework import keras
from hubel.engines.compiling import plain_graph
from hubel.explanation.excitation import Ascent
from hubel.page.contents import LaidOpen
from hubel.page.excitation import exciting_images


def test_each_image_excites_its_filter_more_than_the_others_do():
    keras.utils.set_random_seed(5)
    model = tiny_model()
    walked = walk(model)
    network = LaidOpen(plain_graph(model), walked, tuple(layer_rows(walked)))
    made = exciting_images(network, layers=2, filters=3, ascent=Ascent(steps=24))
    assert list(made) == ["conv1", "depthwise"]
    images = np.stack([np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in made["conv1"]])
    assert images.shape == (3, HEIGHT, WIDTH, 3)
    call = next(call for call in walked.calls if call.name == "conv1")
    values = compute_batch(walked, images.astype(np.float32), until=call)
    maps = keras.ops.convert_to_numpy(values[call.outputs[0]])
    means = maps.mean(axis=(1, 2))  # [images, filters]
    assert means[:, :3].argmax(axis=0).tolist() == [0, 1, 2]
    assert exciting_images(network, layers=1, filters=1, ascent=Ascent(steps=2)).keys() == {"conv1"}
