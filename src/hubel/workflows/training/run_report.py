"""A finished run → ``report.html``: the images it needs are made here, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from hubel.architectures.layer_table import layer_table
from hubel.corpus.corpus import SPLITS
from hubel.errors.wording import facts_of
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.events import OnEvent, Progress, ignore
from hubel.files import write_bytes
from hubel.pipeline.augmentation import augment, draw
from hubel.pipeline.prepare import Prepared
from hubel.random_streams import stream
from hubel.reports.run_page import RunPage, Stranger, render_run_page, shown_places
from hubel.reports.sheets import make_sheets
from hubel.reports.thumbnails import encode_thumbnail
from hubel.runs.is_run import REPORT
from hubel.runs.run_folder import RunFolder
from hubel.workflows.evaluating.page_images import (
    Tested,
    forward_method,
    right_answers,
    some_of_each_class,
    thumbnails,
    worst_mistakes,
)
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.finished import Finished
from hubel.workflows.training.run_documents import Documents

STRANGERS_SHOWN, CONTACT_IMAGES, CONTACT_EPOCHS = 6, 8, 3
STRANGER_SIDE, CONTACT_SIDE = 112, 96
CONTACT_GAP = 4


def write_run_report(
    folder: RunFolder,
    finished: Finished,
    *,
    documents: Documents,
    curve: LearningCurve | None = None,
    on_event: OnEvent = ignore,
) -> None:
    """Write ``report.html``; of the pixels, no more than one sheet of small images is in memory at once.

    Args:
        folder: of the run, whose other files are written.
        finished: the run.
        documents: the content of ``metrics.json`` and ``run.json``.
        curve: the learning curve, where one was drawn.
        on_event: hears `Progress`.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    prepared, report, seed = finished.prepared, finished.scored.reports["test"], finished.request.seed
    corpus, test = prepared.corpus, prepared.indices("test")
    shown = shown_places(report, seed=seed)
    on_event(Progress("writing the report", 0, 4, "parts"))
    sheets = make_sheets(prepared.decoded.images, test[shown])
    on_event(Progress("writing the report", 1, 4, "parts"))
    tested = Tested(prepared.decoded, test, report, finished.answering)
    ends_at = finished.deadline.ends_at
    mistakes = worst_mistakes(tested, ends_at=ends_at)
    right = right_answers(tested, ends_at=ends_at)
    on_event(Progress("writing the report", 2, 4, "parts"))
    contact, contact_rows = _contact(finished)
    page = RunPage(
        location=corpus.location,
        made_by=f"hubel {version('hubel')}",
        metrics=documents.metrics,
        run=documents.run,
        report=report,
        paths=[corpus.examples[index].path for index in test],
        split_counts=_split_counts(prepared),
        history=[row for history in finished.fitted.histories for row in history.rows],
        layers=layer_table(finished.fitted.model),
        notes=(*map(facts_of, corpus.notes), *prepared.splits.notes),
        refused=corpus.refused,
        copies=prepared.copies,
        shown=shown.tolist(),
        sheets=sheets,
        mistakes=mistakes,
        right_answers=right,
        method=forward_method(tested.classifier),
        strangers=_strangers(prepared, report),
        class_images=_class_images(prepared),
        contact=contact,
        contact_rows=contact_rows,
        curve=curve,
    )
    on_event(Progress("writing the report", 3, 4, "parts"))
    write_bytes(folder.path / REPORT, render_run_page(page).encode())
    on_event(Progress("writing the report", 4, 4, "parts"))


def _split_counts(prepared: Prepared[Choice]) -> dict[str, dict[str, int]]:
    names = prepared.corpus.class_names
    counted = {split: Counter(prepared.labels[prepared.indices(split)].tolist()) for split in SPLITS}
    return {split: {name: counts[label] for label, name in enumerate(names)} for split, counts in counted.items()}


def _strangers(prepared: Prepared[Choice], report: EvaluationReport) -> list[Stranger]:
    """The test images that are most unlike those of training, of those that are flagged."""
    corpus, test = prepared.corpus, prepared.indices("test")
    if report.off_corpus is None:
        return []
    order = np.argsort(-report.off_corpus, kind="stable")[:STRANGERS_SHOWN]
    chosen = [int(place) for place in order if report.off_corpus[place] > 1]
    encoded = thumbnails(prepared.decoded, test[chosen].tolist(), STRANGER_SIDE)
    return [
        Stranger(
            path := corpus.examples[test[place]].path,
            report.class_names[int(report.labels[place])],
            float(report.off_corpus[place]),
            encoded[path],
        )
        for place in chosen
        if corpus.examples[test[place]].path in encoded
    ]


def _class_images(prepared: Prepared[Choice]) -> dict[str, list[bytes]]:
    train, names = prepared.indices("train"), prepared.corpus.class_names
    return some_of_each_class(prepared.decoded, train, labels=prepared.labels[train], class_names=names)


def _contact(finished: Finished) -> tuple[bytes, int]:
    """Training images as they reach the network, and below each as the first epochs changed it; and how many rows."""
    prepared, seed = finished.prepared, finished.request.seed
    augmentation = list(finished.fitted.recipes.values())[-1].augmentation
    rng = stream("contact sheet", seed)
    indices = np.sort(rng.permutation(prepared.indices("train"))[:CONTACT_IMAGES])
    images = prepared.decoded.images
    rows = [np.asarray(images[indices])]
    if augmentation.changes:
        trained = len(finished.fitted.histories[-1].rows)
        for epoch in range(min(CONTACT_EPOCHS, max(1, trained))):
            draws = draw(augmentation, len(images), seed=seed, epoch=epoch)
            rows.append(np.rint(augment(images, indices, draws=draws)).astype(np.uint8))
    return encode_thumbnail(_side_by_side(rows), CONTACT_IMAGES * (CONTACT_SIDE + CONTACT_GAP)), len(rows)


def _side_by_side(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Images [columns, height, width, 3] of each row → one image, with grey lines between them."""
    scale = max(1, CONTACT_SIDE // max(rows[0].shape[1:3]))  # pixels of tiny images stay squares
    enlarged = [row.repeat(scale, axis=1).repeat(scale, axis=2) for row in rows]
    gap = max(1, CONTACT_GAP * max(enlarged[0].shape[1:3]) // CONTACT_SIDE)
    framed = [np.pad(row, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=128) for row in enlarged]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in framed], axis=0)[:-gap, :-gap]
