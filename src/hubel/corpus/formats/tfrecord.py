"""TFRecord files of ``tf.train.Example``, read without TensorFlow: an image, its class, and its name in each record.

A record is its length (8 bytes), a checksum of that, the data, and a checksum of the data: CRC-32C, masked. The length
is verified for every record when the files are listed, the data whenever an image is read.

Source: tensorflow.org/tutorials/load_data/tfrecord.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hubel.corpus.corpus import REFUSED, Corpus, Found, IntakeRow, make_corpus
from hubel.corpus.formats.checksum import crc32c
from hubel.corpus.formats.example_message import Feature, read_features
from hubel.corpus.formats.image_tables import side_files
from hubel.corpus.formats.table_columns import split_in_name, usable_splits
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.folder import FolderTree, is_file, is_folder, paths_in
from hubel.corpus.trees.members import BrokenArchive
from hubel.corpus.trees.stored_bytes import Spool, StoredBytes, file_bytes
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.errors.wording import Option, Remedy
from hubel.events import OnEvent, Progress
from hubel.images.decode import CORPUS_LIMITS
from hubel.images.formats import IMAGE_ENDINGS
from hubel.text import counted

IMAGES = ("image/encoded", "image", "encoded", "image_raw", "image/image_raw", "jpeg", "png", "img")
LABELS = (
    "image/class/text", "image/class/name", "class_name", "label_name", "class/text", "image/class/label", "label",
    "class", "image/label", "class/label", "target", "category",
)  # fmt: skip
"""Names of features, the first that a record has counts; text before numbers."""

MOST_BYTES = CORPUS_LIMITS.max_bytes + 10_000_000
"""Of one record: an image, and what is said about it."""

_NAME = re.compile(r"\.tfrecords?(\.gz)?\b|\.tfrec(\.gz)?$", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_HEAD = 12
_RECORDS_BETWEEN_EVENTS = 500


class _RecordPlace(NamedTuple):
    start: int
    size: int


@dataclass(frozen=True)
class RecordSource:
    """Reads the image of a record, wherever it is."""

    places: Sequence[tuple[StoredBytes, str, _RecordPlace]]

    def read(self, position: int) -> bytes:
        """The bytes of the image.

        Raises:
            UnreadableImage: the file was changed, or is damaged there.
        """
        stored, name, record = self.places[position]
        with stored.reading() as read_at:
            data = read_at(record.start, record.size + 4)
        if len(data) != record.size + 4:
            raise UnreadableImage("corrupt", f"{name} is cut off there: download it again")
        content, checksum = data[:-4], struct.unpack("<I", data[-4:])[0]
        if _masked(crc32c(content)) != checksum:
            raise UnreadableImage("corrupt", f"{name} is damaged there (checksum): download it again")
        try:
            image = _first(read_features(content), IMAGES, kind="bytes")
        except ValueError as error:
            raise UnreadableImage("corrupt", f"{name} is damaged there ({error}): write it again") from error
        return image.value if image is not None and isinstance(image.value, bytes) else b""


def matches(path: Path) -> bool:
    """A file called so, or a shard that begins with a record; or a folder with some, and no image outside of them."""
    if not _paths(path):
        return False
    rows = FolderTree(path).rows() if is_folder(path) else ()
    return not any(not row.status and row.path.rpartition(".")[2].lower() in IMAGE_ENDINGS for row in rows)


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:
    """List the records of every file. The split is what the name of the file says, or else that of its folder.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged file, no image in any record, or no label.
    """
    root = path if is_folder(path) else path.parent
    files = {file.relative_to(root).as_posix(): file for file in _paths(path)}
    spool = Spool()
    found: list[Found] = []
    left_out: list[IntakeRow] = []
    places: list[tuple[StoredBytes, str, _RecordPlace]] = []
    features: Counter[str] = Counter()
    for name, file in files.items():
        stored = _stored(file, spool, on_event=on_event)
        split = split_in_name(file.name, *([file.parent.name] if file.parent != root else []))
        for number, (record, data) in enumerate(_records(file, stored)):
            if number % _RECORDS_BETWEEN_EVENTS == 0:
                on_event(Progress("listing", len(found) + len(left_out), 0, "records"))
            row = _row(f"{name}#{number:07d}", data, split, reading.label_column, features)
            if isinstance(row, Found):
                found.append(row)
                places.append((stored, name, record))
            else:
                left_out.append(row)
    if not found:
        raise _nothing(path, left_out, features)
    found, notes = usable_splits(found)
    others = side_files(root, files) if is_folder(path) else []
    source = RecordSource(places)
    return make_corpus(str(path), "tfrecord", found=found, source=source, left_out=[*left_out, *others], notes=notes)


def _nothing(path: Path, rows: Sequence[IntakeRow], features: Counter[str]) -> UnusableCorpus:
    first = f" First: {rows[0].path}: {rows[0].reason}." if rows else ""
    shown = ", ".join(map(repr, list(features)[:20]))
    said = f"{path} has {counted(len(rows), 'record')}, and none of them is an image with a label.{first}"
    if not features:
        return UnusableCorpus(said)
    remedy = Remedy("Name the one with the class: ", Option("label_column", "NAME"), ".")
    return UnusableCorpus(f"{said} Its features are: {shown}.", remedy)


def _paths(path: Path) -> list[Path]:
    if is_file(path):
        return [path] if _is_shard(path) else []
    if not is_folder(path):
        return []
    named = (each for each in paths_in(path) if split_in_name(each.name) or each.name == "data")
    folders = (path, *filter(is_folder, named))
    return sorted(each for folder in folders for each in paths_in(folder) if _is_shard(each) and is_file(each))


def _is_shard(path: Path) -> bool:
    if _NAME.search(path.name):
        return True
    if not _SHARD.search(path.name):
        return False
    with suppress(OSError), path.open("rb") as file:
        return _length(file.read(_HEAD)) is not None
    return False


def _stored(path: Path, spool: Spool, *, on_event: OnEvent) -> StoredBytes:
    """The bytes of a file, unpacked where TensorFlow compressed it with gzip."""
    try:
        stored = file_bytes(path)
        with stored.reading() as read_at:
            compressed = read_at(0, 2) == b"\x1f\x8b" and _length(read_at(0, _HEAD)) is None
        return spool.unpack(path, "gzip", on_event=on_event) if compressed else stored
    except (UnreadableImage, BrokenArchive) as error:
        raise UnusableCorpus(f"{path} cannot be read: {error.reason}.") from error


def _records(path: Path, stored: StoredBytes) -> Iterator[tuple[_RecordPlace, bytes]]:
    place = 0
    try:
        with stored.reading() as read_at:
            while place < stored.size:
                size = _length(read_at(place, _HEAD))
                if size is None:
                    raise _damaged(path, f"there is no record at byte {place:,}")
                if size > stored.size - place - _HEAD - 4:
                    raise _damaged(path, f"the record at byte {place:,} is cut off")
                if size > MOST_BYTES:
                    reason = f"the record at byte {place:,} has {size:,} bytes, the limit is {MOST_BYTES:,}"
                    raise _damaged(path, reason)
                yield _RecordPlace(place + _HEAD, size), read_at(place + _HEAD, size)
                place += _HEAD + size + 4
    except UnreadableImage as error:
        raise UnusableCorpus(f"{path} cannot be read: {error.reason}.") from error


def _damaged(path: Path, reason: str) -> UnusableCorpus:
    return UnusableCorpus(f"{path} is not a complete TFRecord file: {reason}. Download or write it again.")


def _length(head: bytes) -> int | None:
    """The length of a record, if its checksum is right."""
    if len(head) != _HEAD:
        return None
    size, checksum = struct.unpack("<QI", head)
    return size if _masked(crc32c(head[:8])) == checksum else None


def _masked(checksum: int) -> int:
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _row(path: str, data: bytes, split: str | None, label_feature: str | None, seen: Counter[str]) -> Found | IntakeRow:
    try:
        features = read_features(data)
    except ValueError as error:
        return IntakeRow(path, REFUSED, "bad-record", f"it is not a tf.train.Example ({error}): write it again")
    seen.update(features.keys())
    if _first(features, IMAGES, kind="bytes") is None:
        reason = f"it has no image: none of its features is {' or '.join(IMAGES[:2])}"
        return IntakeRow(path, REFUSED, "no-image", reason)
    wanted = (label_feature,) if label_feature is not None else LABELS
    label = next((features[name] for name in wanted if name in features and features[name].count), None)
    if label is None:
        return IntakeRow(path, REFUSED, "no-label", f"it has no label: none of its features is {', '.join(wanted[:8])}")
    if label.count > 1:
        return IntakeRow(path, REFUSED, "several-labels", "it has several labels: an image has one. Keep one of them")
    name = _class_name(label)
    if name is None:
        reason = "its label is neither a whole number nor text in UTF-8: correct it"
        return IntakeRow(path, REFUSED, "bad-label", reason)
    return Found(path, name, split)


def _first(features: dict[str, Feature], names: Sequence[str], *, kind: str) -> Feature | None:
    found = (features[name] for name in names if name in features)
    return next((each for each in found if each.kind == kind and each.count == 1 and each.value), None)


def _class_name(label: Feature) -> str | None:
    if isinstance(label.value, bytes):
        try:
            name = label.value.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return name if name.strip() else None
    return None if label.value is None else str(label.value)
