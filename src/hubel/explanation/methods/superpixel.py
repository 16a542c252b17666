"""Superpixel: a linear model of the score on segments of the image that are shown or covered, as LIME fits one."""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import LEAST_LOGIT, as_signed, compose, mean_colour
from hubel.explanation.subject import Question, Subject
from hubel.random_streams import stream

ALONG_A_SIDE = 7
SAMPLES = 400
AT_ONCE = 16
SEGMENTED_SIDE = 64
"""Segments are found on an image of at most so many pixels a side."""
PASSES = 6
COMPACTNESS = 0.35
"""How much nearness counts against colour; 1 is as much as 255 grey levels for the distance between two seeds."""
RIDGE = 1.0
NEARNESS = 0.25
"""Width of the kernel by which samples near to the image count more, of the cosine distance, as in LIME."""


def compute_superpixel(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:
    """What each segment of similar pixels adds to the score, where the others are shown or covered at random.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: of the samples.

    Returns:
        float32 [height, width], -1 to 1, one value for each segment.

    Source: Ribeiro, Singh & Guestrin 2016, arXiv:1602.04938; segments as Achanta et al. 2012, SLIC.
    """
    segments = find_segments(image)
    count = int(segments.max()) + 1
    shown = stream("shown segments", seed).random((SAMPLES, count)) < 0.5
    shown[0] = True
    covered = mean_colour(image)
    scores = np.concatenate([
        subject.compute_scores(compose(part[:, segments], image, rest=covered), question)
        for part in np.array_split(shown, max(1, SAMPLES // AT_ONCE))
    ])  # fmt: skip
    weights = fit_ridge(shown.astype(np.float64), scores)
    return as_signed(weights[segments], least=LEAST_LOGIT)


def fit_ridge(shown: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Weights of a linear model with an intercept, samples near to the whole image counting more: [segments].

    Args:
        shown: [samples, segments], 1 where a segment is shown.
        scores: [samples].
    """
    cosine = np.sqrt(shown.mean(axis=1))  # of a sample of ones and zeros with all ones
    near = np.exp(-((1 - cosine) ** 2) / NEARNESS**2)
    near = near / near.mean()
    features = shown - np.average(shown, axis=0, weights=near)
    values = scores - np.average(scores, weights=near)
    squares = features.T @ (near[:, None] * features) + RIDGE * np.eye(shown.shape[1])
    return np.linalg.solve(squares, features.T @ (near * values))


def find_segments(image: Image) -> np.ndarray:
    """Pixels of similar colour that lie together: int64 [height, width], numbered from 0.

    Args:
        image: uint8 [height, width, 3].
    """
    height, width = image.shape[:2]
    small = (min(height, SEGMENTED_SIDE), min(width, SEGMENTED_SIDE))
    reduced = PillowImage.fromarray(image).resize(small[::-1], PillowImage.Resampling.BOX)
    rows, columns = (min(ALONG_A_SIDE, max(1, side // 2)) for side in small)
    grid = np.stack(np.meshgrid(*(np.arange(side) + 0.5 for side in small), indexing="ij"), axis=-1).reshape(-1, 2)
    near = grid / np.array([small[0] / rows, small[1] / columns]) * COMPACTNESS
    points = np.concatenate([near, np.asarray(reduced, np.float64).reshape(-1, 3) / 255], axis=1)
    cells = (grid[:, 0] * rows // small[0]).astype(int) * columns + (grid[:, 1] * columns // small[1]).astype(int)
    for _ in range(PASSES):
        counts = np.bincount(cells, minlength=rows * columns)[:, None]
        sums = np.stack([np.bincount(cells, each, minlength=rows * columns) for each in points.T], axis=1)
        centres = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
        cells = ((points[:, None] - centres[None]) ** 2).sum(axis=-1).argmin(axis=1)
    _, numbered = np.unique(cells, return_inverse=True)
    by_row, by_column = (np.arange(side) * part // side for side, part in zip((height, width), small, strict=True))
    return numbered.reshape(small)[by_row[:, None], by_column]
