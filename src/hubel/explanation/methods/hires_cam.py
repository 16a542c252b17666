"""HiResCAM: the last feature maps times the gradient of the score by each of their numbers."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import as_share, enlarge
from hubel.explanation.subject import Question, Subject


def compute_hires_cam(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """Regions that raise the score, place by place: exact where only a dense layer follows the maps.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Draelos & Carin 2020, arXiv:2011.08891.
    """
    maps, gradients = subject.maps_and_gradients(image[None], question)
    return as_share(enlarge(combine(maps[0], gradients[0]), image.shape[:2]))


def combine(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """ReLU of the sum of maps times gradients: [rows, columns].

    Args:
        maps: [rows, columns, channels].
        gradients: of the score by them, likewise.
    """
    return np.maximum((maps * gradients).sum(axis=-1), 0)
