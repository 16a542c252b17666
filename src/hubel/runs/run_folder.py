"""The run folder: which files it has, and whether a run may be written there, one training at a time."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubel.catalogue import Later
from hubel.errors import OutputNotWritable, WrongRequest
from hubel.errors.wording import Command, Option, Remedy, Text
from hubel.files import TEMPORARY_PREFIX, is_file, is_folder, is_there, said_plainly
from hubel.runs.documents import read_document
from hubel.runs.is_run import ARTEFACT, FILES, FINGERPRINTS, LEARNING_CURVE, RUN, SPLIT

if TYPE_CHECKING:
    from hubel.training.checkpoints import CheckpointFolder

try:
    import fcntl
except ImportError:  # Windows: there is no lock
    fcntl: Any = None

FORMAT = 1
BEGINS = (f"{ARTEFACT}/manifest.json", RUN, SPLIT, FINGERPRINTS)
"""Files of a run that another training can begin from: the weights, and which images they have learned from."""
LOCK = ".hubel-lock"
checkpoints_of: Callable[[Path], CheckpointFolder] = Later("hubel.training.checkpoints", "checkpoints_of")


@dataclass(frozen=True)
class RunFolder:
    """One run's folder; files of the user in it are never touched."""

    path: Path

    @property
    def artefact(self) -> Path:
        """The classifier: this folder alone can be copied and used."""
        return self.path / ARTEFACT

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Of a run that is not finished."""
        return checkpoints_of(self.path)

    def prepare(self, *, overwrite: bool, resume: bool = False) -> None:
        """Make the folder and show that it can be written, before any time is spent.

        Args:
            overwrite: a run that is there may be replaced.
            resume: the run that is there is gone on with.

        Raises:
            OutputNotWritable: it holds a run already, or cannot be written.
            WrongRequest: it holds no run to resume.
        """
        self.check(overwrite=overwrite, resume=resume)
        with said_plainly(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass

    def check(self, *, overwrite: bool, resume: bool, learning_curve: bool = False, anew: bool = True) -> None:
        """See that a run may be written here; nothing is written yet.

        Args:
            overwrite: what is there may be replaced.
            resume: it is gone on with.
            learning_curve: one is wanted, which a finished run that has none does not get afterwards.
            anew: nothing was said that keeps it from beginning with the weights of what is there.

        Raises:
            OutputNotWritable: it holds a run already.
            WrongRequest: it holds no run to resume.
        """
        taken = [name for name in (*FILES, ARTEFACT) if is_there(self.path / name)]
        unfinished = self.checkpoints.numbers()
        if resume and not unfinished:
            raise WrongRequest(self._why_not_resumed(taken))
        if unfinished and not overwrite and not resume:
            raise OutputNotWritable(
                f"{self.path} holds a run that is not finished.",
                Remedy("Continue it: the same options, plus ", Option("resume", value=True), "."),
                Remedy("Or replace it with ", Option("overwrite", value=True), "."),
                Remedy("Or choose another folder with ", Option("out", str(free_beside(self.path))), "."),
            )
        if taken and not overwrite and not resume:
            curve = ""
            if learning_curve and LEARNING_CURVE not in taken:
                curve = (
                    " Its learning curve cannot be added afterwards: parts are trained together with the whole, "
                    "so both are trained anew."
                )
            raise OutputNotWritable(
                f"{self.path} holds a run already ({taken[0]}).{curve}",
                Remedy("Choose another folder with ", Option("out", str(free_beside(self.path))), "."),
                *self._begin_from(anew=anew),
                Remedy("Or replace that run with ", Option("overwrite", value=True), "."),
            )

    def _begin_from(self, *, anew: bool) -> tuple[Remedy, ...]:
        if anew or not all(is_file(self.path / name) for name in BEGINS):
            return ()
        return (Remedy("To begin there with the weights of this run, add ", Option("from_run", str(self.path)), "."),)

    def _why_not_resumed(self, taken: Sequence[str]) -> Text:
        if not taken:
            return Text(
                f"{self.path} holds no checkpoint: no training has begun there.",
                Remedy("Leave out ", Option("resume"), " to begin one."),
            )
        if RUN in taken and read_document(self.path).get("status") == "done":
            return Text(
                f"The run in {self.path} is finished: there is nothing to resume. Score it: ",
                Command("evaluate", (str(self.path),)),
                ".",
                Remedy(
                    "Or train anew, with ",
                    Option("overwrite", value=True),
                    " in place of ",
                    Option("resume", value=True),
                    ".",
                ),
            )
        return Text(
            f"{self.path} holds a run without a checkpoint: it cannot be resumed.",
            Remedy(
                "Train anew, with ", Option("overwrite", value=True), " in place of ", Option("resume", value=True), "."
            ),
        )

    def tidy(self) -> None:
        """Remove what a program left here that was killed while it wrote."""
        self.checkpoints.tidy()
        for left in self.path.glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(left) if is_folder(left) else left.unlink(missing_ok=True)


def free_beside(path: Path) -> Path:
    """The first name that is free: this one, or with a number behind it."""
    names = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return path if not is_there(path) else next(each for each in names if not is_there(each))


@contextmanager
def locked(folder: Path, *, doing: str = "training into it", what: str = "folder") -> Generator[None]:
    """Hold a folder that is written for a long time; it is made if it is not there, and who comes second is refused.

    The system gives the lock back when a program dies, however it dies: the file that stays then is no obstacle.

    Args:
        folder: of a run, or of other things.
        doing: what whoever holds it does.
        what: another one of can be chosen.

    Raises:
        OutputNotWritable: somebody else holds it, or it cannot be written.
    """
    with said_plainly(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = None if fcntl is None else _take(folder / LOCK, doing=doing, what=what)
    try:
        yield
    finally:
        if handle is not None:
            (folder / LOCK).unlink(missing_ok=True)  # while it is still held: nobody else has it
            os.close(handle)


def _take(path: Path, *, doing: str, what: str) -> int | None:
    """A handle that holds the lock; None on a file system that has none."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise OutputNotWritable(
                _held_by(path, doing), Remedy(f"Or choose another {what} with ", Option("out"), ".")
            ) from error
        except OSError:
            os.close(handle)
            path.unlink(missing_ok=True)
            return None
        if _is_still(path, handle):
            break
        os.close(handle)  # whoever held it has removed the file in between
    started = datetime.now(UTC).isoformat(timespec="seconds")
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "started": started}
    os.ftruncate(handle, 0)
    os.write(handle, json.dumps(holder).encode())
    return handle


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _held_by(path: Path, doing: str) -> str:
    try:
        holder = json.loads(path.read_bytes())
        who = f"process {holder['pid']} on {holder['host']}, since {holder['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return f"{path.parent} is in use: {who}, is {doing}. Wait until it is done."
