"""How near is ``hubel predict RUN FOLDER -o FILE`` to what the machine can do?

    python benchmarks/bench_predict.py RUN FOLDER

In each round, one after the other: decoding alone (the same pixels, on every core), the engine alone (on pixels that
are ready), and the command. Decoding and the engine share the processors, so that on few of them the command cannot
reach the slower of the two; what both take together is its bound. Processor time is told beside the wall's, for it
counts nothing that others do meanwhile. Then cold starts of one image beside the bare imports.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import hubel
from hubel.images.formats import IMAGE_ENDINGS
from hubel.images.preprocessing import read_pixels

Speed = tuple[float, float]
"""Images a second, and milliseconds of all processors together for an image."""
ROUNDS, IMAGES, STARTS, PART = 5, 512, 5, 16
LINE = "{:8,.0f} {:7,.0f} {:8,.0f} {:15.2f} {:17.2f} {:26.2f} {:6.2f} {:6.2f}"


def images_in(folder: Path) -> list[Path]:
    """Every image file below a folder, by path."""
    return sorted(path for path in folder.rglob("*") if path.suffix[1:].lower() in IMAGE_ENDINGS)


def timed(work: Callable[[], object], count: int) -> Speed:
    """The speed of work on so many images."""
    begun, before = time.perf_counter(), time.process_time()
    work()
    return count / (time.perf_counter() - begun), 1000 * (time.process_time() - before) / count


def decoding(paths: list[Path], classifier: hubel.Classifier) -> Speed:
    """On every core."""

    def several(part: list[Path]) -> None:
        for path in part:
            read_pixels(path.read_bytes(), classifier.preprocessing)

    def all_of_them() -> None:
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(several, [paths[start : start + PART] for start in range(0, len(paths), PART)]))

    return timed(all_of_them, len(paths))


def computing(pixels: np.ndarray, classifier: hubel.Classifier) -> Speed:
    """With what the off-corpus score needs."""

    def all_of_them() -> None:
        for start in range(0, len(pixels), 64):
            classifier.engine.compute(pixels[start : start + 64], wanted="maps")

    return timed(all_of_them, len(pixels))


def naming(run: str, folder: str) -> Speed:
    """Of the command; its rate is without the start, its processor time with it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as place:
        words = [sys.executable, "-m", "hubel", "predict", run, folder, "-o", f"{place}/names.csv", "--json"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    after, told = resource.getrusage(resource.RUSAGE_CHILDREN), json.loads(done.stdout)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return told["images_per_s"], 1000 * seconds / (told["named"] + told["refused"])


def cold(words: list[str]) -> float:
    """Median seconds of a fresh process, after one that warms the disk."""
    taken = []
    for _ in range(STARTS + 1):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken[1:])


def main(run: str, folder: str) -> None:
    """Print a line for each round, and the medians."""
    classifier, paths = hubel.load(run), images_in(Path(folder))
    some = paths[:: max(1, len(paths) // IMAGES)]
    pixels = np.stack([read_pixels(path.read_bytes(), classifier.preprocessing) for path in some])
    computing(pixels, classifier)
    print(f"{classifier.engine!r}, {len(paths):,} images, {os.cpu_count()} processors, hubel {hubel.__version__}")
    print("decoding  engine  predict   of the slower  of both together   (images/s)   processor ms: the same three")
    rounds = []
    for _ in range(ROUNDS):
        (decode, d), (compute, c), (name, n) = (
            decoding(some, classifier),
            computing(pixels, classifier),
            naming(run, folder),
        )
        rounds.append((decode, compute, name, name / min(decode, compute), name * (1 / decode + 1 / compute), d, c, n))
        print(LINE.format(*rounds[-1]))
    print(f"{LINE.format(*map(statistics.median, zip(*rounds, strict=True)))}   median")
    print(f"one image, cold start: {cold(['-m', 'hubel', 'predict', run, str(paths[0])]):.2f} s")
    print(f"bare imports:          {cold(['-c', 'import onnxruntime, PIL, numpy']):.2f} s")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
