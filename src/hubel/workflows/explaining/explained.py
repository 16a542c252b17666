"""An image with its explanation: everything that a drawing, a line or a program needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubel.explanation.heat_map import HeatMap
from hubel.text import brief, listed


@brief
@dataclass(frozen=True)
class ExplainedImage:
    """Where a classifier finds its evidence in an image.

    Args:
        path: of the image, as it was given; empty of an array.
        seen: what reaches the classifier of it: (left, top, right, bottom) in its pixels.
        heat_map: the map, in pixels of the image, with the image.
        answer: the class that the classifier names.
        probability: calibrated, of the class that is explained.
        marked: why the method is not to be believed on this classifier; empty where that is not known.
    """

    path: str
    seen: tuple[float, float, float, float]
    heat_map: HeatMap
    answer: str
    probability: float
    marked: str = ""

    @property
    def question(self) -> str:
        """What is asked, in a line: the class, its probability, and the other class if there is one."""
        heat_map = self.heat_map
        against = "" if heat_map.against is None else f" rather than {heat_map.against}"
        answered = "" if heat_map.class_name == self.answer else f"; the answer is {self.answer}"
        return f"{heat_map.class_name}{against}, probability {self.probability:.2f}{answered}"

    @property
    def caption(self) -> tuple[str, ...]:
        """What the map shows and what it is worth, one sentence each."""
        heat_map, score = self.heat_map, self.heat_map.score
        if heat_map.flat:
            told = ("The map is flat: this method finds no part of the image that matters more than another.",)
        elif not score.not_beaten:
            told = ("It beats a random map and a centred blob in both tests.",)
        else:
            told = (f"Do not rely on it: it does not beat {listed(score.not_beaten)}.",)
        marked = (f"{heat_map.method} is marked on this classifier: {self.marked}.",) if self.marked else ()
        left, top, right, bottom = self.seen
        height, width = self.heat_map.values.shape
        cropped = right - left < width - 0.5 or bottom - top < height - 0.5
        outside = ("Outside of the frame the classifier sees nothing: the image is cropped.",) if cropped else ()
        return (*told, *marked, *outside)

    def to_json(self, heat: str | None = None) -> dict[str, Any]:
        """Plain data.

        Args:
            heat: the file in which the values are, if any.
        """
        heat_map, score = self.heat_map, self.heat_map.score
        height, width = heat_map.values.shape
        return {
            "path": self.path,
            "class_name": heat_map.class_name,
            "against": heat_map.against,
            "answer": self.answer,
            "probability": self.probability,
            "method": heat_map.method,
            "signed": heat_map.signed,
            "width": width,
            "height": height,
            "heat": heat,
            "flat": heat_map.flat,
            "insertion": score.own.insertion,
            "deletion": score.own.deletion,
            "insertion_random": score.random.insertion,
            "deletion_random": score.random.deletion,
            "insertion_blob": score.blob.insertion,
            "deletion_blob": score.blob.deletion,
            "marked": self.marked or None,
            "caption": list(self.caption),
            "seconds": heat_map.seconds,
        }

    def _brief(self) -> Iterator[str]:
        yield f"ExplainedImage {self.path or 'of an array'}: {self.question}"
        yield from repr(self.heat_map).splitlines()
        yield from self.caption
