"""WebDataset: tar shards in which an image and its label are neighbours, ``000.jpg`` and ``000.cls``.

Members with the same key, which is the path up to the first dot of the name, belong together. The label is in ``.cls``
(a name or number), else in ``.json`` (one of `LABEL_KEYS`), else in ``.txt`` where that is one short line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image as PillowImage

from hubel.corpus.corpus import IGNORED, REFUSED, Corpus, Found, IntakeRow, make_corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS, split_of_file
from hubel.corpus.trees.catalogue import TAR_ENDINGS, open_archive
from hubel.corpus.trees.folder import FolderTree, is_file, is_folder, list_files, paths_in
from hubel.corpus.trees.stored_bytes import Spool
from hubel.corpus.trees.tree import Tree
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import OnEvent, Progress
from hubel.images.decode import FORMATS
from hubel.text import shortened

IMAGE_ENDINGS = {ending[1:] for ending, name in PillowImage.registered_extensions().items() if name in FORMATS}
LABELS = ("cls", "json", "txt")
"""Endings of label files, the first that is there counts."""
LABEL_KEYS = ("label", "class", "cls", "class_name", "target")
SHARD_FOLDERS = ("data", *SPLIT_FOLDERS)
"""Folders in which shards may lie, besides the corpus' own."""

MAX_LABEL_BYTES = 1_000_000
MAX_TEXT_LABEL = 60
"""Characters of a ``.txt`` that is a label; a longer one is a description."""

_KEPT_CODES = ("debris", "replaced")
_KEYS_BETWEEN_EVENTS = 2000


@dataclass(frozen=True)
class Shard:
    """One archive.

    Args:
        prefix: what its members' paths begin with in the corpus.
        tree: reads it.
        rows: its members.
        split: what its name says.
    """

    prefix: str
    tree: Tree
    rows: Sequence[IntakeRow]
    split: str | None


@dataclass
class Key:
    """The members of one key: images, images refused already, and ending → label file."""

    images: list[IntakeRow] = field(default_factory=list)
    refused: list[IntakeRow] = field(default_factory=list)
    labels: dict[str, IntakeRow] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """What became of a shard's members.

    Args:
        found: images with a label.
        left_out: all others but those in ``orphans``.
        orphans: keys without an image.
        endings: of the label files that were used.
    """

    found: list[Found]
    left_out: list[IntakeRow]
    orphans: list[Key]
    endings: set[str]


@dataclass(frozen=True)
class ShardSource:
    """Reads images of several shards."""

    places: Sequence[tuple[Tree, str]]

    def read(self, position: int) -> bytes:
        """The whole file."""
        tree, path = self.places[position]
        return tree.read(path)


def matches(path: Path) -> bool:
    """A folder that has tar shards, and no image outside of them."""
    if not path.is_dir() or not _shard_paths(path):
        return False
    outside = (row for row in FolderTree(path).rows() if not row.status)
    return not any(_split_name(row.path)[1].rsplit(".", 1)[-1] in IMAGE_ENDINGS for row in outside)


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """List every shard of a folder and read the labels; images are read later.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: a damaged shard, named, or no label at all.
    """
    spool = Spool()
    shards = []
    outside = {row.path: row for row in list_files(path, on_event).rows}
    files = _shard_paths(path)
    for count, file in enumerate(files, start=1):
        name = file.relative_to(path).as_posix()
        outside.pop(name, None)
        tree = open_archive(file, on_event, spool=spool)
        shards.append(Shard(f"{name}/", tree, tuple(tree.rows()), split_of_file(file)))
        on_event(Progress("listing", count, len(files), "shards"))
    left_out = [
        row if row.status else IntakeRow(row.path, IGNORED, "outside-shards", "it lies in no shard")
        for row in outside.values()
    ]
    return _read_shards(path, shards, outside=left_out, on_event=on_event)


def read_single(path: Path, tree: Tree, *, rows: Sequence[IntakeRow], on_event: OnEvent) -> Corpus:
    """The corpus of one archive that `has_labels_beside` its images.

    Args:
        path: what the user named.
        tree: reads the archive.
        rows: its members.
        on_event: hears `Progress`.

    Raises:
        UnusableCorpus: no label at all.
    """
    return _read_shards(path, [Shard("", tree, rows, split_of_file(path))], outside=[], on_event=on_event)


def has_labels_beside(rows: Iterable[IntakeRow]) -> bool:
    """Whether all images lie in one folder, and some of them next to a label file of the same key."""
    folders, images, labels = set(), set(), set()
    for row in rows:
        key, ending = _split_name(row.path)
        if not row.status and _is_image(ending):
            folders.add(row.path.rpartition("/")[0])
            images.add(key)
        elif ending in LABELS and row.status != REFUSED and row.code not in _KEPT_CODES:
            labels.add(key)
    return len(folders) == 1 and not images.isdisjoint(labels)


def _shard_paths(path: Path) -> list[Path]:
    folders = (path, *(each for each in paths_in(path) if each.name.lower() in SHARD_FOLDERS and is_folder(each)))
    files = (each for folder in folders for each in paths_in(folder))
    return sorted(each for each in files if each.name.lower().endswith(tuple(TAR_ENDINGS)) and is_file(each))


def _split_name(path: str) -> tuple[str, str]:
    """``("a/000", "seg.png")`` of ``"a/000.seg.PNG"``."""
    folder, slash, name = path.rpartition("/")
    stem, _, ending = name.partition(".")
    return f"{folder}{slash}{stem}", ending.lower()


def _is_image(ending: str) -> bool:
    return ending.rsplit(".", 1)[-1] in IMAGE_ENDINGS


def _read_shards(path: Path, shards: Sequence[Shard], *, outside: Sequence[IntakeRow], on_event: OnEvent) -> Corpus:
    contents = [_read_shard(shard, on_event) for shard in shards]
    endings = {"cls"}.union(*(content.endings for content in contents))
    found: list[Found] = []
    places: list[tuple[Tree, str]] = []
    left_out = list(outside)
    for shard, content in zip(shards, contents, strict=True):
        found += [_inside(each, shard) for each in content.found]
        places += [(shard.tree, each.path) for each in content.found]
        rows = content.left_out + [row for key in content.orphans for row in _orphan_rows(key, endings)]
        left_out += [replace(row, path=shard.prefix + row.path) for row in rows]
    if not found and {row.code for row in left_out if row.status == REFUSED} == {"no-label"}:
        raise UnusableCorpus(
            f"No image in {path} has a label: a .cls, .json ({', '.join(LABEL_KEYS)}) or one-line .txt file with the "
            "image's name. If there are archives in it that hold class folders, name one of those."
        )
    if all(each.split != "train" for each in found):
        found = [each._replace(split=None) for each in found]
    return make_corpus(str(path), "webdataset", found=found, source=ShardSource(places), left_out=left_out)


def _inside(found: Found, shard: Shard) -> Found:
    group = None if found.group is None else shard.prefix + found.group
    return Found(shard.prefix + found.path, found.class_name, shard.split, group)


def _read_shard(shard: Shard, on_event: OnEvent) -> Content:
    keys, left_out = _by_key(shard.rows)
    content = Content([], left_out, [], set())
    for count, (name, key) in enumerate(keys.items(), start=1):
        if count % _KEYS_BETWEEN_EVENTS == 0:
            on_event(Progress("reading labels", count, len(keys), "files"))
        if not key.images and not key.refused:
            content.orphans.append(key)
            continue
        content.left_out.extend(_sidecar(row) for row in key.labels.values())
        try:
            class_name, ending = _label_of(shard.tree, key.labels)
        except UnreadableImage as error:
            content.left_out.extend(key.refused)
            content.left_out.extend(IntakeRow(row.path, REFUSED, error.code, error.reason) for row in key.images)
            continue
        content.endings.add(ending)
        content.left_out.extend(replace(row, class_name=class_name) for row in key.refused)
        group = name if len(key.images) > 1 else None
        content.found.extend(Found(row.path, class_name, None, group) for row in key.images)
    return content


def _by_key(rows: Iterable[IntakeRow]) -> tuple[dict[str, Key], list[IntakeRow]]:
    """Images and labels by their key, and the rows of all other members."""
    keys: dict[str, Key] = defaultdict(Key)
    others = []
    for row in rows:
        name, ending = _split_name(row.path)
        if row.code in _KEPT_CODES:
            others.append(row)
        elif _is_image(ending):
            (keys[name].refused if row.status else keys[name].images).append(row)
        elif ending in LABELS and ending not in keys[name].labels:
            keys[name].labels[ending] = row
        else:
            others.append(_sidecar(row))
    return keys, others


def _sidecar(row: IntakeRow) -> IntakeRow:
    if row.status == REFUSED:
        return row
    return IntakeRow(row.path, IGNORED, "sidecar", "it is not an image but a label or other data beside one")


def _orphan_rows(key: Key, endings: set[str]) -> Iterator[IntakeRow]:
    """A label is missed by nobody where images have theirs in files of another ending, as with a ``readme.txt``."""
    label = next((ending for ending in LABELS if ending in key.labels and ending in endings), None)
    for ending, row in key.labels.items():
        if ending == label and row.status != REFUSED:
            reason = "it is a label without an image of the same name: add the image, or remove it"
            yield IntakeRow(row.path, REFUSED, "no-image", reason)
        else:
            yield _sidecar(row)


def _label_of(tree: Tree, labels: dict[str, IntakeRow]) -> tuple[str, str]:
    """Class name, and the ending of the file that gives it."""
    if "cls" in labels:
        return _line_of(tree, labels["cls"]), "cls"
    if "json" in labels and (name := _json_label(tree, labels["json"])) is not None:
        return name, "json"
    if "txt" in labels:
        text = _text_of(tree, labels["txt"])
        if _is_name(text) and len(text) <= MAX_TEXT_LABEL:
            return text, "txt"
    reason = "no .cls, .json or one-line .txt file of the same name gives its class: add one, or remove it"
    raise UnreadableImage("no-label", reason)


def _line_of(tree: Tree, row: IntakeRow) -> str:
    text = _text_of(tree, row)
    if not _is_name(text):
        raise _bad_label(row, "it has no line or several: write one class name or number")
    return text


def _is_name(text: str) -> bool:
    return bool(text) and text.isprintable()


def _json_label(tree: Tree, row: IntakeRow) -> str | None:
    text = _text_of(tree, row)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad_label(row, f"it is not JSON ({error}): correct it") from error
    keys = [key for key in LABEL_KEYS if key in document] if isinstance(document, dict) else []
    if not keys:
        return None
    value = document[keys[0]]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and _is_name(value.strip()):
        return value.strip()
    raise _bad_label(row, f"its {keys[0]!r} is {shortened(repr(value), 60)}: write one class name or number")


def _text_of(tree: Tree, row: IntakeRow) -> str:
    if row.status == REFUSED:
        raise _bad_label(row, row.reason)
    try:
        content = tree.read(row.path)
        if len(content) > MAX_LABEL_BYTES:
            raise _bad_label(row, f"it has {len(content):,} bytes, the limit is {MAX_LABEL_BYTES:,}: shorten it")
        return content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _bad_label(row, "it is not UTF-8 text: save it as UTF-8") from error
    except UnreadableImage as error:
        raise error if error.code == "bad-label" else _bad_label(row, error.reason) from error


def _bad_label(row: IntakeRow, reason: str) -> UnreadableImage:
    return UnreadableImage("bad-label", f"its label {row.path!r} cannot be used: {reason}")
