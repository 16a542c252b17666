"""Manifest and weights → classifier; every size is compared with the weights at hand before anything is built."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.catalogue import Blueprint, blueprint_from_json
from hubel.architectures.spec import Spec
from hubel.classifier.answering import Calibration
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import CURE, MANIFEST, UPDATE, WEIGHTS, open_part
from hubel.classifier.prediction_sets import PredictionSets
from hubel.classifier.runtime import MakeEngine
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
    except _MISTAKES as error:
        raise _damaged(folder / MANIFEST, error) from error
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
        DamagedArtefact: the file has changed since it was written, or the spec needs another size; the tensor is named.
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
            raise _damaged(path, error) from error
    return tensors


def _check_numbers(header: Header, spec: Spec, *, folder: Path) -> None:
    """A network may be about as large as its weights are; a small misfit is named by its tensor later."""
    try:
        needed = spec.count_parameters()
    except HubelError as error:
        raise _damaged(folder / MANIFEST, error) from error
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


def assemble(
    document: dict[str, Any], tensors: dict[str, np.ndarray], *, folder: Path, make_engine: MakeEngine
) -> tuple[Classifier, SelfTest | None]:
    """Put the network together with what belongs to it.

    Args:
        document: of the manifest.
        tensors: of `read_weights`, name → float32 [...].
        folder: named in errors.
        make_engine: runs the network.

    Raises:
        DamagedArtefact: the parts do not fit together.
    """
    try:
        return _assemble(document, dict(tensors), folder=folder, make_engine=make_engine)
    except _MISTAKES as error:
        if isinstance(error, DamagedArtefact):
            raise
        raise _damaged(folder / MANIFEST, error) from error


def _assemble(
    document: dict[str, Any], weights: dict[str, np.ndarray], *, folder: Path, make_engine: MakeEngine
) -> tuple[Classifier, SelfTest | None]:
    blueprint = read_architecture(document, folder)
    class_names = _read_class_names(document["class_names"], blueprint.spec, folder=folder)
    preprocessing = _read_preprocessing(document["preprocessing"], blueprint.spec, folder=folder)
    calibration, sets = Calibration(**document["calibration"]), _read_sets(document.get("prediction_sets"))
    off_corpus = read_score(document.get("off_corpus"), weights, folder=folder)
    test = read_self_test(document.get("self_test"), class_names)
    provenance = dict(document["provenance"])
    engine = make_engine(blueprint, weights, folder / WEIGHTS)
    classifier = Classifier(engine, blueprint, class_names, preprocessing, calibration, provenance, sets, off_corpus)
    if off_corpus is not None:
        check_channels(off_corpus, engine.compute(classifier.no_images, wanted="maps"), folder=folder)
    return classifier, test


def _read_class_names(described: object, spec: Spec, *, folder: Path) -> tuple[str, ...]:
    names = described if isinstance(described, list) else []
    if (
        not all(isinstance(name, str) for name in names)
        or len(set(names)) != spec.classes
        or len(names) != spec.classes
    ):
        raise DamagedArtefact(
            f"{folder / MANIFEST} has {len(names):,} class names for {spec.classes} classes; each class needs its own. "
            f"{CURE}"
        )
    return tuple(names)


def _read_preprocessing(document: object, spec: Spec, *, folder: Path) -> Preprocessing:
    if not isinstance(document, dict):
        raise DamagedArtefact(f"{folder / MANIFEST} has no preprocessing. {CURE}")
    decoder = document["decoder"]
    # Later decoders read everything that earlier ones read rightly, to the same pixels.
    if not isinstance(decoder, int) or isinstance(decoder, bool) or not 1 <= decoder <= DECODER_VERSION:
        raise DamagedArtefact(
            f"{folder / MANIFEST} needs decoder {decoder!r}, this version has {DECODER_VERSION}. {UPDATE}"
        )
    preprocessing = Preprocessing.from_json(document)
    if preprocessing.size != spec.image_size:
        raise DamagedArtefact(
            f"{folder / MANIFEST}: preprocessing makes images of {preprocessing.size}, the model takes another size. "
            f"{CURE}"
        )
    return preprocessing


def _read_sets(described: dict[str, Any] | None) -> PredictionSets | None:
    if described is None:
        return None
    return PredictionSets(tuple(map(float, described["thresholds"])), int(described["examples"]))


def _damaged(path: Path, error: Exception) -> DamagedArtefact:
    if isinstance(error, HubelError):  # what it received may be as long as a stranger likes
        parts = (shortened(part, 500) if isinstance(part, str) else part for part in error.text.parts)
        return DamagedArtefact(f"{path}: ", *parts, f" {CURE}")
    said = f"{error} is missing" if isinstance(error, KeyError) else shortened(str(error).rstrip("."), 500)
    return DamagedArtefact(f"{path}: {said}. {CURE}")
