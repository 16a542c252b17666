"""A classifier → the folder that `hubel.classifier.artefact` reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from hubel.classifier.classifier import Classifier
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.manifest import (
    FORMAT,
    GRAPH,
    MANIFEST,
    PLAIN_FORMAT,
    TTA_FORMAT,
    WEIGHTS,
    canonical,
    parse_manifest,
)
from hubel.classifier.self_test import make_self_test
from hubel.classifier.stored_score import describe_score, score_tensors
from hubel.files import written_folder
from hubel.wishes import NO_TTA


def write_artefact(
    classifier: Classifier,
    tensors: Mapping[str, np.ndarray],
    *,
    folder: Path,
    made_by: str,
    graph: CompiledGraph | None = None,
) -> None:
    """Write the artefact: whole under its final name, or not at all.

    Args:
        classifier: what to save; it answers the patterns of the self-test.
        tensors: its network's weights, name → float32 [...].
        folder: created; an artefact that is already there is replaced in one rename.
        made_by: program and version, for people.
        graph: of its network, proven to answer alike; None for none.

    Raises:
        OutputNotWritable: the folder cannot be written.
        ClaimFailed: its answers are not numbers.
    """
    weights = safetensors.numpy.save({**tensors, **score_tensors(classifier.off_corpus)})
    tta = {} if classifier.tta == NO_TTA and graph is None else {"tta": classifier.tta}
    version = FORMAT if graph is not None else TTA_FORMAT if tta else PLAIN_FORMAT
    document = {
        "format": version,
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
        "weights": _described(WEIGHTS, weights),
    }
    if graph is not None:
        document["graph"] = _described(GRAPH, graph.data) | {"opset": graph.opset, "outputs": dict(graph.outputs)}
    manifest = canonical(document)
    parse_manifest(manifest, folder / MANIFEST)  # nothing is written that would not be read
    content = b"" if graph is None else graph.data
    with written_folder(folder, needed=len(weights) + len(manifest) + len(content)) as temporary:
        (temporary / WEIGHTS).write_bytes(weights)
        if graph is not None:
            (temporary / GRAPH).write_bytes(content)
        (temporary / MANIFEST).write_bytes(manifest)


def _described(name: str, content: bytes) -> dict[str, Any]:
    return {"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
