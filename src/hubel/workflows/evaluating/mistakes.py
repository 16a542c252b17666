"""The worst mistakes of a classifier, for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hubel.corpus.corpus import Corpus, tile_of
from hubel.evaluation.report import EvaluationReport, surest_mistakes
from hubel.images.notebook import cell, document

SHOWN = 8
HEADER = ("worst mistakes", "label", "predicted", "probability")


def show_mistakes(
    lines: Iterable[str], corpus: Corpus, *, places: Sequence[int] | np.ndarray, report: EvaluationReport
) -> str:
    """A score, and the wrong answers that the classifier is surest of, as HTML for a notebook.

    Args:
        lines: what is said of the score.
        corpus: of the images.
        places: int64 [examples], of the examples of the report in the corpus, in its order.
        report: with the answers.
    """
    names = report.class_names
    rows = [
        (
            tile_of(corpus, int(places[each]), caption=corpus.examples[int(places[each])].path.rpartition("/")[2]),
            cell(names[report.labels[each]]),
            cell(names[report.predicted[each]]),
            f"{report.probabilities[each].max():.3f}",
        )
        for each in surest_mistakes(report, SHOWN)
    ]
    return document(lines, rows, header=HEADER if rows else ())
