"""A classifier's network → a SavedModel of TensorFlow: one frozen graph, so that equal networks give equal bytes.

What Keras itself would write holds names and an order that differ from process to process, and each weight twice.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from hubel.backends.framework import BACKEND
from hubel.errors import BackendNotAvailable
from hubel.exports.model import Model
from hubel.graphs.network_graph import IMAGE, LOGITS

FINGERPRINT = "fingerprint.pb"
"""Holds a random number."""


def write_model(model: Model, path: Path, *, weights: str) -> None:  # noqa: ARG001  (as they are)
    """Write the folder; equal classifiers give equal bytes.

    Args:
        model: the network.
        path: of the folder.
        weights: how they are written: ``"float32"``, as they are.

    Raises:
        BackendNotAvailable: Keras runs on another backend.
    """
    write_frozen(model, path, batch=None)


def write_frozen(model: Model, path: Path, *, batch: int | None) -> None:
    """Write a network with its weights as constants.

    Args:
        model: the network.
        path: of the folder.
        batch: images that it takes at once; None for as many as there are.

    Raises:
        BackendNotAvailable: Keras runs on another backend.
    """
    if BACKEND != "tensorflow":
        raise BackendNotAvailable(
            f"This format is written by TensorFlow, and Keras runs on {BACKEND} here. Set KERAS_BACKEND=tensorflow."
        )
    tf = importlib.import_module("tensorflow")
    convert = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    network, size = model.classifier.model, model.classifier.preprocessing.size
    pixels = tf.TensorSpec([batch, *size, 3], tf.uint8, name=IMAGE)
    traced = tf.function(lambda image: network(tf.cast(image, tf.float32), training=False), input_signature=[pixels])
    frozen = convert.convert_variables_to_constants_v2(traced.get_concrete_function())
    (given,), (made,) = frozen.inputs, frozen.outputs
    builder = tf.compat.v1.saved_model.Builder(str(path))
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        image, logits = tf.graph_util.import_graph_def(
            frozen.graph.as_graph_def(), return_elements=[given.name, made.name], name=""
        )
        signature = tf.compat.v1.saved_model.predict_signature_def({IMAGE: image}, {LOGITS: logits})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    (path / FINGERPRINT).unlink(missing_ok=True)
