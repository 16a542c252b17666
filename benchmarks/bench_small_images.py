"""What do processes gain where a corpus has many small images?

    python benchmarks/bench_small_images.py CORPUS [ROUNDS]

CORPUS is any that ``hubel train`` takes, such as CIFAR-10. Each round reads it twice with nothing in the cache, decoded
and measured in one process and by several, as `hubel.pipeline.contents` chooses from `MANY` images on. Prints JSON: the
medians of the seconds, their ratio, and whether pixels and measurements are the same to the byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hubel.corpus.formats.catalogue import read_corpus
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline import contents
from hubel.pipeline.examine import decode_and_measure

SIDE = 32
"""Pixels of the decoded images."""


def main() -> None:
    """Measure, and print."""
    location, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    seconds: dict[str, list[float]] = {"one process": [], "several": []}
    digests: set[str] = set()
    corpus = read_corpus(location)
    preprocessing = Preprocessing(SIDE, SIDE)
    for _ in range(rounds):
        for name, many in (("one process", sys.maxsize), ("several", 0)):
            contents.MANY = many
            with tempfile.TemporaryDirectory(prefix="hubel-small-") as folder:
                os.environ["HUBEL_CACHE"] = folder
                begun = time.monotonic()
                decoded = decode_and_measure(corpus, preprocessing)
                seconds[name].append(time.monotonic() - begun)
                kept = hashlib.sha256(np.ascontiguousarray(decoded.images[:]))
                for path in sorted(each for each in Path(folder).rglob("*") if each.is_file()):
                    kept.update(path.read_bytes())
                digests.add(kept.hexdigest())
    medians = {name: float(np.median(each)) for name, each in seconds.items()}
    ratio = medians["one process"] / medians["several"]
    print(json.dumps({"images": len(corpus), "seconds": medians, "ratio": ratio, "same": len(digests) == 1}))


if __name__ == "__main__":
    main()
