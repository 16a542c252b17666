"""What a run is made of: everything its result depends on, by the name a user knows it by."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from hubel.architectures.catalogue import make_blueprint
from hubel.corpus.split import Splits
from hubel.pipeline.decoded import DecodedCorpus
from hubel.runs.commands import train_command, whole_command
from hubel.runs.machine import DEVICES, describe_machine
from hubel.runs.request import TrainRequest
from hubel.shell import flag_of
from hubel.wishes import TRAINING
from hubel.workflows.training.checkpointing import START_WEIGHTS, VARIABLE, Origin
from hubel.workflows.training.choose import Choice

IDENTITY = {name: wish for name, wish in TRAINING.items() if wish.identity}
"""Wishes that a resumed run must have as it was begun; the others count by what they lead to."""


def origin_of(
    request: TrainRequest,
    choice: Choice,
    *,
    decoded: DecodedCorpus,
    splits: Splits,
    pretrained: list[np.ndarray] | None,
    from_weights: str | None = None,
) -> Origin:
    """What a run is made of, and the commands that make and replace it.

    Args:
        request: the user's words.
        choice: what was chosen.
        decoded: corpus and pixels.
        splits: of the corpus.
        pretrained: weights [each of its own shape] of the backbone; None from scratch.
        from_weights: SHA-256 of the weights of the run that it begins from.
    """
    corpus, size = decoded.corpus, choice.preprocessing.size
    blueprint = make_blueprint(choice.entry, size, classes=len(corpus.class_names), alpha=request.alpha)
    labels = [
        (example.path, example.label, name) for example, name in zip(corpus.examples, splits.names(), strict=True)
    ]
    made_of: dict[str, Any] = {
        "images": len(corpus.examples),
        "content of the images": decoded.fingerprint,
        "class names": list(corpus.class_names),
        "labels and split": _digest(labels),
        "architecture": choice.architecture,
        "layers": _digest(blueprint.to_json()),
        "weights": str(choice.weights),
        "content of the weights": None if pretrained is None else _digest_of_arrays(pretrained),
        START_WEIGHTS: from_weights,
        "image size": list(size),
        "resize": choice.preprocessing.resize,
        flag_of("bands"): list(choice.preprocessing.bands) or None,
        "values of deep images": [list(ends) for ends in choice.preprocessing.ranges] or None,
        **{flag_of(name): getattr(request, wish.field or name) for name, wish in IDENTITY.items()},
        **_versions_and_variables(),
    }
    tried = tuple(row.to_json() for row in choice.tried)
    return Origin(made_of, train_command(request), whole_command(request), tried)


def _versions_and_variables() -> dict[str, str]:
    """Of what computes, and how it rounds; another Python or another writer of files changes no number."""
    machine = describe_machine()
    versions = {name: each for name, each in machine["versions"].items() if name not in ("python", "safetensors")}
    return {
        "backend": machine["backend"],
        **{f"version of {name}": each for name, each in versions.items()},
        **{f"{VARIABLE}{name}": each for name, each in machine["environment"].items() if name not in DEVICES},
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _digest_of_arrays(arrays: list[np.ndarray]) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()
