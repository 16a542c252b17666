"""The figures of a run: what a legend says is true of the run as a whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.unit.reports.run_pages import epoch, report_of

from hubel.reports.run_plots import draw_history, draw_risk_coverage

KEPT = "the epoch that is kept"


def test_the_epoch_that_is_kept_is_marked_in_its_own_phase_alone():
    # Each phase has a best epoch of its own; the head's is the better one, so that fine-tuning was thrown away.
    head = [replace(epoch(number), phase="head", validation_log_loss=loss) for number, loss in ((1, 0.6), (2, 0.5))]
    tuned = [
        replace(epoch(number), phase="fine-tune", validation_log_loss=loss) for number, loss in ((1, 0.9), (2, 0.7))
    ]
    figures = dict(draw_history([*head, *tuned]))
    assert KEPT in figures["Loss, head alone"]
    assert KEPT not in figures["Loss, whole network"]
    better = [replace(row, validation_log_loss=0.4) for row in tuned]
    figures = dict(draw_history([*head, *better]))
    assert KEPT not in figures["Loss, head alone"]
    assert KEPT in figures["Loss, whole network"]


def test_without_validation_images_no_epoch_is_marked():
    rows = [replace(epoch(number), validation_log_loss=None, validation_accuracy=None) for number in (1, 2)]
    assert KEPT not in dict(draw_history(rows))["Loss"]


def test_of_a_useless_classifier_no_threshold_is_marked():
    given = report_of(("cat", "dog", "hen"), 120)
    assert "at the threshold of 0.60" in draw_risk_coverage(given)
    assert "at the threshold" not in draw_risk_coverage(replace(given, labels=np.roll(given.labels, 1)))
