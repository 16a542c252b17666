"""What a run wrote down of itself for the day it is repeated. Loads no framework."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.corpus.corpus import REFUSED
from hubel.errors import DamagedArtefact, UnusableInput, WrongRequest
from hubel.errors.wording import Command, Option, Text
from hubel.files import is_file
from hubel.runs.documents import read_document
from hubel.runs.is_run import ARTEFACT, METRICS, RUN
from hubel.runs.request_record import CURE, check_record
from hubel.runs.tables.fingerprints import FINGERPRINTS, read_digests
from hubel.runs.tables.intake import INTAKE, read_intake
from hubel.runs.tables.predictions import PREDICTIONS
from hubel.runs.tables.split import SPLIT, Placed, read_split
from hubel.training.recipe import recipes_from

WEIGHTS = f"{ARTEFACT}/weights.safetensors"
MANIFEST = f"{ARTEFACT}/manifest.json"
OBJECTS = ("corpus", "versions", "hardware", "recipe", "architecture", "preprocessing")


@dataclass(frozen=True)
class RecordedRun:
    """A run as it wrote itself down.

    Args:
        path: its folder.
        document: ``run.json``.
        digests: path of each example → SHA-256.
        placed: path of each example → label, split and group.
        refused: paths of the files that could not be read.
    """

    path: Path
    document: Mapping[str, Any]
    digests: Mapping[str, str]
    placed: Mapping[str, Placed]
    refused: frozenset[str]

    @property
    def request(self) -> Mapping[str, Any]:
        """What was asked for, of `record_request`."""
        return self.document["request"]

    @property
    def location(self) -> str:
        """Where the corpus was."""
        return self.document["corpus"]["location"]

    @property
    def given_words(self) -> tuple[str, ...]:
        """The command that was typed; empty for a run from Python."""
        return tuple(map(str, self.document.get("command") or ()))


def read_recorded(run: Path) -> RecordedRun:
    """Read a run folder; everything that repeating it needs is checked now, before time is spent.

    Raises:
        UnusableInput: no run folder, one of a version that wrote down too little, or a damaged file.
        DamagedArtefact: its weights are not those that it wrote.
    """
    document = read_document(run)
    if "request" not in document:
        raise UnusableInput(_of_an_older_version(run, document))
    for name in (*OBJECTS, "request"):
        if not isinstance(document.get(name), dict):
            raise UnusableInput(f"{run / RUN} has changed since it was written: it has no {name!r}. {CURE}")
    if not isinstance(document["corpus"].get("location"), str):
        raise UnusableInput(f"{run / RUN} has changed since it was written: its corpus has no 'location'. {CURE}")
    check_record(document["request"], run / RUN)
    try:
        recipes_from(document["recipe"])
    except WrongRequest as error:
        raise UnusableInput(f"{run / RUN} has changed since it was written. {error} {CURE}") from error
    for name in (FINGERPRINTS, SPLIT, INTAKE, PREDICTIONS, METRICS, WEIGHTS):
        if not is_file(run / name):
            raise UnusableInput(f"{run} is incomplete: it has no {name}, which a repetition is compared with. {CURE}")
    _check_weights(run)
    refused = frozenset(row.path for row in read_intake(run) if row.status == REFUSED)
    return RecordedRun(run, document, read_digests(run) or {}, read_split(run), refused)


def weights_digest(run: Path) -> str:
    """SHA-256 of the weights of a run.

    Raises:
        UnusableInput: they cannot be read.
    """
    try:
        with (run / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnusableInput(f"{run / WEIGHTS} cannot be read ({error.strerror}). {CURE}") from error


def _check_weights(run: Path) -> None:
    """Refuse a damaged folder: its repetition would seem to differ."""
    told = read_document(run, MANIFEST).get("weights")
    if not isinstance(told, dict) or told.get("sha256") != weights_digest(run):
        raise DamagedArtefact(f"{run / WEIGHTS} has changed since it was written: its checksum does not match. {CURE}")


def _of_an_older_version(run: Path, document: Mapping[str, Any]) -> Text:
    versions = document.get("versions")
    version = versions.get("hubel", "?") if isinstance(versions, dict) else "?"
    words = document.get("command")
    typed = f" What was typed: {shlex.join(map(str, words))}." if isinstance(words, list) and words else ""
    return Text(
        f"{run / RUN} has no 'request': Hubel {version}, which made it, did not record everything that was asked."
        f"{typed} Train again with the same options, into another folder: ",
        Command("train", ("...",), (Option("out", "NEW"),)),
    )
