"""Pretrained backbones of keras.applications: how to build each, and the weights it begins with."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hubel.architectures.spec import PretrainedSpec
from hubel.backends.framework import keras
from hubel.catalogue import find
from hubel.errors import WeightsNotAvailable, WrongRequest

BACKBONE, FEATURES, LOGITS = "backbone", "features", "logits"
IMAGENET_SIZE = 224


@dataclass(frozen=True)
class Backbone:
    """One network of keras.applications.

    Args:
        make: (height, width, alpha, weights) → keras.Model without its top.
        scale: pixels are multiplied by it,
        offset: and this is added, as in its own pretraining.
        alphas: widths that have ImageNet weights.
        taps: layers whose maps are pooled into the features; the last is the end. The middle of the network knows
            textures and parts that its end has given up for ImageNet's classes: on `clothing` that is worth 3 points.
    """

    make: Callable[[int, int, float, str | None], keras.Model]
    scale: float
    offset: float
    alphas: tuple[float, ...]
    taps: tuple[str, ...]


def _make_mobilenet(height: int, width: int, alpha: float, weights: str | None) -> keras.Model:
    return keras.applications.MobileNet(input_shape=(height, width, 3), alpha=alpha, include_top=False, weights=weights)


BACKBONES = {
    "mobilenet": Backbone(
        _make_mobilenet,
        scale=1 / 127.5,
        offset=-1.0,
        alphas=(0.25, 0.5, 0.75, 1.0),
        taps=("conv_pw_9_relu", "conv_pw_11_relu", "conv_pw_12_relu", "conv_pw_13_relu"),
    )
}


def build_pretrained(spec: PretrainedSpec) -> keras.Model:
    """Scaled pixels → backbone → features (average of each tapped map) → logits; the weights are random still.

    With fixed statistics the backbone always runs in inference mode: its batch normalisation keeps the statistics of
    its pretraining, in fine-tuning too.
    """
    backbone = find(BACKBONES, spec.backbone, kind="backbone")
    height, width = spec.image_size
    inputs = keras.Input((height, width, 3), name="image")
    x = keras.layers.Rescaling(backbone.scale, offset=backbone.offset, name="scale_pixels")(inputs)
    whole = backbone.make(height, width, spec.alpha, None)
    tapped = keras.Model(whole.input, [whole.get_layer(name).output for name in backbone.taps], name=BACKBONE)
    maps = tapped(x, training=False) if spec.fixed_statistics else tapped(x)
    pooled = [keras.layers.GlobalAveragePooling2D(name=f"pool_{place}")(each) for place, each in enumerate(maps, 1)]
    x = keras.layers.Concatenate(name=FEATURES)(pooled)
    if spec.dropout:
        x = keras.layers.Dropout(spec.dropout, name="dropout")(x)
    return keras.Model(inputs, keras.layers.Dense(spec.classes, name=LOGITS)(x), name="pretrained")


def feature_model(model: keras.Model) -> keras.Model:
    """The part up to the features: pixels → float32 [batch, channels]; it shares the weights."""
    return keras.Model(model.input, model.get_layer(FEATURES).output, name="features")


def pretrained_weights(name: str, alpha: float, source: str) -> list[np.ndarray]:
    """The weights a backbone begins with.

    Args:
        name: of the backbone.
        alpha: its width.
        source: ``"imagenet"``, read from Keras' cache or downloaded by Keras; or the path of a Keras weights file
            without the top layers.

    Returns:
        Arrays in Keras' order; they fit any image size.

    Raises:
        WeightsNotAvailable: neither cached nor downloadable, or no such file.
        WrongRequest: the file or the alpha does not fit.
    """
    backbone = find(BACKBONES, name, kind="backbone")
    if source == "imagenet":
        return _imagenet_weights(backbone, name, alpha)
    path = Path(source)
    if not path.is_file():
        raise WeightsNotAvailable(
            f"--weights: there is no file {source!r}. Give imagenet, none, or a Keras .h5 weights file."
        )
    model = backbone.make(IMAGENET_SIZE, IMAGENET_SIZE, alpha, None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras only warns where a layer finds no weights in the file
            model.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError, UserWarning) as error:
        raise WrongRequest(
            f"--weights: {path} does not hold the weights of {name} with alpha {alpha:g} and without its top layers "
            f"({str(error).splitlines()[0][:160]})."
        ) from error
    return model.get_weights()


def _imagenet_weights(backbone: Backbone, name: str, alpha: float) -> list[np.ndarray]:
    if alpha not in backbone.alphas:
        known = ", ".join(f"{each:g}" for each in backbone.alphas)
        raise WrongRequest(f"There are ImageNet weights of {name} for --alpha {known}. Received: {alpha:g}.")
    try:
        with redirect_stdout(sys.stderr):  # where Keras says that it downloads; standard output is for results
            return backbone.make(IMAGENET_SIZE, IMAGENET_SIZE, alpha, "imagenet").get_weights()
    except Exception as error:
        if isinstance(error, (ValueError, TypeError)):  # a defect of ours; Keras raises a bare Exception for a download
            raise
        raise WeightsNotAvailable(
            f"The ImageNet weights of {name} (alpha {alpha:g}) are not on this machine and cannot be downloaded "
            f"({str(error).splitlines()[0][:160]}). Connect to the internet once; or set KERAS_HOME to a folder whose "
            "models/ has them; or give their file with --weights FILE; or train from scratch with --weights none."
        ) from error


def set_backbone_weights(model: keras.Model, weights: Sequence[np.ndarray]) -> None:
    """Give the backbone of a `build_pretrained` model the weights of `pretrained_weights`."""
    model.get_layer(BACKBONE).set_weights(list(weights))
