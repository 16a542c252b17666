"""A classifier as a folder of data: ``manifest.json``, ``weights.safetensors`` and, if compiled, ``model.onnx``.

Reading it runs no code.

The manifest names an architecture of our own catalogue with bounded numbers, holds everything beside the weights,
the SHA-256 of the weights, a self-test and, last, its own checksum. A file that differs in one byte is refused, and
every size is compared with the weights at hand before anything is built.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.catalogue import Blueprint, blueprint_from_json
from hubel.architectures.file_kinds import is_model_target
from hubel.architectures.spec import Spec
from hubel.classifier.compiled_graph import CompiledGraph, read_graph_file
from hubel.classifier.manifest import (
    CURE,
    MANIFEST,
    OFF_CORPUS,
    WEIGHTS,
    Manifest,
    check_files,
    open_part,
    read_manifest,
)
from hubel.classifier.tensors import Header, check_finite, read_header, read_tensors
from hubel.errors import DamagedArtefact, HubelError, UnusableInput
from hubel.errors.wording import Command
from hubel.files import is_file
from hubel.text import shortened

_ATTEMPTS = 20
"""To read a folder that is being replaced."""
_MOST_OFF_CORPUS = 2**22
"""Numbers in the tensors of the off-corpus score; those of format 2 took less than half of it, later ones a tenth."""
_MOST_LETTERS = 20_000
"""Of the JSON of an architecture; eight groups take a tenth of it."""
MISTAKES = (HubelError, KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What plain data of a stranger can lead to while it is read."""


@dataclass(frozen=True)
class Parts:
    """The files of an artefact, each as it was written.

    Args:
        folder: it lies in.
        manifest: everything beside the weights.
        tensors: name → float32 array [...].
        graph: the compiled graph; None where there is none. Its content is checked by the engine that runs it.
    """

    folder: Path
    manifest: Manifest
    tensors: dict[str, np.ndarray]
    graph: CompiledGraph | None = None


def find_artefact(folder: Path) -> Path:
    """The artefact's own folder, of a run folder or of itself.

    Raises:
        UnusableInput: there is none.
    """
    if is_model_target(folder):
        raise UnusableInput(f"{folder} is a model file. This needs a run: give a run folder.")
    inner = folder / "classifier"
    folder = inner if is_file(inner / MANIFEST) else folder
    if not is_file(folder / MANIFEST):
        raise UnusableInput(
            f"{folder} holds no classifier: there is no {MANIFEST} in it, nor in a classifier/ folder. A run is a "
            "folder that ", Command("train", ("CORPUS",)), " has written.",
        )  # fmt: skip
    return folder


def read_parts(folder: Path) -> Parts:
    """Read every file; again if another artefact took the folder's place meanwhile.

    Raises:
        DamagedArtefact: a part of it has changed since it was written, or asks for more than the bounds allow.
    """
    for _ in range(_ATTEMPTS):
        before = _identity(folder)
        try:
            return _read_once(folder)
        except DamagedArtefact:
            if _identity(folder) == before:
                raise
    raise DamagedArtefact(f"{folder} keeps being replaced while it is read. Stop what writes it, and try again.")


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError:
        return 0, 0  # just being replaced, where that takes two renames
    return status.st_ino, status.st_ctime_ns


def _read_once(folder: Path) -> Parts:
    manifest = read_manifest(folder)
    check_files(folder, manifest.document)
    blueprint = read_architecture(manifest.document, folder)
    weights = read_weights(folder, manifest.document, spec=blueprint.spec)
    return Parts(folder, manifest, weights, read_graph_file(folder, manifest.document))


def read_architecture(document: dict[str, Any], folder: Path) -> Blueprint:
    """The blueprint, within its bounds.

    Args:
        document: of the manifest.
        folder: named in errors.

    Raises:
        DamagedArtefact: a number is out of bounds, or no image fits it.
    """
    try:
        if len(json.dumps(document["architecture"])) > _MOST_LETTERS:
            raise ValueError(f"the architecture takes more than {_MOST_LETTERS:,} letters")
        blueprint = blueprint_from_json(document["architecture"])
    except MISTAKES as error:
        raise damaged(folder / MANIFEST, error) from error
    if blueprint.spec.channels != 3:
        raise DamagedArtefact(f"{folder / MANIFEST} has {blueprint.spec.channels} channels, images have 3. {CURE}")
    return blueprint


def read_weights(folder: Path, document: dict[str, Any], *, spec: Spec) -> dict[str, np.ndarray]:
    """The tensors: as many as the spec needs, each of finite numbers.

    Args:
        folder: of the artefact.
        document: of its manifest.
        spec: of its architecture.

    Returns:
        Name → float32 array [...].

    Raises:
        DamagedArtefact: the file is not as it was written, or the spec needs another size; the tensor is named.
    """
    path, described = folder / WEIGHTS, document["weights"]
    if not isinstance(described, dict) or described.get("file") != WEIGHTS or type(described.get("bytes")) is not int:
        raise DamagedArtefact(f"{folder / MANIFEST} does not describe {WEIGHTS}. {CURE}")
    with open_part(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size != described["bytes"]:
            raise DamagedArtefact(f"{path} has {size:,} bytes, {described['bytes']:,} were written. {CURE}")
        try:
            header = read_header(file, size)
            _check_numbers(header, spec, folder=folder)
            tensors, digest = read_tensors(file, header)
            if digest != described.get("sha256"):
                raise DamagedArtefact(f"{path} has changed since it was written: its checksum does not match. {CURE}")
            check_finite(tensors)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise damaged(path, error) from error
    return tensors


def _check_numbers(header: Header, spec: Spec, *, folder: Path) -> None:
    """A network may be about as large as its weights are; a small misfit is named by its tensor later."""
    try:
        needed = spec.count_parameters()
    except HubelError as error:
        raise damaged(folder / MANIFEST, error) from error
    beside = sum(slot.size for name, slot in header.slots.items() if name.startswith(OFF_CORPUS))
    held = header.numbers - beside
    if needed > 2 * held or held > 8 * needed + 1_000_000:
        raise DamagedArtefact(
            f"{folder / MANIFEST} describes a network of {needed:,} numbers, {WEIGHTS} holds {held:,}. {CURE}"
        )
    if beside > _MOST_OFF_CORPUS:
        raise DamagedArtefact(
            f"{folder / WEIGHTS}: the tensors {OFF_CORPUS}* have {beside:,} numbers; {_MOST_OFF_CORPUS:,} are allowed. "
            f"{CURE}"
        )


def damaged(path: Path, error: Exception) -> DamagedArtefact:
    """What plain data of a stranger led to, as an error that names the file.

    Args:
        path: of the file.
        error: one of `MISTAKES`, or of the system.
    """
    if isinstance(error, HubelError):  # what it received may be as long as a stranger likes
        parts = (shortened(part, 500) if isinstance(part, str) else part for part in error.text.parts)
        return DamagedArtefact(f"{path}: ", *parts, f" {CURE}")
    said = f"{error} is missing" if isinstance(error, KeyError) else shortened(str(error).rstrip("."), 500)
    return DamagedArtefact(f"{path}: {said}. {CURE}")
