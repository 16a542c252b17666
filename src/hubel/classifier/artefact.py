"""A classifier as a folder of data: ``manifest.json`` and ``weights.safetensors``. Loading it runs no code.

The manifest names an architecture of our own catalogue with bounded numbers, holds everything beside the weights,
the SHA-256 of the weights and, last, its own. It is written in one canonical way; a file that differs from it in one
byte is refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from hubel.architectures.build import build_model, weight_name
from hubel.architectures.catalogue import blueprint_from_json
from hubel.architectures.parameters import count_parameters
from hubel.backends.framework import keras
from hubel.classifier.classifier import Calibration, Classifier
from hubel.classifier.off_corpus import OffCorpus
from hubel.classifier.prediction_sets import PredictionSets
from hubel.errors import DamagedArtefact, HubelError, UnusableInput
from hubel.files import written_folder
from hubel.images.decode import DECODER_VERSION
from hubel.images.preprocessing import Preprocessing

FORMAT = 2
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
MAX_MANIFEST_BYTES = 10_000_000
KEYS = {
    1: ("format", "made_by", "architecture", "class_names", "preprocessing", "calibration", "provenance", "weights"),
    2: (
        "format", "made_by", "architecture", "class_names", "preprocessing", "calibration", "prediction_sets",
        "off_corpus", "provenance", "weights",
    ),
}  # fmt: skip
"""Of the manifest of each format that was ever written; all of them are read."""
OFF_CORPUS = "off_corpus."
"""How the tensors of the off-corpus score begin; no weight of a model does."""


def save_classifier(classifier: Classifier, folder: Path, *, made_by: str) -> None:
    """Write the artefact: whole under its final name, or not at all.

    Args:
        classifier: what to save.
        folder: created; an artefact that is there already is replaced by one rename.
        made_by: program and version, for people.

    Raises:
        OutputNotWritable: the folder cannot be written.
    """
    weights = safetensors.numpy.save({**_named_weights(classifier.model), **_off_corpus_tensors(classifier.off_corpus)})
    document = {
        "format": FORMAT,
        "made_by": made_by,
        "architecture": classifier.blueprint.to_json(),
        "class_names": list(classifier.class_names),
        "preprocessing": classifier.preprocessing.to_json(),
        "calibration": asdict(classifier.calibration),
        "prediction_sets": None if classifier.sets is None else asdict(classifier.sets),
        "off_corpus": None if classifier.off_corpus is None else {"limit": classifier.off_corpus.limit},
        "provenance": dict(classifier.provenance),
        "weights": {"file": WEIGHTS, "bytes": len(weights), "sha256": hashlib.sha256(weights).hexdigest()},
    }
    with written_folder(folder) as temporary:
        (temporary / WEIGHTS).write_bytes(weights)
        (temporary / MANIFEST).write_bytes(_canonical(document))


def load_classifier(folder: Path) -> Classifier:
    """Read an artefact: a run folder, or its ``classifier/`` folder.

    Raises:
        UnusableInput: there is no artefact.
        DamagedArtefact: a part of it is not as it was written, or asks for more than the bounds allow.
    """
    inner = folder / "classifier"
    folder = inner if (inner / MANIFEST).is_file() else folder
    if not (folder / MANIFEST).is_file():
        raise UnusableInput(f"{folder} holds no classifier: there is no {MANIFEST} in it, nor in a classifier/ folder.")
    document = _read_manifest(folder / MANIFEST)
    weights = _read_weights(folder / WEIGHTS, document["weights"])
    try:
        return _assemble(document, weights, folder)
    except (HubelError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, DamagedArtefact):
            raise
        raise DamagedArtefact(f"{folder / MANIFEST}: {error}. {_CURE}") from error


_CURE = "Copy the classifier folder again, or train it again."


def _canonical(document: dict[str, Any]) -> bytes:
    """The one way a manifest is written; its checksum is of the text without the checksum."""
    body = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False)
    checksum = hashlib.sha256(body.encode()).hexdigest()
    return (json.dumps({**document, "checksum": checksum}, indent=1, ensure_ascii=True) + "\n").encode()


def _read_manifest(path: Path) -> dict[str, Any]:
    data = _read_bounded(path, MAX_MANIFEST_BYTES)
    try:
        document = json.loads(data)
        version = document["format"] if type(document["format"]) is int else 0
        checksum = document.pop("checksum")
        intact = _canonical(document) == data and isinstance(checksum, str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedArtefact(f"{path} is no manifest of a classifier ({error}). {_CURE}") from error
    if version > FORMAT:
        raise DamagedArtefact(
            f"{path} has format {version}, made by {document.get('made_by')!r}; this version reads up to {FORMAT}. "
            "Update: pip install --upgrade hubel"
        )
    if not intact or tuple(document) != KEYS.get(version):
        raise DamagedArtefact(f"{path} is not as it was written: its checksum does not fit. {_CURE}")
    return document


def _read_weights(path: Path, described: object) -> dict[str, np.ndarray]:
    if (
        not isinstance(described, dict)
        or described.get("file") != WEIGHTS
        or not isinstance(described.get("bytes"), int)
    ):
        raise DamagedArtefact(f"{path.parent / MANIFEST} does not describe {WEIGHTS}. {_CURE}")
    data = _read_bounded(path, described["bytes"])
    if hashlib.sha256(data).hexdigest() != described.get("sha256"):
        raise DamagedArtefact(f"{path} is not as it was written: its checksum does not fit. {_CURE}")
    try:
        return safetensors.numpy.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DamagedArtefact(f"{path} is no safetensors file ({error}). {_CURE}") from error


def _read_bounded(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise DamagedArtefact(f"{path} cannot be read ({error.strerror}). {_CURE}") from error
    if len(data) > limit:
        raise DamagedArtefact(f"{path} is larger than the {limit:,} bytes that were written. {_CURE}")
    return data


def _assemble(document: dict[str, Any], weights: dict[str, np.ndarray], folder: Path) -> Classifier:
    blueprint = blueprint_from_json(document["architecture"])
    if blueprint.spec.channels != 3:
        raise DamagedArtefact(f"{folder / MANIFEST} has {blueprint.spec.channels} channels, pictures have 3. {_CURE}")
    class_names = tuple(document["class_names"])
    if len(set(class_names)) != blueprint.spec.classes or not all(isinstance(name, str) for name in class_names):
        raise DamagedArtefact(
            f"{folder / MANIFEST} has {len(class_names)} class names for {blueprint.spec.classes} classes."
        )
    described = dict(document["preprocessing"])
    decoder = described.pop("decoder")
    # Later decoders read everything that earlier ones read rightly, to the same pixels.
    if not isinstance(decoder, int) or isinstance(decoder, bool) or not 1 <= decoder <= DECODER_VERSION:
        text = f"{folder / MANIFEST} needs decoder {decoder!r}, this version has {DECODER_VERSION}"
        raise DamagedArtefact(f"{text}. Update: pip install --upgrade hubel")
    preprocessing = Preprocessing(**described)
    if preprocessing.size != blueprint.spec.image_size:
        raise DamagedArtefact(
            f"{folder / MANIFEST}: preprocessing makes {preprocessing.size}, the model takes another size."
        )
    off_corpus = _read_off_corpus(document.get("off_corpus"), weights)
    needed, held = count_parameters(blueprint.spec), sum(tensor.size for tensor in weights.values())
    if needed is not None and needed > 2 * held:  # a small misfit is named by its tensor below
        text = f"{folder / MANIFEST} describes a network of {needed:,} numbers, {WEIGHTS} holds {held:,}"
        raise DamagedArtefact(f"{text}. {_CURE}")
    model = build_model(blueprint)
    _set_weights(model, weights, folder / WEIGHTS)
    calibration = Calibration(**document["calibration"])
    sets = _read_sets(document.get("prediction_sets"))
    classifier = Classifier(
        model, blueprint, class_names, preprocessing, calibration, document["provenance"], sets, off_corpus
    )
    if off_corpus is not None and len(off_corpus.mean) != classifier.engine.channels:
        text = f"{folder / WEIGHTS}: the off-corpus score has {len(off_corpus.mean)} features, the model another count"
        raise DamagedArtefact(f"{text}. {_CURE}")
    return classifier


def _read_sets(described: dict[str, Any] | None) -> PredictionSets | None:
    if described is None:
        return None
    return PredictionSets(tuple(map(float, described["thresholds"])), int(described["examples"]))


def _off_corpus_tensors(off_corpus: OffCorpus | None) -> dict[str, np.ndarray]:
    if off_corpus is None:
        return {}
    return {f"{OFF_CORPUS}{name}": np.ascontiguousarray(getattr(off_corpus, name)) for name in _OFF_CORPUS_TENSORS}


_OFF_CORPUS_TENSORS = ("mean", "projection", "centres")


def _read_off_corpus(described: dict[str, Any] | None, weights: dict[str, np.ndarray]) -> OffCorpus | None:
    """The off-corpus score; its tensors are taken out of ``weights``."""
    if described is None:
        return None
    tensors = [weights.pop(f"{OFF_CORPUS}{name}") for name in _OFF_CORPUS_TENSORS]
    if not all(tensor.dtype == np.float32 and np.isfinite(tensor).all() for tensor in tensors):
        raise DamagedArtefact(f"{WEIGHTS}: a tensor of the off-corpus score holds values that are no numbers. {_CURE}")
    return OffCorpus(*tensors, float(described["limit"]))


def _named_weights(model: keras.Model) -> dict[str, np.ndarray]:
    return {
        weight_name(variable): np.ascontiguousarray(keras.ops.convert_to_numpy(variable)) for variable in model.weights
    }


def _set_weights(model: keras.Model, weights: dict[str, np.ndarray], path: Path) -> None:
    expected = {weight_name(variable): variable for variable in model.weights}
    if set(expected) != set(weights):
        odd = sorted(set(expected) ^ set(weights))[0]
        raise DamagedArtefact(f"{path} does not fit the architecture: tensor {odd!r} is missing or foreign. {_CURE}")
    for name, variable in expected.items():
        value = weights[name]
        if tuple(value.shape) != tuple(variable.shape) or value.dtype != np.dtype(variable.dtype):
            raise DamagedArtefact(
                f"{path}: tensor {name!r} is {value.dtype} {list(value.shape)}, the architecture needs "
                f"{variable.dtype} {list(variable.shape)}. {_CURE}"
            )
        if not np.isfinite(value).all():
            raise DamagedArtefact(f"{path}: tensor {name!r} holds values that are no numbers. {_CURE}")
        variable.assign(value)
