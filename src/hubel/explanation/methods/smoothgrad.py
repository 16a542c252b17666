"""SmoothGrad: the mean gradient over copies of the image with noise."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import as_share
from hubel.explanation.subject import AT_ONCE, Question, Subject
from hubel.random_streams import stream

COPIES = 32
NOISE = 0.15
"""Standard deviation of the noise, as a share of the range of the image's values."""


def compute_smoothgrad(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:
    """As the gradient, but what flickers from one pixel to the next is averaged away.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: of the noise.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Smilkov et al. 2017, arXiv:1706.03825.
    """
    rng = stream("noise of smoothgrad", seed)
    deviation = NOISE * (float(image.max()) - float(image.min()))
    total = np.zeros(image.shape, np.float64)
    for start in range(0, COPIES, AT_ONCE):
        count = min(AT_ONCE, COPIES - start)
        noise = rng.normal(0, deviation, (count, *image.shape))
        noisy = np.clip(image + noise, 0, 255).astype(np.float32)
        total += subject.gradients(noisy, question).sum(axis=0, dtype=np.float64)
    return as_share(np.abs(total / COPIES).max(axis=-1))
