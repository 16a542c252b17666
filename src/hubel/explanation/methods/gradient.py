"""Gradient: how much the score changes with each pixel."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import as_share
from hubel.explanation.subject import Question, Subject


def compute_gradient_map(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """The largest change over the three channels of each pixel, whatever its sign.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Simonyan, Vedaldi & Zisserman 2014, arXiv:1312.6034, section 3.
    """
    return as_share(np.abs(subject.gradients(image[None], question)[0]).max(axis=-1))
