"""Every engine, by name. Its module, and with it a framework, is imported when somebody asks for the engine."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubel.catalogue import find
from hubel.classifier.artefact import find_artefact, open_parts, read_parts
from hubel.classifier.classifier import Classifier
from hubel.classifier.runtime import Runtime

if TYPE_CHECKING:
    from hubel.classifier.foreign_classifier import ForeignClassifier


@dataclass(frozen=True)
class EngineEntry:
    """An engine that can be asked for.

    Args:
        summary: one line, for people.
        module: has a function ``runtime() -> Runtime``.
    """

    summary: str
    module: str


ENGINES = {"keras": EngineEntry("the Keras model itself, on the chosen backend", "hubel.engines.keras_artefact")}


def find_runtime(name: str = "keras") -> Runtime:
    """What an engine is on this machine; imports its framework.

    Raises:
        UnknownName: there is no such engine.
        BackendNotAvailable: its framework is not installed.
    """
    return importlib.import_module(find(ENGINES, name, kind="engine").module).runtime()


def load_classifier(folder: Path, *, engine: str = "keras") -> Classifier:
    """Read an artefact: a run folder, or its ``classifier/`` folder.

    Its self-test runs the first time that it is loaded with these libraries on this machine.

    Args:
        folder: is read and checked before a framework is imported.
        engine: a name in `ENGINES`.

    Raises:
        UnusableInput: there is no artefact.
        DamagedArtefact: a part of it has changed since it was written, or asks for more than the bounds allow.
        ClaimFailed: it does not answer here as it did where it was saved.
    """
    parts = read_parts(find_artefact(folder))
    return open_parts(parts, find_runtime(engine))


def load_foreign_classifier(
    path: Path,
    *,
    class_names: Sequence[str] | None = None,
    pixels: str | None = None,
    size: tuple[int, int] | None = None,
) -> ForeignClassifier:
    """A Keras model file with what its user says of it; imports Keras.

    Args:
        path: of the file.
        class_names: in the order of the outputs; two for a single one.
        pixels: a name in `PIXELS`; left out, the model may say so itself.
        size: (height, width) of the images, for a model that takes any.

    Raises:
        UnusableInput: the file cannot be loaded, or its model takes no images.
        UnknownName: no such way of giving pixels.
        WrongRequest: the model takes another size, or has another number of classes.
    """
    module = importlib.import_module("hubel.engines.model_files")
    return module.load_foreign_classifier(path, class_names=class_names, pixels=pixels, size=size)
