"""``run.json``, with everything that is needed to repeat a run, and ``metrics.json``, its scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hubel.errors import UnusableInput
from hubel.files import write_json
from hubel.runs.is_run import METRICS, RUN
from hubel.runs.tables.reading import damaged, no_run


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
