"""LayerCAM: the last feature maps, each number weighted by its own gradient where that is above 0."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.class_maps import add_up
from hubel.explanation.subject import Question, Subject


def compute_layer_cam(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """Regions that would raise the score if there were more of their features; also sharp at earlier layers.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Jiang et al. 2021, doi:10.1109/TIP.2021.3089943.
    """
    return add_up(subject, image, question=question, combine=combine)


def combine(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The sum of maps times gradients above 0: [rows, columns].

    Args:
        maps: [rows, columns, channels].
        gradients: of the score by them, likewise.
    """
    return (maps * np.maximum(gradients, 0)).sum(axis=-1)
