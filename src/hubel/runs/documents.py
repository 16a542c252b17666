"""``run.json``, with everything that is needed to repeat a run, and ``metrics.json``, its scores.

And what every reader of a run folder says of a file that is missing or damaged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Text
from hubel.files import is_file, is_there, read_csv, shown, write_json
from hubel.runs.is_run import ARTEFACT, METRICS, RUN

A_RUN = Text("A run is a folder that ", Command("train", ("CORPUS",)), " has written.")
"""What is expected where something else was given."""


def no_run(run: Path, missing: str) -> Text:
    """What is said of a folder that lacks a file of a run.

    Args:
        run: the folder, which may not be there.
        missing: name of the file.
    """
    if not is_there(run):
        return Text(f"There is no folder {str(run)!r}. ", A_RUN)
    if run.name == ARTEFACT and is_file(run.parent / missing):
        return Text(f"{shown(run)} is the classifier of the run in {shown(run.parent)}. Give that folder.")
    return Text(f"{shown(run)} is not a run folder: it has no {missing}. ", A_RUN)


def damaged(path: Path, error: Exception) -> UnusableInput:
    """The error for a file whose content cannot be read.

    Args:
        path: of the file.
        error: why.
    """
    return UnusableInput(f"{path} cannot be read ({error}). Copy the run folder again, or train it again.")


def read_columns(path: Path, *columns: str) -> list[list[str]]:
    """These columns of a CSV of a run, row by row.

    Args:
        path: of the file.
        columns: their names.

    Raises:
        UnusableInput: the file is damaged.
    """
    try:
        return [[row[column] for column in columns] for row in read_csv(path)]
    except (OSError, ValueError, KeyError) as error:
        raise damaged(path, error) from error


def write_documents(folder: Path, *, run: Mapping[str, Any], metrics: Mapping[str, Any]) -> None:
    """Both documents.

    Args:
        folder: of the run.
        run: content of ``run.json``.
        metrics: content of ``metrics.json``.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    write_json(folder / RUN, run)
    write_json(folder / METRICS, metrics)


def read_document(folder: Path, name: str = RUN) -> dict[str, Any]:
    """A JSON object of a run folder.

    Args:
        folder: of the run.
        name: of the file.

    Raises:
        UnusableInput: there is none, or it is damaged.
    """
    path = folder / name
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnusableInput(no_run(folder, name)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, error) from error
    if not isinstance(document, dict):
        raise damaged(path, ValueError("it holds no JSON object"))
    return document
