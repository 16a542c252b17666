"""What a run wrote down of itself for the day it is repeated. Loads no framework."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from hubel.corpus.corpus import REFUSED
from hubel.errors import DamagedArtefact, UnusableInput
from hubel.files import is_file
from hubel.runs.finished_run import no_run, read_columns, read_digests
from hubel.runs.prediction_files import PREDICTIONS
from hubel.runs.request_record import CURE, check_record
from hubel.runs.run_folder import ARTEFACT, FINGERPRINTS, INTAKE, METRICS, RUN, SPLIT

WEIGHTS = f"{ARTEFACT}/weights.safetensors"
MANIFEST = f"{ARTEFACT}/manifest.json"
OBJECTS = ("corpus", "versions", "hardware", "recipe", "architecture", "preprocessing")


class Placed(NamedTuple):
    """Label, split and group of an example, as ``split.csv`` has them; no group is an empty one."""

    label: str
    split: str
    group: str


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
            raise UnusableInput(f"{run / RUN} is not as it was written: it has no {name!r}. {CURE}")
    if not isinstance(document["corpus"].get("location"), str):
        raise UnusableInput(f"{run / RUN} is not as it was written: its corpus has no 'location'. {CURE}")
    check_record(document["request"], run / RUN)
    for name in (FINGERPRINTS, SPLIT, INTAKE, PREDICTIONS, METRICS, WEIGHTS):
        if not is_file(run / name):
            raise UnusableInput(f"{run} is not whole: it has no {name}, which a repetition is held against. {CURE}")
    _check_weights(run)
    refused = (path for path, status in read_columns(run / INTAKE, "path", "status") if status == REFUSED)
    return RecordedRun(run, document, read_digests(run) or {}, read_placed(run), frozenset(refused))


def read_placed(run: Path) -> dict[str, Placed]:
    """Path → label, split and group of each example.

    Raises:
        UnusableInput: ``split.csv`` is damaged.
    """
    return {path: Placed(*rest) for path, *rest in read_columns(run / SPLIT, "path", "label", "split", "group")}


def read_document(run: Path, name: str = RUN) -> dict[str, Any]:
    """A JSON object of a run folder.

    Raises:
        UnusableInput: there is none, or it is damaged.
    """
    path = run / name
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnusableInput(no_run(run, name)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableInput(f"{path} cannot be read ({error}). {CURE}") from error
    if not isinstance(document, dict):
        raise UnusableInput(f"{path} is not as it was written: it is no JSON object. {CURE}")
    return document


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
    """A damaged folder must not pass for a machine that does not repeat itself."""
    told = read_document(run, MANIFEST).get("weights")
    if not isinstance(told, dict) or told.get("sha256") != weights_digest(run):
        raise DamagedArtefact(f"{run / WEIGHTS} is not as it was written: its checksum does not fit. {CURE}")


def _of_an_older_version(run: Path, document: Mapping[str, Any]) -> str:
    versions = document.get("versions")
    version = versions.get("hubel", "?") if isinstance(versions, dict) else "?"
    words = document.get("command")
    what = f"{run / RUN} has no 'request': Hubel {version}, which made it, did not write down everything that was asked"
    if not isinstance(words, list) or not words:
        return f"{what}. Train again in Python with the same arguments and another folder: hubel.train(..., out=...)"
    command = shlex.join(["NEW" if place else str(word) for word, place in _with_places(words)])
    return f"{what}. Type what was typed then, with another folder: {command}"


def _with_places(words: Sequence[object]) -> list[tuple[str, bool]]:
    """The words of a command, each with whether it names the folder to write."""
    marked = []
    for place, word in enumerate(map(str, words)):
        if word.startswith("--out="):
            marked += [("-o", False), ("", True)]
        else:
            marked.append((word, place > 0 and words[place - 1] in ("-o", "--out")))
    return marked
