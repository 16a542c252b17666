"""Predict: files and folders → class names, in the order they were given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from hubel.arrays import Image
from hubel.classifier.classifier import Classifier
from hubel.classifier.prediction import Prediction
from hubel.corpus.trees.folder import FolderTree, read_file
from hubel.errors import UnreadableImage, UnusableInput
from hubel.images.preprocessing import read_pixels

_CHUNK = 256


@dataclass(frozen=True)
class Answer:
    """What became of one input: a prediction, or the reason why there is none."""

    path: str
    prediction: Prediction | None
    error: UnreadableImage | None = None


def list_inputs(inputs: Iterable[str]) -> Iterator[tuple[str, UnreadableImage | None]]:
    """Every file named, and every picture in a folder named, by name; a known fault goes with it."""
    for text in inputs:
        path = Path(text)
        if not path.is_dir():
            yield text, None
            continue
        empty = True
        for row in FolderTree(path).rows():
            if row.status == "ignored":
                continue
            empty = False
            fault = UnreadableImage(row.code, row.reason) if row.status else None
            yield f"{text.rstrip('/')}/{row.path}", fault
        if empty:
            yield text, UnreadableImage("no-pictures", "the folder holds no pictures: name another one")


def check_inputs(inputs: Sequence[str]) -> None:
    """Refuse inputs of which none is there, before any model is loaded; a part of them is answered one by one.

    Raises:
        UnusableInput: naming the first input.
    """
    if inputs and not any(Path(text).exists() for text in inputs):
        raise UnusableInput(f"There is no file or folder {inputs[0]!r}. Give pictures or folders of pictures.")


def predict_files(classifier: Classifier, inputs: Iterable[str]) -> Iterator[Answer]:
    """One answer for each picture, in order; a picture that cannot be read does not stop the others.

    Args:
        classifier: names the pictures.
        inputs: files and folders.
    """
    listed = list_inputs(inputs)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:

        def read(item: tuple[str, UnreadableImage | None]) -> Image | UnreadableImage:
            if item[1] is not None:
                return item[1]
            try:
                return read_pixels(read_file(Path(item[0])), classifier.preprocessing)
            except UnreadableImage as error:
                return error

        while chunk := list(islice(listed, _CHUNK)):
            results = list(pool.map(read, chunk))
            pixels = [result for result in results if not isinstance(result, UnreadableImage)]
            predictions = iter(classifier.predict_pixels(np.stack(pixels)) if pixels else ())
            for (path, _), result in zip(chunk, results, strict=True):
                if isinstance(result, UnreadableImage):
                    yield Answer(path, None, result)
                else:
                    yield Answer(path, next(predictions))
