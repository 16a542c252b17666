"""An image, and the training images that its classifier takes for most alike: what it has learned this from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubel.arrays import Image
from hubel.explanation.catalogue import NEAREST
from hubel.text import brief, counted


@dataclass(frozen=True)
class Neighbour:
    """A training image.

    Args:
        path: in the corpus.
        class_name: its label.
        similarity: cosine between its features and those of the image, at most 1.
        image: as the network sees it: uint8 [height, width, 3].
    """

    path: str
    class_name: str
    similarity: float
    image: Image


@brief
@dataclass(frozen=True)
class NearestImages:
    """An image, and the training images that the network takes for most alike.

    Args:
        path: of the image, as it was given.
        image: as it is: uint8 [height, width, 3].
        answer: the class that the classifier names.
        probability: calibrated, of that class.
        neighbours: the most similar first.
        searched: training images that were compared.
        seconds: that it took, with the features of the training images where they were not known yet.
    """

    path: str
    image: Image
    answer: str
    probability: float
    neighbours: tuple[Neighbour, ...]
    searched: int
    seconds: float

    @property
    def question(self) -> str:
        """The answer and its probability, in a line."""
        return f"{self.answer}, probability {self.probability:.2f}"

    @property
    def caption(self) -> tuple[str, ...]:
        """How many of the neighbours have the class of the answer."""
        alike = sum(each.class_name == self.answer for each in self.neighbours)
        of = counted(self.searched, "training image")
        return (f"Of the {len(self.neighbours)} most alike of {of}, {alike} are labelled {self.answer}.",)

    def to_json(self, heat: str | None = None) -> dict[str, Any]:
        """Plain data, with what every explanation has; there is no map and no score.

        Args:
            heat: None: there is no map.
        """
        height, width = self.image.shape[:2]
        scores = dict.fromkeys(("insertion", "deletion", "insertion_random", "deletion_random"))
        return {
            "path": self.path,
            "class_name": self.answer,
            "answer": self.answer,
            "probability": self.probability,
            "method": NEAREST,
            "width": width,
            "height": height,
            "heat": heat,
            "flat": False,
            **scores,
            "neighbours": [
                {"path": each.path, "class_name": each.class_name, "similarity": each.similarity}
                for each in self.neighbours
            ],
            "searched": self.searched,
            "caption": list(self.caption),
            "seconds": self.seconds,
        }

    def _brief(self) -> Iterator[str]:
        yield f"NearestImages of {self.path}: {self.question}"
        yield from (f"{each.similarity:.3f} {each.class_name} {each.path}" for each in self.neighbours[:3])
