"""Backbones beside the first one: the weights of a whole network find their places in the part that is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.architectures.families.backbones import pretrained_weights, set_backbone_weights
from hubel.architectures.families.pretrained import BACKBONE, PRETRAINED, Backbone, PretrainedSpec
from hubel.architectures.families.weight_files import always
from hubel.backends.framework import keras
from hubel.errors import WeightsNotAvailable, WrongRequest


@pytest.mark.parametrize("name", ["mobilenet-v3-small", "convnext-tiny"])
def test_weights_of_the_whole_network_give_the_maps_of_the_whole_network(name: str, tmp_path: Path):
    keras.utils.set_random_seed(0)
    backbone = PRETRAINED[name]
    whole = backbone.make(keras, (64, 64), alpha=1.0)
    whole.save_weights(tmp_path / "whole.weights.h5")
    model = build_model(make_blueprint(name, (64, 64), classes=2))
    set_backbone_weights(model, pretrained_weights(name, 1.0, source=str(tmp_path / "whole.weights.h5")))
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    end = keras.Model(whole.input, backbone.end(whole))
    np.testing.assert_allclose(
        np.asarray(keras.ops.convert_to_numpy(model.get_layer(BACKBONE)(pixels, training=False)[-1])),
        np.asarray(keras.ops.convert_to_numpy(end(pixels, training=False))),
        rtol=1e-4,
        atol=1e-5,
    )


def test_a_width_without_imagenet_weights_names_those_that_have_some():
    with pytest.raises(WrongRequest, match=r"of mobilenet-v3-small for alpha 0\.75, 1\. Received: 0\.5"):
        pretrained_weights("mobilenet-v3-small", 0.5, source="imagenet")


def test_weights_that_cannot_be_downloaded_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def make(*_: object, **__: object) -> keras.Model:
        raise Exception("URL fetch failure on https://example.org: None -- no network")  # as Keras raises it

    monkeypatch.setattr(Backbone, "make", make)
    with pytest.raises(
        WeightsNotAvailable, match=r"of resnet50-v2 \(alpha 1\) are not on this machine .*URL fetch failure"
    ):
        pretrained_weights("resnet50-v2", 1.0, source="imagenet", may_download=always)


def test_statistics_from_scratch_follow_the_weights_quickly():
    def momenta(*, fixed_statistics: bool) -> set[float]:
        spec = PretrainedSpec((32, 32), 2, "mobilenet-v3-small", 1.0, fixed_statistics=fixed_statistics)
        with keras.StatelessScope(initialize_variables=False):
            layers = build_model(Blueprint("x", spec)).get_layer(BACKBONE).layers
        return {layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)}

    assert momenta(fixed_statistics=False) == {0.9}
    assert momenta(fixed_statistics=True) == {0.999}  # as Keras makes it; it is never updated
