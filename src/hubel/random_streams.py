"""Every stream of random numbers, by name: what draws from one leaves all others as they are."""

from __future__ import annotations

import numpy as np

from hubel.catalogue import find

STREAMS: dict[str, int | None] = {
    "batch order": 0,
    "augmentation": 1,
    "first mirroring": 2,
    "feature batches": 3,
    "whitening": 4,
    "order of features": 5,
    "baseline part": 6,
    "comparison part": 6,
    "corpus sample": 7,
    "known images": 8,
    "nested parts": 9,
    "shown examples": 9,
    "forecast": 10,
    "contact sheet": 10,
    "noise": 11,
    "occlusion": 12,
    "robustness sample": 13,
    "bootstrap": 14,
    "assessment": 15,
    "replaced weights": 16,
    "removed pixels": 17,
    "random masks": 11,
    "shown segments": 11,
    "noise of smoothgrad": 11,
    "random maps": 11,
    "equally hot": 11,
    "patch kinds": None,
    "exciting image": None,
    "noise for a page": None,
    "spread of labels": None,
    "sampled values": None,
    "shortcut permutations": None,
}
"""Name → the number that sets it apart from other streams of the same seed; None where the seed stands alone.

6, 9 and 10 stand twice, and those without a number are one: their users never draw for the same purpose. They stay as
they are, for another number would give other results with the same seed.
"""


def stream(name: str, seed: int = 0, *, epoch: int | None = None) -> np.random.Generator:
    """The stream from its beginning: the same numbers for the same arguments.

    Args:
        name: one of `STREAMS`.
        seed: of the run; 0 where every run is to draw the same.
        epoch: from 0, of a stream that begins anew in each.

    Raises:
        UnknownName: there is no stream of that name.
    """
    number = find(STREAMS, name, kind="random stream")
    key = [seed, *([] if epoch is None else [epoch]), *([] if number is None else [number])]
    return np.random.default_rng(key)
