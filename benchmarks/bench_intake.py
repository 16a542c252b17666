"""How fast do JPEG files become uint8 RGB of one size, next to Pillow, tf.data and OpenCV? Medians, in one run.

    python benchmarks/bench_intake.py [FOLDER] [ROUNDS]

FOLDER is searched for .jpg files, of which up to 1,000 are read (default: 400 made on the spot); ROUNDS is how often
all take their turn (default: 7). Writes benchmarks/results/intake-<machine>-<versions>.csv. Hubel also turns images
upright, refuses cut files and asks libjpeg for a smaller image where that is enough; the others decode every image
whole here.

And what is gained by decoding and measuring a corpus in one pass, rather than in two: seconds of processor time of the
same files, and of 2,000 JPEG files of 32 pixels, cold (the cache is empty each time). Writes
benchmarks/results/intake-passes-<machine>-<versions>.csv.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image, ImageDraw

from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import EXACT_COPIES
from hubel.images.preprocessing import Preprocessing, read_pixels
from hubel.pipeline.decoded import decode_corpus
from hubel.pipeline.examine import decode_and_measure, examine_decoded

RESULTS = Path(__file__).parent / "results"
SIZES = (224, 64)
THREADS = (1, 2)
MOST_FILES = 1000
PART = 16
"""Images to a task, as in `hubel.pipeline.contents`."""

Contender = Callable[[Sequence[Path], int, int], int]
"""(files, side in pixels, threads) → images read."""


def make_photographs(folder: Path, count: int = 400) -> None:
    """JPEG files of 400 x 530 pixels: shapes, shading and noise, about 40 KB each."""
    rng = np.random.default_rng(0)
    for number in range(count):
        image = Image.new("RGB", (400, 530), tuple(rng.integers(60, 220, 3).tolist()))
        pen = ImageDraw.Draw(image)
        for _ in range(12):
            left, top = rng.integers(0, 400), rng.integers(0, 530)
            corners = (left, top, left + rng.integers(20, 200), top + rng.integers(20, 200))
            pen.ellipse([int(each) for each in corners], fill=tuple(rng.integers(0, 256, 3).tolist()))
        noisy = np.asarray(image) + rng.normal(0, 6, (530, 400, 3))
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"{number:04}.jpg", quality=80)


def over_threads(read: Callable[[Path], np.ndarray], files: Sequence[Path], threads: int) -> int:
    """Read every file in a pool, some at a time."""
    parts = [files[start : start + PART] for start in range(0, len(files), PART)]
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda part: sum(len(read(path)) > 0 for path in part), parts))


def with_hubel(files: Sequence[Path], side: int, threads: int) -> int:
    """As training and predicting do."""
    preprocessing = Preprocessing(side, side)
    return over_threads(lambda path: read_pixels(path.read_bytes(), preprocessing), files, threads)


def with_pillow(files: Sequence[Path], side: int, threads: int) -> int:
    """Opened, converted, resized: what most programs do."""

    def read(path: Path) -> np.ndarray:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR))

    return over_threads(read, files, threads)


def with_tf_data(files: Sequence[Path], side: int, threads: int) -> int:
    """Decoded whole, resized with antialiasing, rounded; as many images at a time as threads."""
    import tensorflow as tf  # noqa: TID251  (Hubel itself reads images without a framework)

    def read(path: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        resized = tf.image.resize(image, (side, side), antialias=True)
        return tf.cast(tf.round(resized), tf.uint8)

    batches = tf.data.Dataset.from_tensor_slices([str(path) for path in files])
    batches = batches.map(read, num_parallel_calls=threads).batch(PART)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.threading.max_intra_op_parallelism = 1
    return sum(len(batch) for batch in batches.with_options(options))


def with_opencv(files: Sequence[Path], side: int, threads: int) -> int:
    """Decoded whole, resized by area."""
    import cv2

    cv2.setNumThreads(1)  # the pool has the threads

    def read(path: Path) -> np.ndarray:
        image = cv2.resize(cv2.imread(str(path), cv2.IMREAD_COLOR), (side, side), interpolation=cv2.INTER_AREA)
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    return over_threads(read, files, threads)


CONTENDERS: dict[str, tuple[Contender, str, str]] = {
    "hubel": (with_hubel, "hubel", "hubel"),
    "pillow": (with_pillow, "PIL", "pillow"),
    "tf.data": (with_tf_data, "tensorflow", "tensorflow-cpu"),
    "opencv": (with_opencv, "cv2", "opencv-python-headless"),
}
"""Name → (what reads, the module it needs, the package that has it)."""


def measure(files: Sequence[Path], rounds: int) -> dict[tuple[str, int, int], float]:
    """(contender, side, threads) → images a second: the median over rounds in which all take turns."""
    present = {name: each[0] for name, each in CONTENDERS.items() if importlib.util.find_spec(each[1])}
    speeds: dict[tuple[str, int, int], list[float]] = {}
    for name, contender in present.items():  # warms up: disk cache, imports, threads
        if contender(files, SIZES[-1], 1) != len(files):
            sys.exit(f"{name} did not read all {len(files)} files")
    for _ in range(rounds):
        for side in SIZES:
            for threads in THREADS:
                for name, contender in present.items():
                    start = time.perf_counter()
                    contender(files, side, threads)
                    speed = len(files) / (time.perf_counter() - start)
                    speeds.setdefault((name, side, threads), []).append(speed)
    return {key: statistics.median(each) for key, each in speeds.items()}


def make_small(folder: Path, count: int = 2000) -> list[Path]:
    """JPEG files of 32 x 32 pixels, as of CIFAR-10."""
    rng = np.random.default_rng(1)
    paths = [folder / f"{number:04}.jpg" for number in range(count)]
    for path in paths:
        coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        coarse.resize((32, 32), Image.Resampling.BICUBIC).save(path, quality=75)
    return paths


def measure_passes(files: Sequence[Path], side: int, rounds: int) -> tuple[float, float]:
    """Processor seconds of two passes and of one over the same files: medians of rounds in which both take turns."""
    spent: dict[str, list[float]] = {"two": [], "one": []}
    with tempfile.TemporaryDirectory() as made:
        for number, path in enumerate(files):
            folder = Path(made) / "corpus" / "ab"[number % 2]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.jpg").write_bytes(path.read_bytes())
        corpus = read_corpus(Path(made) / "corpus")
        for number in range(rounds):
            for name, read in {"two": decode_corpus, "one": decode_and_measure}.items():
                os.environ["HUBEL_CACHE"] = str(Path(made) / f"cache-{name}-{number}")
                start = time.process_time()
                examine_decoded(read(corpus, Preprocessing(side, side)), copies=EXACT_COPIES)
                spent[name].append(time.process_time() - start)
    return statistics.median(spent["two"]), statistics.median(spent["one"])


def compare_passes(files: Sequence[Path], rounds: int) -> Path:
    """Print and write one row for each set of files and size."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"intake-passes-{machine()}-hubel{version('hubel')}-pillow{version('pillow')}.csv"
    with tempfile.TemporaryDirectory() as made, path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["files", "side_px", "count", "two_passes_cpu_s", "one_pass_cpu_s", "ratio", "rounds"])
        small = make_small(Path(made))
        for name, some, side in (*(("files", files, side) for side in SIZES), ("32 pixels", small, 32)):
            two, one = measure_passes(some, side, rounds)
            print(f"{name:>9} at {side:>3} px: two passes {two:.2f} s, one pass {one:.2f} s, {two / one:.2f} times")
            writer.writerow([name, side, len(some), round(two, 3), round(one, 3), round(two / one, 3), rounds])
    return path


def machine() -> str:
    """System, processor and cores, for the name of a file."""
    return f"{platform.system()}-{platform.machine()}-{os.cpu_count()}cores".lower()


def versions() -> dict[str, str]:
    """Versions of what took part."""
    return {package: version(package) for _, module, package in CONTENDERS.values() if importlib.util.find_spec(module)}


def write_results(medians: dict[tuple[str, int, int], float], files: int, rounds: int) -> Path:
    """One row for each contender, size and number of threads."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"intake-{machine()}-{'-'.join(name + number for name, number in versions().items())}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["contender", "side_px", "threads", "images_per_s", "ratio_to_hubel", "files", "rounds"])
        for (name, side, threads), speed in medians.items():
            ratio = speed / medians["hubel", side, threads]
            writer.writerow([name, side, threads, round(speed, 1), round(ratio, 3), files, rounds])
    return path


def main(folder: Path, rounds: int) -> None:
    """Measure, print a table and write the results."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        sys.exit(f"{folder} holds no .jpg file: name a folder of photographs")
    files = files[:: -(-len(files) // MOST_FILES)]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / len(files) / 1000:.0f} KB on average")
    print(f"{platform.platform()}, {os.cpu_count()} cores, python {platform.python_version()}, {versions()}")
    for name, (_, module, package) in CONTENDERS.items():
        if not importlib.util.find_spec(module):
            print(f"{name} is not installed: uv run --with {package} python {' '.join(sys.argv)}")
    medians = measure(files, rounds)
    for (name, side, threads), speed in medians.items():
        ratio = speed / medians["hubel", side, threads]
        print(f"{side:>4} px  {threads} threads  {name:<8} {speed:7.0f} images/s  {ratio:5.2f} of hubel")
    print(f"written to {write_results(medians, len(files), rounds)}")
    print(f"written to {compare_passes(files, rounds)}")


if __name__ == "__main__":
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), turns)
    else:
        with tempfile.TemporaryDirectory() as made:
            make_photographs(Path(made))
            main(Path(made), turns)
