"""Answers for images → table, JSON, JSON lines or CSV, on standard output."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from hubel.catalogue import Later
from hubel.text import counted, one_line

if TYPE_CHECKING:
    from hubel.classifier.prediction import Prediction
    from hubel.workflows.predicting.answers import InputAnswer
    from hubel.workflows.predicting.rows import Shown

made: Callable[[InputAnswer], Prediction] = Later("hubel.workflows.predicting.rows", "made")
record_of: Callable[[InputAnswer], dict[str, object]] = Later("hubel.workflows.predicting.rows", "record_of")
csv_cells: Callable[..., list[object]] = Later("hubel.workflows.predicting.rows", "csv_cells")

NAMED_IN_A_SET = 4
"""Classes of a prediction set that the table names; of more it gives the count."""


def _jsonl(answers: Iterable[InputAnswer], shown: Shown) -> None:  # noqa: ARG001
    for answer in answers:
        click.echo(json.dumps(record_of(answer)))


def _json(answers: Iterable[InputAnswer], shown: Shown) -> None:  # noqa: ARG001
    click.echo(json.dumps([record_of(answer) for answer in answers]))


def _csv(answers: Iterable[InputAnswer], shown: Shown) -> None:
    from hubel.files import write_csv_rows

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names keep their bytes
    write_csv_rows(sys.stdout, _csv_rows(answers, shown))


def _csv_rows(answers: Iterable[InputAnswer], shown: Shown) -> Iterator[Sequence[object]]:
    yield (*shown.columns, "error", "message")
    for answer in answers:
        yield csv_cells(record_of(answer), shown)


def _table(answers: Iterable[InputAnswer], shown: Shown) -> None:
    for answer in answers:
        if answer.error is not None:
            click.echo(f"{one_line(answer.path)}  refused: {answer.error.reason}")
            continue
        prediction = made(answer)
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


Writer = Callable[[Iterable["InputAnswer"], "Shown"], None]
WRITERS: Mapping[str, Writer] = {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv}
"""Format → what writes it."""
