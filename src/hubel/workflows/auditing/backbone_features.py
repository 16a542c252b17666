"""Features of images by a pretrained backbone, to doubt their labels with; needs Keras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import feature_model, set_backbone_weights
from hubel.engines.keras_engine import KerasEngine
from hubel.events import ignore
from hubel.images.preprocessing import Preprocessing
from hubel.training.transfer import compute_features
from hubel.workflows.auditing.doubt import Describe


def describe_by_backbone(architecture: str, preprocessing: Preprocessing, *, weights: Sequence[np.ndarray]) -> Describe:
    """Images → features of a backbone with these weights.

    Args:
        architecture: a pretrained one, by its name.
        preprocessing: of the images.
        weights: of the backbone, as `pretrained_weights` gives them: one array [...] for each variable.
    """
    model = build_model(make_blueprint(architecture, preprocessing.size, classes=2))
    set_backbone_weights(model, weights)
    engine = KerasEngine(feature_model(model))
    return lambda images: compute_features(
        engine, images, indices=np.arange(len(images)), stage="features", on_event=ignore
    )
