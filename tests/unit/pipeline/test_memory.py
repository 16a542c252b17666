"""Memory stays flat: pixels are written in order, and more than a few are read from disk, never held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from hubel.corpus.formats.catalogue import read_corpus
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.batches import TrainingBatches, made_ahead
from hubel.pipeline.decoded import decode_corpus

def anonymous_mb():
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024

corpus = read_corpus(sys.argv[1])
before, peak = anonymous_mb(), 0
def watch(event):
    global peak
    peak = max(peak, anonymous_mb())
decoded = decode_corpus(corpus, Preprocessing(256, 256), on_event=watch)
labels = np.array([example.label for example in decoded.corpus.examples])
batches = TrainingBatches(decoded.images, labels, np.arange(len(labels)), 32, Augmentation(), np.ones(2, np.float32), 0)
for _ in made_ahead(batches.epoch(0)):
    watch(None)
print(decoded.images.nbytes / 1e6, peak - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells anonymous memory apart")
def test_a_corpus_takes_no_memory_of_its_size(tmp_path: Path):
    rng = np.random.default_rng(0)
    for number in range(2400):
        write_image(
            tmp_path / "corpus" / "ab"[number % 2] / f"{number}.png", rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        )
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "corpus"], capture_output=True, text=True, check=True
    )
    pixels_mb, grown_mb = map(float, done.stdout.split())
    assert pixels_mb > 470
    assert grown_mb < 200
