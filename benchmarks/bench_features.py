"""How quickly are the features of a frozen backbone computed, by its compiled graph and by Keras?

    KERAS_HOME=... python benchmarks/bench_features.py [--architecture mobilenet] [--side 224] [--rounds 4]

Weights do not matter for speed, so none are loaded. Each round makes both ready anew and computes the same images, one
after the other, so that a busy machine is busy for both. Prints JSON: medians of the seconds until the first batch of
64 images is done, and of images a second afterwards, and their ratios.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import feature_model
from hubel.arrays import Describe
from hubel.engines.backbone_engine import describe_by
from hubel.engines.keras_engine import KerasEngine

BATCH, BATCHES = 64, 5


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Features of a frozen backbone.")
    parser.add_argument("--architecture", default="mobilenet")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    model = build_model(make_blueprint(given.architecture, (given.side, given.side), classes=10))
    images = np.random.default_rng(0).integers(0, 256, (BATCH, given.side, given.side, 3), dtype=np.uint8)
    ways: dict[str, Callable[[], Describe]] = {
        "graph": lambda: describe_by(model),
        "keras": lambda: KerasEngine(feature_model(model)).compute_logits,
    }
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(given.rounds + 1):  # the first round loads libraries
        for name, make in ways.items():
            measured[name].append(timed(make, images))
    found = {
        name: [float(np.median(column)) for column in zip(*rows[1:], strict=True)] for name, rows in measured.items()
    }
    row = {name: {"first_batch_s": found[name][0], "images_per_s": found[name][1]} for name in ways}
    ratios = {
        "sooner": found["keras"][0] / found["graph"][0],
        "quicker": found["graph"][1] / found["keras"][1],
    }
    print(json.dumps({"architecture": given.architecture, "side": given.side, **row, **ratios}))


def timed(make: Callable[[], Describe], images: np.ndarray) -> tuple[float, float]:
    """Seconds until the first batch is done, and images a second afterwards."""
    begun = time.monotonic()
    describe = make()
    describe(images)
    ready = time.monotonic()
    for _ in range(BATCHES):
        describe(images)
    return ready - begun, BATCHES * len(images) / (time.monotonic() - ready)


if __name__ == "__main__":
    main()
