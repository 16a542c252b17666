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
AT_ONCE = 50
_STEPS = 256


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
    rng = stream("explanation", seed)
    height, width = image.shape[:2]
    colour = mean_colour(image).astype(np.int32)
    apart = image.astype(np.int32) - colour
    weighted, masks_total = np.zeros(height * width), np.zeros(height * width)
    total = 0.0
    for start in range(0, MASKS, AT_ONCE):
        masks = _masks(rng, min(AT_ONCE, MASKS - start), size=(height, width))  # uint16, 0 to 256
        seen = (colour + (masks[..., None] * apart >> 8)).astype(np.uint8)
        scores = subject.compute_scores(seen, question)
        flat = masks.reshape(len(masks), -1).astype(np.float32) / np.float32(_STEPS)
        weighted += scores.astype(np.float32) @ flat
        masks_total += flat.sum(axis=0)
        total += float(scores.sum())
    gain = weighted / np.maximum(masks_total, 1e-9) - total / MASKS
    return as_share(gain.reshape(height, width), least=LEAST_LOGIT)


def _masks(rng: np.random.Generator, count: int, *, size: tuple[int, int]) -> np.ndarray:
    """Random cells, enlarged and moved by less than a cell: int32 [count, height, width], 0 to 256."""
    weights = []
    for side in size:
        cells = max(1, min(CELLS, side // 2))
        weights.append((cells, _interpolation(side, cells, shifts=rng.random(count))))
    (rows, by_rows), (columns, by_columns) = weights
    shown = (rng.random((count, rows + 2, columns + 2)) < SHOWN).astype(np.float32)
    enlarged = np.matmul(np.matmul(by_rows, shown), by_columns.transpose(0, 2, 1))
    return np.rint(enlarged * _STEPS).astype(np.int32)


def _interpolation(side: int, cells: int, *, shifts: np.ndarray) -> np.ndarray:
    """Linear interpolation of cells + 2 numbers to pixels, from a place in the first: [shifts, side, cells + 2]."""
    places = (np.arange(side) + 0.5) / side * cells + shifts[:, None]  # [shifts, side], 0 to cells + 1
    distances = np.abs(places[..., None] - np.arange(cells + 2))
    return np.maximum(1 - distances, 0).astype(np.float32)
