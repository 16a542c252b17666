"""What follows a training: heat maps by the compiled graph against the Keras model, and images for the dense baseline.

    python benchmarks/bench_after_training.py RUN [--maps 5] [--images 2500]

RUN is a run folder. Both ways take turns, on random pixels of the classifier's working size; medians and their ratio.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np

import hubel
from hubel.arrays import Images
from hubel.evaluation import baseline
from hubel.explanation.of_classifier import mark

TURNS = 3


def by_blocks(images: Images) -> np.ndarray:
    """Images as the means of 16 x 16 blocks, asked of NumPy in one go: float32 [images, values]."""
    down, right = (max(1, side // baseline.SIDE) for side in images.shape[1:3])
    rows, columns = images.shape[1] // down, images.shape[2] // right
    blocks = images[:, : rows * down, : columns * right].reshape(len(images), rows, down, columns, right, 3)
    return blocks.mean(axis=(2, 4), dtype=np.float32).reshape(len(images), -1)


def compare(what: str, one: Callable[[], object], other: Callable[[], object]) -> None:
    """Print the medians of two ways, in turns, and how many times as fast the second is."""
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(TURNS):
        for way, taken in zip((one, other), seconds, strict=True):
            begun = time.perf_counter()
            way()
            taken.append(time.perf_counter() - begun)
    first, second = map(median, seconds)
    print(f"{what}: {first:.2f} s, {second:.2f} s, {first / second:.1f} times as fast")


def main() -> None:
    """Measure both, and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--maps", type=int, default=5)
    parser.add_argument("--images", type=int, default=2500)
    words = parser.parse_args()
    on_keras, on_graph = (hubel.load(words.run, engine=name) for name in ("keras", "onnx"))
    size = on_graph.preprocessing.size
    images = np.random.default_rng(0).integers(0, 256, (words.images, *size, 3), dtype=np.uint8)
    for classifier in (on_keras, on_graph):
        mark(classifier, images[0], 0)  # compiles

    def marks(classifier: hubel.Classifier) -> Callable[[], object]:
        return lambda: [mark(classifier, image, 0) for image in images[: words.maps]]

    compare(f"{words.maps} heat maps, Keras and compiled graph", marks(on_keras), marks(on_graph))
    every, chunk = np.arange(len(images)), 256
    whole = lambda: [by_blocks(images[start : start + chunk]) for start in range(0, len(images), chunk)]  # noqa: E731
    assert (np.concatenate(whole()) == baseline._shrunk(images, every)).all()
    compare(
        f"{len(images):,} images of {size[0]} x {size[1]}, blocks and lines",
        whole,
        lambda: baseline._shrunk(images, every),
    )


if __name__ == "__main__":
    main()
