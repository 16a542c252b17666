"""name → method that shows where in an image a classifier finds its evidence for a class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from hubel.arrays import HeatMap, Image, Images, Logits
from hubel.catalogue import find
from hubel.explanation.occlusion import compute_occlusion

Explain: TypeAlias = Callable[[Callable[[Images], Logits], Image, int], HeatMap]
"""(uint8 [batch, height, width, 3] → logits, image, class index) → heat map [height, width], 0 to 1."""


@dataclass(frozen=True)
class Explanation:
    """One method.

    Args:
        summary: what its heat map marks, in a line.
        compute: the heat map of one image for one class.
    """

    summary: str
    compute: Explain


EXPLANATIONS = {
    "occlusion": Explanation("regions without which the logit of the class is lower", compute_occlusion),
}
USUAL = "occlusion"


def find_explanation(name: str = USUAL) -> Explanation:
    """The method of that name.

    Raises:
        UnknownName: naming those there are.
    """
    return find(EXPLANATIONS, name, kind="explanation")
