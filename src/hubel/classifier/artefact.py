"""A classifier as a folder of data: ``manifest.json`` and ``weights.safetensors``. Loading it runs no code.

The manifest names an architecture of our own catalogue with bounded numbers, holds everything beside the weights,
the SHA-256 of the weights, a self-test and, last, its own checksum. A file that differs in one byte is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

from hubel.architectures.file_kinds import is_model_target
from hubel.classifier.assembly import assemble, read_architecture, read_weights
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import (
    FORMAT,
    MANIFEST,
    WEIGHTS,
    Manifest,
    canonical,
    check_files,
    parse_manifest,
    read_manifest,
)
from hubel.classifier.runtime import Runtime
from hubel.classifier.self_test import Outcome, SelfTest, make_self_test, run_self_test
from hubel.classifier.self_test_cache import is_quick, marker, remember
from hubel.classifier.stored_score import describe_score, score_tensors
from hubel.errors import ClaimFailed, DamagedArtefact, UnusableInput
from hubel.errors.wording import Command, Text
from hubel.files import is_file, is_there, written_folder
from hubel.text import one_line, shortened

_ATTEMPTS = 20
"""To read a folder that is being replaced."""


@dataclass(frozen=True)
class Parts:
    """The files of an artefact, each as it was written.

    Args:
        folder: it lies in.
        manifest: everything beside the weights.
        tensors: name → float32 array [...].
    """

    folder: Path
    manifest: Manifest
    tensors: dict[str, np.ndarray]


def write_artefact(classifier: Classifier, tensors: Mapping[str, np.ndarray], *, folder: Path, made_by: str) -> None:
    """Write the artefact: whole under its final name, or not at all.

    Args:
        classifier: what to save; it answers the patterns of the self-test.
        tensors: its network's weights, name → float32 [...].
        folder: created; an artefact that is already there is replaced in one rename.
        made_by: program and version, for people.

    Raises:
        OutputNotWritable: the folder cannot be written.
        ClaimFailed: its answers are not numbers.
    """
    weights = safetensors.numpy.save({**tensors, **score_tensors(classifier.off_corpus)})
    document = {
        "format": FORMAT,
        "made_by": made_by,
        "architecture": classifier.blueprint.to_json(),
        "class_names": list(classifier.class_names),
        "preprocessing": classifier.preprocessing.to_json(),
        "calibration": asdict(classifier.calibration),
        "prediction_sets": None if classifier.sets is None else asdict(classifier.sets),
        "off_corpus": describe_score(classifier.off_corpus),
        "provenance": dict(classifier.provenance),
        "self_test": make_self_test(classifier).to_json(),
        "weights": {"file": WEIGHTS, "bytes": len(weights), "sha256": hashlib.sha256(weights).hexdigest()},
    }
    manifest = canonical(document)
    parse_manifest(manifest, folder / MANIFEST)  # nothing is written that would not be read
    with written_folder(folder, needed=len(weights) + len(manifest)) as temporary:
        (temporary / WEIGHTS).write_bytes(weights)
        (temporary / MANIFEST).write_bytes(manifest)


def open_parts(parts: Parts, runtime: Runtime) -> Classifier:
    """The classifier of an artefact, tested if it is the first time with these libraries on this machine.

    Args:
        parts: of `read_parts`.
        runtime: runs its network.

    Raises:
        DamagedArtefact: the parts do not fit together.
        ClaimFailed: it does not answer here as it did where it was saved.
    """
    classifier, test = assemble(
        parts.manifest.document, parts.tensors, folder=parts.folder, make_engine=runtime.make_engine
    )
    known = marker(parts.manifest.checksum, runtime.libraries)
    if test is not None and is_quick(classifier.blueprint.spec) and not is_there(known):
        outcome = run_and_remember(parts, classifier, test=test, runtime=runtime)
        if not outcome.holds:
            raise ClaimFailed(describe_failure(parts, outcome, runtime=runtime))
    return classifier


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
    """Read both files; again if another artefact took the folder's place meanwhile.

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
    check_files(folder)
    blueprint = read_architecture(manifest.document, folder)
    return Parts(folder, manifest, read_weights(folder, manifest.document, spec=blueprint.spec))


def run_and_remember(parts: Parts, classifier: Classifier, *, test: SelfTest, runtime: Runtime) -> Outcome:
    """Run the self-test; if it holds, the next load skips it.

    Args:
        parts: of the artefact.
        classifier: made of them.
        test: of its manifest.
        runtime: what computes the answers.
    """
    outcome = run_self_test(classifier, test, tolerance=runtime.tolerance)
    if outcome.holds:
        remember(marker(parts.manifest.checksum, runtime.libraries))
    return outcome


def describe_failure(parts: Parts, outcome: Outcome, *, runtime: Runtime) -> Text:
    """What does not hold, why that may be, and what to do.

    Args:
        parts: of the artefact.
        outcome: of its self-test.
        runtime: what computed the answers.
    """
    provenance = parts.manifest.document["provenance"]
    made_with = provenance.get("versions") if isinstance(provenance, dict) else None
    known = made_with if isinstance(made_with, dict) else {}
    there = one_line(shortened(", ".join(f"{name} {known[name]}" for name in sorted(known)), 300)) or "unknown versions"
    here = ", ".join(f"{name} {number}" for name, number in runtime.libraries.items())
    return Text(
        f"{parts.folder}: this classifier does not answer here as it did where it was saved. {outcome.failures[0]} "
        f"(tolerance {outcome.tolerance:g}). Its files match their checksums, so the libraries or this machine "
        f"compute differently. It was made with {there}; here are {here}. See every check: ",
        Command("verify", (str(parts.folder),)),
        "; then install the versions it was made with, or train it again.",
    )
