"""name → corpus format; `read_corpus` asks them in this order."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hubel.catalogue import Later
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import AS_FOUND, NO_SPLITS, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.files import is_there, shown
from hubel.images.formats import IMAGE_ENDINGS
from hubel.wishes import LISTING

SPLITS_NONE = f"splits {NO_SPLITS}"
"""Stands in `Format.honours` for ``splits="none"``, beside ``"splits"`` for names of parts."""


_MAY_HOLD_MORE = re.compile(rf"(?<![a-z])({'|'.join((*SPLIT_FOLDERS, 'data', 'annotations'))})(?![a-z])", re.IGNORECASE)
"""In the name of a folder in which a format looks for its files."""
why_not_there: Callable[[str | Path], str] = Later("hubel.corpus.not_there", "why_not_there")
refuse_detection: Callable[[Path], None] = Later("hubel.corpus.formats.class_folders", "refuse_detection")


@dataclass(frozen=True)
class Format:
    """One way a corpus can lie on disk.

    Args:
        summary: one line of help.
        module: has ``matches(path)`` and ``read(path, on_event, reading)``; it is loaded for what it could be.
        marks: is found in the name of one file at least, in lower case; empty where any names will do.
        files_only: no folder is of this form.
        honours: the names in `hubel.wishes.READING` that it obeys, besides those of every format; and `SPLITS_NONE`.
    """

    summary: str
    module: str
    marks: str = ""
    files_only: bool = False
    honours: tuple[str, ...] = ()

    def fits(self, path: Path, names: str) -> bool:
        """Whether a path is of this form.

        Args:
            path: of the corpus.
            names: of `names_near`.
        """
        if self.files_only and os.path.isdir(path):  # noqa: PTH112  (raises nowhere)
            return False
        return bool(re.search(self.marks, names, re.MULTILINE)) and Later(self.module, "matches")(path)


FORMATS = {
    "npz": Format("an .npz file with x_train, y_train or x, y", "hubel.corpus.formats.arrays_in_memory", r"\.npz$"),
    "idx": Format("IDX files as of MNIST, plain or .gz", "hubel.corpus.formats.idx", r"-ubyte(\.gz)?$"),
    "saved-to-disk": Format(
        "a folder written by save_to_disk of datasets",
        "hubel.corpus.formats.saved_to_disk",
        r"^dataset_dict\.json$|^state\.json$|\.arrow$",
    ),
    "coco": Format(
        "annotations in COCO form: a JSON file, or a folder with it and the images",
        "hubel.corpus.formats.coco",
        r"\.json$",
        honours=("images",),
    ),
    "label-studio": Format(
        "a JSON export of Label Studio",
        "hubel.corpus.formats.label_studio",
        r"\.json$",
        files_only=True,
        honours=("path_column", "label_column", "images"),
    ),
    "manifest": Format(
        "a CSV, TSV, Excel, Parquet or JSON Lines file that lists images with path and label columns",
        "hubel.corpus.formats.manifest",
        files_only=True,
        honours=(*LISTING, SPLITS_NONE),
    ),
    "imagefolder": Format(
        "a folder with metadata.csv or metadata.jsonl beside the images, as of Hugging Face imagefolder",
        "hubel.corpus.formats.imagefolder",
        r"^metadata\.",
        honours=("path_column", "label_column", "split_column", "group_column", "splits"),
    ),
    "fiftyone": Format(
        "a folder with data/ and labels.json, as of FiftyOne", "hubel.corpus.formats.fiftyone", r"^labels\.json$"
    ),
    "hugging-face": Format(
        "Parquet in Hugging Face image layout",
        "hubel.corpus.formats.hugging_face",
        r"\.parquet$",
        honours=("label_column", "split_column", "group_column", "splits", SPLITS_NONE),
    ),
    "tfrecord": Format(
        "TFRecord files of tf.train.Example",
        "hubel.corpus.formats.tfrecord",
        r"\.tfrec|-of-\d{5}$",
        honours=("label_column",),
    ),
    "webdataset": Format(
        "a folder of WebDataset tar shards", "hubel.corpus.formats.webdataset", r"\.t(ar|gz|bz2|xz|zst)"
    ),
    "archive": Format(
        "a zip or tar archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst) of class folders or labelled images",
        "hubel.corpus.formats.archives",
        files_only=True,
        honours=("splits", SPLITS_NONE),
    ),
    "folders": Format(
        "a folder of class folders, with or without train/ validation/ test/",
        "hubel.corpus.formats.class_folders",
        honours=("splits", SPLITS_NONE),
    ),
}

BUILT_IN: dict[str, Callable[[], Corpus]] = {"digits": Later("hubel.corpus.formats.arrays_in_memory", "read_digits")}


def names_near(path: Path) -> str:
    """Names, one a line and in lower case, of a path, of what lies in it, and in its folders of parts and data."""
    within = _names_in(path, depth=2) if os.path.isdir(path) else ()  # noqa: PTH112  (raises nowhere)
    return "\n".join((path.name, *within)).lower()


def _names_in(folder: str | Path, *, depth: int) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:  # it may not be looked at, as whoever reads it says
        for entry in entries:
            yield entry.name
            if depth and _MAY_HOLD_MORE.search(entry.name) and entry.is_dir():
                yield from _names_in(entry.path, depth=depth - 1)


def check_there(location: str | Path) -> None:
    """See that a corpus is where the user says.

    Raises:
        UnusableCorpus: nothing is there; names what is there of nearly that name.
    """
    path = Path(location)
    if str(location) in BUILT_IN or is_there(path):
        return
    try:
        beside = sorted(each.name for each in path.parent.iterdir())
    except OSError:
        beside = []
    names = difflib.get_close_matches(path.name, [*beside, *BUILT_IN], n=1, cutoff=0.7)
    near = f" Did you mean {str(path.with_name(names[0]))!r}?" if names else ""
    what = (
        f"{near} Give the folder that holds the class folders, or the word {' or '.join(BUILT_IN)} for the built-in "
        "corpus."
    )
    raise UnusableCorpus(f"There is no file or folder '{shown(location)}'.{why_not_there(location) or what}")


def read_corpus(location: str | Path, *, reading: Reading = AS_FOUND, on_event: OnEvent = ignore) -> Corpus:
    """Read a corpus: list its examples and account for every file found.

    Args:
        location: a folder or file in one of the `FORMATS`, or the word ``digits``.
        reading: what the user said about it.
        on_event: hears `Progress` while many files are listed.

    Returns:
        The corpus; images are decoded later, and those that cannot be are refused then, by name.

    Raises:
        UnusableCorpus: nothing there, or nothing that is a corpus.
        WrongRequest: ``reading`` says something that this form of corpus has no place for.
    """
    if str(location) in BUILT_IN:
        _check_honoured(str(location), "the built-in corpus", honours=(), reading=reading)
        return BUILT_IN[str(location)]()
    check_there(location)
    path = Path(location)
    names = names_near(path)
    for name, entry in FORMATS.items():
        if entry.fits(path, names):
            if name == "folders":
                refuse_detection(path)
            _check_honoured(str(location), entry.summary, honours=entry.honours, reading=reading)
            return Later(entry.module, "read")(path, on_event, reading)
    if path.suffix.lower()[1:] in IMAGE_ENDINGS:
        raise UnusableCorpus(f"{path} is a single image, not a corpus. Name the folder that holds the class folders.")
    known = "; ".join(entry.summary for entry in FORMATS.values())
    raise UnusableCorpus(f"{path} is not a corpus that Hubel can read. It reads: {known}.")


def _check_honoured(location: str, summary: str, *, honours: tuple[str, ...], reading: Reading) -> None:
    """Refuse a wish that this form of corpus has no place for, instead of passing it over."""
    for name in reading.wishes:
        wish, option = name, Option(name)
        if name == "splits" and reading.no_splits:
            wish, option = SPLITS_NONE, Option(name, NO_SPLITS)
        if wish not in honours and name in LISTING:
            takers = "; ".join(entry.summary for entry in FORMATS.values() if wish in entry.honours)
            raise WrongRequest(
                option, f" does not apply to {location}, which is read as {summary}. It is for: {takers}."
            )
