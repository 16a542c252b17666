"""Every engine, by name. Its module, and with it a framework, is imported when somebody asks for the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubel.catalogue import Later, find, is_installed
from hubel.classifier.artefact import Parts, find_artefact, read_parts
from hubel.errors import BackendNotAvailable, UnusableInput
from hubel.errors.wording import Command, Option, Remedy
from hubel.wishes import AUTO

if TYPE_CHECKING:
    from hubel.classifier.classifier import Classifier
    from hubel.classifier.compiled_graph import CompiledGraph
    from hubel.classifier.foreign_classifier import ForeignClassifier
    from hubel.classifier.runtime import Runtime


@dataclass(frozen=True)
class EngineEntry:
    """An engine that can be asked for.

    Args:
        summary: one line, for people.
        runtime: what it is on this machine, of the graph where it runs one; its module imports a framework.
        packages: of which it needs the first, and one of the others if there are any.
        by_graph: it runs the compiled graph of an artefact.
        install: for pip, in the folder of Hubel's source, to have them.
    """

    summary: str
    runtime: Callable[..., Runtime]
    packages: tuple[str, ...]
    by_graph: bool = False
    install: str = "."

    @property
    def installed(self) -> bool:
        """Whether its packages can be imported."""
        first, *others = map(is_installed, self.packages)
        return first and (any(others) or not others)


ENGINES = {
    "onnx": EngineEntry(
        "the compiled graph of a classifier, in ONNX Runtime; starts in a fraction of a second",
        Later("hubel.engines.onnx_engine", "runtime"),
        ("onnxruntime",),
        by_graph=True,
    ),
    "keras": EngineEntry(
        "the Keras model itself, on the chosen backend",
        Later("hubel.engines.keras_artefact", "runtime"),
        ("keras", "tensorflow", "jax", "torch"),
        install="'.[train]'",
    ),
}
_open_parts: Callable[[Parts, Runtime], Classifier] = Later("hubel.classifier.assembly", "open_parts")
load_foreign_classifier: Callable[..., ForeignClassifier] = Later(
    "hubel.engines.model_files", "load_foreign_classifier"
)
"""A Keras model file with what its user says of it; imports Keras."""


def find_runtime(name: str = "keras", graph: CompiledGraph | None = None) -> Runtime:
    """What an engine is on this machine; imports its framework.

    Args:
        name: in `ENGINES`.
        graph: of the artefact that it is to run, for an engine that needs it.

    Raises:
        UnknownName: there is no such engine.
        UnusableInput: it needs a graph, and there is none.
        BackendNotAvailable: its framework is not installed.
    """
    entry = find(ENGINES, name, kind="engine")
    if entry.by_graph and graph is None:
        raise UnusableInput(
            f"The engine {name!r} runs a compiled graph, and this classifier has none: it was saved before version "
            "0.10, or its graph did not answer like its model.",
            Remedy("Use the other engine: ", Option("engine", "keras"), "."),
            Remedy("Or give it a graph: ", Command("export", ("RUN",), (Option("into_run", value=True),))),
        )
    if not is_installed(entry.packages[0]):
        others = (Remedy("Or use the other engine: ", Option("engine", "keras"), "."),) if entry.by_graph else ()
        raise BackendNotAvailable(
            f"The engine {name!r} needs {entry.packages[0]}, which is not installed. In the folder of Hubel's source, "
            f"type: pip install {entry.install}",
            *others,
        )
    return entry.runtime(graph) if entry.by_graph else entry.runtime()


def choose_engine(graph: CompiledGraph | None) -> str:
    """The name of the engine that runs an artefact where nobody asked for another one.

    Args:
        graph: of the artefact.
    """
    return next((name for name, each in ENGINES.items() if each.by_graph and graph and each.installed), "keras")


def load_classifier(folder: Path, *, engine: str = AUTO) -> Classifier:
    """Read an artefact: a run folder, or its ``classifier/`` folder.

    Its self-test runs the first time that it is loaded with these libraries on this machine.

    Args:
        folder: is read and checked before a framework is imported.
        engine: a name in `ENGINES`, or `AUTO`.

    Raises:
        UnusableInput: there is no artefact.
        UnknownName: there is no such engine.
        BackendNotAvailable: what the engine needs is not installed.
        DamagedArtefact: a part of it has changed since it was written, or asks for more than the bounds allow.
        ClaimFailed: it does not answer here as it did where it was saved.
    """
    parts = read_parts(find_artefact(folder))
    runtime = find_runtime(choose_engine(parts.graph) if engine == AUTO else engine, parts.graph)
    return _open_parts(parts, runtime)
