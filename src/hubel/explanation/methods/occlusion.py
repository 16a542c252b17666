"""Occlusion: cover a part of the image, and see how much of the score goes with it."""

from __future__ import annotations

import itertools

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import LEAST_LOGIT, as_share, mean_colour
from hubel.explanation.subject import Question, Subject

CELLS = 8
"""The image is divided into so many cells along each side; two by two of them are covered at a time."""


def compute_occlusion(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """Regions that speak for a class: covered with the image's mean colour, they lower the score.

    It looks at no layer, so it works for every model, and it shows what the model does, not what a formula says of it.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1: the mean drop over the windows that cover a pixel, smoothed, as a share of the
        largest; 0 everywhere where covering never lowers the score.

    Source: Zeiler & Fergus 2014, arXiv:1311.2901, section 4.
    """
    windows = list(itertools.product(_spans(image.shape[0]), _spans(image.shape[1])))
    covered = np.repeat(image[None], len(windows) + 1, axis=0)  # the last stays whole
    colour = mean_colour(image)
    for place, (rows, columns) in enumerate(windows):
        covered[place, rows, columns] = colour
    scores = subject.compute_scores(covered, question)
    total, times = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    for (rows, columns), score in zip(windows, scores[:-1], strict=True):
        total[rows, columns] += scores[-1] - score
        times[rows, columns] += 1
    return as_share(_smoothed(np.maximum(total / np.maximum(times, 1), 0)), least=LEAST_LOGIT)


def _spans(side: int) -> list[slice]:
    """Two neighbouring cells along one axis, at each place where they fit."""
    edges = np.linspace(0, side, min(CELLS, side) + 1).round().astype(int)
    return [slice(start, end) for start, end in zip(edges[:-2], edges[2:], strict=True)] or [slice(0, side)]


def _smoothed(values: np.ndarray) -> np.ndarray:
    """A moving mean over about one cell along both axes, so that no border of a cell is taken for one of the image."""
    for axis, side in enumerate(values.shape):
        width = side // CELLS // 2 * 2 + 1
        padded = np.pad(values, [(width // 2, width // 2) if each == axis else (0, 0) for each in (0, 1)], mode="edge")
        values = np.lib.stride_tricks.sliding_window_view(padded, width, axis=axis).mean(axis=-1)
    return values
