"""How the weights of an export are written, and how far its answers may then be from the classifier's."""

from __future__ import annotations

from dataclasses import dataclass

FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"
"""As they are, where nothing else is asked for; in half the bits; or weights and maps in a quarter of them."""


@dataclass(frozen=True)
class Limit:
    """What an export may differ by.

    Args:
        difference: the largest of a probability.
        agreement: the least share of images that must get the same class; None where all must whose two best
            probabilities differ by more than ``difference``.
    """

    difference: float
    agreement: float | None = None
