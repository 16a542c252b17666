"""Features of a frozen backbone, by its compiled graph where that can be had."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import feature_model
from hubel.backends.framework import keras
from hubel.engines.backbone_engine import describe_by

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_model(make_blueprint("mobilenet", (32, 32), classes=2, alpha=0.25))


def test_features_are_those_of_keras_whatever_computes_them(model: keras.Model, monkeypatch: pytest.MonkeyPatch):
    images = np.random.default_rng(0).integers(0, 256, (70, 32, 32, 3), dtype=np.uint8)  # more than one batch
    expected = np.asarray(keras.ops.convert_to_numpy(feature_model(model)(images.astype(np.float32))))
    describe = describe_by(model)
    features = describe(images)
    assert features.dtype == np.float32
    assert features.std() > 0
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(describe_by(model)(images), features)  # to the bit
    assert describe(images[:0]).shape == (0, expected.shape[1])
    assert "onnxruntime" in sys.modules
    for name in ("hubel.engines.compiling", "hubel.engines.onnx_engine"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    np.testing.assert_allclose(describe_by(model)(images), expected, rtol=1e-3, atol=1e-4)
