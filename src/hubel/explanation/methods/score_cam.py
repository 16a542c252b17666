"""Score-CAM: the last feature maps, each weighted by the score of the image seen through it; no gradient."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Heat, Image
from hubel.errors import WrongRequest
from hubel.explanation.methods.scaling import as_share, enlarge, mean_colour
from hubel.explanation.subject import Question, Subject

MOST_MAPS = 128
"""Of more, those with the largest values are used."""


def compute_score_cam(subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:  # noqa: ARG001
    """Regions that suffice for the score: each map is laid over the image as a mask, the rest is its mean colour.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        seed: nothing here is random.

    Returns:
        float32 [height, width], 0 to 1.

    Raises:
        WrongRequest: the network has no feature maps.

    Source: Wang et al. 2020, arXiv:1910.01279, algorithm 1; there the rest is black.
    """
    if subject.compute_maps is None:
        raise WrongRequest("This classifier is a plain function: it has no feature maps.")
    maps = subject.compute_maps(image[None])[0]  # [rows, columns, channels]
    spans = maps.max(axis=(0, 1)) - maps.min(axis=(0, 1))
    strongest = np.argsort(-maps.max(axis=(0, 1)), kind="stable")
    chosen = [int(each) for each in strongest if spans[each] > 0][:MOST_MAPS]
    if not chosen:
        return np.zeros(image.shape[:2], np.float32)
    colour = mean_colour(image).astype(np.float32)
    apart = image.astype(np.float32) - colour
    seen = np.empty((len(chosen) + 1, *image.shape), np.uint8)
    for place, each in enumerate(chosen):
        mask = enlarge((maps[..., each] - maps[..., each].min()) / spans[each], image.shape[:2])
        seen[place] = np.rint(colour + np.clip(mask, 0, 1)[..., None] * apart)
    seen[-1] = mean_colour(image)
    scores = subject.compute_scores(seen, question)
    gains = scores[:-1] - scores[-1]
    weights = np.exp(gains - gains.max())
    return as_share(enlarge(np.maximum(maps[..., chosen] @ (weights / weights.sum()), 0), image.shape[:2]))
