"""HiResCAM: the last feature maps times the gradient of the score by each of their numbers."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.class_maps import add_up
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
    return add_up(subject, image, question=question, combine=combine)


def combine(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The sum of maps times gradients: [rows, columns].

    Args:
        maps: [rows, columns, channels].
        gradients: of the score by them, likewise.
    """
    return (maps * gradients).sum(axis=-1)
