"""The page of a run: how good the classifier is, where it fails, what the corpus has to do with it, and what to do."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from markupsafe import Markup

from hubel.architectures.layer_table import LayerRow
from hubel.corpus.corpus import IntakeRow
from hubel.drawing.svg import whole_svg
from hubel.evaluation.baseline import DESCRIPTION
from hubel.evaluation.learning_curve import LearningCurve, describe_forecast
from hubel.evaluation.metrics import wilson_interval
from hubel.evaluation.paired import BETTER, CANNOT_TELL, WORSE
from hubel.evaluation.report import EvaluationReport
from hubel.evaluation.suitability import RULE
from hubel.random_streams import stream
from hubel.reports.faults import group_faults
from hubel.reports.html import NOT_YET, asset, data_address, make_environment, policy
from hubel.reports.network import draw_network
from hubel.reports.run_plots import draw_accuracy_by_images, draw_history, draw_reliability, draw_risk_coverage
from hubel.reports.sheets import COLUMNS, MOST, TILES, Sheets
from hubel.text import one_line
from hubel.training.history import EpochRow

MATRIX_CLASSES = 30
"""A matrix of more is no longer read as one; the most frequent confusions are listed instead."""
CONFUSIONS_SHOWN = 60
_AGAINST_DENSE = {
    BETTER: "It does better than a plain dense network ({}) on the same images",
    WORSE: "A plain dense network does better ({}) on the same images",
    CANNOT_TELL: "These images do not show whether it is better than a plain dense network ({})",
}
OF_A_RUN, OF_A_MODEL_FILE = "report.html", "evaluation.html"
"""Templates: of a run, and of a model that Hubel did not train."""
ROWS_SHOWN = 30
FILES_SHOWN = 10
LAYERS_SHOWN = 30


@dataclass(frozen=True)
class Mistake:
    """A test image that was classified wrongly, with confidence.

    Args:
        path: of the image.
        true: its class name.
        named: what it was mistaken for.
        probability: of that.
        true_probability: of its own class.
        image: a small file.
        heat: the image as the network sees it, with what spoke for ``named`` marked; empty where no time was left.
    """

    path: str
    true: str
    named: str
    probability: float
    true_probability: float
    image: bytes
    heat: bytes


@dataclass(frozen=True)
class RightAnswer:
    """A test image that was classified rightly, and where the evidence lies in it.

    Args:
        path: of the image.
        true: its class name.
        probability: of that.
        image: a small file.
        heat: the image as the network sees it, with what spoke for its class marked.
        insertion, deletion: of that map, each beside those of a random map and of a centred blob.
        not_beaten: what it does not beat; empty for a map that deserves belief.
    """

    path: str
    true: str
    probability: float
    image: bytes
    heat: bytes
    insertion: tuple[float, float, float]
    deletion: tuple[float, float, float]
    not_beaten: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stranger:
    """A test image that is unlike those of training: path, class name, off-corpus score, and a small file."""

    path: str
    true: str
    score: float
    image: bytes


@dataclass(frozen=True)
class RunPage:
    """What the page shows.

    Args:
        location: of the corpus, as the user typed it.
        made_by: name and version of the program.
        metrics: the content of ``metrics.json``.
        run: the content of ``run.json``.
        report: of the test split; without examples where there are none.
        paths: of the test examples, in the report's order.
        split_counts: split → class name → images.
        history: every epoch.
        layers: of the model.
        notes: sentences on the corpus.
        refused: the files that should have been images and are not.
        copies: images that are copies of another one.
        shown: places in the report of the images on the sheets, in their order.
        sheets: small copies of them.
        mistakes: the most confident first.
        right_answers: one of each class; none where there was no time.
        method: by which the evidence was looked for.
        strangers: the most unlike first.
        class_images: class name → small files.
        contact: images as the network sees them and, below each, as training changed them; a file, or none.
        contact_rows: rows of that image.
        curve: the learning curve, where one was drawn.
    """

    location: str
    made_by: str
    metrics: Mapping[str, Any]
    run: Mapping[str, Any]
    report: EvaluationReport
    paths: Sequence[str]
    split_counts: Mapping[str, Mapping[str, int]]
    history: Sequence[EpochRow]
    layers: Sequence[LayerRow]
    notes: Sequence[str] = ()
    refused: Sequence[IntakeRow] = ()
    copies: int = 0
    shown: Sequence[int] = ()
    sheets: Sheets = field(default_factory=lambda: Sheets((), (1, 1), 0))
    mistakes: Sequence[Mistake] = ()
    right_answers: Sequence[RightAnswer] = ()
    method: str = ""
    strangers: Sequence[Stranger] = ()
    class_images: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    contact: bytes = b""
    contact_rows: int = 0
    curve: LearningCurve | None = None

    @property
    def title(self) -> str:
        """The last part of the location: the rest is of no use to whoever is sent the page."""
        return re.split(r"[/\\]", self.location.rstrip("/\\"))[-1] or self.location

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the logits."""
        return self.report.class_names


def shown_places(report: EvaluationReport, *, seed: int) -> np.ndarray:
    """Places of the test examples that get a small image: all, or the mistakes and as many others as there is room.

    Args:
        report: of the test split.
        seed: of the run; decides which others.

    Returns:
        int64 [shown], ascending.
    """
    wrong, right = np.flatnonzero(~report.hits), np.flatnonzero(report.hits)
    if len(report.labels) <= MOST:
        return np.arange(len(report.labels))
    rng = stream("shown examples", seed)
    wrong = np.sort(rng.permutation(wrong)[:MOST])
    return np.sort(np.concatenate([wrong, rng.permutation(right)[: MOST - len(wrong)]]))


def render_run_page(page: RunPage, *, template: str = OF_A_RUN) -> str:
    """The whole page as HTML without any reference to another file or server; it can be encoded as UTF-8.

    Args:
        page: what it shows.
        template: `OF_A_RUN`, or `OF_A_MODEL_FILE`.

    Names and messages are escaped, each on one line. The script of the page is the only one a browser may run.
    """
    script = asset("page.js", "report.js")
    environment = make_environment(
        ROWS_SHOWN=ROWS_SHOWN, FILES_SHOWN=FILES_SHOWN, LAYERS_SHOWN=LAYERS_SHOWN, MATRIX_CLASSES=MATRIX_CLASSES
    )
    environment.filters |= {"figure": _figure, "signed": "{:+.1f}".format}
    tested = bool(len(page.report.labels))
    model = page.metrics["model"]
    work = "" if model["macs"] is None else f", {model['macs']:,} MACs"
    title, subtitle = str(model["architecture"]), f"{model['parameters']:,} parameters{work}"
    return environment.get_template(template).render(
        page=page,
        metrics=page.metrics,
        test=page.metrics["test"],
        validation=page.metrics["validation"],
        advice=page.metrics.get("advice", ()),
        tested=tested,
        hits=int(page.report.hits.sum()) if tested else 0,
        shares=_shares(page) if tested else (),
        baseline=DESCRIPTION,
        against_dense=_AGAINST_DENSE,
        suitability_rule=RULE,
        reliability=draw_reliability(page.report) if tested else "",
        risk=draw_risk_coverage(page.report) if tested else "",
        figures=draw_history(page.history) if page.history else (),
        curve=draw_accuracy_by_images(page.curve) if page.curve is not None else "",
        forecast=describe_forecast(page.curve) if page.curve is not None else (),
        network=Markup(whole_svg(draw_network(title, subtitle, image=tuple(model["image_size"]), rows=page.layers))),  # noqa: S704
        faults=group_faults(page.refused),
        class_rows=_class_rows(page),
        score_rows=_score_rows(page) if tested else (),
        matrix=_matrix(page.report) if tested and len(page.class_names) <= MATRIX_CLASSES else (),
        confusions=page.report.confusions(CONFUSIONS_SHOWN) if tested else (),
        examples=_examples(page),
        sheet_style=_sheet_style(page.sheets),
        command=_command(page.run),
        not_laid_open=NOT_YET,
        policy=policy(script),
        style=asset("base.css", "report.css"),
        script=script,
    )


def _figure(value: float | None, digits: int = 3) -> str:
    return "undefined" if value is None else f"{value:.{digits}f}"


def _shares(page: RunPage) -> list[dict[str, Any]]:
    """The accuracies of the classifier and of what it has to beat; the majority has no interval."""
    test, count = page.metrics["test"], page.metrics["test"]["examples"]
    rows = [{"name": "this classifier", "share": test["accuracy"], "interval": test["accuracy_interval"]}]
    if "dense_baseline" in test:
        share = test["dense_baseline"]
        interval = wilson_interval(round(share * count), count)
        rows.append({"name": "a small dense network", "share": share, "interval": interval})
    return [*rows, {"name": "always the largest class", "share": test["majority_baseline"], "interval": None}]


def _class_rows(page: RunPage) -> list[dict[str, Any]]:
    """One row for each class, the largest first: its images in each split, and some of them."""
    rows = []
    for name in page.class_names:
        counts = [of_class.get(name, 0) for of_class in page.split_counts.values()]
        images = page.class_images.get(name, ())
        rows.append({"name": name, "counts": counts, "total": sum(counts), "images": images})
    return sorted(rows, key=lambda row: -row["total"])


def _score_rows(page: RunPage) -> list[dict[str, Any]]:
    """One row for each class, the hardest first; the recall has its interval."""
    confusion = page.report.confusion
    rows = []
    for index, name in enumerate(page.class_names):
        score = page.metrics["test"]["per_class"][name]
        support = score["support"]
        interval = wilson_interval(int(confusion[index, index]), support) if support else None
        rows.append({"name": name, **score, "recall_interval": interval})
    return sorted(rows, key=lambda row: -1.0 if row["f1"] is None else row["f1"])


def _matrix(report: EvaluationReport) -> list[dict[str, Any]]:
    """One row for each true class: counts, and each as a share of the row."""
    confusion = report.confusion
    rows = []
    for index, name in enumerate(report.class_names):
        total = int(confusion[index].sum())
        cells = [{"count": int(count), "share": count / total if total else 0.0} for count in confusion[index]]
        rows.append({"name": name, "cells": cells, "total": total})
    return rows


def _examples(page: RunPage) -> dict[str, Any]:
    """What the script needs to show the images of a cell; names as they are shown, never as keys."""
    report, tested = page.report, bool(len(page.report.labels))
    rows = []
    for place in page.shown:
        named = int(report.probabilities[place].argmax())
        confidence = round(float(report.probabilities[place, named]), 3)
        rows.append([one_line(page.paths[place]), int(report.labels[place]), named, confidence])
    return {
        "classes": [one_line(name) for name in page.class_names],
        "columns": COLUMNS,
        "tiles": TILES,
        "tile": list(page.sheets.tile),
        "count": page.sheets.count,
        "rows": rows,
        "confusion": report.confusion.tolist() if tested and len(page.class_names) <= MATRIX_CLASSES else [],
    }


def _sheet_style(sheets: Sheets) -> Markup:
    addresses = map(data_address, sheets.files)
    rules = (f'.sheet-{place} {{ background-image: url("{each}"); }}' for place, each in enumerate(addresses))
    return Markup("\n".join(rules))  # noqa: S704  (our own bytes, in base64)


def _command(run: Mapping[str, Any]) -> str:
    words = [str(word) for word in run["command"]]
    return shlex.join(words) if words and all(word.isprintable() for word in words) else ""
