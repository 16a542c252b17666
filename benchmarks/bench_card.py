"""What does a graphics card do? Speed, accuracy, memory, repeatability, and whether it answers as a processor does.

    KERAS_BACKEND=jax python benchmarks/bench_card.py CORPUS [--alpha 4] [--epochs 24] [--batch-size 512]
    KERAS_BACKEND=torch python benchmarks/bench_card.py --smoke

CORPUS is any that ``hubel train`` takes, such as CIFAR-10 as folders of images. Prints rows of JSON. Needs JAX or
PyTorch beside what Hubel needs, no TensorFlow and no network. ``--smoke`` takes made images, to try the script itself
on a processor. The environment variable HUBEL_STEPS chooses how steps are taken: docs/how-to/graphics-card.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.architectures.whitening import whiten
from hubel.backends.framework import BACKEND, keras, on_accelerator, seed_everything
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import compute_logits
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.split import split_corpus
from hubel.engines.catalogue import load_classifier
from hubel.engines.keras_artefact import save_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import ClaimFailed
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.batches import TrainingBatches, class_weights
from hubel.pipeline.decoded import decode_corpus
from hubel.runs.machine import describe_machine
from hubel.training.fit import compile_model, fit_model, measure_step
from hubel.training.history import accuracy_and_log_loss
from hubel.training.recipe import Recipe
from hubel.training.schedule import StepClock

SIDE = 32
COMPARED = 1000
"""Images whose logits are compared."""


@dataclass(frozen=True)
class Material:
    """Images and the places of each split."""

    images: Any
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    class_names: tuple[str, ...]


def main() -> None:
    """Measure everything, or answer as a processor for the process that does."""
    parser = argparse.ArgumentParser(description="What a graphics card does.")
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--architecture", default="residual")
    parser.add_argument("--alpha", type=float, help="width of the network")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--as-processor", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.smoke:
        given.architecture, given.epochs, given.batch_size = "small-cnn", 2, 32
    if given.as_processor:
        answer_as_processor(given)
        return
    if not given.smoke and not given.corpus:
        parser.error("name a corpus, or give --smoke")
    tell("machine", accelerator=on_accelerator(), steps=os.environ.get("HUBEL_STEPS"), **describe_machine())
    begun = time.monotonic()
    material = made_material() if given.smoke else read_material(given.corpus)
    tell("reading", seconds=time.monotonic() - begun, training_images=len(material.train))
    begun = time.monotonic()
    model, blueprint = trained(material, given)
    tell("all of the first training", seconds=time.monotonic() - begun)
    again, _ = trained(material, given)
    pairs = zip(model.get_weights(), again.get_weights(), strict=True)
    tell("two equal trainings", same_to_the_bit=all(np.array_equal(one, other) for one, other in pairs))
    compare_with_processor(material, model, blueprint=blueprint, given=given)


def trained(material: Material, given: argparse.Namespace) -> tuple[keras.Model, Blueprint]:
    """Train with the product's own loop and tell how it went."""
    begun = time.monotonic()
    seed_everything(0)
    blueprint = make_blueprint(
        given.architecture, material.images.shape[1:3], classes=len(material.class_names), alpha=given.alpha
    )
    hints = blueprint.spec.hints
    recipe = Recipe(
        given.epochs, batch_size=given.batch_size, optimizer=hints.optimizer, learning_rate=hints.learning_rate,
        weight_decay=hints.weight_decay, small_until=hints.small_until, patience=1.0, augmentation=Augmentation(),
    )  # fmt: skip
    model = build_model(blueprint)
    if hints.whitened_layer:
        whiten(model.get_layer(hints.whitened_layer), material.images[np.sort(material.train[:1000])])
    compile_model(model, recipe)
    weights = class_weights(material.labels[material.train], len(material.class_names), balance=0.0)
    batches = TrainingBatches(
        material.images, material.labels, material.train, recipe.batch_size, recipe.augmentation, weights, 0
    )
    step_s, engine = measure_step(model, batches, recipe=recipe), KerasEngine(model)
    compute_logits(engine, material.images, material.validation)
    compiled = time.monotonic()
    history = fit_model(
        model, batches, validate=lambda: scores(engine, material, material.validation), recipe=recipe,
        clock=StepClock(recipe.epochs * batches.steps_per_epoch),
    )  # fmt: skip
    trained_s = time.monotonic() - compiled
    mirrored = compute_logits(engine, material.images, material.test)
    mirrored = mirrored + compute_logits(engine, np.asarray(material.images)[:, :, ::-1], material.test)
    tell(
        "training", architecture=blueprint.name, epochs=history.epochs, batch_size=recipe.batch_size,
        compiling_s=compiled - begun, training_s=trained_s, step_ms=1000 * step_s,
        images_per_s=float(np.median([row.images_per_s for row in history.rows])),
        test_accuracy=scores(engine, material, material.test)[0],
        test_accuracy_with_mirror=accuracy_and_log_loss(mirrored, material.labels[material.test])[0],
        memory_bytes=memory(),
    )  # fmt: skip
    return model, blueprint


def compare_with_processor(
    material: Material, model: keras.Model, *, blueprint: Blueprint, given: argparse.Namespace
) -> None:
    """Largest difference of logits between here and a processor, for an artefact made here and one made there."""
    with tempfile.TemporaryDirectory(prefix="hubel-card-") as name:
        folder = Path(name)
        images = np.asarray(material.images[np.sort(material.test[:COMPARED])])
        few = np.sort(np.concatenate([material.train[:2000], material.validation[:200]]))
        np.savez(folder / "given.npz", few=material.images[few], labels=material.labels[few], images=images)
        (folder / "names.json").write_text(json.dumps(material.class_names))
        save(model, blueprint, names=material.class_names, folder=folder / "card")
        own = KerasEngine(model).compute_logits(images)
        width = [] if given.alpha is None else ["--alpha", str(given.alpha)]
        words = ["--as-processor", str(folder), "--architecture", given.architecture, *width, "--epochs", "1"]
        plain = {key: value for key, value in os.environ.items() if key != "HUBEL_STEPS"}
        only = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "", "HUBEL_CACHE": str(folder / "cache")}
        subprocess.run(
            [sys.executable, __file__, *words, "--batch-size", str(min(128, given.batch_size))],
            env={**plain, **only}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        theirs = np.load(folder / "answers.npz")
        tell("made here, opened on a processor", **difference(own, theirs["card"]))
        tell(
            "made on a processor, opened here", **difference(theirs["processor"], opened(folder / "processor", images))
        )


def answer_as_processor(given: argparse.Namespace) -> None:
    """Open the card's artefact, make one, and write the logits of both."""
    folder: Path = given.as_processor
    arrays, names = np.load(folder / "given.npz"), tuple(json.loads((folder / "names.json").read_text()))
    count, places = len(arrays["labels"]), np.arange(len(arrays["labels"]))
    cut = count - count // 10
    material = Material(arrays["few"], arrays["labels"], places[:cut], places[cut:], places[cut:], names)
    model, blueprint = trained(material, given)
    save(model, blueprint, names=names, folder=folder / "processor")
    images = arrays["images"]
    answers = {"card": opened(folder / "card", images), "processor": KerasEngine(model).compute_logits(images)}
    np.savez(folder / "answers.npz", **answers)


def opened(folder: Path, images: np.ndarray) -> np.ndarray:
    """Logits of an artefact; none where its self-test does not hold within the product's tolerance."""
    try:
        return load_classifier(folder).compute_logits(images)
    except ClaimFailed as error:
        print(error, file=sys.stderr)
        return np.zeros((0, 0), np.float32)


def difference(one: np.ndarray, other: np.ndarray) -> dict[str, Any]:
    """Between logits; whether the artefact was verified."""
    verified = one.shape == other.shape
    return {
        "verified": verified,
        "largest_difference_of_logits": float(np.abs(one - other).max()) if verified else None,
    }


def save(model: keras.Model, blueprint: Blueprint, *, names: tuple[str, ...], folder: Path) -> None:
    """As an artefact."""
    classifier = Classifier(KerasEngine(model), blueprint, names, Preprocessing(*blueprint.spec.image_size))
    save_classifier(classifier, folder, made_by="bench_card")


def scores(engine: KerasEngine, material: Material, places: np.ndarray) -> tuple[float, float]:
    """Accuracy and log loss of a split."""
    return accuracy_and_log_loss(compute_logits(engine, material.images, places), material.labels[places])


def memory() -> int | None:
    """The most bytes that the card held; None where that is not known."""
    module = importlib.import_module(BACKEND)
    if BACKEND == "jax":
        return (module.local_devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return module.cuda.max_memory_allocated() if BACKEND == "torch" and module.cuda.is_available() else None


def read_material(location: str) -> Material:
    """A corpus, decoded."""
    decoded = decode_corpus(read_corpus(location), Preprocessing(SIDE, SIDE))
    splits = split_corpus(decoded.corpus, decoded.digests, seed=0)
    labels = np.array([example.label for example in decoded.corpus.examples])
    parts = (np.array(part) for part in (splits.train, splits.validation, splits.test))
    return Material(decoded.images, labels, *parts, decoded.corpus.class_names)


def made_material() -> Material:
    """Three classes of colours."""
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 3
    images = rng.integers(0, 160, (240, SIDE // 2, SIDE // 2, 3)) + 90 * np.eye(3, dtype=int)[labels][:, None, None, :]
    places = np.arange(240)
    return Material(images.astype(np.uint8), labels, places[:160], places[160:200], places[200:], ("r", "g", "b"))


def tell(what: str, **values: Any) -> None:
    """One row."""
    print(json.dumps({"what": what, **values}), flush=True)


if __name__ == "__main__":
    main()
