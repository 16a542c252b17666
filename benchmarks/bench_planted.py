"""Does a method point at what decides? On corpora where only a patch tells the class, this is known.

    python benchmarks/bench_planted.py [--images 20] [--cache FOLDER] [--architectures small-cnn,residual,mobilenet]
        [--corpora texture,shape,colour] [--epochs 4] [--methods grad-cam,rise]

Three corpora (texture, shape, colour of the patch; seeds 0, 1, 2) times three architectures; of mobilenet only the head
is trained. For each method, on test images that are named rightly:

- pointing: share of the images whose largest value lies in the patch or at most `TOLERANCE` pixels beside it (15 of
  224 pixels, as in the pointing game of Zhang et al. 2016, arXiv:1608.00507); a flat map points nowhere,
- mass: mean share of what is above 0 that lies in the patch itself,

beside those of a random map and the shares of the image that count as a hit and that the patch covers. Prints a table
for each architecture and writes benchmarks/results/planted-<machine>-<versions>.json. Training takes some minutes the
first time; networks are kept in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from tests.made.planted import TOLERANCE, Planted, against_truth
from tests.made.planted_networks import Lesson, trained

from hubel.classifier.classifier import Classifier
from hubel.evaluation.metrics import wilson_interval
from hubel.explanation.catalogue import EXPLANATIONS
from hubel.explanation.faithfulness import random_maps
from hubel.explanation.of_classifier import subject_of
from hubel.explanation.subject import Question

RESULTS = Path(__file__).parent / "results"
ARCHITECTURES = ("small-cnn", "residual", "mobilenet")
CORPORA = (("texture", 0), ("shape", 1), ("colour", 2))
TEST_PER_CLASS = 8
RANDOM = "random map"


@dataclass(frozen=True)
class Hits:
    """What one method did on the images of one corpus.

    Args:
        architecture: of the network.
        kind: of the corpus.
        method: its name.
        images: that were named rightly.
        pointing: on how many of them it points at the patch.
        mass: mean share of its heat in the patch, over the maps that have any.
        flat: maps that mark nothing.
        seconds: for one image, the median.
    """

    architecture: str
    kind: str
    method: str
    images: int
    pointing: int
    mass: float
    flat: int
    seconds: float


def measure(classifier: Classifier, lesson: Lesson, *, methods: list[str], images: int) -> list[Hits]:
    """Methods, and a random map, on the same test images.

    Args:
        classifier: that learned the lesson.
        lesson: which corpus.
        methods: names in `EXPLANATIONS`.
        images: that are named rightly, at most.
    """
    planted = lesson.test(TEST_PER_CLASS)
    pixels = lesson.at_size(planted.images)
    right = np.flatnonzero(classifier.compute_logits(pixels).argmax(axis=1) == planted.labels)[:images]
    subject, found = subject_of(classifier), []
    for name in (*methods, RANDOM):
        heats, seconds = [], []
        for place in right.tolist():
            begun = time.perf_counter()
            if name == RANDOM:
                heats += random_maps(pixels[place].shape[:2], seed=place, count=1)
            else:
                question = Question(int(planted.labels[place]))
                heats.append(EXPLANATIONS[name].compute(subject, pixels[place], question=question, seed=place))
            seconds.append(time.perf_counter() - begun)
        pointing, mass, flat = against_truth(heats, planted, right)
        found.append(
            Hits(
                lesson.architecture, lesson.kind, name, len(right), pointing, mass, flat, float(np.median(seconds))
            )
        )  # fmt: skip
    return found


def shares(planted: Planted) -> tuple[float, float]:
    """Mean share of the image that counts as a hit, and that the patch covers."""
    count = len(planted.labels)
    near, patch = (
        float(np.mean([planted.mask(each, tolerance=margin).mean() for each in range(count)]))
        for margin in (TOLERANCE, 0)
    )
    return near, patch


def table(hits: list[Hits]) -> str:
    """A table in Markdown of one architecture: all corpora together, and the pointing of each."""
    kinds = list(dict.fromkeys(each.kind for each in hits))
    rows = [f"| method | pointing | 95 % interval | {' | '.join(kinds)} | mass in the patch | flat | s/image |"]
    rows.append("|---" * (6 + len(kinds)) + "|")
    for name in dict.fromkeys(each.method for each in hits):
        some = [each for each in hits if each.method == name]
        images, pointing = sum(each.images for each in some), sum(each.pointing for each in some)
        low, high = wilson_interval(pointing, images)
        each_kind = " | ".join(f"{each.pointing / each.images:.0%}" for each in some)
        mass, seconds = np.mean([each.mass for each in some]), np.mean([each.seconds for each in some])
        rows.append(
            f"| {name} | {pointing / images:.1%} | {low:.0%} to {high:.0%} | {each_kind} | {mass:.0%} | "
            f"{sum(each.flat for each in some)} | {seconds:.2f} |"
        )
    return "\n".join(rows)


def main() -> None:
    """Train or read every network, measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20, help="images of each corpus and network")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hubel-planted")
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES))
    parser.add_argument("--corpora", default=",".join(kind for kind, _ in CORPORA))
    parser.add_argument("--epochs", type=int, default=4, help="passes over the images of a network from scratch")
    parser.add_argument("--methods", default=",".join(EXPLANATIONS))
    given = parser.parse_args()
    for architecture in given.architectures.split(","):
        hits: list[Hits] = []
        networks = []
        for kind, seed in [each for each in CORPORA if each[0] in given.corpora.split(",")]:
            lesson = Lesson(architecture, kind, seed, epochs=given.epochs)
            classifier, planted = trained(lesson, given.cache), lesson.test(TEST_PER_CLASS)
            answers = classifier.compute_logits(lesson.at_size(planted.images)).argmax(axis=1)
            accuracy, near_and_patch = float((answers == planted.labels).mean()), shares(planted)
            networks.append({**asdict(lesson), "accuracy": accuracy, "shares": near_and_patch})
            hits += measure(classifier, lesson, methods=given.methods.split(","), images=given.images)
            print(f"{architecture} {kind}: accuracy {accuracy:.3f}, shares {near_and_patch}", flush=True)
        print(f"\n{architecture}\n\n{table(hits)}\n", flush=True)
        keep(hits, networks)


def keep(hits: list[Hits], networks: list[dict[str, object]]) -> None:
    """Put results into the file of this machine; those of other networks, corpora and methods in it stay."""
    libraries = {name: version(name) for name in ("hubel", "keras", "numpy", "onnxruntime")}
    words = f"{platform.machine()}-{os.cpu_count()}cores-hubel{libraries['hubel']}-keras{libraries['keras']}"
    path = RESULTS / f"planted-{words}.json"
    document = json.loads(path.read_text()) if path.exists() else {"networks": [], "methods": []}
    for name, rows in (("networks", networks), ("methods", [asdict(each) for each in hits])):
        new = [_what(each) for each in rows]
        document[name] = [each for each in document[name] if _what(each) not in new] + rows
    document |= {"libraries": libraries, "tolerance_px": TOLERANCE}
    path.write_text(json.dumps(document, indent=1) + "\n")


def _what(row: dict[str, object]) -> tuple[object, ...]:
    return row["architecture"], row["kind"], row.get("method")


if __name__ == "__main__":
    main()
