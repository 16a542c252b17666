"""Checkpoints on disk: each is one folder, completed by one rename, with a hash inside. Loads no framework."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from hubel.errors import DamagedArtefact, UnusableInput
from hubel.errors.wording import Option, Remedy
from hubel.events import Message, OnEvent, ignore
from hubel.files import TEMPORARY_PREFIX, is_folder, is_there, said_plainly, sync_folder, written_folder

FORMAT = 1
CHECKPOINTS, STATE, TENSORS = "checkpoints", "state.json", "state.safetensors"
IMAGES = "images.csv"
"""Beside the checkpoints: path and SHA-256 of each image of the run that was begun; it goes with them."""
REMOVED = ".removed"
"""A file that is there while all checkpoints are being removed: what is left of them is nothing to go on from."""
MAX_STATE_BYTES = 200_000_000
"""Of the JSON; 100,000 epochs take a tenth of it."""
_NUMBERED = re.compile(r"\d{6,12}")


@dataclass(frozen=True)
class Checkpoint:
    """A training part-way.

    Args:
        number: counts up in a run folder.
        document: everything but the arrays.
        tensors: name → array.
    """

    number: int
    document: Mapping[str, Any]
    tensors: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class CheckpointFolder:
    """The folder ``checkpoints/`` of a run; files that a user puts there are never touched.

    The latest is the one with the highest number: clocks jump, and files are copied.
    """

    path: Path

    def name_of(self, number: int) -> Path:
        """Where a checkpoint lies."""
        return self.path / f"{number:06}"

    def numbers(self) -> tuple[int, ...]:
        """Of the checkpoints that are there, whole or not, ascending."""
        parts = (STATE, TENSORS)
        return tuple(each for each in self._folders() if any(is_there(self.name_of(each) / part) for part in parts))

    def _folders(self) -> list[int]:
        """Numbers of all folders that are called as checkpoints are."""
        if not is_folder(self.path):
            return []
        return sorted(
            int(each.name) for each in self.path.iterdir() if _NUMBERED.fullmatch(each.name) and is_folder(each)
        )

    def write(self, document: Mapping[str, Any], tensors: Mapping[str, np.ndarray], *, beside: int | None) -> int:
        """Write the next checkpoint, then remove all but it and the one before it.

        Args:
            document: plain data; infinity and NaN are allowed.
            tensors: name → contiguous array [of any shape].
            beside: number of the last one that is known to be whole; it stays.

        Returns:
            Its number.

        Raises:
            OutputNotWritable: says how much was needed and is free; the checkpoints that were there are as before.
        """
        data = safetensors.numpy.save(dict(tensors))
        text = _canonical({**document, "tensors": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}})
        with said_plainly(self.path):
            new = not is_there(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            if new:
                sync_folder(self.path.parent)
            taken = [int(each.name) for each in self.path.iterdir() if _NUMBERED.fullmatch(each.name)]
        number = 1 + max(taken, default=0)  # also beyond whatever of the user's is called so
        with written_folder(self.name_of(number), needed=len(data) + len(text)) as temporary:
            (temporary / TENSORS).write_bytes(data)
            (temporary / STATE).write_bytes(text)
        for old in self._folders():
            if old not in (number, beside):
                self._remove(old)
        return number

    def latest(self, on_event: OnEvent = ignore) -> Checkpoint | None:
        """The last checkpoint that is whole; None where there is none at all.

        Args:
            on_event: hears of those that are damaged.

        Raises:
            UnusableInput: there are some, and all are damaged.
        """
        damaged: list[str] = []
        for number in reversed(self.numbers()):
            try:
                found = self.read(number)
            except DamagedArtefact as error:
                damaged.append(str(error))
                continue
            if damaged:
                text = f"{'; '.join(damaged)}. Continuing from the one before, {self.name_of(number).name}."
                on_event(Message(text, warning=True))
            return found
        if damaged:
            raise UnusableInput(
                f"Every checkpoint in {self.path} is damaged: {'; '.join(damaged)}.",
                Remedy(
                    "Train anew: use ",
                    Option("overwrite", value=True),
                    " instead of ",
                    Option("resume", value=True),
                    ".",
                ),
            )
        return None

    def read(self, number: int) -> Checkpoint:
        """One checkpoint.

        Raises:
            DamagedArtefact: it has changed since it was written.
        """
        folder = self.name_of(number)
        document = _read_state(folder / STATE)
        described = document["tensors"]
        data = _read_bounded(folder / TENSORS, described["bytes"])
        if len(data) != described["bytes"] or hashlib.sha256(data).hexdigest() != described["sha256"]:
            raise DamagedArtefact(f"checkpoint {folder} is damaged: {TENSORS} has changed since it was written")
        try:
            return Checkpoint(number, document, safetensors.numpy.load(data))
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise DamagedArtefact(f"checkpoint {folder} is damaged: {TENSORS} cannot be read ({error})") from error

    def tidy(self) -> None:
        """Remove what a program left that was killed while it wrote or removed."""
        if not is_folder(self.path):
            return
        for left in self.path.glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        if is_there(self.path / REMOVED):
            self._remove_all()

    def remove(self) -> None:
        """Remove every checkpoint, and the folder if nothing else is in it; killed meanwhile, `tidy` does the rest."""
        self.tidy()
        if not is_folder(self.path):
            return
        with suppress(OSError):  # a disk too full for an empty file must not keep the checkpoints
            (self.path / REMOVED).touch()
            sync_folder(self.path)
        self._remove_all()

    def _remove_all(self) -> None:
        for number in self._folders():
            self._remove(number)
        with said_plainly(self.path):
            (self.path / IMAGES).unlink(missing_ok=True)
            (self.path / REMOVED).unlink(missing_ok=True)
        _remove_empty(self.path)

    def _remove(self, number: int) -> None:
        folder = self.name_of(number)
        with said_plainly(folder):
            (folder / TENSORS).unlink(missing_ok=True)
            (folder / STATE).unlink(missing_ok=True)
        _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # something of the user's is in it


def _canonical(document: Mapping[str, Any]) -> bytes:
    """The one way a state is written; its checksum is of the text without the checksum. Holds infinity and NaN."""
    whole = {"format": FORMAT, **document}
    checksum = hashlib.sha256(json.dumps(whole).encode()).hexdigest()
    return (json.dumps({**whole, "checksum": checksum}) + "\n").encode()


def _read_state(path: Path) -> dict[str, Any]:
    data = _read_bounded(path, MAX_STATE_BYTES)
    try:
        document = json.loads(data)
        checksum, version = document.pop("checksum"), document.pop("format")
        intact = version != FORMAT or (_canonical(document) == data and isinstance(checksum, str))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedArtefact(f"checkpoint {path.parent} is damaged: {path.name} is not a state") from error
    if version != FORMAT:
        text = f"checkpoint {path.parent} has format {version!r}, this version of Hubel reads {FORMAT}"
        raise DamagedArtefact(text)
    if not intact:
        raise DamagedArtefact(f"checkpoint {path.parent} is damaged: {path.name} has changed since it was written")
    return document


def _read_bounded(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        text = f"checkpoint {path.parent} is damaged: {path.name} cannot be read ({error.strerror})"
        raise DamagedArtefact(text) from error


def checkpoints_of(run: Path) -> CheckpointFolder:
    """The folder of a run's checkpoints."""
    return CheckpointFolder(run / CHECKPOINTS)
