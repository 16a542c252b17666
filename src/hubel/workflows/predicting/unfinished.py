"""Answers that are not finished: a folder beside the file that they will be, which survives a kill at any instant.

``names.csv.unfinished/`` holds the answers so far, the feature vectors where they are wanted, and ``journal.json``,
which says how far both are good. What was written is on the disk before the journal says so; what is there beyond it
is cut off when the work goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hubel.files import TEMPORARY_PREFIX, is_file, said_plainly, write_json
from hubel.runs.run_folder import LOCK

SUFFIX = ".unfinished"
FORMAT = 1
_JOURNAL, ANSWERS, FINAL, FEATURES = "journal.json", "answers", "answers.final", "features"
PARTS = (ANSWERS, FINAL, FEATURES)
_BLOCK = 1 << 20
_MOST_BYTES = 10_000_000
"""Of a journal."""


@dataclass(frozen=True)
class Reached:
    """How far the work is.

    Args:
        inputs: taken, in their order; also those that are no images.
        inputs_sha256: over what they were.
        sizes: name of a part → bytes that are good.
        sha256: name of a part → digest of these.
        named: images.
        refused: inputs that could not be read.
        skipped: kind → files that are no images.
        complete: nothing is missing but the final names.
    """

    inputs: int = 0
    inputs_sha256: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    named: int = 0
    refused: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False


class Part:
    """A file that only grows.

    Args:
        path: of the file.
        size: bytes of it that are kept.
    """

    def __init__(self, path: Path, size: int = 0) -> None:
        self.path = path
        self.size = size
        self._hash = hashlib.sha256()
        with said_plainly(path):
            self._file = path.open("r+b" if path.exists() else "w+b")
            self._file.truncate(size)
            while block := self._file.read(_BLOCK):
                self._hash.update(block)

    @property
    def sha256(self) -> str:
        """Of all of it."""
        return self._hash.hexdigest()

    def append(self, data: bytes) -> None:
        """Write behind what is there."""
        with said_plainly(self.path):
            self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    def sync(self) -> None:
        """Wait until the disk has it."""
        with said_plainly(self.path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file; what is still to be written is written where that can be done."""
        with suppress(OSError):  # the disk is full, as `append` or `sync` has said
            self._file.close()


@dataclass(frozen=True)
class Unfinished:
    """The folder of answers that are not finished.

    Args:
        out: the file that they will be.
    """

    out: Path

    @property
    def folder(self) -> Path:
        """Beside the file."""
        return self.out.with_name(self.out.name + SUFFIX)

    def part(self, name: str) -> Path:
        """The file of a part."""
        return self.folder / name

    def read(self) -> tuple[Reached, dict[str, Any]] | None:
        """How far the work is, and with which settings; None where nothing can be gone on with."""
        path = self.folder / _JOURNAL
        try:
            if not is_file(path) or path.stat().st_size > _MOST_BYTES:
                return None
            document = json.loads(path.read_bytes())
            if document["format"] != FORMAT:
                return None
            point = Reached(**document["done"])
            return (point, dict(document["settings"])) if _is_possible(point) else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, point: Reached, settings: Mapping[str, Any]) -> None:
        """Say how far the work is; whole or not at all.

        Args:
            point: which the parts have reached on the disk.
            settings: what the answers depend on.
        """
        write_json(self.folder / _JOURNAL, {"format": FORMAT, "settings": dict(settings), "done": asdict(point)})

    def clear(self) -> None:
        """Remove what was written here; files of the user are never touched."""
        with said_plainly(self.folder):
            for path in (*map(self.part, (_JOURNAL, *PARTS)), *self.folder.glob(f"{TEMPORARY_PREFIX}*")):
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder, unless the user has put something into it."""
        self.clear()
        (self.folder / LOCK).unlink(missing_ok=True)  # whoever removes the folder holds it
        with suppress(OSError):
            self.folder.rmdir()


def _is_possible(point: Reached) -> bool:
    if not all(isinstance(each, dict) for each in (point.sizes, point.sha256, point.skipped)):
        return False
    counts = (point.inputs, point.named, point.refused, *point.sizes.values(), *point.skipped.values())
    return all(type(each) is int and 0 <= each < 1 << 62 for each in counts)
