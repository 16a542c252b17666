"""A classifier's network → a file of LiteRT, by TensorFlow's own converter.

It takes one image at a time, as phones have them: what speeds networks up there wants sizes that are known.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import zipfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hubel.exports.description import DESCRIPTION
from hubel.exports.model import Model
from hubel.exports.precision import FLOAT16, FLOAT32, INT8
from hubel.exports.saved_model import write_frozen
from hubel.files import write_bytes

LABELS = "labels.txt"
"""The name that readers of such files look for: a class name a line, in the order of the logits."""


def write_model(model: Model, path: Path, *, weights: str) -> None:
    """Write the file; equal classifiers give equal bytes.

    Class names and preprocessing lie in it as they do in other files of LiteRT: what reads zip files reads them.

    Args:
        model: the network, and what is said of it.
        path: of the file.
        weights: how they are written: ``"float32"``, as they are, ``"float16"``, or in 8 bits, ``"int8"``.

    Raises:
        BackendNotAvailable: Keras runs on another backend.
    """
    with TemporaryDirectory(prefix="hubel-litert-") as folder:
        saved = Path(folder, "saved_model")
        write_frozen(model, saved, batch=1)
        tf = importlib.import_module("tensorflow")
        converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
        if weights != FLOAT32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if weights == FLOAT16:
            converter.target_spec.supported_types = [tf.float16]
        if weights == INT8:
            converter.representative_dataset = lambda: _one_by_one(model.examples())
        with _silence():
            made = converter.convert()
    names = "".join(f"{name}\n" for name in model.description["class_names"])
    described = json.dumps(model.description, sort_keys=True)
    write_bytes(path, _with_files(made, {LABELS: names, DESCRIPTION: described}))


@contextmanager
def _silence() -> Generator[None]:
    """TensorFlow's converter writes to standard error by itself, in C++, what it is about; its errors it raises."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _one_by_one(images: np.ndarray) -> Iterator[list[np.ndarray]]:
    for image in images:
        yield [image[None]]


def _with_files(made: bytes, files: Mapping[str, str]) -> bytes:
    """The same with files in a zip behind it; the time in it is always the same."""
    both = io.BytesIO(made)
    with zipfile.ZipFile(both, "a") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return both.getvalue()
