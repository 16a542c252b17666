"""What an audit costs: listing many files, comparing all pairs of images, and Ctrl-C.

    python benchmarks/bench_audit.py [--files 100000] [--images 60000]

Listing is compared with a bare ``os.walk`` over the same hard links, the search for copies in all eight orientations
with eight products of the fingerprints themselves (which finds the same pairs). Contenders take turns in one run.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from hubel.corpus.fingerprint import LENGTH, oriented
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.near_pairs import NEAR, find_alike
from hubel.events import ignore

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def take_turns(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of both."""
    times = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return statistics.median(own for own, _ in times), statistics.median(other for _, other in times)


def make_files(folder: Path, count: int) -> None:
    """Ten classes of hard links to one small image each."""
    for number in range(10):
        (folder / f"class{number}").mkdir(parents=True)
        first = folder / f"class{number}" / "0.jpg"
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(first)
        for place in range(1, count // 10):
            os.link(first, folder / f"class{number}" / f"{place}.jpg")


def bench_listing(folder: Path, count: int) -> None:
    """Seconds and memory of reading the list of a corpus."""
    read_corpus(folder)  # warm
    ours, walk = take_turns(lambda: read_corpus(folder), lambda: [len(names) for _, _, names in os.walk(folder)])
    tracemalloc.start()
    corpus = read_corpus(folder)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"listing {len(corpus):,} files: {ours:.2f} s, {ours / walk:.1f} times os.walk ({walk:.2f} s);", end=" ")
    print(f"{held / count:.0f} bytes a file held, {peak / count:.0f} at the peak")


def bench_interrupt(folder: Path) -> None:
    """Seconds from Ctrl-C to the end, at several moments of an audit."""
    with tempfile.TemporaryDirectory() as cache:
        for after in (1.0, 2.0, 4.0, 8.0):
            child = subprocess.Popen(
                [sys.executable, "-m", "hubel", "audit", str(folder)],
                env={**os.environ, "HUBEL_CACHE": cache},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
            )
            time.sleep(after)
            start = time.perf_counter()
            child.send_signal(signal.SIGINT)
            child.wait()
            print(f"Ctrl-C after {after:.0f} s of an audit: ended {time.perf_counter() - start:.2f} s later", end=" ")
            print(f"(exit code {child.returncode})")


def bench_pairs(count: int) -> None:
    """Seconds of comparing all pairs in eight orientations."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, LENGTH)).astype(np.float32)
    vectors[count // 2 : count // 2 + 100] = oriented(vectors[:100], 5)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    def naive() -> int:
        found = set()
        for orientation in range(8):
            turned = oriented(vectors, orientation)
            for top in range(0, count, 1024):
                for left in range(top, count, 8192):
                    products = turned[top : top + 1024] @ vectors[left : left + 8192].T
                    row, column = np.divmod(np.flatnonzero(products >= NEAR), products.shape[1])
                    found |= {(a, b) for a, b in zip(row + top, column + left, strict=True) if a < b}
        return len(found)

    assert len(find_alike(vectors, ignore)) == naive()
    ours, theirs = take_turns(lambda: find_alike(vectors, ignore), naive)
    print(f"{count * (count - 1) // 2:,} pairs: {ours:.1f} s; eight products take {theirs / ours:.1f} times as long")


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--images", type=int, default=60_000)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, NumPy {np.__version__}")
    bench_pairs(arguments.images)
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder) / "corpus", arguments.files)
        bench_listing(Path(folder) / "corpus", arguments.files)
        bench_interrupt(Path(folder) / "corpus")


if __name__ == "__main__":
    main()
