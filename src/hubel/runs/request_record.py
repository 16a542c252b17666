"""What was asked for, as plain data in ``run.json``, and the same request made of it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from hubel.architectures.catalogue import ARCHITECTURES, Architecture, find_architecture, make_own_spec
from hubel.architectures.families.cnn import FROM_THE_CORPUS, NETWORK_FIELDS, CnnSpec
from hubel.architectures.spec import MAX_SIDE, SUFFIX, spec_from_json
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import AS_FOUND, Reading, check_reading, make_reading
from hubel.errors import UnusableInput, WrongRequest
from hubel.files import real_path
from hubel.runs.request import TrainRequest
from hubel.wishes import AS_A_FILE, AS_IT_IS, NO_TTA, TRAINING, Time, Wish

RECORDED = {wish.field or name: wish for name, wish in TRAINING.items() if wish.recorded}
"""Wishes that ``run.json`` has, by their name in the request."""
PLAIN = {name: wish for name, wish in RECORDED.items() if wish.recorded == AS_IT_IS}
STORED = Path("classifier", "weights.safetensors")
"""Where a run folder has its weights."""
WEIGHTS_WORDS = ("imagenet", "none")
FROM = "from_run"
READING = "reading"
"""How the corpus was read; runs before version 0.5 have none."""
JSON_KINDS: dict[type, tuple[type, ...]] = {float: (int, float), Time: (int, float)}
"""Kind of a wish → types that JSON has for it, where that is another."""


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
    with suppress(OSError, ValueError), path.open("rb") as file:  # ValueError: a NUL in the path
        return hashlib.file_digest(file, "sha256").hexdigest()
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
        for name, wish in RECORDED.items()
        if wish.recorded == AS_A_FILE and isinstance(recorded.get(name), dict)
    }


def check_record(recorded: Mapping[str, Any], where: Path) -> None:
    """Refuse a ``request`` that `record_request` of this version did not write.

    Args:
        recorded: the object.
        where: the file it is from, for messages.

    Raises:
        UnusableInput: names a field that is missing, unknown, or has a value of the wrong type.
    """
    unknown = [name for name in recorded if name not in (*RECORDED, READING)]
    if unknown:
        raise UnusableInput(
            f"{where}: 'request' has {unknown[0]!r}, which this version of Hubel does not know. Repeat the run with "
            "the version that made it; 'versions' in the same file says which."
        )
    for name, wish in RECORDED.items():
        if name not in recorded and not wish.since:
            raise UnusableInput(f"{where}: 'request' has no {name!r}. {CURE}")
        if not _is_possible(name, wish, value=recorded.get(name, wish.default)):
            raise UnusableInput(f"{where}: 'request' has an impossible {name}, {recorded[name]!r}. {CURE}")
    if not check_reading(recorded.get(READING, {})):
        raise UnusableInput(f"{where}: 'request' has an impossible {READING}, {recorded[READING]!r}. {CURE}")


def _is_possible(name: str, wish: Wish, *, value: object) -> bool:
    if value is None:
        return wish.default is None
    if wish.recorded == AS_IT_IS:
        return type(value) in JSON_KINDS.get(wish.kind, (wish.kind,))
    if wish.recorded == AS_A_FILE:
        return _is_file(value) or (name == "weights" and value in WEIGHTS_WORDS)
    return isinstance(value, dict) and isinstance(value.get("name"), str)


CURE = "Copy the run folder again."


def reading_of(recorded: Mapping[str, Any]) -> Reading:
    """How the corpus of a recorded request was read; as it is found where that is not written down."""
    return make_reading(recorded[READING]) if check_reading(recorded.get(READING)) else AS_FOUND


def _is_file(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("file"), str) and "sha256" in value


def request_again(
    recorded: Mapping[str, Any], corpus: str | Corpus, *, out: Path, weights: str, tta: str = NO_TTA
) -> TrainRequest:
    """The request that was recorded, for another folder.

    Args:
        recorded: of `record_request`, checked by `check_record`.
        corpus: what to train on, or its location.
        out: the run folder.
        weights: what was taken where the request named none: weights that were not there then may be there now.
        tta: how the classifier answers, where the request left that open.

    Raises:
        UnusableInput: a value is outside of its bounds.
    """
    files = {name: file for name, (file, _) in files_of(recorded).items()}
    begins_from = files[FROM].parent.parent if FROM in files else None
    plain: dict[str, Any] = {name: recorded.get(name, wish.default) for name, wish in PLAIN.items()}
    plain["tta"] = plain["tta"] or tta
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
            **plain,
        )
    except (WrongRequest, TypeError, ValueError) as error:
        reason = error.text if isinstance(error, WrongRequest) else str(error)
        raise UnusableInput("The 'request' in run.json cannot be repeated: ", reason, f" {CURE}") from error


def _architecture_again(recorded: Mapping[str, Any] | None) -> str | CnnSpec | Architecture | None:
    if recorded is None:
        return None
    if "spec" in recorded:
        spec = spec_from_json(CnnSpec, recorded["spec"])
        if not isinstance(spec, CnnSpec):
            raise WrongRequest("The architecture of the request is not a CnnSpec.")
        return spec
    if "network" not in recorded:
        return recorded["name"]
    path, parts = Path(f"{recorded['name']}{SUFFIX}"), dict(recorded["network"])
    if set(parts) != set(NETWORK_FIELDS):
        raise WrongRequest(f"The network of the request must have the fields {', '.join(NETWORK_FIELDS)}.")
    return Architecture(path.stem, f"read from {path}", partial(make_own_spec, parts, path), 64)
