"""Cover one half of some test images, or the other, and see what a classifier still names rightly."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from hubel.arrays import Images, ImageStore
from hubel.classifier.answering import Answering
from hubel.evaluation.covered import WhereItLooks, border_share, cover, in_border
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent, ignore, in_chunks
from hubel.explanation.catalogue import find_explanation
from hubel.explanation.subject import Question, Subject

COVERED, HEATED, FEWEST = 100, 6, 20
"""Test images that are covered; answers of which the evidence is looked for, bit by bit; fewer images say nothing."""
_CHUNK = 20
_BITS = 50
"""Forward passes of one of these answers, about."""
_AFTERWARDS = 600
"""Forward passes that the worst mistakes of a report take: they come first where time is short."""
STAGE = "covering test images"


def where_it_looks(
    classifier: Answering,
    images: ImageStore,
    *,
    places: np.ndarray,
    report: EvaluationReport,
    ends_at: float = math.inf,
    on_event: OnEvent = ignore,
) -> WhereItLooks | None:
    """What a classifier names rightly with the middle covered, and with all but the middle covered.

    Args:
        classifier: as it was scored.
        images: uint8 [examples, height, width, 3] at its working size.
        places: of the test images, in the report's order.
        report: of these.
        ends_at: monotonic seconds by which it must be done.
        on_event: hears `Progress`.

    Returns:
        None where there are too few test images, they are too small to be divided, or there is no time.
    """
    count = len(report.labels)
    if count < FEWEST or min(images.shape[1:3]) < 8 or time.monotonic() >= ends_at:
        return None
    chosen = np.unique(np.linspace(0, count - 1, min(count, COVERED)).astype(int))
    begun, hits = time.monotonic(), []
    for chunk in in_chunks(len(chosen), _CHUNK, stage=STAGE, on_event=on_event):
        some = chosen[chunk]
        pixels = np.asarray(images[places[some]])
        hits.append([_named(classifier, cover(pixels, middle=each)) == report.labels[some] for each in (True, False)])
        each_s = (time.monotonic() - begun) / (2 * min(chunk.stop, len(chosen)))
        left = 2 * (len(chosen) - chunk.stop) + HEATED * _BITS + _AFTERWARDS
        if time.monotonic() + each_s * left > ends_at:
            return None
    without_middle, middle_alone = (np.concatenate(each) for each in zip(*hits, strict=True))
    shares = [
        border_share(
            _heat(classifier.compute_logits, np.asarray(images[places[place]]), named=int(report.predicted[place]))
        )
        for place in chosen[np.linspace(0, len(chosen) - 1, HEATED).astype(int)]
    ]
    return WhereItLooks(
        report.hits[chosen],
        without_middle,
        middle_alone,
        tuple(share for share in shares if share is not None),
        float(in_border(images.shape[1:3]).mean()),
    )


def _named(classifier: Answering, pixels: Images) -> np.ndarray:
    return classifier.compute_logits(pixels).argmax(axis=1)


def _heat(compute_logits: Callable[[Images], np.ndarray], pixels: np.ndarray, *, named: int) -> np.ndarray:
    """What spoke for the class that was named, 0 to 1: [height, width]."""
    return find_explanation().compute(Subject(compute_logits), pixels, question=Question(named))
