"""The small images that the page of a score shows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Heat
from hubel.catalogue import Later
from hubel.classifier.answering import Answering
from hubel.drawing.tiles import heat_tile
from hubel.evaluation.report import EvaluationReport, surest_mistakes
from hubel.pipeline.decoded import DecodedCorpus
from hubel.reports.run_page import MATRIX_CLASSES, Mistake
from hubel.reports.thumbnails import encode_thumbnail, make_thumbnails

mark: Callable[..., Heat] = Later("hubel.explanation.of_classifier", "mark")
forward_method: Callable[..., str] = Later("hubel.workflows.explaining.recommended", "forward_method")
MISTAKES_SHOWN, CLASS_IMAGES = 12, 4
MISTAKE_SIDE, CLASS_SIDE = 176, 72


@dataclass(frozen=True)
class Tested:
    """Images that were scored.

    Args:
        decoded: the corpus they belong to.
        places: of them in the corpus, in the report's order.
        report: their score.
        classifier: that was scored.
    """

    decoded: DecodedCorpus
    places: np.ndarray
    report: EvaluationReport
    classifier: Answering


def thumbnails(decoded: DecodedCorpus, indices: Sequence[int], side: int) -> dict[str, bytes]:
    """Small images of the corpus, with the bands and values that the network saw.

    Args:
        decoded: the corpus.
        indices: of the images.
        side: pixels of the longer side.

    Returns:
        Path → small file.
    """
    return make_thumbnails(decoded.corpus, indices, side=side, rule=decoded.preprocessing.rule)


def worst_mistakes(tested: Tested, *, ends_at: float = math.inf) -> list[Mistake]:
    """The wrong answers it was surest of.

    Args:
        tested: what was scored.
        ends_at: monotonic seconds after which no more of them are covered bit by bit.
    """
    report, corpus = tested.report, tested.decoded.corpus
    worst = surest_mistakes(report, MISTAKES_SHOWN)
    small = thumbnails(tested.decoded, tested.places[worst].tolist(), MISTAKE_SIDE)
    mistakes, last_s, method = [], 0.0, forward_method(tested.classifier)
    for place in worst:
        index, named = tested.places[place], int(report.predicted[place])
        pixels = np.asarray(tested.decoded.images[index])
        begun, heat = time.monotonic(), b""
        if begun + last_s <= ends_at:
            marked = mark(tested.classifier, pixels, named, method=method)
            heat = encode_thumbnail(heat_tile(pixels, marked), MISTAKE_SIDE)
            last_s = time.monotonic() - begun
        path, own = corpus.examples[index].path, encode_thumbnail(pixels, MISTAKE_SIDE)
        mistakes.append(
            Mistake(
                path=path,
                true=report.class_names[int(report.labels[place])],
                named=report.class_names[named],
                probability=float(report.probabilities[place, named]),
                true_probability=float(report.probabilities[place, report.labels[place]]),
                image=small.get(path, own),
                heat=heat,
            )
        )
    return mistakes


def some_of_each_class(
    decoded: DecodedCorpus, places: np.ndarray, *, labels: np.ndarray, class_names: Sequence[str]
) -> dict[str, list[bytes]]:
    """Some images of each class; none where there are too many classes to show them.

    Args:
        decoded: the corpus.
        places: int64 [images], of the images to choose from.
        labels: int64 [images], the class index of each of them.
        class_names: in the order of the indices.
    """
    if len(class_names) > MATRIX_CLASSES:
        return {}
    chosen = {name: _spread(places[labels == label], CLASS_IMAGES) for label, name in enumerate(class_names)}
    corpus = decoded.corpus
    made = thumbnails(decoded, [index for places in chosen.values() for index in places], CLASS_SIDE)
    paths = {name: [corpus.examples[index].path for index in indices] for name, indices in chosen.items()}
    return {name: [made[path] for path in each if path in made] for name, each in paths.items()}


def _spread(places: np.ndarray, most: int) -> list[int]:
    """At most so many of some places, evenly spread."""
    if len(places) == 0:
        return []
    return sorted({int(places[each]) for each in np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)})
