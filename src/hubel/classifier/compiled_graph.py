"""The compiled graph in an artefact: a file beside the weights, for engines that need no framework."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.classifier.manifest import CURE, GRAPH, MANIFEST, WEIGHTS, open_part
from hubel.errors import DamagedArtefact

MOST_BESIDE_WEIGHTS = 4_000_000
"""Bytes of a compiled graph that are no weights: its operations and their names; the deepest takes a tenth of it."""
KEYS = {"file", "bytes", "sha256", "opset", "outputs"}


@dataclass(frozen=True)
class CompiledGraph:
    """A network's compiled graph, as it is kept beside its weights.

    Args:
        data: of the file.
        opset: its version of ONNX's operators.
        outputs: name → numbers that it gives for each image.
    """

    data: bytes
    opset: int
    outputs: Mapping[str, int]


def read_graph_file(folder: Path, document: dict[str, Any]) -> CompiledGraph | None:
    """The compiled graph as it was written; None where the artefact has none.

    Args:
        folder: of the artefact.
        document: of its manifest.

    Raises:
        DamagedArtefact: the file is not as it was written, or is larger than the weights in it can make it.
    """
    if "graph" not in document:
        return None
    path, described, weights = folder / GRAPH, document["graph"], document["weights"]["bytes"]
    if not isinstance(described, dict) or set(described) != KEYS or not _is_table(described["outputs"]):
        raise DamagedArtefact(f"{folder / MANIFEST} does not describe {GRAPH}. {CURE}")
    written = described["bytes"]
    if described["file"] != GRAPH or type(written) is not int or not 0 < written <= weights + MOST_BESIDE_WEIGHTS:
        raise DamagedArtefact(f"{folder / MANIFEST} describes a {GRAPH} that does not fit {WEIGHTS}. {CURE}")
    with open_part(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(written + 1) if size == written else b""
    if len(data) != written:
        raise DamagedArtefact(f"{path} has {size:,} bytes, {written:,} were written. {CURE}")
    if hashlib.sha256(data).hexdigest() != described["sha256"]:
        raise DamagedArtefact(f"{path} has changed since it was written: its checksum does not match. {CURE}")
    return CompiledGraph(data, described["opset"], described["outputs"])


def _is_table(outputs: object) -> bool:
    """Whether it is at most three names of numbers."""
    return isinstance(outputs, dict) and len(outputs) <= 3 and all(type(count) is int for count in outputs.values())
