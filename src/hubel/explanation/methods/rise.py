"""RISE: the mean of many random masks, each weighted by the score of the image seen through it."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import LEAST_LOGIT, as_share, mean_colour
from hubel.explanation.subject import Question, Subject
from hubel.random_streams import stream

MASKS = 1000
CELLS = 7
"""Of a mask along each side, before it is enlarged; smaller images have half as many as pixels."""
SHOWN = 0.5
"""Share of the cells that show the image."""
AT_ONCE = 8
"""Images that are made together: so many of 224 x 224 pixels stay in the processor's cache."""
_TINY = 1e-9


def compute_rise(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:
    """Regions with which the score is higher than without them; what is masked becomes the mean colour.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: of the masks.

    Returns:
        float32 [height, width], 0 to 1.

    Source: Petsiuk, Das & Saenko 2018, arXiv:1806.07421; the mean score is taken off, so that what plays no part is 0,
    and the rest of the image is its mean colour, not black.
    """
    rng = stream("random masks", seed)
    colour = np.broadcast_to(mean_colour(image), image.shape).astype(np.float32).reshape(len(image), -1)
    apart = image.reshape(len(image), -1) - colour  # [height, 3 width]: rows as they lie in memory
    weighted, masks_total, total = np.zeros(image.shape[:2]), np.zeros(image.shape[:2]), 0.0
    for start in range(0, MASKS, AT_ONCE):
        masks = _masks(rng, min(AT_ONCE, MASKS - start), size=image.shape[:2])
        seen = np.repeat(masks, 3, axis=2)  # numbers side by side: along an axis of three NumPy would be slow
        seen *= apart
        seen += colour
        scores = subject.compute_scores(seen.astype(np.uint8).reshape(-1, *image.shape), question)
        weighted += np.tensordot(scores.astype(np.float32), masks, axes=1)
        masks_total += masks.sum(axis=0)
        total += float(scores.sum())
    return as_share(weighted / np.maximum(masks_total, _TINY) - total / MASKS, least=LEAST_LOGIT)


def _masks(rng: np.random.Generator, count: int, *, size: tuple[int, int]) -> np.ndarray:
    """Random cells, enlarged and moved by less than a cell: float32 [count, height, width], 0 to 1."""
    cells = [max(1, min(CELLS, side // 2)) for side in size]
    shown = (rng.random((count, *(each + 2 for each in cells))) < SHOWN).astype(np.float32)
    by_rows, by_columns = (
        _interpolation(side, each, shifts=rng.random(count)) for side, each in zip(size, cells, strict=True)
    )
    return np.matmul(by_rows, np.matmul(shown, np.ascontiguousarray(by_columns.transpose(0, 2, 1))))


def _interpolation(side: int, cells: int, *, shifts: np.ndarray) -> np.ndarray:
    """Linear interpolation of cells + 2 numbers to pixels, from a place in the first: [shifts, side, cells + 2]."""
    places = (np.arange(side) + 0.5) / side * cells + shifts[:, None]  # [shifts, side], 0 to cells + 1
    distances = np.abs(places[..., None] - np.arange(cells + 2))
    return np.maximum(1 - distances, 0).astype(np.float32)
