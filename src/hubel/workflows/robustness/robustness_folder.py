"""A robustness test → robustness.html, robustness.json and robustness.csv in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hubel.errors import UnusableInput
from hubel.events import OnEvent, ignore
from hubel.files import is_file, is_there, write_bytes, write_csv, write_json
from hubel.images.changes.catalogue import CHANGES, turn_of
from hubel.pipeline.contents import digest_of
from hubel.reports.robustness_page import RobustnessPage, ShownImage, ShownLevel, render_robustness_page
from hubel.reports.thumbnails import encode_thumbnail
from hubel.runs.documents import read_document
from hubel.runs.is_run import RUN
from hubel.runs.out_folder import keep_out_of_the_images, prepare_folder
from hubel.runs.request_record import reading_of
from hubel.workflows.robustness.findings import describe
from hubel.workflows.robustness.named_changes import whole_image
from hubel.workflows.robustness.robustness import Robustness, measure_robustness
from hubel.workflows.robustness.robustness_request import RobustnessRequest

PAGE, DOCUMENT, TABLE = FILES = ("robustness.html", "robustness.json", "robustness.csv")
SHOWN_SIDE = 144
"""Pixels of the longer side of the images on the page."""


def robustness_into(request: RobustnessRequest, *, on_event: OnEvent = ignore) -> Robustness:
    """Measure, and write what was found into a folder, if one is named; the folder is made before time is spent.

    Args:
        request: what is asked for.
        on_event: hears what goes on.

    Raises:
        HubelError: the folder cannot be used, or as of `measure_robustness`.
    """
    if request.out is not None:
        _prepare(request, request.out)
    found = measure_robustness(request, on_event=on_event)
    if request.out is not None:
        write_robustness(found, request.out)
    return found


def _prepare(request: RobustnessRequest, out: Path) -> None:
    location, reading = request.corpus, request.reading
    if location is None:
        try:
            document = read_document(request.run) if is_file(request.run / RUN) else {}
            own = str(document.get("corpus", {}).get("location", ""))
            location, reading = (own if own and is_there(own) else None), reading_of(document.get("request", {}))
        except (UnusableInput, AttributeError):
            location = None  # a damaged run is the matter of who reads it
    prepare_folder(
        out, location or "digits", names=FILES, reading=reading, what="a robustness test", overwrite=request.overwrite
    )


def write_robustness(found: Robustness, out: Path) -> None:
    """Write the page, the document and the table; other files in the folder stay.

    Args:
        found: what is written.
        out: the folder.
    """
    keep_out_of_the_images(out, found.named.images.corpus)
    rows = list(_rows(found))
    write_csv(out / TABLE, tuple(rows[0]), rows=[tuple(row.values()) for row in rows])
    write_bytes(out / PAGE, render_robustness_page(_page(found)).encode("utf-8"))
    write_json(out / DOCUMENT, found.to_json())


def _rows(found: Robustness) -> Iterator[dict[str, Any]]:
    """One for each strength of each change, in whole numbers of images and in shares."""
    for change in found.changes:
        for level in change.levels:
            described = level.to_json()
            ends = {
                f"{name}_{end}": described[f"{name}_interval"][place]
                for name in ("accuracy", "changed_answers", "difference")
                for place, end in enumerate(("low", "high"))
            }
            plain = {name: value for name, value in described.items() if not name.endswith("_interval")}
            yield {"change": change.name, "unit": change.unit, "examples": level.right.count, **plain, **ends}


def _page(found: Robustness) -> RobustnessPage:
    images = found.named.images
    return RobustnessPage(
        run=str(found.request.run),
        location=images.corpus.location,
        made_by=f"hubel {version('hubel')}",
        split=images.split,
        available=images.available,
        size=found.classifier.preprocessing.size,
        clean=found.clean,
        changes=found.changes,
        groups=found.groups,
        advice=[each.to_json() for each in found.advice],
        sentences=describe(found),
        shown={name: tuple(_shown(found, name)) for name in found.named.changed},
    )


def _shown(found: Robustness, name: str) -> Iterator[ShownImage]:
    for place in _telling(found, name):
        yield _shown_image(found, name, place=place)


def _telling(found: Robustness, name: str) -> list[int]:
    """Of the images that are named rightly as they are: the one whose answer is lost first, and one that keeps it.

    Many keep it at every strength: each change shows another one of them.
    """
    clean, levels, labels = found.named.clean, found.named.changed[name], found.named.images.labels
    right = np.flatnonzero(clean.predicted == labels)
    if not len(right):
        right = np.arange(len(labels))
    kept = sum((each.predicted[right] == clean.predicted[right]).astype(int) for each in levels.values())
    best = right[kept == kept.max()]
    lost, keeps = right[int(np.argmin(kept))], best[list(CHANGES).index(name) * len(best) // len(CHANGES)]
    return list(dict.fromkeys((int(lost), int(keeps))))


def _shown_image(found: Robustness, name: str, *, place: int) -> ShownImage:
    images, change, classifier = found.named.images, CHANGES[name], found.classifier
    content = images.corpus.read(int(images.places[place]))
    whole, turn = whole_image(content, classifier.preprocessing), turn_of(str(digest_of(content)))
    steps = [("as it is", whole, found.named.clean)]
    for level, answers in found.named.changed[name].items():
        steps.append((change.told(level) or name, change.alter(whole, level, turn=turn), answers))
    label = int(images.labels[place])
    shown = [
        ShownLevel(
            caption,
            classifier.class_names[answers.predicted[place]],
            float(answers.confidence[place]),
            right=int(answers.predicted[place]) == label,
            image=encode_thumbnail(np.asarray(image), SHOWN_SIDE),
        )
        for caption, image, answers in steps
    ]
    return ShownImage(images.examples[place].path, classifier.class_names[label], shown)
