"""``manifest.json``: everything of an artefact beside its weights, written in one canonical way.

It is JSON of a stranger: depth and size are checked before it is parsed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import stat
from collections import Counter
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from hubel.errors import DamagedArtefact
from hubel.text import shortened

MAX_DEPTH = 16
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Possessive, and a text that does not end matches too: no input makes it slow."""
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True)
class JsonBounds:
    """How much a JSON document may hold.

    Args:
        values: numbers, texts, lists and objects, counted by the commas between them.
        containers: lists and objects.
    """

    values: int
    containers: int


def read_bounded_json(data: bytes, bounds: JsonBounds) -> Any:
    """Parse JSON that is small, shallow and has no key twice.

    Args:
        data: UTF-8.
        bounds: how much it may hold; depth is bounded always.

    Raises:
        ValueError: it is too large or too deep, has a key twice or a number that is not finite, or is not JSON.
    """
    if data.count(b",") > bounds.values or data.count(b'"') > 4 * bounds.values:
        raise ValueError(f"it holds more than {bounds.values:,} values")
    brackets = _TEXTS.sub(b"", data).translate(None, delete=_ALL_BUT_BRACKETS)
    if len(brackets) > 2 * bounds.containers:
        raise ValueError(f"it holds more than {bounds.containers:,} lists and objects")
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    return json.loads(
        data.decode("utf-8"), object_pairs_hook=_said_once, parse_float=_finite, parse_constant=_no_number
    )


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{twice[:60]!r} appears twice")
    return document


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


FORMAT = 5
TTA_FORMAT = 4
"""Of a classifier without a compiled graph that answers by more than the image."""
PLAIN_FORMAT = 3
"""Of a classifier that answers by the image alone: what it needs, earlier versions read."""
MANIFEST, WEIGHTS, GRAPH = "manifest.json", "weights.safetensors", "model.onnx"
OFF_CORPUS = "off_corpus."
"""How the tensors of the off-corpus score begin; no weight of a model does."""
MAX_MANIFEST_BYTES = 10_000_000
BOUNDS = JsonBounds(values=300_000, containers=1000)
_KEYS = (
    "format", "made_by", "architecture", "class_names", "preprocessing", "calibration", "prediction_sets",
    "off_corpus", "provenance", "self_test", "weights",
)  # fmt: skip
_WITH_TTA = (*_KEYS[:5], "tta", *_KEYS[5:])
KEYS = {
    1: ("format", "made_by", "architecture", "class_names", "preprocessing", "calibration", "provenance", "weights"),
    2: _KEYS,
    3: _KEYS,
    4: _WITH_TTA,
    5: (*_WITH_TTA, "graph"),
}
"""Of the manifest of each format that was ever written; all of them are read. Format 3 has another off-corpus score,
format 4 says how the classifier answers, format 5 has a compiled graph."""
LEFT_BY_SYSTEMS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What Finder and Explorer put into a folder that somebody opens; never read."""
CURE = "Copy the classifier folder again, or train it again."
UPDATE = "Update: get the newer source of Hubel, and in its folder type: pip install ."


@dataclass(frozen=True)
class Manifest:
    """A manifest exactly as it was written.

    Args:
        document: its content, without the checksum.
        checksum: SHA-256 of the content; as the weights' checksum is in it, it stands for the whole artefact.
    """

    document: dict[str, Any]
    checksum: str


def canonical(document: dict[str, Any]) -> bytes:
    """The one way a manifest is written; its checksum is of the text without the checksum."""
    body = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False)
    checksum = hashlib.sha256(body.encode()).hexdigest()
    return (json.dumps({**document, "checksum": checksum}, indent=1, ensure_ascii=True) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an artefact.

    Raises:
        DamagedArtefact: it has changed since it was written, or is of a later format.
    """
    path = folder / MANIFEST
    with open_part(path) as file:
        data = file.read(MAX_MANIFEST_BYTES + 1)
    if len(data) > MAX_MANIFEST_BYTES:
        raise DamagedArtefact(f"{path} is larger than the {MAX_MANIFEST_BYTES:,} bytes it may have. {CURE}")
    return parse_manifest(data, path)


def parse_manifest(data: bytes, path: Path) -> Manifest:
    """The manifest that `canonical` wrote.

    Args:
        data: content of the file.
        path: named in errors.

    Raises:
        DamagedArtefact: it has changed since it was written, or is of a later format.
    """
    try:
        document = read_bounded_json(data, BOUNDS)
        version = document["format"] if type(document["format"]) is int else 0
        checksum = str(document.pop("checksum"))
        if version > FORMAT:
            raise DamagedArtefact(
                f"{path} has format {version}, made by {shortened(str(document.get('made_by')), 60)!r}; this version "
                f"reads up to {FORMAT}. {UPDATE}"
            )
        intact = tuple(document) == KEYS.get(version) and canonical(document) == data
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedArtefact(f"{path} is not the manifest of a classifier ({error}). {CURE}") from error
    if not intact:
        raise DamagedArtefact(f"{path} has changed since it was written: its checksum does not match. {CURE}")
    return Manifest(document, checksum)


def check_files(folder: Path, document: dict[str, Any]) -> None:
    """See that the folder holds the files of an artefact and nothing else.

    Args:
        folder: of the artefact.
        document: of its manifest, which says whether there is a compiled graph.

    Raises:
        DamagedArtefact: naming what does not belong there.
    """
    try:
        foreign = _first_foreign(folder, {MANIFEST, WEIGHTS} | ({GRAPH} if "graph" in document else set()))
    except OSError as error:
        raise DamagedArtefact(f"{folder} cannot be read ({error.strerror}). {CURE}") from error
    if foreign is not None:
        raise DamagedArtefact(
            f"{folder} holds {foreign}, which is not part of a classifier. Remove it if you put it there; otherwise do "
            f"not trust the folder. {CURE}"
        )


def _first_foreign(folder: Path, parts: set[str]) -> str | None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = repr(entry.name[:100])
            if entry.name in parts:
                continue  # whether they are plain files is seen when they are opened
            if entry.name not in LEFT_BY_SYSTEMS:
                return name
            if not entry.is_file(follow_symlinks=False):
                return f"{name} as a link or a folder"
    return None


def open_part(path: Path) -> BufferedReader:
    """Open a file of an artefact for reading; links, pipes and devices are refused.

    Raises:
        DamagedArtefact: it is not there, or not a plain file.
    """
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
    if path.is_symlink():
        raise DamagedArtefact(f"{path} is a link, not a file. Copy the classifier with its files: cp -rL")
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise DamagedArtefact(f"{path} cannot be read ({error.strerror}). {CURE}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise DamagedArtefact(f"{path} is not a file. {CURE}")
    return os.fdopen(handle, "rb")
