"""How a run was trained, as far as advice on changed images needs it; of a bare classifier folder, nothing is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hubel.errors import UnusableInput
from hubel.errors.wording import NOTHING, Command
from hubel.files import is_file
from hubel.runs.documents import read_document
from hubel.runs.is_run import RUN
from hubel.runs.request import train_command
from hubel.runs.request_record import check_record, request_again


@dataclass(frozen=True)
class TrainedHow:
    """How a run was trained.

    Args:
        location: of its corpus, or a placeholder.
        command: trains the same again; `NOTHING` where no words can say it.
        augmented: words of the option ``augment``.
        mirrored: with mirrored images; None where that is not known.
    """

    location: str = "CORPUS"
    command: Command = NOTHING
    augmented: frozenset[str] = frozenset()
    mirrored: bool | None = None


def how_it_was_trained(run: Path) -> TrainedHow:
    """What ``run.json`` says; what an older version did not record, or what is damaged, is not known.

    Args:
        run: a run folder, or a ``classifier/`` folder.
    """
    try:
        document = read_document(run) if is_file(run / RUN) else {}
        recorded, location = document["request"], str(document["corpus"]["location"])
        check_record(recorded, run / RUN)
        request = request_again(recorded, location, out=run, weights="none")
        chosen = request.weights if recorded["weights"] else None
        request = replace(request, weights=chosen, tta=recorded.get("tta"))  # what was left open, still is
        mirrored = _mirrored(document.get("recipe", {}))
    except (UnusableInput, KeyError, TypeError, AttributeError):
        return TrainedHow()
    return TrainedHow(location, train_command(request), frozenset(request.augmented), mirrored)


def _mirrored(recipes: Mapping[str, Any]) -> bool:
    return any(recipe["augmentation"]["mirror"] for recipe in recipes.values())
