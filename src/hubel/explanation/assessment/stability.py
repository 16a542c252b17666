"""Does a map stay when the image hardly changes, and the answer does not?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hubel.arrays import Image, Images, Logits

NOISE = 4.0
"""Standard deviation of the noise in grey levels: hardly visible."""
COPIES = 2
TRIES = 8
"""Noisy copies that are drawn at most, to find those that get the same answer."""


def noisy_copies(
    compute_logits: Callable[[Images], Logits], image: Image, *, rng: np.random.Generator, copies: int = COPIES
) -> Images:
    """Copies of an image with small noise, which the classifier answers as the image itself.

    Args:
        compute_logits: uint8 [batch, height, width, 3] → [batch, classes].
        image: uint8 [height, width, 3].
        rng: of the noise.
        copies: how many are wanted.

    Returns:
        uint8 [at most copies, height, width, 3]; fewer where the noise nearly always changes the answer.
    """
    noise = rng.normal(0, NOISE, (TRIES, *image.shape))
    drawn = np.clip(image + noise, 0, 255).round().astype(np.uint8)
    answers = compute_logits(np.concatenate([image[None], drawn])).argmax(axis=1)
    return drawn[answers[1:] == answers[0]][:copies]


def relative_change(heat: np.ndarray, others: np.ndarray) -> float | None:
    """How much maps differ from a map: the mean over them of |other - map| / |map|, Euclidean; 0 where none changes.

    Args:
        heat: [height, width].
        others: [maps, height, width].

    Returns:
        None without other maps, and for a map that is 0 everywhere.

    Source: the sensitivity of Yeh et al. 2019, arXiv:1901.09392, with the mean in place of the maximum.
    """
    size = float(np.linalg.norm(heat))
    if not len(others) or size == 0:
        return None
    return float(np.linalg.norm((others - heat).reshape(len(others), -1), axis=1).mean() / size)
