"""Integrated gradients: the score, divided among the pixels without a remainder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import LEAST_LOGIT, as_signed
from hubel.explanation.subject import Question, Subject

PIECES, MOST_GRADIENTS = 32, 512
MOST_NUMBERS = 100_000_000
"""That are kept at a time: of large images, fewer gradients are computed."""
HALVED = 16
"""Pieces of the path that are halved together."""
LARGEST_GAP = 0.01
"""Pieces are halved until the sum is that close to the change of the score, as a share of it; 2 % is promised."""


@dataclass(frozen=True)
class Attribution:
    """The change of the score from the baseline to the image, divided among its pixels.

    Args:
        values: float64 [height, width], in units of the logit.
        change: of the score from the baseline to the image.
        gradients: that were computed.
    """

    values: np.ndarray
    change: float
    gradients: int

    @property
    def gap(self) -> float:
        """How far the sum of the values is from the change, as a share of it: completeness."""
        return abs(float(self.values.sum()) - self.change) / max(abs(self.change), LEAST_LOGIT)


def integrate_gradients(
    subject: Subject, image: Image, *, question: Question, pieces: int = PIECES, most: int = MOST_GRADIENTS
) -> Attribution:
    """Mean gradient on the straight path from black to the image, times the image.

    The path is cut into pieces, each with the gradient at its middle. Until the sum is the change of the score, pieces
    are halved where the slope differs most from that beside them: mostly near to black, where networks change most.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        pieces: of equal length, to begin with.
        most: gradients that are computed; as many as pieces to halve none.
    """
    values = image.astype(np.float32)

    def explain(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """What each piece adds to the score: float32 [pieces, height, width]."""
        middles, shares = (each.astype(np.float32)[:, None, None, None] for each in (starts + lengths / 2, lengths))
        return (subject.gradients(middles * values, question) * values * shares).sum(axis=-1)

    ends = subject.compute_scores(np.stack([np.zeros_like(image), image]), question)
    change = float(ends[1] - ends[0])
    starts, lengths = np.arange(pieces) / pieces, np.full(pieces, 1 / pieces)
    parts, computed = list(explain(starts, lengths)), pieces
    while True:
        made = Attribution(np.stack(parts).sum(axis=0, dtype=np.float64), change, computed)
        if made.gap <= LARGEST_GAP or computed + 2 * HALVED > min(most, MOST_NUMBERS // values[..., 0].size):
            return made
        worst = _least_even(np.array([part.sum(dtype=np.float64) for part in parts]), lengths)
        halves = lengths[worst].repeat(2) / 2
        begun = np.stack([starts[worst], starts[worst] + lengths[worst] / 2], axis=1).ravel()
        kept = np.delete(np.arange(len(parts)), worst)
        parts = [parts[each] for each in kept] + list(explain(begun, halves))
        starts, lengths = np.concatenate([starts[kept], begun]), np.concatenate([lengths[kept], halves])
        order = np.argsort(starts, kind="stable")
        starts, lengths, parts = starts[order], lengths[order], [parts[each] for each in order]
        computed += len(halves)


def _least_even(added: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The pieces in whose neighbourhood the slope changes most, for their length: places, int64 [HALVED]."""
    slopes = added / lengths
    steps = np.abs(np.diff(slopes))
    uneven = np.maximum(np.append(steps, 0), np.insert(steps, 0, 0)) * lengths
    return np.sort(np.argsort(-uneven, kind="stable")[:HALVED])


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
    return as_signed(attribution.values, least=LEAST_LOGIT / image[..., 0].size)
