"""Manifest and weights → classifier; every size is held against the weights that are there before anything is built."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.build import build_model, weight_name
from hubel.architectures.catalogue import Blueprint, blueprint_from_json
from hubel.architectures.spec import Spec
from hubel.backends.framework import keras
from hubel.classifier.answering import Calibration
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import CURE, MANIFEST, WEIGHTS, open_part
from hubel.classifier.prediction_sets import PredictionSets
from hubel.classifier.self_test import SelfTest, read_self_test
from hubel.classifier.stored_score import OFF_CORPUS, check_channels, read_score
from hubel.classifier.tensors import Header, check_finite, read_header, read_tensors
from hubel.errors import DamagedArtefact, HubelError
from hubel.images.decode import DECODER_VERSION
from hubel.images.preprocessing import Preprocessing
from hubel.text import shortened

_MOST_OFF_CORPUS = 2**22
"""Numbers in the tensors of the off-corpus score; those of format 2 took less than half of it, later ones a tenth."""
_MOST_LETTERS = 20_000
"""Of the JSON of an architecture; eight groups take a tenth of it."""
_MISTAKES = (HubelError, KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What plain data of a stranger can lead to while it is read."""


def read_architecture(document: dict[str, Any], folder: Path) -> Blueprint:
    """The blueprint, within its bounds.

    Raises:
        DamagedArtefact: a number is out of bounds, or no image fits it.
    """
    try:
        if len(json.dumps(document["architecture"])) > _MOST_LETTERS:
            raise ValueError(f"the architecture takes more than {_MOST_LETTERS:,} letters")
        blueprint = blueprint_from_json(document["architecture"])
    except _MISTAKES as error:
        raise _damaged(folder / MANIFEST, error) from error
    if blueprint.spec.channels != 3:
        raise DamagedArtefact(f"{folder / MANIFEST} has {blueprint.spec.channels} channels, images have 3. {CURE}")
    return blueprint


def read_weights(folder: Path, document: dict[str, Any], spec: Spec) -> dict[str, np.ndarray]:
    """The tensors: as many as the spec needs, each of finite numbers.

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
            _check_numbers(header, spec, folder)
            tensors, digest = read_tensors(file, header)
            if digest != described.get("sha256"):
                raise DamagedArtefact(f"{path} is not as it was written: its checksum does not fit. {CURE}")
            check_finite(tensors)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise _damaged(path, error) from error
    return tensors


def _check_numbers(header: Header, spec: Spec, folder: Path) -> None:
    """A network may be as large as its weights are, or about; a small misfit is named by its tensor later."""
    try:
        needed = spec.count_parameters()
    except HubelError as error:
        raise _damaged(folder / MANIFEST, error) from error
    beside = sum(slot.size for name, slot in header.slots.items() if name.startswith(OFF_CORPUS))
    held = header.numbers - beside
    if needed > 2 * held or held > 8 * needed + 1_000_000:
        text = f"{folder / MANIFEST} describes a network of {needed:,} numbers, {WEIGHTS} holds {held:,}"
        raise DamagedArtefact(f"{text}. {CURE}")
    if beside > _MOST_OFF_CORPUS:
        text = f"{folder / WEIGHTS}: the tensors {OFF_CORPUS}* have {beside:,} numbers, {_MOST_OFF_CORPUS:,} at most"
        raise DamagedArtefact(f"{text}. {CURE}")


def assemble(
    document: dict[str, Any], tensors: dict[str, np.ndarray], folder: Path
) -> tuple[Classifier, SelfTest | None]:
    """Build the network, give it its weights, and put what belongs to it beside it.

    Args:
        document: of the manifest.
        tensors: of `read_weights`.
        folder: named in errors.

    Raises:
        DamagedArtefact: parts do not fit one another.
    """
    try:
        return _assemble(document, dict(tensors), folder)
    except _MISTAKES as error:
        if isinstance(error, DamagedArtefact):
            raise
        raise _damaged(folder / MANIFEST, error) from error


def _assemble(
    document: dict[str, Any], weights: dict[str, np.ndarray], folder: Path
) -> tuple[Classifier, SelfTest | None]:
    blueprint = read_architecture(document, folder)
    class_names = _read_class_names(document["class_names"], blueprint.spec, folder)
    preprocessing = _read_preprocessing(document["preprocessing"], blueprint.spec, folder)
    calibration, sets = Calibration(**document["calibration"]), _read_sets(document.get("prediction_sets"))
    off_corpus = read_score(document.get("off_corpus"), weights, folder)
    test = read_self_test(document.get("self_test"), class_names)
    provenance = dict(document["provenance"])
    model = build_model(blueprint)
    _set_weights(model, weights, folder / WEIGHTS)
    classifier = Classifier(model, blueprint, class_names, preprocessing, calibration, provenance, sets, off_corpus)
    if off_corpus is not None:
        check_channels(off_corpus, classifier.engine, folder)
    return classifier, test


def _read_class_names(described: object, spec: Spec, folder: Path) -> tuple[str, ...]:
    names = described if isinstance(described, list) else []
    if (
        not all(isinstance(name, str) for name in names)
        or len(set(names)) != spec.classes
        or len(names) != spec.classes
    ):
        raise DamagedArtefact(
            f"{folder / MANIFEST} has {len(names):,} class names for {spec.classes} classes, which need "
            f"one each. {CURE}"
        )
    return tuple(names)


def _read_preprocessing(document: object, spec: Spec, folder: Path) -> Preprocessing:
    if not isinstance(document, dict):
        raise DamagedArtefact(f"{folder / MANIFEST} has no preprocessing. {CURE}")
    decoder = document["decoder"]
    # Later decoders read everything that earlier ones read rightly, to the same pixels.
    if not isinstance(decoder, int) or isinstance(decoder, bool) or not 1 <= decoder <= DECODER_VERSION:
        text = f"{folder / MANIFEST} needs decoder {decoder!r}, this version has {DECODER_VERSION}"
        raise DamagedArtefact(f"{text}. Update: get the newer source of Hubel, and in its folder type: pip install .")
    preprocessing = Preprocessing.from_json(document)
    if preprocessing.size != spec.image_size:
        text = f"{folder / MANIFEST}: preprocessing makes {preprocessing.size}, the model takes another size"
        raise DamagedArtefact(f"{text}. {CURE}")
    return preprocessing


def _read_sets(described: dict[str, Any] | None) -> PredictionSets | None:
    if described is None:
        return None
    return PredictionSets(tuple(map(float, described["thresholds"])), int(described["examples"]))


def _set_weights(model: keras.Model, weights: dict[str, np.ndarray], path: Path) -> None:
    expected = {weight_name(variable): variable for variable in model.weights}
    if set(expected) != set(weights):
        odd = sorted(set(expected) ^ set(weights))[0]
        raise DamagedArtefact(f"{path} does not fit the architecture: tensor {odd!r} is missing or foreign. {CURE}")
    for name, variable in expected.items():
        value = weights[name]
        if tuple(value.shape) != tuple(variable.shape) or value.dtype != np.dtype(variable.dtype):
            raise DamagedArtefact(
                f"{path}: tensor {name!r} is {value.dtype} {list(value.shape)}, the architecture needs "
                f"{variable.dtype} {list(variable.shape)}. {CURE}"
            )
        variable.assign(value)


def _damaged(path: Path, error: Exception) -> DamagedArtefact:
    said = f"{error} is missing" if isinstance(error, KeyError) else str(error).rstrip(".")
    return DamagedArtefact(f"{path}: {shortened(said, 500)}. {CURE}")
