"""Whether the mean of the answers for an image and its mirror image is a better answer than the image's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hubel.arrays import Labels, Logits
from hubel.calibration.temperature import fit_temperature
from hubel.classifier.answering import softmax
from hubel.evaluation.metrics import log_losses

FEWEST = 100
"""Images that show it; fewer say too little of a standard error."""
STANDARD_ERRORS = 2.0
"""By which the mean gain of an image must be above 0."""


@dataclass(frozen=True)
class AnswersCompared:
    """Both ways to answer on the same images, each at the temperature that suits it best.

    Args:
        images: how many.
        plain: log loss of the images' own answers, in nats.
        mirrored: log loss of the means.
        standard_error: of the mean difference of the two, over images.
    """

    images: int
    plain: float
    mirrored: float
    standard_error: float

    @property
    def mirrored_is_better(self) -> bool:
        """By more than chance explains, on enough images."""
        return self.images >= FEWEST and self.plain - self.mirrored > STANDARD_ERRORS * self.standard_error

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def compare_answers(plain: Logits, mirrored: Logits, *, labels: Labels) -> AnswersCompared:
    """Hold the two against each other, image by image.

    Args:
        plain: of the images, float32 [examples, classes].
        mirrored: means of these and of the mirror images', float32 [examples, classes].
        labels: true class indices, int64 [examples], at least one.
    """
    one, other = (
        log_losses(softmax(logits, temperature=fit_temperature(logits, labels)), labels) for logits in (plain, mirrored)
    )
    gain = one - other
    error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
    return AnswersCompared(len(labels), float(one.mean()), float(other.mean()), error)
