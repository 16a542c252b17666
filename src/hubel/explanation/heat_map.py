"""A heat map as it is handed over: in pixels of the original image, with what it is of and how good it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from hubel.arrays import Heat, Image
from hubel.drawing.overlays import fitted, overlay
from hubel.drawing.raster import to_png
from hubel.explanation.faithfulness import Scores
from hubel.text import brief

SIDE = 240
"""Pixels of the longer side of what a notebook shows."""


@brief
@dataclass(frozen=True)
class HeatMap:
    """Where in an image a classifier finds its evidence.

    Args:
        image: uint8 [height, width, 3], as it is.
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

    image: Image
    values: Heat
    method: str
    class_name: str
    against: str | None
    signed: bool
    flat: bool
    score: Scores
    seconds: float

    def _repr_html_(self) -> str:
        small, heat = fitted(self.image, SIDE), fitted(self.values, SIDE)
        sources = [base64.b64encode(to_png(each)).decode() for each in (small, overlay(small, heat))]
        images = "".join(
            f'<img src="data:image/png;base64,{each}" style="width:{SIDE}px;margin-right:8px">' for each in sources
        )
        return f"<div>{images}<br>{'<br>'.join(escape(line) for line in self._brief())}</div>"

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
