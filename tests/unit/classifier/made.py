"""A tiny classifier with everything an artefact can hold, and a forger who makes every checksum fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.backends.framework import keras
from hubel.classifier.answering import Calibration
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import MANIFEST, WEIGHTS, canonical
from hubel.classifier.off_corpus import Distance, NearestClass, OffCorpus
from hubel.classifier.prediction_sets import PredictionSets
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.images.preprocessing import Preprocessing

FILES = (MANIFEST, WEIGHTS)


def make_classifier(class_names: tuple[str, ...] = ("cat", "dog", "Ünïcode <b>"), *, seed: int = 0) -> Classifier:
    keras.utils.set_random_seed(seed)
    spec = CnnSpec((8, 8), len(class_names), (Group(4, window=4),))
    rng = np.random.default_rng(seed)
    last = NearestClass(*(rng.random(shape, np.float32) for shape in (16, (16, 3), (2, 3))), 3.0)
    off_corpus = OffCorpus(make_distance(16, rng), make_distance(8, rng), 2.0, last)
    sets = PredictionSets(tuple(float(each) for each in np.linspace(0.6, 0.01, 50)), 100)
    blueprint = Blueprint("tiny", spec)
    return Classifier(
        KerasEngine(build_model(blueprint)), blueprint, class_names, Preprocessing(8, 8), Calibration(0.5, 0.4),
        {"seed": seed}, sets, off_corpus,
    )  # fmt: skip


def make_distance(channels: int, rng: np.random.Generator) -> Distance:
    mean, scale = rng.random(channels, np.float32), rng.random(channels, np.float32) + 0.5
    return Distance(mean, scale, rng.random((channels, 3), np.float32) / channels, 3.0)


def save_made(folder: Path, classifier: Classifier | None = None) -> Path:
    save_classifier(classifier or make_classifier(), folder, made_by="hubel test")
    return folder


def read_document(folder: Path) -> dict[str, Any]:
    document = json.loads((folder / MANIFEST).read_text())
    document.pop("checksum")
    return document


def forge(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Rewrite the manifest with a change and a checksum that fits."""
    document = read_document(folder)
    change(document)
    (folder / MANIFEST).write_bytes(canonical(document))


def forge_weights(folder: Path, weights: dict[str, np.ndarray] | bytes) -> None:
    """Write other weights, and the manifest that fits them."""
    data = weights if isinstance(weights, bytes) else save(weights)
    (folder / WEIGHTS).write_bytes(data)
    forge(folder, lambda d: d["weights"].update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
