"""Whether two images with the same shapes have the same colours, seen in other light, or other colours."""

from __future__ import annotations

import numpy as np

SMALLEST_GAIN, LARGEST_GAIN = 0.6, 1.7
"""By which light, a filter or the paper may weaken or strengthen one channel."""
MOST_LEFT, MOST_LEFT_OF_CHANGED = 0.4, 0.55
"""Root mean square over the parts of an image that light does not explain, as a share of how much its parts differ."""
NOISE = 3.0
"""Of 255: so much is always allowed."""
PALE = 60.0
"""Mean difference of channels up to which an image may be a copy in shades of one colour: sepia has about 40."""
COVERED = 0.3
"""Share of the parts that a caption, a frame or a cut may have changed."""
_ROUNDS = 4


def colours_differ(first: np.ndarray, second: np.ndarray, *, changed: np.ndarray) -> np.ndarray:
    """Whether no change of light, no filter and no loss of colour makes the first images of the second.

    Args:
        first: mean colours of the parts, uint8 [pairs, rows, columns, 3].
        second: the same, of the other images.
        changed: bool [pairs]; then the parts that fit worst are left out, `COVERED` of them.

    Returns:
        bool [pairs].
    """
    one = first.reshape(len(first), -1, 3).astype(np.float32)
    two = second.reshape(len(second), -1, 3).astype(np.float32)
    in_other_light = np.minimum(_unexplained(one, two, changed=changed), _unexplained(two, one, changed=changed))
    faded = np.minimum(_unexplained_by_grey(one, two, changed=changed), _unexplained_by_grey(two, one, changed=changed))
    share = np.where(changed, MOST_LEFT_OF_CHANGED, MOST_LEFT)
    spread = np.maximum(one.var(axis=1).mean(axis=1), two.var(axis=1).mean(axis=1)) ** 0.5
    return np.minimum(in_other_light, faded) > NOISE + share * spread


def _unexplained_by_grey(one: np.ndarray, two: np.ndarray, *, changed: np.ndarray) -> np.ndarray:
    """The same if the second is the first in shades of one pale colour, such as grey or brown; else infinite."""
    colour = np.ptp(two, axis=2).mean(axis=1)
    return np.where(colour <= PALE, _unexplained(_grey(one), two, changed=changed), np.inf)


def _unexplained(one: np.ndarray, two: np.ndarray, *, changed: np.ndarray) -> np.ndarray:
    """Root mean square of what is left of the second when each channel is the first's, times and plus a number."""
    parts = one.shape[1]
    counted = np.ones((len(one), parts, 1), np.float32)
    kept = np.where(changed, parts - round(COVERED * parts), parts)
    squares = np.zeros((len(one), parts), np.float32)
    for _ in range(_ROUNDS):
        total = counted.sum(axis=1, keepdims=True)
        shades = one - (one * counted).sum(axis=1, keepdims=True) / total
        wanted = two - (two * counted).sum(axis=1, keepdims=True) / total
        power = (shades * shades * counted).sum(axis=1, keepdims=True)
        gain = (shades * wanted * counted).sum(axis=1, keepdims=True) / np.maximum(power, 1.0)
        gain = np.sign(gain) * np.clip(np.abs(gain), SMALLEST_GAIN, LARGEST_GAIN)  # negative: an inverted image
        rest = wanted - gain * shades
        squares = (rest * rest).mean(axis=2)  # [pairs, parts]
        places = np.argsort(np.argsort(squares, axis=1), axis=1)
        counted = (places < kept[:, None]).astype(np.float32)[:, :, None]
    return np.sqrt((squares * counted[:, :, 0]).sum(axis=1) / counted[:, :, 0].sum(axis=1))


def _grey(colours: np.ndarray) -> np.ndarray:
    """[pairs, parts, 3] without colour."""
    return np.repeat(colours @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
