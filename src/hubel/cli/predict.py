"""``hubel predict``."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

FORMATS = ("table", "json", "jsonl", "csv")


@click.command("predict")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="Of the output.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--top", type=click.IntRange(1), default=1, show_default=True, metavar="K", help="Classes shown, table and csv."
)
def command(run: Path, inputs: tuple[str, ...], *, form: str, as_json: bool, top: int) -> int:
    """Name what is on each INPUT: files, folders, zip or tar archives, or - for paths on standard input, one a line.

    Prints the answers in the order of the inputs. A picture that cannot be read is named with the reason; the others
    are answered all the same.
    """
    from hubel.workflows.predict import check_inputs

    given = list(_expanded(inputs))
    check_inputs(given)
    from hubel.classifier.artefact import load_classifier
    from hubel.workflows.predict import Answer, predict_files

    classifier = load_classifier(run)
    write = {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv}["json" if as_json else form]
    refused: list[Answer] = []

    def noted(answers: Iterable[Answer]) -> Iterator[Answer]:
        for answer in answers:
            if answer.error is not None:
                refused.append(answer)
            yield answer

    write(noted(predict_files(classifier, given)), top, classifier.class_names)
    if refused:
        from hubel.text import one_line

        click.echo(f"{len(refused)} of the inputs could not be read:", err=True)
        for answer in refused[:20]:
            click.echo(f"  {one_line(answer.path)}: {answer.error}", err=True)
    return 4 if refused else 0


def _expanded(inputs: tuple[str, ...]) -> Iterator[str]:
    for text in inputs:
        if text == "-":
            yield from (os.fsdecode(line) for line in sys.stdin.buffer.read().splitlines() if line)
        else:
            yield text


def _record(answer: Any) -> dict[str, Any]:
    if answer.error is not None:
        return {"path": answer.path, "error": {"code": answer.error.code, "message": answer.error.reason}}
    prediction = answer.prediction
    return {
        "path": answer.path,
        "class_name": prediction.class_name,
        "probability": prediction.probability,
        "abstained": prediction.abstained,
        "probabilities": prediction.probabilities,
    }


def _jsonl(answers: Iterable[Any], top: int, class_names: tuple[str, ...]) -> None:  # noqa: ARG001
    for answer in answers:
        click.echo(json.dumps(_record(answer)))


def _json(answers: Iterable[Any], top: int, class_names: tuple[str, ...]) -> None:  # noqa: ARG001
    click.echo(json.dumps([_record(answer) for answer in answers]))


def _csv(answers: Iterable[Any], top: int, class_names: tuple[str, ...]) -> None:
    from hubel.files import write_csv_rows

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names keep their bytes
    write_csv_rows(sys.stdout, _csv_rows(answers, min(top, len(class_names))))


def _csv_rows(answers: Iterable[Any], count: int) -> Iterator[tuple[object, ...]]:
    ranks = [name for place in range(1, count + 1) for name in (f"class_{place}", f"probability_{place}")]
    ranks = ranks if count > 1 else []
    yield ("path", "predicted", "probability", "abstained", *ranks, "error")
    for answer in answers:
        if answer.error is not None:
            yield (answer.path, "", "", "", *("" for _ in ranks), answer.error.code)
            continue
        prediction = answer.prediction
        best = [cell for pair in prediction.top(count) for cell in pair] if count > 1 else []
        abstained = "true" if prediction.abstained else "false"
        yield (answer.path, prediction.class_name, prediction.probability, abstained, *best, "")


def _table(answers: Iterable[Any], top: int, class_names: tuple[str, ...]) -> None:  # noqa: ARG001
    from hubel.text import one_line

    write: Callable[[str], None] = click.echo
    for answer in answers:
        if answer.error is not None:
            write(f"{one_line(answer.path)}  refused: {answer.error.reason}")
            continue
        named = "  ".join(f"{one_line(name)} {value:.3f}" for name, value in answer.prediction.top(top))
        note = "  (not sure: better ask a person)" if answer.prediction.abstained else ""
        write(f"{one_line(answer.path)}  {named}{note}")
