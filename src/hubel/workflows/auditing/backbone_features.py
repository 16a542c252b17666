"""Features of images by a pretrained backbone, to doubt their labels with; needs Keras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import set_backbone_weights
from hubel.arrays import Describe
from hubel.engines.backbone_engine import describe_by
from hubel.images.preprocessing import Preprocessing


def describe_by_backbone(architecture: str, preprocessing: Preprocessing, *, weights: Sequence[np.ndarray]) -> Describe:
    """Images → features of a backbone with these weights.

    Args:
        architecture: a pretrained one, by its name.
        preprocessing: of the images.
        weights: of the backbone, as `pretrained_weights` gives them: one array [...] for each variable.
    """
    model = build_model(make_blueprint(architecture, preprocessing.size, classes=2))
    set_backbone_weights(model, weights)
    return describe_by(model)
