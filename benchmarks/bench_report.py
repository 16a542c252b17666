"""How long does the report of a run take, how large is it, and how much memory does it need?

    python benchmarks/bench_report.py CORPUS [--time-limit 90s]

Trains a small network for a short while, and measures the writing of report.html alone: seconds, bytes of the page, and
the highest rise of anonymous memory (what is mapped from disk is not counted). The page of the 10,000 test images of
CIFAR-10 is to take less than 20 s and less than 5 MB.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

import hubel
from hubel.events import Event, Progress


def anonymous_mb() -> float:
    """MB of memory that no file backs."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """Hears when the report is begun and done, and follows the memory between."""

    def __init__(self) -> None:
        self.begun = self.seconds = self.at_start = self.highest = 0.0
        self.done = threading.Event()

    def __call__(self, event: Event) -> None:
        """Hear an event."""
        if not isinstance(event, Progress) or event.stage != "writing the report":
            return
        if event.done == 0:
            self.begun, self.at_start = time.perf_counter(), anonymous_mb()
            threading.Thread(target=self.follow, daemon=True).start()
        elif event.done == event.total:
            self.seconds = time.perf_counter() - self.begun
            self.done.set()

    def follow(self) -> None:
        """Follow the memory until the report is done."""
        while not self.done.wait(0.02):
            self.highest = max(self.highest, anonymous_mb())


def main() -> None:
    """Train, and print what the report took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus")
    parser.add_argument("--time-limit", default="90s")
    words = parser.parse_args()
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        run = hubel.train(words.corpus, out=folder, time_limit=words.time_limit, on_event=watch)
        size = (Path(folder) / "report.html").stat().st_size
    images = run.metrics["test"]["examples"]
    rise = max(0.0, watch.highest - watch.at_start)
    print(f"{images:,} test images: {watch.seconds:.1f} s, {size / 1e6:.2f} MB, memory +{rise:.0f} MB")


if __name__ == "__main__":
    main()
