"""name → corpus format; `read_corpus` asks them in this order."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats import (
    archives,
    arrays_in_memory,
    class_folders,
    coco,
    fiftyone,
    hugging_face,
    idx,
    imagefolder,
    label_studio,
    manifest,
    saved_to_disk,
    tfrecord,
    webdataset,
)
from hubel.corpus.formats.detection import refuse_detection
from hubel.corpus.not_there import why_not_there
from hubel.corpus.reading import AS_FOUND, NO_SPLITS, Reading
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.files import is_there, shown
from hubel.images.formats import ENDINGS
from hubel.wishes import LISTING

SPLITS_NONE = f"splits {NO_SPLITS}"
"""Stands in `Format.honours` for ``splits="none"``, beside ``"splits"`` for names of parts."""


@dataclass(frozen=True)
class Format:
    """One way a corpus can lie on disk.

    Args:
        summary: one line of help.
        matches: whether a path is of this form.
        read: list the corpus.
        honours: the names in `hubel.wishes.READING` that it obeys, besides those of every format; and `SPLITS_NONE`.
    """

    summary: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, OnEvent, Reading], Corpus]
    honours: tuple[str, ...] = ()


FORMATS = {
    "npz": Format("an .npz file with x_train, y_train or x, y", arrays_in_memory.matches, arrays_in_memory.read),
    "idx": Format("IDX files as of MNIST, plain or .gz", idx.matches, idx.read),
    "saved-to-disk": Format("a folder written by save_to_disk of datasets", saved_to_disk.matches, saved_to_disk.read),
    "coco": Format(
        "annotations in COCO form: a JSON file, or a folder with it and the images",
        coco.matches,
        coco.read,
        honours=("images",),
    ),
    "label-studio": Format(
        "a JSON export of Label Studio",
        label_studio.matches,
        label_studio.read,
        honours=("path_column", "label_column", "images"),
    ),
    "manifest": Format(
        "a CSV, TSV, Excel, Parquet or JSON Lines file that lists images with path and label columns",
        manifest.matches,
        manifest.read,
        honours=(*LISTING, SPLITS_NONE),
    ),
    "imagefolder": Format(
        "a folder with metadata.csv or metadata.jsonl beside the images, as of Hugging Face imagefolder",
        imagefolder.matches,
        imagefolder.read,
        honours=("path_column", "label_column", "split_column", "group_column", "splits"),
    ),
    "fiftyone": Format("a folder with data/ and labels.json, as of FiftyOne", fiftyone.matches, fiftyone.read),
    "hugging-face": Format(
        "Parquet in Hugging Face image layout",
        hugging_face.matches,
        hugging_face.read,
        honours=("label_column", "split_column", "group_column", "splits", SPLITS_NONE),
    ),
    "tfrecord": Format(
        "TFRecord files of tf.train.Example",
        tfrecord.matches,
        tfrecord.read,
        honours=("label_column",),
    ),
    "webdataset": Format("a folder of WebDataset tar shards", webdataset.matches, webdataset.read),
    "archive": Format(
        "a zip or tar archive (.tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst) of class folders or labelled images",
        archives.matches,
        archives.read,
        honours=("splits", SPLITS_NONE),
    ),
    "folders": Format(
        "a folder of class folders, with or without train/ validation/ test/",
        class_folders.matches,
        class_folders.read,
        honours=("splits", SPLITS_NONE),
    ),
}

BUILT_IN = {"digits": arrays_in_memory.read_digits}


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
    for name, entry in FORMATS.items():
        if entry.matches(path):
            if name == "folders":
                refuse_detection(path)
            _check_honoured(str(location), entry.summary, honours=entry.honours, reading=reading)
            return entry.read(path, on_event, reading)
    if any(path.suffix.lower()[1:] in endings for endings in ENDINGS.values()):
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
