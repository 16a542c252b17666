"""Grad-CAM++: Grad-CAM whose weights count every place where a feature was found alike."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.class_maps import add_up
from hubel.explanation.subject import Question, Subject


def compute_grad_cam_plus_plus(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """Regions whose features raise the score; of several things of one kind, all.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Chattopadhay et al. 2018, arXiv:1710.11063, equations 10, 11 and 19, of the exponential of the score.
    """
    return add_up(subject, image, question=question, combine=combine)


def combine(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The sum of the maps, weighted: [rows, columns].

    Args:
        maps: [rows, columns, channels].
        gradients: of the score by them, likewise.
    """
    slopes = gradients.astype(np.float64)
    below = 2 * slopes**2 + maps.sum(axis=(0, 1), dtype=np.float64) * slopes**3
    shares = np.where(below != 0, slopes**2 / np.where(below != 0, below, 1), 0)
    return maps @ (shares * np.maximum(slopes, 0)).sum(axis=(0, 1))
