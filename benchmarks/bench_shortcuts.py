"""Does `hubel audit --shortcuts` find what was planted, and keep quiet otherwise? See docs/how-to/find-shortcuts.md.

    python benchmarks/bench_shortcuts.py CORPUS [--relabellings 20] [--images 600]

The labels of the corpus are permuted at random, so that nothing can tell its classes, and looked at as often as asked:
every alarm is a false one. Then a part of it, with labels at random again, is written to a temporary folder three
times; one class is saved at another JPEG quality, is marked in a corner, or is brighter.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

from hubel.corpus.formats.catalogue import read_corpus
from hubel.images.decode import decode_image
from hubel.pipeline.examine import examine_corpus
from hubel.workflows.auditing.shortcuts import find_shortcuts

CHANGED = "class 0"
CLASSES = 5


def relabelled(corpus: str, times: int) -> None:
    """How many random labellings raise an alarm, and how many have a significant probe however little it can tell."""
    examined = examine_corpus(read_corpus(corpus))
    examples = examined.corpus.examples
    alarms = significant = 0
    best, begun = 0.0, time.monotonic()
    for seed in range(times):
        labels = np.random.default_rng(seed).permutation([example.label for example in examples])
        shuffled = tuple(replace(each, label=int(label)) for each, label in zip(examples, labels, strict=True))
        found = find_shortcuts(replace(examined, corpus=replace(examined.corpus, examples=shuffled)), seed=seed)
        alarms += bool(found.alarms)
        significant += any(each.p_corrected <= 0.05 for each in found.probes)
        best = max(best, *(each.balanced_accuracy for each in found.probes))
        print(f"  {seed}: smallest p {min(each.p_corrected for each in found.probes):.3f}", flush=True)
    seconds = (time.monotonic() - begun) / times
    print(f"{corpus}: {times} relabellings, {alarms} with an alarm, {significant} with a significant probe,")
    print(f"highest balanced accuracy {best:.3f}, {seconds:.1f} s for each")


def saved(image: Image.Image, quality: int = 90) -> bytes:
    """As a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def marked(image: Image.Image) -> bytes:
    """With a watermark in the lower right corner."""
    side = max(10, image.height // 16)
    ImageDraw.Draw(image).text(
        (image.width - 4 * side, image.height - 1.4 * side), "(c) shop", (255,) * 3, font_size=side
    )
    return saved(image)


PLANTED: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {
    "nothing": ("", saved),
    "JPEG quality 75, not 90": ("jpeg-settings", lambda image: saved(image, 75)),
    "watermark in a corner": ("border", marked),
    "brighter by a half": ("brightness", lambda image: saved(ImageEnhance.Brightness(image).enhance(1.5))),
}


def planted(location: str, count: int) -> None:
    """One class of a part of the corpus, with random labels, is changed; which alarms are raised."""
    corpus, rng = read_corpus(location), np.random.default_rng(0)
    places = rng.permutation(len(corpus))[:count]
    for name, (probe, change) in PLANTED.items():
        with tempfile.TemporaryDirectory() as folder:
            for number, place in enumerate(places):
                image = Image.fromarray(decode_image(corpus.read(int(place))))
                path = Path(folder) / f"class {number % CLASSES}" / f"{rng.integers(1 << 40):012}.jpg"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(change(image) if path.parent.name == CHANGED else saved(image))
            found = find_shortcuts(examine_corpus(read_corpus(folder), copies="off"))
        own = [f"{each.balanced_accuracy:.2f} ({each.classes[0]})" for each in found.alarms if each.name == probe]
        others = [f"{each.name} {each.balanced_accuracy:.2f}" for each in found.alarms if each.name != probe]
        print(f"{name}: {probe} {' '.join(own) or '-'}; other alarms: {', '.join(others) or 'none'}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--relabellings", type=int, default=20)
    parser.add_argument("--images", type=int, default=600)
    asked = parser.parse_args()
    planted(asked.corpus, asked.images)
    relabelled(asked.corpus, asked.relabellings)


if __name__ == "__main__":
    main()
