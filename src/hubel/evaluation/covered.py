"""Where a classifier looks: its accuracy with a half of each image covered, and its evidence at the border.

The middle is half of an image's pixels, and so is what is around it. So the two accuracies can be compared: each hides
as much as the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t as student

from hubel.arrays import Images
from hubel.evaluation.paired import PairedTest, compare_hits
from hubel.evaluation.proportions import Share

_SIDE = 0.5**0.5
"""Of an image's side: a square of it has half of the pixels."""
BORDER = 8
"""The border is an eighth of the side wide."""


@dataclass(frozen=True)
class WhereItLooks:
    """What a classifier names of the same images, whole and with one half covered.

    Args:
        whole: bool [images], whether the whole image is named rightly.
        without_middle: the same, with the middle covered.
        middle_alone: the same, with all but the middle covered.
        border_heat: of some answers, the share of their evidence that lies in the border, 0 to 1.
        border_area: share of the pixels that are there.
    """

    whole: np.ndarray
    without_middle: np.ndarray
    middle_alone: np.ndarray
    border_heat: tuple[float, ...]
    border_area: float

    @property
    def test(self) -> PairedTest:
        """What is around the middle against the middle."""
        return compare_hits(self.without_middle, self.middle_alone)

    @property
    def heat_interval(self) -> tuple[float, float]:
        """95 % interval of the mean share, by Student's t; of fewer than two answers anything is possible."""
        if len(self.border_heat) < 2:
            return 0.0, 1.0
        shares = np.array(self.border_heat)
        half = float(student.ppf(0.975, len(shares) - 1) * shares.std(ddof=1) / len(shares) ** 0.5)
        return max(0.0, float(shares.mean()) - half), min(1.0, float(shares.mean()) + half)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        document: dict[str, Any] = {"examples": len(self.whole)}
        for name in ("whole", "without_middle", "middle_alone"):
            hits = getattr(self, name)
            share = Share(int(hits.sum()), len(hits))
            document[name] = {"accuracy": share.value, "accuracy_interval": list(share.interval)}
        document["without_middle_against_middle_alone"] = self.test.to_json()
        if self.border_heat:
            document["border_heat"] = {
                "examples": len(self.border_heat),
                "share": float(np.mean(self.border_heat)),
                "interval": list(self.heat_interval),
                "share_of_area": self.border_area,
            }
        return document


def cover(images: Images, *, middle: bool) -> Images:
    """The images with one half of their pixels in the mean colour of each.

    Args:
        images: uint8 [batch, height, width, 3].
        middle: whether the middle is covered; else all that is around it.
    """
    colours = images.mean(axis=(1, 2)).round().astype(np.uint8)
    rows, columns = (_inner(side) for side in images.shape[1:3])
    covered = np.array(images)
    if middle:
        covered[:, rows, columns] = colours[:, None, None]
        return covered
    covered[:] = colours[:, None, None]
    covered[:, rows, columns] = images[:, rows, columns]
    return covered


def _inner(side: int) -> slice:
    margin = round(side * (1 - _SIDE) / 2)
    return slice(margin, side - margin)


def border_share(heat: np.ndarray) -> float | None:
    """Share of a heat map's sum that lies in the border; None where it is cold everywhere.

    Args:
        heat: float [height, width], not negative.
    """
    total = float(heat.sum())
    return float(heat[in_border(heat.shape)].sum()) / total if total > 0 else None


def in_border(shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels are in the border: bool [height, width].

    Args:
        shape: (height, width).
    """
    inside = np.ones(shape, bool)
    margins = [max(1, side // BORDER) for side in shape]
    inside[: margins[0]] = inside[-margins[0] :] = False
    inside[:, : margins[1]] = inside[:, -margins[1] :] = False
    return ~inside
