"""What the user named → one input after another: files, and what is in folders, archives and Parquet files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from hubel.catalogue import Later
from hubel.corpus.corpus import IGNORED, IntakeRow
from hubel.corpus.example_images import read_image
from hubel.corpus.trees.catalogue import ENDINGS, TAR_ENDINGS, is_archive, stream_archive
from hubel.corpus.trees.folder import stream_folder
from hubel.corpus.trees.members import BrokenArchive
from hubel.corpus.trees.tree import ending_of
from hubel.errors import UnreadableImage, UnusableInput
from hubel.files import is_folder
from hubel.images.decode import read_header
from hubel.images.formats import IMAGE_ENDINGS

DOCUMENTS = {
    "pdf", "doc", "docx", "odt", "rtf", "tex", "epub", "xls", "xlsx", "ods", "ppt", "pptx", "odp", "eml", "msg",
    "mp4", "mov", "avi", "mkv", "webm", "m4v", "mpg", "wmv", "mp3", "wav", "flac", "ogg", "m4a", "aac",
    "zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "iso", "exe", "dll", "so", "bin", "db", "sqlite",
    "url", "lnk", "torrent", "bak", "tmp", "h5", "hdf5", "mat", "ttf", "otf", "cls",
}  # fmt: skip
"""Endings of files that lie beside images and are none. Where every image of a folder is to be named, nobody asks for
these; in the folder of a class, where a corpus is read, one of them is refused, for it stands in an image's place."""
PARQUET = ".parquet"
SHARDS = (*ENDINGS, PARQUET)
"""Endings of files that are opened in a folder that holds no image itself."""
_LEFT_BY_PROGRAMS = "left by programs"
STANDARD_INPUT = "-"
"""What an image that came on standard input is called."""
_MOST_OF_A_KEY = 100
"""Members of a shard that belong to one image."""
_FIRST_BYTES = 1 << 16
"""Of standard input, by which it is told whether it is an image: every format but the oldest has a NUL among them."""
_parquet: Callable[[Path], Stream] = Later("hubel.corpus.formats.hugging_face", "stream_images")


class Stream(Protocol):
    """Files one after another."""

    @property
    def count(self) -> int:
        """How many."""
        ...

    def rows(self) -> Iterator[tuple[IntakeRow, Any]]:
        """What becomes of each, and where it is."""
        ...

    def read(self, place: Any) -> bytes:
        """Its content.

        Raises:
            UnreadableImage: it cannot be read.
        """
        ...


@dataclass(frozen=True)
class Input:
    """One image to be named.

    Args:
        path: as the user would write it; of a member of an archive behind the archive's own.
        fault: what is known to be wrong with it already.
        passed_over: what it is instead, of a file that lies beside images.
        content: gives its bytes; None for a file of its own.
        mark: gives what would differ if it were changed.
    """

    path: str
    fault: UnreadableImage | None = None
    passed_over: str = ""
    content: Callable[[], bytes] | None = None
    mark: Callable[[], str] = str

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            UnreadableImage: it cannot be read.
        """
        if self.fault is not None:
            raise self.fault
        if self.content is not None:
            return self.content()
        try:
            return read_image(self.path)
        except UnreadableImage as error:
            if error.code != "vanished":
                raise
            raise UnreadableImage(error.code, "there is no such file: check the name") from error


class Inputs:
    """Every file named, and every file in a folder, an archive or a Parquet file named; a known fault goes with it.

    Those of a folder come by path, those of an archive and of a Parquet file in its order.

    Args:
        given: files, folders and archives; bytes are those of one image.
    """

    def __init__(self, given: Iterable[str | bytes]) -> None:
        self._given = given
        self._named = len(given) if isinstance(given, Sized) else 0
        self._opened = self._counted = 0

    @property
    def expected(self) -> int:
        """About how many there are: exact once the last folder or archive was opened; 0 where nobody knows."""
        return round(self._counted * self._named / self._opened) if self._named and self._opened else 0

    def __iter__(self) -> Iterator[Input]:
        for each in self._given:
            if isinstance(each, bytes):
                self._count(1)
                yield Input(STANDARD_INPUT, content=partial(bytes, each), mark=partial(_digest, each))
            else:
                yield from self._of(each)

    def _count(self, number: int) -> None:
        self._opened += 1
        self._counted += number

    def _of(self, text: str) -> Iterator[Input]:
        path = Path(text)
        try:
            stream = _stream(path)
        except UnusableInput as error:
            self._count(1)
            yield _unusable(text, str(error))
            return
        if stream is None:
            self._count(1)
            yield Input(text, mark=partial(_mark, text))
        elif is_folder(path) and (shards := _count_shards(stream)):
            self._named += shards if self._named else 0
            self._count(0)
            for row, _ in stream.rows():
                inside = f"{text.rstrip('/')}/{row.path}"
                yield from self._of(inside) if _is_shard(row) else [Input(inside, passed_over=_other_kind(row))]
        else:
            self._count(stream.count)
            yield from _inside(text, stream)


def _unusable(text: str, reason: str) -> Input:
    return Input(text, UnreadableImage("corrupt", reason.rstrip(".")), mark=partial(_mark, text))


def _stream(path: Path) -> Stream | None:
    """The files in it; None for a file that holds no others."""
    if is_folder(path):
        return stream_folder(path)
    if is_archive(path):
        return stream_archive(path)
    return _parquet(path) if path.suffix.lower() == PARQUET and path.is_file() else None


def _count_shards(stream: Stream) -> int:
    """How many archives and Parquet files there are in a folder; none count where it holds an image itself."""
    return (
        0 if any(not _other_kind(row) for row, _ in stream.rows()) else sum(_is_shard(row) for row, _ in stream.rows())
    )


def _is_shard(row: IntakeRow) -> bool:
    return row.path.lower().endswith(SHARDS) and row.code != "debris"


def _inside(text: str, stream: Stream) -> Iterator[Input]:
    folder = text.rstrip("/")
    between = "#" if Path(text).suffix.lower() == PARQUET else "/"
    of_all = None if is_folder(text) else partial(str, _mark(text))
    empty = True
    try:
        for row, place, beside in _with_neighbours(stream, is_shard=folder.lower().endswith(tuple(TAR_ENDINGS))):
            path = f"{folder}{between}{row.path}"
            mark = of_all or partial(_mark, path)
            if kind := beside or _other_kind(row):
                yield Input(path, passed_over=kind, mark=mark)
                continue
            empty = False
            fault = UnreadableImage(row.code, row.reason) if row.status else None
            yield Input(path, fault, content=partial(stream.read, place), mark=mark)
    except BrokenArchive as error:  # it was whole when it was opened
        yield _unusable(text, f"it changed while it was read: {error.reason}")
    except UnreadableImage as error:
        yield _unusable(text, error.reason)
    else:
        if empty:
            yield Input(text, UnreadableImage("no-images", "it holds no images: name another one"))


def _with_neighbours(stream: Stream, *, is_shard: bool) -> Iterator[tuple[IntakeRow, Any, str]]:
    """Row, place, and of what lies beside an image of the same name in a WebDataset shard, its kind.

    Args:
        stream: of a folder or file.
        is_shard: it is a tar archive.
    """
    if not is_shard:
        yield from ((row, place, "") for row, place in stream.rows())
        return
    for _, rows in groupby(stream.rows(), lambda each: _key(each[0].path)):
        group = list(islice(rows, _MOST_OF_A_KEY))
        has_image = any(ending_of(row.path) in IMAGE_ENDINGS for row, _ in group)
        for row, place in chain(group, rows):
            ending = ending_of(row.path.rpartition("/")[2])
            aside = has_image and not row.status and ending and ending not in IMAGE_ENDINGS
            yield row, place, f".{ending}" if aside else ""


def _key(path: str) -> str:
    """The path up to the first dot of the name."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


def _other_kind(row: IntakeRow) -> str:
    """What a file that lies beside images is instead, judged by its name; empty where it should be an image."""
    ending = ending_of(row.path.rpartition("/")[2])
    if row.status == IGNORED and row.code != "other-file":
        return _LEFT_BY_PROGRAMS if row.code == "debris" else row.code
    return f".{ending}" if row.status == IGNORED or (not row.status and ending in DOCUMENTS) else ""


def _mark(path: str) -> str:
    """What would differ if a file were changed; empty where nothing can be said."""
    try:
        found = os.stat(path)  # noqa: PTH116  (a Path for each of a million files is slow)
    except (OSError, ValueError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_standard_input(source: BinaryIO) -> Iterator[str | bytes]:
    """What comes on standard input: paths, one per line, or one image, which stays as it is.

    Args:
        source: of bytes. A list is read as it is needed, an image at once.

    Raises:
        UnusableInput: neither.
    """
    start = source.read(_FIRST_BYTES)
    if len(start) < _FIRST_BYTES or b"\0" in start or _is_image(start):
        yield from _few(start + source.read())
        return
    lines = chain((start + source.readline()).splitlines(), (line.rstrip(b"\r\n") for line in source))
    yield from (os.fsdecode(line) for line in lines if line)


def _is_image(data: bytes) -> bool:
    try:
        read_header(data)
    except UnreadableImage:
        return False
    return True


def _few(data: bytes) -> list[str | bytes]:
    try:
        read_header(data)
    except UnreadableImage as error:
        if b"\0" not in data:
            return [os.fsdecode(line) for line in data.splitlines() if line]
        raise UnusableInput(
            f"Standard input holds neither paths, one per line, nor an image that can be read: {error.reason}."
        ) from error
    return [data]
