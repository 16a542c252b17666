"""The weights that a pretrained backbone begins with."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from hubel.architectures.families.pretrained import BACKBONE, FEATURES, PRETRAINED, SIZE, Backbone
from hubel.architectures.families.weight_files import (
    HOST,
    MayDownload,
    find_weight_file,
    never,
    not_here,
    question_of,
)
from hubel.backends.framework import keras
from hubel.catalogue import find
from hubel.errors import DownloadFailed, WeightsNotAvailable, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import is_file
from hubel.text import shortened

OTHER_WEIGHTS = (
    Remedy("Or give their file: ", Option("weights", "FILE"), "."),
    Remedy("Or do without them: ", Option("weights", "none"), "."),
)


def feature_model(model: keras.Model) -> keras.Model:
    """The part up to the features: pixels → float32 [batch, channels]; it shares the weights."""
    return keras.Model(model.input, model.get_layer(FEATURES).output, name="features")


def pretrained_weights(name: str, alpha: float, *, source: str, may_download: MayDownload = never) -> list[np.ndarray]:
    """The weights a backbone begins with.

    Args:
        name: of the backbone.
        alpha: its width.
        source: ``"imagenet"``, read from Keras' cache; or the path of a Keras weights file without the top layers.
        may_download: asked where the cache does not have them; without a yes nothing connects anywhere.

    Returns:
        Arrays [...] in Keras' order; they fit any image size.

    Raises:
        WeightsNotAvailable: neither cached nor downloaded, or no such file.
        WrongRequest: the file or the alpha does not fit.
    """
    backbone = find(PRETRAINED, name, kind="backbone")
    if source == "imagenet":
        return _imagenet_weights(backbone, name, alpha=alpha, may_download=may_download)
    path = Path(source)
    if not is_file(path):
        raise WeightsNotAvailable(f"There is no weights file {source!r}. Give imagenet, none, or a Keras weights file.")
    model = backbone.make(keras, (SIZE, SIZE), alpha=alpha)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # Keras only warns where a layer finds no weights in the file
            model.load_weights(path)
    except (ValueError, OSError, KeyError, TypeError, UserWarning) as error:
        raise WrongRequest(
            f"{path} does not hold the weights of {name} with alpha {alpha:g} and without its top layers "
            f"({shortened(str(error), 160)})."
        ) from error
    return backbone.tapped(keras, model).get_weights()


def _imagenet_weights(backbone: Backbone, name: str, *, alpha: float, may_download: MayDownload) -> list[np.ndarray]:
    alphas = PRETRAINED[name].alphas
    if alpha not in alphas:
        known = ", ".join(f"{each:g}" for each in alphas)
        raise WrongRequest(f"There are ImageNet weights of {name} for alpha {known}. Received: {alpha:g}.")
    file = find_weight_file(name, alpha)
    if file is not None:
        return _weights_in(file, backbone, name=name, alpha=alpha)
    if not may_download(question_of(name, alpha)):
        raise WeightsNotAvailable(
            f"{not_here(name, alpha)} Set KERAS_HOME to a folder whose models/ has them.",
            Remedy("Or download them: add ", Option("weights", "imagenet"), "."),
            *OTHER_WEIGHTS,
        )
    return _download(backbone, name, alpha=alpha)


def _weights_in(file: Path, backbone: Backbone, *, name: str, alpha: float) -> list[np.ndarray]:
    """Of a file in Keras' cache; given its path, Keras connects nowhere, whatever it thinks of the content."""
    try:
        whole = backbone.make(keras, (SIZE, SIZE), alpha=alpha, weights=str(file))
        return backbone.tapped(keras, whole).get_weights()
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise WeightsNotAvailable(
            f"The ImageNet weights of {name} in {file} cannot be used ({shortened(str(error), 160)}). Delete the file.",
            Remedy("Then download it again: add ", Option("weights", "imagenet"), "."),
        ) from error


def _download(backbone: Backbone, name: str, *, alpha: float) -> list[np.ndarray]:
    try:
        with redirect_stdout(sys.stderr):  # where Keras says that it downloads; standard output is for results
            whole = backbone.make(keras, (SIZE, SIZE), alpha=alpha, weights="imagenet")
            return backbone.tapped(keras, whole).get_weights()
    except Exception as error:
        if isinstance(error, (ValueError, TypeError)):  # a defect of Hubel; a failed download is a bare Exception
            raise
        raise DownloadFailed(
            f"The ImageNet weights of {name} (alpha {alpha:g}) are not on this machine and cannot be downloaded from "
            f"{HOST} ({shortened(str(error), 160)}). Connect to the internet once, or set KERAS_HOME to a folder "
            "whose models/ has them.",
            *OTHER_WEIGHTS,
        ) from error


def set_backbone_weights(model: keras.Model, weights: Sequence[np.ndarray]) -> None:
    """Give the backbone of a model its first weights.

    Args:
        model: of `PretrainedSpec.build`; it is changed.
        weights: of `pretrained_weights`: one array [...] for each variable.
    """
    model.get_layer(BACKBONE).set_weights(list(weights))
