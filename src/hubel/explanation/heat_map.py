"""A heat map as it is handed over: in pixels of the original image, with what it is of and how good it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hubel.arrays import Heat
from hubel.explanation.faithfulness import Scores
from hubel.text import brief


@brief
@dataclass(frozen=True)
class HeatMap:
    """Where in an image a classifier finds its evidence.

    Args:
        values: float32 [height, width] in pixels of the original image: 0 to 1, or -1 to 1 where it is signed; 0
            outside of what the classifier sees of the image.
        method: its name in `hubel.explanation.catalogue.EXPLANATIONS`.
        class_name: whose logit is explained.
        against: the class from which it is told apart; None for the logit itself.
        signed: values below 0 speak against the class.
        flat: it marks nothing: all values are the same.
        score: insertion and deletion, beside a random map and a centred blob.
        seconds: that it took, without the score.
    """

    values: Heat
    method: str
    class_name: str
    against: str | None
    signed: bool
    flat: bool
    score: Scores
    seconds: float

    def _brief(self) -> Iterator[str]:
        height, width = self.values.shape
        against = "" if self.against is None else f" rather than {self.against!r}"
        yield f"HeatMap of {self.class_name!r}{against} by {self.method}, {height} x {width} pixels"
        if self.flat:
            yield "flat: it marks nothing"
        own = self.score.own
        yield (
            f"insertion {own.insertion:.2f} (random {self.score.random.insertion:.2f}), deletion {own.deletion:.2f} "
            f"(random {self.score.random.deletion:.2f})"
        )
