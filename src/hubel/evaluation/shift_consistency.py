"""Does the predicted class stay when the image moves by a few pixels?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hubel.arrays import Images, Logits
from hubel.errors import WrongRequest
from hubel.images.changes.moves import DIRECTIONS, moved


def stays_when_moved(compute_logits: Callable[[Images], Logits], images: Images, *, most_px: int) -> np.ndarray:
    """Whether the predicted class of each image is the same under every move.

    The moves are 1 to ``most_px`` pixels up, down, left and right. The mean of the result is the shift consistency; a
    network that names one class for everything has all of it, so read it beside the accuracy.

    Args:
        compute_logits: uint8 [batch, height, width, 3] → [batch, classes].
        images: uint8 [batch, height, width, 3].
        most_px: the longest move, at least 1.

    Returns:
        bool [batch].

    Raises:
        WrongRequest: ``most_px`` is below 1.
    """
    if most_px < 1:
        raise WrongRequest(f"The longest move must be at least 1 pixel. Received: {most_px}.")
    still = compute_logits(images).argmax(axis=1)
    stays = np.ones(len(images), bool)
    for distance in range(1, most_px + 1):
        for down, right in DIRECTIONS:
            after = compute_logits(moved(images, distance * down, distance * right)).argmax(axis=1)
            stays &= after == still
    return stays
