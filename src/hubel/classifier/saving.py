"""A classifier → the folder that `hubel.classifier.artefact` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import safetensors.numpy

from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import FORMAT, MANIFEST, PLAIN_FORMAT, WEIGHTS, canonical, parse_manifest
from hubel.classifier.self_test import make_self_test
from hubel.classifier.stored_score import describe_score, score_tensors
from hubel.files import written_folder
from hubel.wishes import NO_TTA


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
    tta = {} if classifier.tta == NO_TTA else {"tta": classifier.tta}
    document = {
        "format": FORMAT if tta else PLAIN_FORMAT,
        "made_by": made_by,
        "architecture": classifier.blueprint.to_json(),
        "class_names": list(classifier.class_names),
        "preprocessing": classifier.preprocessing.to_json(),
        **tta,
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
