"""Predict: files, folders and archives → class names, in the order they were given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from hubel.arrays import Image
from hubel.classifier.answering import Answering
from hubel.classifier.prediction import Prediction
from hubel.corpus.corpus import IGNORED, IntakeRow
from hubel.corpus.example_images import read_image
from hubel.corpus.trees.catalogue import is_archive, open_tree
from hubel.corpus.trees.tree import Tree, ending_of
from hubel.errors import UnreadableImage, UnusableInput
from hubel.events import ignore
from hubel.files import is_folder
from hubel.images.decode import read_header
from hubel.images.preprocessing import read_pixels

_CHUNK = 256
DOCUMENTS = {
    "pdf", "doc", "docx", "odt", "rtf", "tex", "epub", "xls", "xlsx", "ods", "ppt", "pptx", "odp", "eml", "msg",
    "mp4", "mov", "avi", "mkv", "webm", "m4v", "mpg", "wmv", "mp3", "wav", "flac", "ogg", "m4a", "aac",
    "zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "iso", "exe", "dll", "so", "bin", "db", "sqlite",
    "url", "lnk", "torrent", "bak", "tmp", "h5", "hdf5", "mat", "ttf", "otf",
}  # fmt: skip
"""Endings of files that lie beside images and are none. Where every image of a folder is to be named, nobody asks for
these; in the folder of a class, where a corpus is read, one of them is refused, for it stands in an image's place."""
_LEFT_BY_PROGRAMS = "left by programs"
STANDARD_INPUT = "-"
"""What an image that came on standard input is called."""


@dataclass(frozen=True)
class InputAnswer:
    """What became of one input: a prediction, the reason why there is none, or that it is not an image.

    Args:
        path: as the user would write it.
        prediction: of an image.
        error: of what should have been one.
        passed_over: the kind of another file in a folder or an archive, such as ``.txt``; it has neither.
    """

    path: str
    prediction: Prediction | None
    error: UnreadableImage | None = None
    passed_over: str = ""


@dataclass(frozen=True)
class Input:
    """One image to be named.

    Args:
        path: as the user would write it; of a member of an archive behind the archive's own.
        fault: what is known to be wrong with it already.
        passed_over: what it is instead, of a file that lies beside images.
        tree: where it lies; None for a file of its own.
        inside: its path in the tree.
        content: its bytes where they are at hand already.
    """

    path: str
    fault: UnreadableImage | None = None
    passed_over: str = ""
    tree: Tree | None = None
    inside: str = ""
    content: bytes | None = None

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            UnreadableImage: it cannot be read.
        """
        if self.fault is not None:
            raise self.fault
        if self.content is not None:
            return self.content
        if self.tree is not None:
            return self.tree.read(self.inside)
        try:
            return read_image(self.path)
        except UnreadableImage as error:
            if error.code != "vanished":
                raise
            raise UnreadableImage(error.code, "there is no such file: check the name") from error


def list_inputs(inputs: Iterable[str | bytes]) -> Iterator[Input]:
    """Every file named, and every file in a folder or an archive named, by name; a known fault goes with it."""
    for text in inputs:
        if isinstance(text, bytes):
            yield Input(STANDARD_INPUT, content=text)
            continue
        path = Path(text)
        try:
            if not is_folder(path) and not is_archive(path):
                yield Input(text)
                continue
            tree = open_tree(path, ignore)
        except UnusableInput as error:
            yield Input(text, UnreadableImage("corrupt", str(error).rstrip(".")))
            continue
        empty = True
        for row in tree.rows():
            place = f"{text.rstrip('/')}/{row.path}"
            if kind := _other_kind(row):
                yield Input(place, passed_over=kind)
                continue
            empty = False
            fault = UnreadableImage(row.code, row.reason) if row.status else None
            yield Input(place, fault, tree=tree, inside=row.path)
        if empty:
            yield Input(text, UnreadableImage("no-images", "it holds no images: name another one"))


def _other_kind(row: IntakeRow) -> str:
    """What a file that lies beside images is instead, judged by its name; empty where it should be an image."""
    ending = ending_of(row.path.rpartition("/")[2])
    if row.status == IGNORED and row.code != "other-file":
        return _LEFT_BY_PROGRAMS if row.code == "debris" else row.code
    return f".{ending}" if row.status == IGNORED or (not row.status and ending in DOCUMENTS) else ""


def read_standard_input(data: bytes) -> list[str | bytes]:
    """What came on standard input: paths, one per line, or one image, which stays as it is.

    Raises:
        UnusableInput: neither.
    """
    try:
        read_header(data)
    except UnreadableImage as error:
        if b"\0" not in data:
            return [os.fsdecode(line) for line in data.splitlines() if line]
        raise UnusableInput(
            f"Standard input holds neither paths, one per line, nor an image that can be read: {error.reason}."
        ) from error
    return [data]


def predict_files(
    classifier: Answering, inputs: Iterable[str | bytes], *, coverage: float | None = None
) -> Iterator[InputAnswer]:
    """One answer for each file, in order; an image that cannot be read does not stop the others.

    Args:
        classifier: names the images.
        inputs: files, folders and archives; bytes are those of one image.
        coverage: give also prediction sets of this coverage, and abstain by them.
    """
    listed = list_inputs(inputs)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:

        def read(item: Input) -> Image | UnreadableImage | None:
            try:
                return None if item.passed_over else read_pixels(item.read(), classifier.preprocessing)
            except UnreadableImage as error:
                return error

        while chunk := list(islice(listed, _CHUNK)):
            results = list(pool.map(read, chunk))
            pixels = [result for result in results if isinstance(result, np.ndarray)]
            predictions = iter(classifier.predict_pixels(np.stack(pixels), coverage=coverage) if pixels else ())
            for item, result in zip(chunk, results, strict=True):
                if item.passed_over:
                    yield InputAnswer(item.path, None, passed_over=item.passed_over)
                elif isinstance(result, UnreadableImage):
                    yield InputAnswer(item.path, None, result)
                else:
                    yield InputAnswer(item.path, next(predictions))
