"""What a step of training takes in each arithmetic: as Keras computes it, fused, and with feature maps in bfloat16.

    python benchmarks/bench_arithmetic.py [--turns 9] [--all] [--kinds keras fused]

All kinds take turns on random pixels; medians, and how many times as fast as Keras' own each is. ``--all`` measures
pretrained backbones too, for which nothing but Keras' own is ever chosen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from statistics import median

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import find_architecture, make_blueprint
from hubel.backends.arithmetic import computing, has_bfloat16
from hubel.training.fit import compile_model
from hubel.training.recipe import ARITHMETICS, Recipe

OWN = (
    ("small-cnn", (8, 8), None, 32), ("residual", (8, 8), None, 32), ("small-cnn", (32, 32), None, 256),
    ("vgg-style", (32, 32), None, 64), ("residual", (24, 24), None, 256), ("residual", (32, 32), None, 256),
    ("residual", (32, 32), 2.0, 256), ("residual", (24, 40), 2.0, 256), ("residual", (48, 48), None, 64),
    ("residual", (96, 96), None, 64),
)  # fmt: skip
"""Architecture, size of the images, alpha, images in a batch."""
BACKBONES = (("mobilenet", (96, 96), 0.25, 32), ("mobilenet", (224, 224), 0.25, 32), ("resnet50-v2", (96, 96), None, 8))
CLASSES = 10


def measure(
    name: str, size: tuple[int, int], *, alpha: float | None, batch: int, turns: int, kinds: Sequence[str]
) -> str:
    """One line: milliseconds of a step in each arithmetic.

    Args:
        name: of the architecture.
        size: height and width of the images.
        alpha: width; None for the usual one.
        batch: images of a step.
        turns: steps of each.
        kinds: of `ARITHMETICS`, Keras' own first.
    """
    blueprint, rng = (
        make_blueprint(find_architecture(name), size, classes=CLASSES, alpha=alpha),
        np.random.default_rng(0),
    )
    images = rng.uniform(0, 255, (batch, *size, 3)).astype(np.float32)
    labels, hints = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, batch)], blueprint.spec.hints
    recipe = Recipe(epochs=1, optimizer=hints.optimizer, learning_rate=hints.learning_rate)
    models = {kind: build_model(blueprint) for kind in kinds}
    for model in models.values():
        compile_model(model, recipe)
    seconds: dict[str, list[float]] = {kind: [] for kind in models}
    for _ in range(turns + 1):  # the first compiles
        for kind, model in models.items():
            begun = time.perf_counter()
            with computing(model, kind):
                model.train_on_batch(images, labels)
            seconds[kind].append(time.perf_counter() - begun)
    taken = {kind: 1000 * median(each[1:]) for kind, each in seconds.items()}
    said = ", ".join(f"{kind} {each:.1f} ms ({taken[kinds[0]] / each:.2f})" for kind, each in taken.items())
    width = "" if alpha is None else f" alpha {alpha:g}"
    return f"{name}{width}, {batch} images of {size[0]} x {size[1]}: {said}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--kinds", nargs="+", default=ARITHMETICS, choices=ARITHMETICS)
    words = parser.parse_args()
    print(f"The processor {'multiplies' if has_bfloat16() else 'has no instructions for'} numbers in bfloat16.")
    for name, size, alpha, batch in (*OWN, *(BACKBONES if words.all else ())):
        print(measure(name, size, alpha=alpha, batch=batch, turns=words.turns, kinds=words.kinds), flush=True)


if __name__ == "__main__":
    main()
