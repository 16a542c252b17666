"""Is a heat map right? The probability as pixels are put in or taken out in its order, beside maps that know nothing.

Insertion begins with the blurred image and puts pixels in, the hottest first: the area under the probability is high
where they suffice. Deletion begins with the image and covers the hottest first with its mean colour: the area is low
where they were needed.

Source: Petsiuk, Das & Saenko 2018, arXiv:1806.07421, section 4; there deletion ends in black.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageFilter

from hubel.arrays import Heat, Image, Images
from hubel.explanation.methods.scaling import compose, enlarge, mean_colour
from hubel.explanation.subject import Question, Subject
from hubel.random_streams import stream

STEPS = 16
"""Each puts in, or takes out, as many pixels as the others."""
BLUR = 0.1
"""Standard deviation of the blur, as a share of the shorter side."""
RANDOM_MAPS = 3
"""Whose mean score is that of a random map."""
RANDOM_CELLS = 8
"""Of a random map along each side: regions, as those of most methods are, not single pixels."""
BLOB = 0.25
"""Standard deviation of the centred blob, as a share of each side."""
LEAST_SPAN = 0.01
"""A map whose values differ by less marks nothing."""


@dataclass(frozen=True)
class MapScore:
    """How well the order of a map's pixels fits what the classifier does.

    Args:
        insertion: mean probability as its pixels are put into the blurred image, 0 to 1; higher is better.
        deletion: mean probability as its pixels are covered with the mean colour, 0 to 1; lower is better.
    """

    insertion: float
    deletion: float


@dataclass(frozen=True)
class Scores:
    """A map beside maps that know nothing of the classifier.

    Args:
        own: of the map.
        random: mean of some random maps.
        blob: of a blob in the middle of the image, where photographers put things.
    """

    own: MapScore
    random: MapScore
    blob: MapScore

    @property
    def not_beaten(self) -> tuple[str, ...]:
        """Where it is no better: such as ``"a centred blob in deletion"``; nothing for a map that deserves belief."""
        others = {"a random map": self.random, "a centred blob": self.blob}
        found = []
        for name, other in others.items():
            if self.own.insertion <= other.insertion:
                found.append(f"{name} in insertion")
            if self.own.deletion >= other.deletion:
                found.append(f"{name} in deletion")
        return tuple(found)


def is_flat(heat: Heat) -> bool:
    """Whether a map marks nothing: it has the same value everywhere."""
    return bool(np.ptp(heat) < LEAST_SPAN) if heat.size else True


def score_map(subject: Subject, image: Image, *, heat: Heat, question: Question, seed: int = 0) -> MapScore:
    """Insertion and deletion of a map.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        heat: float32 [height, width].
        question: whose probability is measured; with ``against``, as one of the two classes.
        seed: of the order of pixels that are equally hot.
    """
    ranks = _ranks(heat, seed=seed)
    insertion = _area(subject, _mixed(ranks, hottest=image, rest=blurred(image)), question=question)
    covered = np.broadcast_to(mean_colour(image), image.shape)
    deletion = _area(subject, _mixed(ranks, hottest=covered, rest=image), question=question)
    return MapScore(insertion, deletion)


def score_beside(
    subject: Subject, image: Image, *, heat: Heat, question: Question, seed: int = 0, count: int = RANDOM_MAPS
) -> Scores:
    """Insertion and deletion of a map, of random maps and of a centred blob.

    Args:
        subject: the classifier.
        image: uint8 [height, width, 3] at the working size.
        heat: float32 [height, width].
        question: whose probability is measured.
        seed: of the random maps.
        count: of these.
    """
    size = image.shape[:2]
    random = [
        score_map(subject, image, heat=each, question=question, seed=seed)
        for each in random_maps(size, seed=seed, count=count)
    ]
    insertion, deletion = (
        float(np.mean([getattr(each, name) for each in random])) for name in ("insertion", "deletion")
    )
    return Scores(
        score_map(subject, image, heat=heat, question=question, seed=seed),
        MapScore(insertion, deletion),
        score_map(subject, image, heat=centred_blob(size), question=question, seed=seed),
    )


def random_maps(size: tuple[int, int], *, seed: int = 0, count: int = RANDOM_MAPS) -> list[Heat]:
    """Maps of random cells, enlarged as those of methods are: float32 [height, width], 0 to 1.

    Args:
        size: (height, width) in pixels.
        seed: of the cells.
        count: of the maps.
    """
    rng = stream("random maps", seed)
    cells = tuple(min(RANDOM_CELLS, side) for side in size)
    return [enlarge(rng.random(cells, dtype=np.float32), size) for _ in range(count)]


def centred_blob(size: tuple[int, int]) -> Heat:
    """A Gaussian in the middle: float32 [height, width], 0 to 1.

    Args:
        size: (height, width) in pixels.
    """
    rows, columns = (np.exp(-0.5 * (((np.arange(side) + 0.5) / side - 0.5) / BLOB) ** 2) for side in size)
    return np.outer(rows, columns).astype(np.float32)


def blurred(image: Image) -> Image:
    """What insertion begins with: uint8 [height, width, 3].

    Args:
        image: uint8 [height, width, 3].
    """
    radius = max(1.0, BLUR * min(image.shape[:2]))
    return np.asarray(PillowImage.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def _ranks(heat: Heat, *, seed: int) -> np.ndarray:
    """The place of each pixel in the order, hottest first: int64 [height, width]; equally hot ones in random order."""
    shuffled = stream("equally hot", seed).permutation(heat.size)
    order = shuffled[np.argsort(-heat.ravel()[shuffled], kind="stable")]
    ranks = np.empty(heat.size, np.int64)
    ranks[order] = np.arange(heat.size)
    return ranks.reshape(heat.shape)


def _mixed(ranks: np.ndarray, *, hottest: Image, rest: Image) -> Images:
    """Images with 0, 1/16 … 16/16 of the pixels from the first image, the others from the second."""
    bounds = np.linspace(0, ranks.size, STEPS + 1).round().astype(np.int64)
    taken = ranks[None] < bounds[:, None, None]  # [steps + 1, height, width]
    return compose(taken, hottest, rest=rest)


def _area(subject: Subject, images: Images, *, question: Question) -> float:
    """The area under the probability, by trapezia; each end counts half."""
    probabilities = subject.compute_probabilities(images, question)
    return float((probabilities[:-1] + probabilities[1:]).mean() / 2)
