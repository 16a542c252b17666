"""One training at a time in a run folder."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hubel.errors import OutputNotWritable
from hubel.errors.wording import Option, Remedy
from hubel.files import said_plainly

try:
    import fcntl
except ImportError:  # Windows: there is no lock
    fcntl: Any = None

LOCK = ".hubel-lock"


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold a run folder, which is made if it is not there; a second program, or thread, is refused at once.

    The system gives the lock back when a program dies, however it dies: the file that stays then is no obstacle.

    Raises:
        OutputNotWritable: somebody else holds it, or it cannot be written.
    """
    with said_plainly(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = None if fcntl is None else _take(folder / LOCK)
    try:
        yield
    finally:
        if handle is not None:
            (folder / LOCK).unlink(missing_ok=True)  # while it is still held: nobody else has it
            os.close(handle)


def _take(path: Path) -> int | None:
    """A handle that holds the lock; None on a file system that has none."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise OutputNotWritable(
                _held_by(path), Remedy("Or choose another folder with ", Option("out"), ".")
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


def _held_by(path: Path) -> str:
    try:
        holder = json.loads(path.read_bytes())
        who = f"process {holder['pid']} on {holder['host']}, since {holder['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return f"{path.parent} is in use: {who}, is training into it. Wait until it is done."
