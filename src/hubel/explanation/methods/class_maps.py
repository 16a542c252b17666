"""What the CAM family shares: maps and gradients of a layer → a map of the class; of several layers, their sum."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from hubel.arrays import Heat, Image
from hubel.explanation.methods.scaling import as_share, enlarge
from hubel.explanation.subject import Question, Subject

Combine = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(maps, gradients), both [rows, columns, channels] → what each place adds to the score, [rows, columns]."""


def add_up(subject: Subject, image: Image, *, question: Question, combine: Combine) -> Heat:
    """What the places of the last maps add to the score, and nothing where that is below 0.

    The head of some networks takes the maps of several layers. What each of them adds to the score is spread over the
    pixels that a place of it stands for, and added up: evidence for a class at one layer may be cancelled by another.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        question: what the score is.
        combine: of one layer.

    Returns:
        float32 [height, width], 0 to 1.
    """
    parts = [combine(maps[0], gradients[0]) for maps, gradients in subject.maps_and_gradients(image[None], question)]
    finest = max((part.shape for part in parts), key=prod)
    added = sum(enlarge(part * part.size, finest) for part in parts)
    return as_share(enlarge(np.maximum(added, 0), image.shape[:2]))
