"""Gradient x input: the change of the score with each pixel, times the pixel."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import LEAST_LOGIT, as_signed
from hubel.explanation.subject import Question, Subject


def compute_gradient_x_input(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """What each pixel would add to the score if the network were linear; black adds nothing.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], -1 to 1.

    Source: Shrikumar et al. 2016, arXiv:1605.01713.
    """
    product = subject.gradients(image[None], question)[0] * image.astype(np.float32)
    return as_signed(product.sum(axis=-1), least=LEAST_LOGIT / image[..., 0].size)
