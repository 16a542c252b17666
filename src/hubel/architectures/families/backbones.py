"""Pretrained backbones of keras.applications: how to build each, and the weights it begins with."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.families.pretrained import PRETRAINED, SIZE
from hubel.architectures.families.weight_files import (
    HOST,
    MayDownload,
    find_weight_file,
    never,
    not_here,
    question_of,
)
from hubel.architectures.spec import PretrainedSpec
from hubel.backends.framework import keras
from hubel.catalogue import find
from hubel.errors import DownloadFailed, WeightsNotAvailable, WrongRequest
from hubel.files import is_file
from hubel.text import shortened

BACKBONE, FEATURES, LOGITS = "backbone", "features", "logits"
MOMENTUM = 0.9
"""Of statistics learned from scratch. MobileNetV3 has 0.999, which still predicts chance after hundreds of steps."""


@dataclass(frozen=True)
class Backbone:
    """One network of keras.applications.

    Args:
        make: (height, width, alpha, weights) → keras.Model without its top, for scaled pixels.
        taps: layers whose maps are pooled into the features, beside the end. The middle of the network knows textures
            and parts that its end has given up for ImageNet's classes: on `clothing` that is worth 3 points.
        scale: pixels are multiplied by it, or each of red, green and blue by its own,
        offset: and this is added, as in its own pretraining.
        end: of the whole network, the last map.
    """

    make: Callable[[int, int, float, str | None], keras.Model]
    taps: tuple[str, ...]
    scale: float | tuple[float, ...] = 1 / 127.5
    offset: float | tuple[float, ...] = -1.0
    end: Callable[[keras.Model], keras.KerasTensor] = lambda whole: whole.output


def _application(name: str, *, has_alpha: bool = False, **fixed: Any) -> Callable[..., keras.Model]:
    def make(height: int, width: int, alpha: float, weights: str | None) -> keras.Model:
        words = {"alpha": alpha, **fixed} if has_alpha else fixed
        network = getattr(keras.applications, name)
        return network(input_shape=(height, width, 3), include_top=False, weights=weights, **words)

    return make


def _before_the_last_norm(whole: keras.Model) -> keras.KerasTensor:
    """Keras gives this layer no name, so its weights would be called differently in every program."""
    return whole.layers[-1].input


MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in ImageNet's images, with pixels from 0 to 1; as in keras.applications."""
SCALE = tuple(1 / (255 * deviation) for deviation in DEVIATION)
OFFSET = tuple(-mean / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True))

BACKBONES = {
    "mobilenet": Backbone(
        _application("MobileNet", has_alpha=True), ("conv_pw_9_relu", "conv_pw_11_relu", "conv_pw_12_relu")
    ),
    "mobilenet-v2": Backbone(
        _application("MobileNetV2", has_alpha=True),
        ("block_12_expand_relu", "block_14_expand_relu", "block_16_expand_relu"),
    ),
    "mobilenet-v3-small": Backbone(
        _application("MobileNetV3Small", has_alpha=True, include_preprocessing=False),
        ("expanded_conv_7_add", "expanded_conv_9_add", "expanded_conv_10_add"),
    ),
    "mobilenet-v3-large": Backbone(
        _application("MobileNetV3Large", has_alpha=True, include_preprocessing=False),
        ("expanded_conv_11_add", "expanded_conv_13_add", "expanded_conv_14_add"),
    ),
    "efficientnet-v2-b0": Backbone(
        _application("EfficientNetV2B0", include_preprocessing=False),
        ("block5e_add", "block6d_add", "block6h_add"),
        SCALE,
        OFFSET,
    ),
    "resnet50-v2": Backbone(_application("ResNet50V2"), ("conv4_block6_preact_relu", "conv5_block2_preact_relu")),
    "convnext-tiny": Backbone(
        _application("ConvNeXtTiny", include_preprocessing=False),
        ("convnext_tiny_downsampling_block_2",),
        SCALE,
        OFFSET,
        _before_the_last_norm,
    ),
}
"""The names are those in `PRETRAINED`, which says their widths."""


def _tapped(whole: keras.Model, backbone: Backbone) -> keras.Model:
    outputs = [*(whole.get_layer(name).output for name in backbone.taps), backbone.end(whole)]
    return keras.Model(whole.input, outputs, name=BACKBONE)


def build_pretrained(spec: PretrainedSpec) -> keras.Model:
    """Scaled pixels → backbone → features (average of each tapped map) → logits; the weights are random still.

    With fixed statistics the backbone computes the same in training as in prediction: its batch normalisation is
    frozen, and its dropout is off. In fine-tuning its kernels move; statistics, scale and shift of its batch
    normalisation stay those of its pretraining. Without fixed statistics all of them move.
    """
    backbone = find(BACKBONES, spec.backbone, kind="backbone")
    height, width = spec.image_size
    inputs = keras.Input((height, width, 3), name="image")
    x = keras.layers.Rescaling(backbone.scale, offset=backbone.offset, name="scale_pixels")(inputs)
    tapped = _tapped(backbone.make(height, width, spec.alpha, None), backbone)
    for layer in tapped.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = not spec.fixed_statistics
            layer.momentum = layer.momentum if spec.fixed_statistics else MOMENTUM
        elif isinstance(layer, keras.layers.Dropout) and spec.fixed_statistics:
            layer.rate = 0.0
    maps = tapped(x)  # not training=False: Keras 3 lets the training=True of an outer call override it
    pooled = [keras.layers.GlobalAveragePooling2D(name=f"pool_{place}")(each) for place, each in enumerate(maps, 1)]
    x = keras.layers.Concatenate(name=FEATURES)(pooled)
    if spec.dropout:
        x = keras.layers.Dropout(spec.dropout, name="dropout")(x)
    return keras.Model(inputs, keras.layers.Dense(spec.classes, name=LOGITS)(x), name="pretrained")


def feature_model(model: keras.Model) -> keras.Model:
    """The part up to the features: pixels → float32 [batch, channels]; it shares the weights."""
    return keras.Model(model.input, model.get_layer(FEATURES).output, name="features")


def pretrained_weights(name: str, alpha: float, source: str, *, may_download: MayDownload = never) -> list[np.ndarray]:
    """The weights a backbone begins with.

    Args:
        name: of the backbone.
        alpha: its width.
        source: ``"imagenet"``, read from Keras' cache; or the path of a Keras weights file without the top layers.
        may_download: asked where the cache does not have them; without a yes nothing connects anywhere.

    Returns:
        Arrays in Keras' order; they fit any image size.

    Raises:
        WeightsNotAvailable: neither cached nor downloaded, or no such file.
        WrongRequest: the file or the alpha does not fit.
    """
    backbone = find(BACKBONES, name, kind="backbone")
    if source == "imagenet":
        return _imagenet_weights(backbone, name, alpha, may_download)
    path = Path(source)
    if not is_file(path):
        raise WeightsNotAvailable(
            f"--weights: there is no file {source!r}. Give imagenet, none, or a Keras .h5 weights file."
        )
    model = backbone.make(SIZE, SIZE, alpha, None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras only warns where a layer finds no weights in the file
            model.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError, UserWarning) as error:
        raise WrongRequest(
            f"--weights: {path} does not hold the weights of {name} with alpha {alpha:g} and without its top layers "
            f"({shortened(str(error), 160)})."
        ) from error
    return _tapped(model, backbone).get_weights()


def _imagenet_weights(backbone: Backbone, name: str, alpha: float, may_download: MayDownload) -> list[np.ndarray]:
    alphas = PRETRAINED[name].alphas
    if alpha not in alphas:
        known = ", ".join(f"{each:g}" for each in alphas)
        raise WrongRequest(f"There are ImageNet weights of {name} for --alpha {known}. Received: {alpha:g}.")
    file = find_weight_file(name, alpha)
    if file is not None:
        return _weights_in(file, backbone, name, alpha)
    if not may_download(question_of(name, alpha)):
        raise WeightsNotAvailable(
            f"{not_here(name, alpha)} To download them, add --weights imagenet; or set KERAS_HOME to a folder whose "
            "models/ has them; or give their file with --weights FILE; or train from scratch with --weights none."
        )
    return _download(backbone, name, alpha)


def _weights_in(file: Path, backbone: Backbone, name: str, alpha: float) -> list[np.ndarray]:
    """Of a file in Keras' cache; given its path, Keras connects nowhere, whatever it thinks of the content."""
    try:
        return _tapped(backbone.make(SIZE, SIZE, alpha, str(file)), backbone).get_weights()
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise WeightsNotAvailable(
            f"The ImageNet weights of {name} in {file} cannot be used ({str(error).splitlines()[0][:160]}). Delete the "
            "file, then download it again with --weights imagenet."
        ) from error


def _download(backbone: Backbone, name: str, alpha: float) -> list[np.ndarray]:
    try:
        with redirect_stdout(sys.stderr):  # where Keras says that it downloads; standard output is for results
            whole = backbone.make(SIZE, SIZE, alpha, "imagenet")
            return _tapped(whole, backbone).get_weights()
    except Exception as error:
        if isinstance(error, (ValueError, TypeError)):  # a defect of ours; Keras raises a bare Exception for a download
            raise
        raise DownloadFailed(
            f"The ImageNet weights of {name} (alpha {alpha:g}) are not on this machine and cannot be downloaded from "
            f"{HOST} ({shortened(str(error), 160)}). Connect to the internet once; or set KERAS_HOME to a folder "
            "whose models/ has them; or give their file with --weights FILE; or train from scratch with --weights none."
        ) from error


def set_backbone_weights(model: keras.Model, weights: Sequence[np.ndarray]) -> None:
    """Give the backbone of a `build_pretrained` model the weights of `pretrained_weights`."""
    model.get_layer(BACKBONE).set_weights(list(weights))
