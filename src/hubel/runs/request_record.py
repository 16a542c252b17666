"""What was asked for, as plain data in ``run.json``, and the same request made of it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hubel.architectures.catalogue import ARCHITECTURES, Architecture, find_architecture
from hubel.architectures.families.cnn import CnnSpec
from hubel.architectures.spec import MAX_SIDE, spec_from_json
from hubel.architectures.spec_file import FROM_THE_CORPUS, NETWORK_FIELDS, SUFFIX, make_own_spec
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import AS_FOUND, Reading, check_reading, make_reading
from hubel.errors import UnusableInput, WrongRequest
from hubel.files import real_path
from hubel.runs.request import TrainRequest

PLAIN: dict[str, tuple[type, ...]] = {
    "alpha": (int, float),
    "image_size": (int,),
    "resize": (str,),
    "epochs": (int,),
    "time_limit_s": (int, float),
    "batch_size": (int,),
    "learning_rate": (int, float),
    "mirror": (bool,),
    "seed": (int,),
    "learning_curve": (bool,),
}
"""Wishes that are written as they are; the others are ``architecture``, ``weights`` and ``corrections``."""
NOT_RECORDED = ("corpus", "out", "overwrite", "resume", "command")
"""Of a request: where things lie, which may be elsewhere the next time, and whether something is there already."""
STORED = Path("classifier", "weights.safetensors")
"""Where a run folder has its weights."""
WEIGHTS_WORDS = ("imagenet", "none")
KEYS = ("architecture", "weights", "corrections", *PLAIN)
FROM = "from_run"
"""The weights of the run that was begun from; runs before version 0.6 have none."""
READING = "reading"
"""How the corpus was read; runs before version 0.5 have none."""


def record_request(request: TrainRequest) -> dict[str, Any]:
    """A request as plain data: what is None was left to the plan, and files are told by their SHA-256.

    Call it before training: the user may go on to change a file while it runs.
    """
    corrections = None if request.corrections is None else _file(request.corrections)
    weights: object = request.weights
    if request.weights is not None and request.weights not in WEIGHTS_WORDS:
        weights = _file(Path(request.weights))
    return {
        "architecture": _architecture(request.architecture),
        "weights": weights,
        "corrections": corrections,
        **{name: getattr(request, name) for name in PLAIN},
        FROM: None if request.from_run is None else _file(request.from_run / STORED),
        READING: request.reading.to_json(),
    }


def _file(path: Path) -> dict[str, str | None]:
    return {"file": str(real_path(path)), "sha256": file_digest(path)}


def file_digest(path: Path) -> str | None:
    """SHA-256 of a file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None


def _architecture(wish: str | Path | CnnSpec | Architecture | None) -> dict[str, Any] | None:
    """A name; or the network of a file, every default spelled out; or a spec that was made in Python."""
    if wish is None:
        return None
    entry = find_architecture(wish)
    if entry.own is not None:
        return {"name": entry.name, "spec": entry.own.to_json()}
    if entry == ARCHITECTURES.get(entry.name):
        return {"name": entry.name}
    whole = entry.make_spec((MAX_SIDE, MAX_SIDE), 2).to_json()
    return {"name": entry.name, "network": {name: whole[name] for name in whole if name not in FROM_THE_CORPUS}}


def files_of(recorded: Mapping[str, Any]) -> dict[str, tuple[Path, str | None]]:
    """What the run read beside its corpus: ``weights``, ``corrections`` or ``from_run`` → file and SHA-256."""
    return {
        name: (Path(recorded[name]["file"]), recorded[name]["sha256"])
        for name in ("weights", "corrections", FROM)
        if isinstance(recorded.get(name), dict)
    }


def check_record(recorded: Mapping[str, Any], where: Path) -> None:
    """Refuse a ``request`` that `record_request` of this version did not write.

    Args:
        recorded: the object.
        where: the file it is from, for messages.

    Raises:
        UnusableInput: a field is missing, unknown or of another kind, named.
    """
    unknown = [name for name in recorded if name not in (*KEYS, FROM, READING)]
    if unknown:
        raise UnusableInput(
            f"{where}: 'request' has {unknown[0]!r}, which this version of Hubel does not know. Repeat the run with "
            "the version that made it; 'versions' in the same file says which."
        )
    for name in KEYS:
        if name not in recorded:
            raise UnusableInput(f"{where}: 'request' has no {name!r}. {CURE}")
        value = recorded[name]
        if name in PLAIN:
            right = type(value) in PLAIN[name] or (value is None and name not in ("seed", "learning_curve"))
        elif name == "architecture":
            right = value is None or (isinstance(value, dict) and isinstance(value.get("name"), str))
        else:
            right = value is None or _is_file(value) or (name == "weights" and value in WEIGHTS_WORDS)
        if not right:
            raise UnusableInput(f"{where}: 'request' has {name} {value!r}, which cannot be. {CURE}")

    if recorded.get(FROM) is not None and not _is_file(recorded[FROM]):
        raise UnusableInput(f"{where}: 'request' has {FROM} {recorded[FROM]!r}, which cannot be. {CURE}")
    if not check_reading(recorded.get(READING, {})):
        raise UnusableInput(f"{where}: 'request' has {READING} {recorded[READING]!r}, which cannot be. {CURE}")


CURE = "Copy the run folder again."


def reading_of(recorded: Mapping[str, Any]) -> Reading:
    """How the corpus of a recorded request was read; as it is found where that is not written down."""
    return make_reading(recorded[READING]) if check_reading(recorded.get(READING)) else AS_FOUND


def _is_file(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("file"), str) and "sha256" in value


def request_again(recorded: Mapping[str, Any], corpus: Corpus, out: Path, *, weights: str) -> TrainRequest:
    """The request that was recorded, for another folder.

    Args:
        recorded: of `record_request`, checked by `check_record`.
        corpus: what to train on.
        out: the run folder.
        weights: what was taken where the request named none: weights that were not there then may be there now.

    Raises:
        UnusableInput: a value is outside of its bounds.
    """
    files = {name: file for name, (file, _) in files_of(recorded).items()}
    begins_from = files[FROM].parent.parent if FROM in files else None
    chosen = recorded["weights"] if begins_from is not None else recorded["weights"] or weights
    try:
        return TrainRequest(
            corpus,
            out,
            architecture=_architecture_again(recorded["architecture"]),
            weights=str(files["weights"]) if "weights" in files else chosen,
            from_run=begins_from,
            corrections=files.get("corrections"),
            reading=reading_of(recorded),
            **{name: recorded[name] for name in PLAIN},
        )
    except (WrongRequest, TypeError, ValueError) as error:
        raise UnusableInput(f"The 'request' in run.json cannot be repeated: {error} {CURE}") from error


def _architecture_again(recorded: Mapping[str, Any] | None) -> str | CnnSpec | Architecture | None:
    if recorded is None:
        return None
    if "spec" in recorded:
        spec = spec_from_json(CnnSpec, recorded["spec"])
        if not isinstance(spec, CnnSpec):
            raise WrongRequest("The architecture of the request is no CnnSpec.")
        return spec
    if "network" not in recorded:
        return recorded["name"]
    path, parts = Path(f"{recorded['name']}{SUFFIX}"), dict(recorded["network"])
    if set(parts) != set(NETWORK_FIELDS):
        raise WrongRequest(f"The network of the request must have the fields {', '.join(NETWORK_FIELDS)}.")
    return Architecture(path.stem, f"read from {path}", partial(make_own_spec, parts, path), 64)
