"""Paths that a user named, looked at without surprises; and files, whole under their final name or not there at all."""

from __future__ import annotations

import atexit
import csv
import ctypes
import errno
import functools
import io
import itertools
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from hubel.errors import OutputNotWritable, UnusableInput
from hubel.errors.wording import Option, Remedy

TEMPORARY_PREFIX = ".hubel-writing-"

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.ENOTDIR: "a part of the path is a file",
    errno.ENAMETOOLONG: "a name in it is longer than the file system allows",
    errno.ELOOP: "a link in it leads back to itself",
    errno.EISDIR: "there is a folder of that name",
    errno.EEXIST: "a file is in the way",
}
_UNREADABLE = {
    errno.ENOENT: "it is not there; check the path",
    errno.ENOTDIR: "a part of the path is a file, not a folder; check the path",
    errno.EISDIR: "it is a folder, not a file; name a file in it",
    errno.ENAMETOOLONG: "a name in it is longer than the file system allows; check the path",
    errno.ELOOP: "a link in it leads back to itself; name the file or folder that the link was meant to lead to",
    errno.EACCES: "this user may not read it; chmod +rx its folder and +r the file, or run as its owner",
    errno.EPERM: "this user may not read it; chmod +rx its folder and +r the file, or run as its owner",
}
MOST_SHOWN = 200
"""Characters of a path that a message repeats."""


def cache_folder() -> Path:
    """Where decoded images are kept: ``$HUBEL_CACHE``, else the system's place for caches. Safe to delete."""
    if os.environ.get("HUBEL_CACHE"):
        return Path(os.environ["HUBEL_CACHE"])
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "hubel"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hubel"


def usable_cache_folder() -> Path:
    """`cache_folder`; where nothing can be written there, a temporary folder that goes when this process ends."""
    return _usable(cache_folder())


@functools.cache
def _usable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return folder  # there is a cache, and what is to be done about it is said where it overflows
        temporary = tempfile.TemporaryDirectory(prefix="hubel-cache-", ignore_cleanup_errors=True)
        atexit.register(temporary.cleanup)
        return Path(temporary.name)


def shown(path: str | Path) -> str:
    """A path on one line of a message, its middle left out where it is long."""
    text = ascii(str(path))[1:-1] if not str(path).isprintable() else str(path)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN // 2]} ... {text[-MOST_SHOWN // 4 :]}"


def unusable(path: str | Path, error: OSError | ValueError) -> UnusableInput:
    """What a user is told of a path that the operating system does not let us look at, whatever its reason.

    Args:
        path: that the user named.
        error: what the operating system, or Python, says of it.
    """
    reason = "it holds a NUL character, which no path can contain; check where it comes from"
    if isinstance(error, OSError):
        reason = _UNREADABLE.get(error.errno or 0, f"the system says: {error.strerror or error}")
    elif "\0" not in str(path):
        reason = f"the system says: {error}"
    return UnusableInput(f"{shown(path)} cannot be read: {reason}.")


def look_at(path: str | Path) -> os.stat_result | None:
    """What the operating system says of a path that a user named; None where nothing is there.

    Raises:
        UnusableInput: it cannot be looked at; says why.
    """
    try:
        return os.stat(path)  # noqa: PTH116  (Path.exists and its like raise for some reasons and hide others)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise unusable(path, error) from error


def is_there(path: str | Path) -> bool:
    """Something is at this path; raises as `look_at`."""
    return look_at(path) is not None


def is_file(path: str | Path) -> bool:
    """A file is at this path; raises as `look_at`."""
    found = look_at(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_folder(path: str | Path) -> bool:
    """A folder is at this path; raises as `look_at`."""
    found = look_at(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def real_path(path: str | Path) -> Path:
    """With every link followed; unlike `Path.resolve`, also where one leads back to itself, or a name is too long."""
    return Path(os.path.realpath(path)) if "\0" not in str(path) else Path(path)


@contextmanager
def said_plainly(path: Path, *, needed: int | None = None) -> Generator[None]:
    """Turn an operating system's error about ``path`` into one a user can act on.

    Args:
        path: the file or folder that is written.
        needed: bytes that it takes; where there is no room, the message says how many are needed and how many are free.

    Raises:
        OutputNotWritable: instead of the system's error.
    """
    if "\0" in str(path):
        raise OutputNotWritable(f"Cannot write {shown(path)}: it holds a NUL character, which no path can contain.")
    try:
        yield
    except OSError as error:
        reason, room = _REASONS.get(error.errno or 0, error.strerror or str(error)), ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        if full and needed is not None:
            room = f" It needs {_megabytes(needed)}; {_megabytes(_free(path))} are free there."
        text = f"Cannot write {shown(path)}: {reason}.{room}"
        cure = Remedy(f"{'Free some space, or write' if full else 'Write'} elsewhere: ", Option("out", "PATH"), ".")
        raise OutputNotWritable(text, *([cure] if error.errno in _REASONS else [])) from error


def _free(path: Path) -> int:
    """Bytes that are free where a path is, or will be."""
    there = next(each for each in (path, *path.absolute().parents) if is_there(each))
    return shutil.disk_usage(there).free


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


@contextmanager
def written_file(path: Path, *, needed: int | None = None) -> Generator[BinaryIO]:
    """A temporary file that becomes ``path`` by fsync and one rename: after a crash it is the old file or the new one.

    Args:
        path: the final file.
        needed: bytes that will be written, to be said where there is no room.

    Raises:
        OutputNotWritable: the folder cannot be written; a file of that name is left as it was.
    """
    with said_plainly(path, needed=needed):
        handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as `written_file` does; raises as it.

    Args:
        path: the final file.
        data: its content.
    """
    with written_file(path, needed=len(data)) as file:
        file.write(data)


def write_json(path: Path, document: Any) -> None:
    """Write JSON for people and programs: two spaces, keys in their given order, no NaN.

    Args:
        path: the final file.
        document: plain data.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8: escaped, the document stays valid JSON
        data = (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()
    write_bytes(path, data)


_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a cell begins that a spreadsheet would run, or that was made harmless already."""


def defused(cell: object) -> object:
    """A CSV cell that no spreadsheet runs: text that begins like a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def not_defused(cell: str) -> str:
    """The cell that `defused` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_csv_rows(stream: IO[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as lines of a CSV, defused.

    Args:
        stream: an open text file.
        rows: their cells.
    """
    plain = csv.writer(stream, lineterminator="\n")
    quoted = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [defused(cell) for cell in row]
        # Python's writer leaves a carriage return bare, and its reader then takes it for the end of the line.
        writer = quoted if any(isinstance(cell, str) and "\r" in cell for cell in cells) else plain
        writer.writerow(cells)


def write_csv(path: Path, header: Sequence[str], *, rows: Iterable[Sequence[object]]) -> None:
    """Write a UTF-8 CSV; floats keep every digit, names that are not UTF-8 keep their bytes, formulas are defused.

    Args:
        path: the final file.
        header: names of the columns.
        rows: their cells.
    """
    buffer = io.StringIO()
    write_csv_rows(buffer, itertools.chain([header], rows))
    write_bytes(path, buffer.getvalue().encode("utf-8", "surrogateescape"))


def write_csv_if_any(path: Path, header: Sequence[str], *, rows: Sequence[Sequence[object]]) -> None:
    """`write_csv`, but without rows there is no file, nor one that was there before.

    Args:
        path: the final file.
        header: names of the columns.
        rows: their cells.
    """
    if rows:
        write_csv(path, header, rows=rows)
    else:
        path.unlink(missing_ok=True)


def read_csv_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV that `write_csv` wrote; for those whose column names may repeat, as class names can."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    header, *rows = ([not_defused(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline="")))
    return header, rows


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV that `write_csv` wrote."""
    header, rows = read_csv_rows(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


@contextmanager
def written_folder(path: Path, *, durable: bool = True, needed: int | None = None) -> Generator[Path]:
    """A temporary folder that becomes ``path`` by one rename when the block ends without an error.

    An older folder of that name changes places with it and is deleted last. On an error nothing is left.

    Args:
        path: the final folder.
        durable: wait until the disk has it; False for what can be made again.
        needed: bytes that will be written, to be said where there is no room.

    Raises:
        OutputNotWritable: also for the operating system's errors inside the block.
    """
    with said_plainly(
        path, needed=needed
    ):  # around the removal too: room is measured when the half-written one is gone
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
        try:
            yield temporary
            temporary.chmod(0o777 & ~_umask())
            if durable:
                for file in temporary.iterdir():
                    sync_file(file)
                sync_folder(temporary)
            _take_its_place(temporary, path)
            if durable:
                sync_folder(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _take_its_place(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    if _exchange(temporary, path):
        return  # what was there lies under the temporary name now, and goes with it
    old = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
    try:
        path.rename(old / "old")
        try:
            temporary.rename(path)
        except BaseException:
            (old / "old").rename(path)
            raise
    finally:
        if path.exists():  # else the only copy is in there
            shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two folders in one step, so that at no instant a name is without one; False where that cannot be done."""
    if sys.platform == "linux":
        at, rename = -100, getattr(ctypes.CDLL(None), "renameat2", None)  # AT_FDCWD
        if rename is not None:
            return rename(at, os.fsencode(first), at, os.fsencode(second), ctypes.c_uint(2)) == 0  # RENAME_EXCHANGE
    if sys.platform == "darwin":
        rename = getattr(ctypes.CDLL(None), "renamex_np", None)
        if rename is not None:
            return rename(os.fsencode(first), os.fsencode(second), ctypes.c_uint(2)) == 0  # RENAME_SWAP
    return False


def sync_file(path: Path) -> None:
    """Wait until the disk has a file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Wait until the disk has a folder's list of names."""
    if os.name == "posix":  # Windows cannot open a folder for fsync
        sync_file(path)


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value
