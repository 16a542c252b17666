"""What does it cost that every row of the cache is checked whenever it is read? Against an unchecked memory map.

python benchmarks/bench_cache.py [--images 3781] [--side 224]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from hubel.arrays import ImageStore
from hubel.pipeline.augmentation import Augmentation, augment, draw
from hubel.pipeline.cache import Kind, kept
from hubel.runs.machine import describe_machine

BATCH, MOST_READ = 32, 10_000


def seconds(work: Callable[[], object]) -> float:
    """Of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rate(images: ImageStore, order: np.ndarray) -> float:
    """Augmented images per second, in batches; the better of two passes."""
    draws = draw(Augmentation(), len(images), seed=0, epoch=0)
    batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    return len(order) / min(seconds(lambda: [augment(images, some, draws=draws) for some in batches]) for _ in range(2))


def main() -> None:
    """Measure making, opening, and batches from each place that pixels can be in."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=3781)
    parser.add_argument("--side", type=int, default=224)
    wishes = parser.parse_args()
    print(f"{describe_machine()['hardware']} {describe_machine()['versions']}")
    image = np.random.default_rng(0).integers(0, 256, (wishes.side, wishes.side, 3), dtype=np.uint8)
    kind = Kind("images", np.dtype(np.uint8), image.shape, "benchmark")

    def rows() -> Iterator[np.ndarray]:
        return (image + np.uint8(number % 256) for number in range(wishes.images))

    with tempfile.TemporaryDirectory() as folder:
        os.environ["HUBEL_CACHE"] = folder
        made = seconds(lambda: kept(["benchmark"], kind, rows))
        found = seconds(lambda: kept(["benchmark"], kind, rows))
        entry = kept(["benchmark"], kind, rows)
        size = f"{entry.rows.nbytes / 1e6:,.0f} MB"
        print(f"{size}: written and checked in {made:.2f} s, found and checked in {found:.2f} s")
        order = np.random.default_rng(1).permutation(wishes.images)[:MOST_READ]
        (path,) = Path(folder).rglob("data.bin")
        mapped = np.memmap(path, np.uint8, mode="r", shape=entry.rows.shape)
        places: dict[str, ImageStore] = {"mapped": mapped, "memory": entry.data, "disk": entry.rows}
        print(", ".join(f"{name} {rate(images, order):,.0f} images/s" for name, images in places.items()))


if __name__ == "__main__":
    main()
