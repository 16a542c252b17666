"""What computes the features of a frozen backbone: its compiled graph, else Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hubel.architectures.families.backbones import feature_model
from hubel.arrays import Describe
from hubel.backends.framework import keras, on_accelerator
from hubel.catalogue import Later
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import HubelError

compile_model: Callable[..., Any] = Later("hubel.engines.compiling", "compile_model")
make_session: Callable[..., Any] = Later("hubel.engines.onnx_engine", "make_session")
OnnxEngine: Callable[..., Any] = Later("hubel.engines.onnx_engine", "OnnxEngine")


def describe_by(model: keras.Model) -> Describe:
    """Images → features of the backbone in a model, which must not change meanwhile.

    On a processor through ONNX Runtime, which is ready sooner and quicker, where it is installed and the network can be
    compiled; else through Keras. The two agree within rounding; each repeats to the bit.

    Args:
        model: of `PretrainedSpec.build`.
    """
    if not on_accelerator():
        try:
            graph = compile_model(model)
            engine = OnnxEngine(make_session(graph.data), graph.outputs, lambda: KerasEngine(model))
            return lambda images: engine.compute(images, wanted="features").features
        except HubelError:
            pass
    return KerasEngine(feature_model(model)).compute_logits
