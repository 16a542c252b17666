"""Integrated gradients: the score, divided among the pixels without a remainder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import LEAST_LOGIT, as_signed
from hubel.explanation.subject import AT_ONCE, Question, Subject

STEPS, MOST_STEPS = 32, 512
LARGEST_GAP = 0.01
"""Steps are doubled until the sum is that close to the change of the score, as a share of it; 2 % is promised."""


@dataclass(frozen=True)
class Attribution:
    """The change of the score from the baseline to the image, divided among its values.

    Args:
        values: float64 [height, width, 3], in units of the logit.
        change: of the score from the baseline to the image.
        steps: of the path at which gradients were taken.
    """

    values: np.ndarray
    change: float
    steps: int

    @property
    def gap(self) -> float:
        """How far the sum of the values is from the change, as a share of it: completeness."""
        return abs(float(self.values.sum()) - self.change) / max(abs(self.change), LEAST_LOGIT)


def integrate_gradients(subject: Subject, image: Image, *, question: Question, steps: int = STEPS) -> Attribution:
    """Mean gradient on the straight path from black to the image, times the image; midpoint rule.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        steps: on the path.
    """
    values = image.astype(np.float32)
    total = np.zeros(values.shape, np.float64)
    shares = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / np.float32(steps)
    for start in range(0, steps, AT_ONCE):
        on_path = shares[start : start + AT_ONCE, None, None, None] * values
        total += subject.gradients(on_path, question).sum(axis=0, dtype=np.float64)
    ends = subject.compute_scores(np.stack([np.zeros_like(image), image]), question)
    return Attribution(total / steps * values, float(ends[1] - ends[0]), steps)


def compute_integrated_gradients(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """How much each pixel adds to the score on the way from a black image to this one.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], -1 to 1.

    Source: Sundararajan, Taly & Yan 2017, arXiv:1703.01365.
    """
    attribution = integrate_gradients(subject, image, question=question)
    while attribution.gap > LARGEST_GAP and attribution.steps < MOST_STEPS:
        attribution = integrate_gradients(subject, image, question=question, steps=2 * attribution.steps)
    return as_signed(attribution.values.sum(axis=-1), least=LEAST_LOGIT / image[..., 0].size)
