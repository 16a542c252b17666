"""Which copies are found, and which different images are taken for copies? The table in docs/concepts/audit.md.

    python benchmarks/bench_copies.py CORPUS [CORPUS ...] [--copies 200] [--scenes 150]

For each corpus and each kind of change, so many of its images are changed, saved again as JPEG, and looked for among
all of its images and the other copies. Pairs that it has already are counted apart: look at them before you call them
false. With --scenes, made images that share a scene (tests/made/scenes.py): how many are taken for copies, and how many
true copies among them are found. With --speed, how long the images of each corpus are compared where those in doubt are
looked at all together, and one by one.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.made.copies import CHANGES, USUAL, copy_of  # noqa: E402
from tests.made.scenes import SCENES, images_of  # noqa: E402

from hubel.corpus import near_pairs  # noqa: E402
from hubel.corpus.duplicates import find_near_pairs  # noqa: E402
from hubel.corpus.formats.catalogue import read_corpus  # noqa: E402
from hubel.corpus.measurement import measure_images  # noqa: E402
from hubel.errors import UnreadableImage  # noqa: E402
from hubel.pipeline.examine import examine_corpus  # noqa: E402


def encoded(image: Image.Image) -> bytes:
    """As a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def measured(images: list[Image.Image]) -> np.ndarray:
    """`MEASUREMENT` of each."""
    rows = measure_images([encoded(image) for image in images])
    assert not any(isinstance(row, UnreadableImage) for row in rows)
    return np.stack(rows)


def found_pairs(rows: np.ndarray, labels: np.ndarray) -> set[tuple[int, int]]:
    """Places of copies."""
    pairs = find_near_pairs(rows, [str(place) for place in range(len(rows))], labels=labels)
    return {(int(pair["first"]), int(pair["second"])) for pair in pairs}


def as_image(content: bytes | np.ndarray) -> Image.Image:
    """Of a file or of pixels."""
    return (
        Image.fromarray(content) if isinstance(content, np.ndarray) else Image.open(io.BytesIO(content)).convert("RGB")
    )


def of_corpus(location: str, count: int, only: str) -> None:
    """Recall of each kind on a corpus, and pairs with others than the original.

    Every kind changes images of its own, and all are looked for at once: no image has two copies.
    """
    examined = examine_corpus(read_corpus(location))
    corpus, rows = examined.corpus, examined.measurements
    labels = np.array([example.label for example in corpus.examples])
    begun = time.perf_counter()
    own = found_pairs(rows, labels)
    seconds = time.perf_counter() - begun
    share = len({place for pair in own for place in pair}) / len(rows)
    print(f"\n{location}: {len(rows):,} images, compared in {seconds:.1f} s")
    print(f"  {len(own)} pairs of its own, {share:.2%} of the images", flush=True)
    kinds = [kind for kind in CHANGES if only in kind]
    count = min(count, len(rows) // len(kinds))
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(rows), (len(kinds), count), replace=False)
    changed = [
        measured([copy_of(as_image(corpus.read(int(place))), kind, rng) for place in places])
        for kind, places in zip(kinds, chosen, strict=True)
    ]
    flat = chosen.ravel()
    pairs = found_pairs(np.concatenate([rows, *changed]), np.concatenate([labels, labels[flat]]))
    original = np.concatenate([np.arange(len(rows)), flat])  # a copy counts as what it is a copy of
    found = np.array([(int(place), len(rows) + number) in pairs for number, place in enumerate(flat)]).reshape(
        chosen.shape
    )
    false = np.zeros(chosen.shape, bool).ravel()
    for first, second in pairs:
        one, two = int(original[first]), int(original[second])
        if one != two and (min(one, two), max(one, two)) not in own:
            false[[place - len(rows) for place in (first, second) if place >= len(rows)]] = True
    for kind, hits, mistaken in zip(kinds, found, false.reshape(chosen.shape), strict=True):
        print(f"  {kind:22s} {hits.mean():6.1%} of {count} found   {mistaken.sum()} paired with other images")


def of_scenes(count: int) -> None:
    """False and true copies in scenes."""
    print(f"\nmade scenes, {count} different images each: images taken for copies; true copies found among them")
    for name in SCENES:
        images = images_of(name, count)
        rows = measured(images)
        labels = np.arange(count) % 2
        false = {place for pair in found_pairs(rows, labels) for place in pair}
        rng = np.random.default_rng(0)
        recalls = []
        for kind in USUAL:
            copies = measured([copy_of(image, kind, rng) for image in images[:20]])
            pairs = found_pairs(np.concatenate([rows, copies]), np.concatenate([labels, labels[:20]]))
            recalls.append(f"{sum((place, count + place) in pairs for place in range(20)) / 20:.0%}")
        print(f"  {name:24s} {len(false) / count:6.1%} false   {' '.join(recalls)}", flush=True)


def of_speed(location: str, rounds: int = 3) -> None:
    """Seconds for all pairs of a corpus, as it is and one by one, in turn: medians."""
    examined = examine_corpus(read_corpus(location))
    labels = np.array([example.label for example in examined.corpus.examples])
    seconds: dict[str, list[float]] = {"together": [], "one by one": []}
    found: set[frozenset[tuple[int, int]]] = set()
    usual = near_pairs._MOST_DOUBTFUL
    for _ in range(rounds):
        for name, most in (("together", usual), ("one by one", 1)):
            near_pairs._MOST_DOUBTFUL = most
            begun = time.perf_counter()
            pairs = find_near_pairs(examined.measurements, examined.copies.digests, labels=labels)
            seconds[name].append(time.perf_counter() - begun)
            found.add(frozenset(zip(pairs["first"].tolist(), pairs["second"].tolist(), strict=True)))
    near_pairs._MOST_DOUBTFUL = usual
    together, one_by_one = (statistics.median(each) for each in seconds.values())
    print(f"\n{location}: {len(labels):,} images, {len(pairs)} pairs, the same each time: {len(found) == 1}")
    print(f"  together {together:.1f} s   one by one {one_by_one:.1f} s   ratio {one_by_one / together:.2f}")


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="*")
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--only", default="", help="kinds of change whose name holds this")
    parser.add_argument("--scenes", type=int, default=0, metavar="N", help="made scenes of N images")
    parser.add_argument("--speed", action="store_true", help="how long all pairs take, and nothing else")
    words = parser.parse_args()
    for location in words.corpora:
        if words.speed:
            of_speed(location)
            continue
        of_corpus(location, words.copies, words.only)
    if words.scenes:
        print("kinds:", ", ".join(USUAL))
        of_scenes(words.scenes)


if __name__ == "__main__":
    main()
