"""Answers for images → table, JSON, JSON lines or CSV, on standard output."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import click

from hubel.text import counted, one_line

if TYPE_CHECKING:
    from hubel.classifier.prediction import Prediction
    from hubel.workflows.predict import InputAnswer

NAMED_IN_A_SET = 4
"""Classes of a prediction set that the table names; of more it gives the count."""


@dataclass(frozen=True)
class Shown:
    """What is written of each answer.

    Args:
        top: classes of the table and the CSV, at most all.
        with_sets: also the prediction set.
    """

    top: int
    with_sets: bool


def _record(answer: InputAnswer) -> dict[str, Any]:
    if answer.error is not None:
        return {"path": answer.path, "error": {"code": answer.error.code, "message": answer.error.reason}}
    prediction = _made(answer)
    record: dict[str, Any] = {
        "path": answer.path,
        "class_name": prediction.class_name,
        "probability": prediction.probability,
        "abstained": prediction.abstained,
        "probabilities": prediction.probabilities,
    }
    if prediction.prediction_set is not None:
        record["prediction_set"] = list(prediction.prediction_set)
    if prediction.off_corpus_score is not None:
        record |= {"off_corpus_score": prediction.off_corpus_score, "off_corpus": prediction.off_corpus}
    return record


def _made(answer: InputAnswer) -> Prediction:
    """The prediction of an answer without an error."""
    return cast("Prediction", answer.prediction)


def _jsonl(answers: Iterable[InputAnswer], shown: Shown) -> None:  # noqa: ARG001
    for answer in answers:
        click.echo(json.dumps(_record(answer)))


def _json(answers: Iterable[InputAnswer], shown: Shown) -> None:  # noqa: ARG001
    click.echo(json.dumps([_record(answer) for answer in answers]))


def _csv(answers: Iterable[InputAnswer], shown: Shown) -> None:
    from hubel.files import write_csv_rows

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names keep their bytes
    write_csv_rows(sys.stdout, _csv_rows(answers, shown))


def _csv_rows(answers: Iterable[InputAnswer], shown: Shown) -> Iterator[tuple[object, ...]]:
    ranks = [name for place in range(1, shown.top + 1) for name in (f"class_{place}", f"probability_{place}")]
    more = [
        *(ranks if shown.top > 1 else []),
        *(["prediction_set"] if shown.with_sets else []),
        "off_corpus_score",
        "off_corpus",
    ]
    yield ("path", "predicted", "probability", "abstained", *more, "error", "message")
    for answer in answers:
        if answer.error is not None:
            yield (answer.path, "", "", "", *("" for _ in more), answer.error.code, answer.error.reason)
            continue
        prediction = _made(answer)
        cells: list[object] = [cell for pair in prediction.top(shown.top) for cell in pair] if shown.top > 1 else []
        if shown.with_sets:
            cells.append(" | ".join(prediction.prediction_set or ()))
        known = prediction.off_corpus_score is not None
        cells += [prediction.off_corpus_score, _flag(prediction.off_corpus)] if known else ["", ""]
        yield (answer.path, prediction.class_name, prediction.probability, _flag(prediction.abstained), *cells, "", "")


def _flag(value: bool) -> str:  # noqa: FBT001
    return "true" if value else "false"


def _table(answers: Iterable[InputAnswer], shown: Shown) -> None:
    for answer in answers:
        if answer.error is not None:
            click.echo(f"{one_line(answer.path)}  refused: {answer.error.reason}")
            continue
        prediction = _made(answer)
        named = "  ".join(f"{one_line(name)} {value:.3f}" for name, value in prediction.top(shown.top))
        click.echo(f"{one_line(answer.path)}  {named}{''.join(f'  ({note})' for note in _notes(prediction))}")


def _notes(prediction: Prediction) -> Iterator[str]:
    if prediction.abstained:
        inside = prediction.prediction_set
        yield f"not sure: {'ask an expert' if inside is None else _alternatives(prediction, inside)}"
    if prediction.off_corpus:
        yield "looks unlike the training images: the class may mean little"


def _alternatives(prediction: Prediction, inside: tuple[str, ...]) -> str:
    """The classes of a set in words, the most probable first."""
    if not inside:
        return "nothing fits well enough"
    ranked = [one_line(name) for name in sorted(inside, key=lambda name: -prediction.probabilities[name])]
    if len(ranked) > NAMED_IN_A_SET:
        ranked = [*ranked[: NAMED_IN_A_SET - 1], counted(len(ranked) - NAMED_IN_A_SET + 1, "other")]
    return f"{', '.join(ranked[:-1])} or {ranked[-1]}"


Writer = Callable[[Iterable["InputAnswer"], Shown], None]
WRITERS: Mapping[str, Writer] = {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv}
"""Format → what writes it."""
