"""The JSON export of Label Studio; its CSV and JSON-MIN exports are lists. Images are found by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.json_documents import begins_with, mentions, read_json, text_of
from hubel.corpus.formats.list_labels import note_on_several
from hubel.corpus.formats.listed_files import Row, check_rows, make_listed_corpus
from hubel.corpus.formats.named_files import make_named_files
from hubel.corpus.formats.table_columns import PATH_COLUMNS, find_column
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Option, Remedy
from hubel.events import OnEvent
from hubel.images.formats import IMAGE_ENDINGS


def matches(path: Path) -> bool:
    """A JSON array of tasks, each with its data and annotations."""
    return begins_with(path, "[") and mentions(path, "annotations", "data")


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """Read the choices of each task.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged export, one without choices, or with several questions of which none is chosen.
    """
    tasks = [task if isinstance(task, dict) else {} for task in read_json(path)]
    answers = [list(_answers(task)) for task in tasks]
    asked = Counter(question for answer in answers for question, _ in answer)
    question = reading.label_column or next(iter(asked), None)
    if question not in asked or (reading.label_column is None and len(asked) > 1):
        raise _unclear(path, question, asked=asked)
    files = make_named_files(reading.images, path.parent)
    rows = []
    for number, (task, answer) in enumerate(zip(tasks, answers, strict=True), start=1):
        label, code, reason = _label({choice for name, choice in answer if name == question})
        written = _image_of(task, reading.path_column)
        row = Row(f"task {text_of(task.get('id')) or number}", f"{path.name}#{number:07d}", written, label)
        rows.append(row._replace(code=code, reason=reason) if written else row)
    checked = check_rows(rows, files)
    notes = note_on_several(checked)
    return make_listed_corpus(path, "label-studio", checked=checked, files=files, notes=notes, whole=False)


def _answers(task: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(question, choice) of all annotators; what was skipped or only predicted is none."""
    annotations = task.get("annotations")
    for annotation in annotations if isinstance(annotations, list) else ():
        results = annotation.get("result") if isinstance(annotation, dict) else None
        if not isinstance(results, list) or annotation.get("was_cancelled"):
            continue
        for result in results:
            value = result.get("value") if isinstance(result, dict) else None
            choices = value.get("choices") if isinstance(value, dict) else None
            for choice in choices if isinstance(choices, list) else ():
                if isinstance(choice, str):
                    yield str(result.get("from_name")), choice


def _label(choices: set[str]) -> tuple[str | None, str, str]:
    """The choice of a task, or a code and a reason."""
    if not choices:
        return None, "no-label", "it has no choice: label it, or remove it"
    if len(choices) > 1:
        shown = ", ".join(map(repr, sorted(choices)[:5]))
        return None, "several-labels", f"it has {len(choices)} labels ({shown}): an image has one. Keep one of them"
    return next(iter(choices)), "", ""


def _image_of(task: dict[str, Any], said: str | None) -> str | None:
    data = task.get("data")
    texts = {name: value for name, value in data.items() if isinstance(value, str)} if isinstance(data, dict) else {}
    if said is not None:
        return texts.get(said)
    usual = find_column(texts, PATH_COLUMNS)
    images = [value for value in texts.values() if value.rpartition(".")[2].lower() in IMAGE_ENDINGS]
    return texts[usual] if usual is not None else next(iter(images), None)


def _unclear(path: Path, question: str | None, *, asked: Counter[str]) -> UnusableCorpus:
    if not asked:
        return UnusableCorpus(
            f"{path} is an export of Label Studio without a choice for any image: Hubel needs a classification "
            "(<Choices>). Boxes and polygons: export as COCO, and name that file."
        )
    shown = ", ".join(f"{name!r} ({count:,})" for name, count in asked.most_common(10))
    what = "asks several questions" if question in asked else f"has no question {question!r}. It asks"
    first = Option("label_column", asked.most_common(1)[0][0])
    return UnusableCorpus(f"{path} {what}: {shown}.", Remedy("Choose one: ", first))
