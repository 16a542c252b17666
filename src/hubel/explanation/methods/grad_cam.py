"""Grad-CAM: the last feature maps, each weighted by the mean gradient of the score by it."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.class_maps import add_up
from hubel.explanation.subject import Question, Subject


def compute_grad_cam(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """Regions whose features raise the score, each feature taken as equally good wherever it is found.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Selvaraju et al. 2017, arXiv:1610.02391.
    """
    return add_up(subject, image, question=question, combine=combine)


def combine(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The sum of the maps, weighted: [rows, columns].

    Args:
        maps: [rows, columns, channels].
        gradients: of the score by them, likewise.
    """
    return maps @ gradients.mean(axis=(0, 1))
