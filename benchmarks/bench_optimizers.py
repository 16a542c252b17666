"""Which optimiser learns most in the same seconds? Prints validation accuracy after a fixed wall time, in one run.

    python benchmarks/bench_optimizers.py [CORPUS] [SECONDS]

CORPUS is any that ``hubel train`` takes (default: digits), SECONDS the training time of each (default: 60).
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.residual import ResidualSpec
from hubel.architectures.whitening import whitening_kernel
from hubel.backends.framework import keras, seed_everything
from hubel.classifier.engine import compute_logits
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.split import split_corpus
from hubel.engines.keras_engine import KerasEngine
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.batches import TrainingBatches, class_weights
from hubel.pipeline.decoded import decode_corpus
from hubel.runs.machine import describe_machine
from hubel.training.fit import compile_model, fit_model, measure_step
from hubel.training.history import accuracy_and_log_loss
from hubel.training.recipe import Recipe
from hubel.training.schedule import WallClock

MUON = Recipe(epochs=10_000, patience=1.0, augmentation=Augmentation(mirror=True))
ADAMW = Recipe(epochs=10_000, patience=1.0, optimizer="adamw", learning_rate=4e-3, weight_decay=0.02)
NESTEROV = replace(MUON, learning_rate=0.4)


def main(location: str, seconds: float) -> None:
    """Train the same network with each optimiser and print what it learned."""
    decoded = decode_corpus(read_corpus(location), Preprocessing(32, 32))
    splits = split_corpus(decoded.corpus, decoded.digests, seed=0)
    labels, classes = np.array([example.label for example in decoded.corpus.examples]), len(decoded.corpus.class_names)
    train, validation = np.array(splits.train), np.array(splits.validation)
    print(f"{location}: {len(train):,} train, {len(validation):,} validation, {seconds:.0f} s each")
    print(f"{describe_machine()['hardware']} {describe_machine()['versions']}")
    for name, recipe in (("kernel-muon", MUON), ("nesterov", NESTEROV), ("adamw", ADAMW)):
        seed_everything(0)
        blueprint = make_blueprint("residual", (32, 32), classes=classes)
        assert isinstance(blueprint.spec, ResidualSpec)
        model = build_model(blueprint)
        kernel = whitening_kernel(decoded.images[train[:1000]], kernel_size=4, filters=32)
        model.get_layer("stem").set_weights([kernel, np.zeros(32, np.float32)])
        compile_model(model, recipe)
        if name == "nesterov":
            optimizer = keras.optimizers.SGD(NESTEROV.learning_rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
            model.compile(optimizer=optimizer, loss=model.loss, jit_compile=False)
        weights = class_weights(labels[train], classes, balance=0.0)
        batches = TrainingBatches(decoded.images, labels, train, 256, MUON.augmentation, weights, 0)
        measure_step(model, batches)  # compiles outside of the measured time
        engine = KerasEngine(model)
        history = fit_model(
            model,
            batches,
            validate=lambda engine=engine: accuracy_and_log_loss(
                compute_logits(engine, decoded.images, validation), labels[validation]
            ),
            recipe=recipe,
            clock=WallClock(seconds),
        )
        best = max(row.validation_accuracy for row in history.rows)
        print(f"  {name:<12} validation accuracy {best:.3f}   {history.epochs:.1f} epochs", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "digits", float(sys.argv[2]) if len(sys.argv) > 2 else 60.0)
