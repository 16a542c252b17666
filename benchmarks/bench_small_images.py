"""What do processes gain where a corpus has many small images?

    python benchmarks/bench_small_images.py CORPUS [ROUNDS]

CORPUS is any that ``hubel train`` takes, such as CIFAR-10. Each round reads it twice with nothing in the cache, decoded
and measured in one process and by several, as `hubel.pipeline.contents` chooses from `MANY` images on. Prints JSON: the
medians of the seconds, their ratio, and whether pixels and measurements are the same to the byte. And once more while
the framework is loaded, as a training does, each in a new Python: by processes that are sent as many images at a time
as take a while, and 16 at a time.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline import contents, workers
from hubel.pipeline.examine import decode_and_measure

ALONE = "--alone"
SIDE = 32
"""Pixels of the decoded images."""


def read_once(corpus: Corpus) -> tuple[float, str]:
    """Seconds with an empty cache, and a digest of all that was made."""
    with tempfile.TemporaryDirectory(prefix="hubel-small-") as folder:
        os.environ["HUBEL_CACHE"] = folder
        begun = time.monotonic()
        decoded = decode_and_measure(corpus, Preprocessing(SIDE, SIDE))
        seconds = time.monotonic() - begun
        kept = hashlib.sha256(np.ascontiguousarray(decoded.images[:]))
        for path in sorted(each for each in Path(folder).rglob("*") if each.is_file()):
            kept.update(path.read_bytes())
    return seconds, kept.hexdigest()


def while_loading(location: str, together: int) -> float:
    """Seconds that a new Python takes, which loads the framework meanwhile."""
    words = [sys.executable, __file__, location, ALONE, str(together)]
    return float(subprocess.run(words, capture_output=True, check=True, text=True).stdout.split()[-1])


def alone(location: str, together: int) -> None:
    """What `while_loading` starts."""
    workers.MOST_PART = together
    corpus = read_corpus(location)
    threading.Thread(target=importlib.import_module, args=["keras"]).start()
    print(read_once(corpus)[0])


def main() -> None:
    """Measure, and print."""
    location, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    seconds: dict[str, list[float]] = {}
    digests: set[str] = set()
    corpus = read_corpus(location)
    for _ in range(rounds):
        for name, many in (("one process", sys.maxsize), ("several", 0)):
            contents.MANY = many
            took, digest = read_once(corpus)
            seconds.setdefault(name, []).append(took)
            digests.add(digest)
        for together in (workers.MOST_PART, 16):
            name = f"several, {together} at a time at most, loading"
            seconds.setdefault(name, []).append(while_loading(location, together))
    medians = {name: float(np.median(each)) for name, each in seconds.items()}
    one, several, more, few = medians.values()
    ratios = {"one process, several": one / several, "16 at a time, more": few / more}
    print(json.dumps({"images": len(corpus), "seconds": medians, "ratios": ratios, "same": len(digests) == 1}))


if __name__ == "__main__":
    if sys.argv[2:3] == [ALONE]:
        alone(sys.argv[1], int(sys.argv[3]))
    else:
        main()
