"""Every engine, by name. Its module, and with it a framework, is imported when somebody asks for the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubel.catalogue import Later, find
from hubel.classifier.artefact import Parts, find_artefact, read_parts

if TYPE_CHECKING:
    from hubel.classifier.classifier import Classifier
    from hubel.classifier.foreign_classifier import ForeignClassifier
    from hubel.classifier.runtime import Runtime


@dataclass(frozen=True)
class EngineEntry:
    """An engine that can be asked for.

    Args:
        summary: one line, for people.
        runtime: what it is on this machine; its module imports a framework.
    """

    summary: str
    runtime: Callable[[], Runtime]


ENGINES = {
    "keras": EngineEntry(
        "the Keras model itself, on the chosen backend", Later("hubel.engines.keras_artefact", "runtime")
    )
}
_open_parts: Callable[[Parts, Runtime], Classifier] = Later("hubel.classifier.assembly", "open_parts")
load_foreign_classifier: Callable[..., ForeignClassifier] = Later(
    "hubel.engines.model_files", "load_foreign_classifier"
)
"""A Keras model file with what its user says of it; imports Keras."""


def find_runtime(name: str = "keras") -> Runtime:
    """What an engine is on this machine; imports its framework.

    Raises:
        UnknownName: there is no such engine.
        BackendNotAvailable: its framework is not installed.
    """
    return find(ENGINES, name, kind="engine").runtime()


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
    runtime = find_runtime(engine)
    return _open_parts(parts, runtime)
