"""A classifier's network → a model file of Keras, with nothing in it that Keras alone does not know."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hubel.backends.framework import keras
from hubel.errors import UnusableInput
from hubel.errors.wording import Option, Remedy
from hubel.exports.model import Model
from hubel.files import written_file

CONFIG, METADATA, SAVED, SHARED = "config.json", "metadata.json", "date_saved", "shared_object_id"
NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that a zip file knows."""


def write_model(model: Model, path: Path, *, weights: str) -> None:
    """Write the file; equal classifiers give equal bytes.

    Args:
        model: the network, and what is said of it.
        path: of the file.
        weights: how they are written: ``"float32"``, as they are.

    Raises:
        UnusableInput: it has a layer that is Hubel's own.
    """
    network = model.classifier.model
    own = sorted({type(each).__name__ for each in layers_of(network) if type(each).__module__.startswith("hubel.")})
    if own:
        raise UnusableInput(
            f"This classifier has layers that Keras does not know without Hubel: {', '.join(own)}.",
            Remedy("Take another format: ", Option("format", "onnx"), "."),
        )
    if weights != network.dtype:
        raise UnusableInput(f"A model file of Keras has its weights as they are, {network.dtype}. Received: {weights}.")
    with TemporaryDirectory(prefix="hubel-keras-") as folder:
        saved = Path(folder, "model.keras")
        network.save(saved)
        _write_again(saved, path)


def layers_of(network: keras.Model) -> list[Any]:
    """All layers, those of models inside of it included."""
    return list(network._flatten_layers(include_self=False))


def _write_again(saved: Path, path: Path) -> None:
    """The same content, in the order of the names, without the time and without places in memory."""
    with zipfile.ZipFile(saved) as source, written_file(path) as file, zipfile.ZipFile(file, "w") as target:
        for name in sorted(source.namelist()):
            data = source.read(name)
            if name == METADATA:
                data = json.dumps({**json.loads(data), SAVED: "1980-01-01@00:00:00"}).encode()
            if name == CONFIG:
                data = json.dumps(_renumbered(json.loads(data), {})).encode()
            target.writestr(zipfile.ZipInfo(name, NO_TIME), data)


def _renumbered(value: Any, numbers: dict[int, int]) -> Any:
    """A configuration whose shared objects are told apart by their order, not by their place in memory."""
    if isinstance(value, list):
        return [_renumbered(each, numbers) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: numbers.setdefault(each, len(numbers) + 1) if name == SHARED else _renumbered(each, numbers)
        for name, each in value.items()
    }
