"""A finished run → ``report.html``: the images it needs are made here, one after the other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from hubel.architectures.layer_table import layer_table
from hubel.corpus.corpus import SPLITS
from hubel.errors.wording import facts_of
from hubel.evaluation.learning_curve import LearningCurve
from hubel.evaluation.report import EvaluationReport
from hubel.events import Progress
from hubel.files import write_bytes
from hubel.pipeline.augmentation import augment, draw
from hubel.random_streams import stream
from hubel.reports.run_page import RunPage, Stranger, render_run_page, shown_places
from hubel.reports.sheets import make_sheets
from hubel.reports.thumbnails import encode_thumbnail
from hubel.runs.run_folder import REPORT, RunFolder
from hubel.workflows.evaluating.page_images import Tested, some_of_each_class, thumbnails, worst_mistakes
from hubel.workflows.training.run_documents import Documents
from hubel.workflows.training.scoring import Scored
from hubel.workflows.training.work import Fitted, Work

STRANGERS_SHOWN, CONTACT_PICTURES, CONTACT_EPOCHS = 6, 8, 3
STRANGER_SIDE, CONTACT_SIDE = 112, 96
CONTACT_GAP = 4


@dataclass(frozen=True)
class Finished:
    """A run whose other files are written.

    Args:
        work: what it was fitted to.
        fitted: the model and how it came about.
        scored: the classifier and its scores.
        copies: images that are copies of another one.
        documents: the content of ``metrics.json`` and ``run.json``.
        curve: the learning curve, where one was drawn.
    """

    work: Work
    fitted: Fitted
    scored: Scored
    copies: int
    documents: Documents
    curve: LearningCurve | None = None

    @property
    def report(self) -> EvaluationReport:
        """Of the test split."""
        return self.scored.reports["test"]

    @property
    def tested(self) -> Tested:
        """Its test images."""
        return Tested(self.work.decoded, self.test, self.report, self.scored.classifier)

    @property
    def test(self) -> np.ndarray:
        """Places of the test examples in the corpus, in the report's order."""
        return self.work.indices("test")


def write_run_report(folder: RunFolder, finished: Finished) -> None:
    """Write ``report.html``; of the pixels, no more than one sheet of small images is in memory at once.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    work, report = finished.work, finished.report
    corpus = work.decoded.corpus
    shown = shown_places(report, seed=work.request.seed)
    work.on_event(Progress("writing the report", 0, 4, "parts"))
    sheets = make_sheets(work.decoded.images, finished.test[shown])
    work.on_event(Progress("writing the report", 1, 4, "parts"))
    limit_s = work.request.time_limit_s
    mistakes = worst_mistakes(finished.tested, ends_at=work.started + (math.inf if limit_s is None else limit_s))
    work.on_event(Progress("writing the report", 2, 4, "parts"))
    contact, contact_rows = _contact(finished)
    page = RunPage(
        location=corpus.location,
        made_by=f"hubel {version('hubel')}",
        metrics=finished.documents.metrics,
        run=finished.documents.run,
        report=report,
        paths=[corpus.examples[index].path for index in finished.test],
        split_counts=_split_counts(work),
        history=[row for history in finished.fitted.histories for row in history.rows],
        layers=layer_table(finished.fitted.model),
        notes=(*map(facts_of, corpus.notes), *work.splits.notes),
        refused=corpus.refused,
        copies=finished.copies,
        shown=shown.tolist(),
        sheets=sheets,
        mistakes=mistakes,
        strangers=_strangers(finished),
        class_images=_class_images(finished),
        contact=contact,
        contact_rows=contact_rows,
        curve=finished.curve,
    )
    work.on_event(Progress("writing the report", 3, 4, "parts"))
    write_bytes(folder.path / REPORT, render_run_page(page).encode())
    work.on_event(Progress("writing the report", 4, 4, "parts"))


def _split_counts(work: Work) -> dict[str, dict[str, int]]:
    names = work.decoded.corpus.class_names
    counted = {split: Counter(work.labels[work.indices(split)].tolist()) for split in SPLITS}
    return {split: {name: counts[label] for label, name in enumerate(names)} for split, counts in counted.items()}


def _strangers(finished: Finished) -> list[Stranger]:
    """The test images that are most unlike those of training, of those that are flagged."""
    report, work = finished.report, finished.work
    corpus = work.decoded.corpus
    if report.off_corpus is None:
        return []
    order = np.argsort(-report.off_corpus, kind="stable")[:STRANGERS_SHOWN]
    chosen = [int(place) for place in order if report.off_corpus[place] > 1]
    pictures = thumbnails(work.decoded, finished.test[chosen].tolist(), STRANGER_SIDE)
    return [
        Stranger(
            path := corpus.examples[finished.test[place]].path,
            report.class_names[int(report.labels[place])],
            float(report.off_corpus[place]),
            pictures[path],
        )
        for place in chosen
        if corpus.examples[finished.test[place]].path in pictures
    ]


def _class_images(finished: Finished) -> dict[str, list[bytes]]:
    work, names = finished.work, finished.report.class_names
    train = work.indices("train")
    return some_of_each_class(work.decoded, train, work.labels[train], class_names=names)


def _contact(finished: Finished) -> tuple[bytes, int]:
    """Training images as they reach the network, and below each as the first epochs changed it; and how many rows."""
    work = finished.work
    augmentation = list(finished.fitted.recipes.values())[-1].augmentation
    rng = stream("contact sheet", work.request.seed)
    indices = np.sort(rng.permutation(work.indices("train"))[:CONTACT_PICTURES])
    images = work.decoded.images
    rows = [np.asarray(images[indices])]
    if augmentation.changes:
        trained = len(finished.fitted.histories[-1].rows)
        for epoch in range(min(CONTACT_EPOCHS, max(1, trained))):
            draws = draw(augmentation, len(images), seed=work.request.seed, epoch=epoch)
            rows.append(np.rint(augment(images, indices, draws)).astype(np.uint8))
    return encode_thumbnail(_side_by_side(rows), CONTACT_PICTURES * (CONTACT_SIDE + CONTACT_GAP)), len(rows)


def _side_by_side(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Images [columns, height, width, 3] of each row → one image, with grey lines between them."""
    scale = max(1, CONTACT_SIDE // max(rows[0].shape[1:3]))  # pixels of tiny images stay squares
    enlarged = [row.repeat(scale, axis=1).repeat(scale, axis=2) for row in rows]
    gap = max(1, CONTACT_GAP * max(enlarged[0].shape[1:3]) // CONTACT_SIDE)
    framed = [np.pad(row, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=128) for row in enlarged]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in framed], axis=0)[:-gap, :-gap]
