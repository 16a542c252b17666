"""Whose page is it? Told by a mark near its beginning: of one classifier, made by one version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from hubel.classifier.manifest import MANIFEST

GENERATOR = "hubel"
_BEGINNING = 8192
"""Bytes within which the mark stands; the style of a page comes after it."""
_MARK = re.compile(rb'<meta name="classifier" content="([0-9a-f]{64})">')
_OURS = re.compile(rb'<meta name="generator" content="hubel [^"<>]*">')


def mark_of(artefact: Path) -> str:
    """64 hexadecimal digits: of a classifier's manifest, which holds the checksum of its weights, and of this version.

    Args:
        artefact: the classifier's own folder.
    """
    parts = (version("hubel").encode(), assets_digest().encode(), (artefact / MANIFEST).read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@cache
def assets_digest() -> str:
    """Of everything that a page is made of beside its classifier."""
    found = hashlib.sha256()
    for name, part in _below(files("hubel.page").joinpath("assets"), ""):
        found.update(name.encode() + b"\0" + part.read_bytes() + b"\0")
    return found.hexdigest()


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        if each.is_dir():
            yield from _below(each, f"{prefix}{each.name}/")
        else:
            yield f"{prefix}{each.name}", each


def is_page(path: Path) -> bool:
    """Whether a file is a page of ours, of whichever classifier and version."""
    return _OURS.search(_beginning(path)) is not None


def mark_in(path: Path) -> str | None:
    """The mark of a page; None of a file that has none, or is not there."""
    found = _MARK.search(_beginning(path))
    return None if found is None else found[1].decode()


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_BEGINNING)
    except OSError:
        return b""
