"""How long does the first answer take, and how many images a second follow it?

    python benchmarks/bench_engine.py RUN IMAGE

Cold starts, median of 5, beside the bare imports; then images/s of both engines on prepared pixels.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import numpy as np

TIMES, IMAGES = 5, 512


def seconds(words: list[str]) -> float:
    """Median wall time of a fresh process, after one that warms the disk."""
    taken = []
    for _ in range(TIMES + 1):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def images_per_s(run: str, engine: str) -> float:
    """Of random pixels at the working size, after a first batch."""
    import hubel

    classifier = hubel.load(run, engine=engine)
    size = classifier.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, *size, 3), dtype=np.uint8)
    classifier.engine.compute(pixels[:300], wanted="maps")
    begun = time.perf_counter()
    classifier.engine.compute(pixels, wanted="maps")
    return IMAGES / (time.perf_counter() - begun)


def main(run: str, image: str) -> None:
    """Print one table."""
    print(f"bare imports        {seconds(['-c', 'import onnxruntime, PIL, numpy']):6.2f} s")
    for engine in ("onnx", "keras"):
        words = ["-m", "hubel", "predict", run, image, "--engine", engine]
        print(f"predict, {engine:10} {seconds(words):6.2f} s   then {images_per_s(run, engine):8,.0f} images/s")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
