"""Does a method point at what decides? On corpora where only a patch tells the class, this is known.

    python benchmarks/bench_planted.py [--images 20] [--cache FOLDER] [--architectures small-cnn,residual,mobilenet]
        [--corpora patch-0,patch-1,patch-2,texture-0,shape-1,colour-2] [--methods grad-cam,rise]

A corpus is a kind of `tests.made.planted.KINDS` and a seed. `patch` is the plain one: nothing else is in the image. In
the harder ones, the texture, the shape or the colour of a patch decides, and beside it lies another patch that does
not. Of mobilenet only the head is trained. For each method, on test images that are named rightly:

- pointing: share of the images whose largest value lies in the patch or at most `TOLERANCE` pixels beside it (15 of
  224 pixels, as in the pointing game of Zhang et al. 2016, arXiv:1608.00507); a flat map points nowhere,
- mass: mean share of what is above 0 that lies in the patch itself,

beside those of a random map and the shares of the image that count as a hit and that the patch covers. And for each
network, on the same images: how often the logit falls more when exactly the patch is covered with the image's mean
colour than at each of `ELSEWHERE` other places of its size. Where it does not, the network itself does not look at the
patch alone, and no map can be blamed.

Prints a table for each architecture and writes benchmarks/results/planted-<machine>-<versions>.json. Training takes
some minutes the first time; networks are kept in FOLDER.
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
from tests.made.planted import PATCH, SIDE, TOLERANCE, Planted, against_truth
from tests.made.planted_networks import Lesson, trained

from hubel.classifier.classifier import Classifier
from hubel.evaluation.metrics import wilson_interval
from hubel.explanation.catalogue import EXPLANATIONS
from hubel.explanation.faithfulness import random_maps
from hubel.explanation.methods.scaling import mean_colour
from hubel.explanation.of_classifier import subject_of
from hubel.explanation.subject import Question

RESULTS = Path(__file__).parent / "results"
ARCHITECTURES = ("small-cnn", "residual", "mobilenet")
CORPORA = "patch-0,patch-1,patch-2,texture-0,shape-1,colour-2"
PLAIN = "patch"
EPOCHS = 4
"""Passes over the training images, where more than the head is trained; of the plain corpus, and of small-cnn, one."""
TEST_PER_CLASS = 8
ELSEWHERE = 20
RANDOM = "random map"


@dataclass(frozen=True)
class Hits:
    """What one method did on the images of one corpus.

    Args:
        architecture: of the network.
        kind: of the corpus.
        seed: of it.
        method: its name.
        images: that were named rightly.
        pointing: on how many of them it points at the patch.
        mass: mean share of its heat in the patch, over the maps that have any.
        flat: maps that mark nothing.
        seconds: for one image, the median.
    """

    architecture: str
    kind: str
    seed: int
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
    planted, pixels, right = named_rightly(classifier, lesson, images=images)
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
                lesson.architecture, lesson.kind, lesson.seed, name, len(right), pointing, mass, flat,
                float(np.median(seconds)),
            )
        )  # fmt: skip
    return found


def named_rightly(
    classifier: Classifier, lesson: Lesson, *, images: int
) -> tuple[Planted, np.ndarray, np.ndarray]:  # fmt: skip
    """Test images, the same at the size of the network, and places of the first that are named rightly.

    Args:
        classifier: that learned the lesson.
        lesson: which corpus.
        images: at most so many.
    """
    planted = lesson.test(TEST_PER_CLASS)
    pixels = lesson.at_size(planted.images)
    right = np.flatnonzero(classifier.compute_logits(pixels).argmax(axis=1) == planted.labels)
    return planted, pixels, right[:images]


def patch_first(classifier: Classifier, lesson: Lesson, *, images: int) -> float:
    """On how many images covering the patch lowers the logit more than covering any of some other places.

    Args:
        classifier: that learned the lesson.
        lesson: which corpus.
        images: that are named rightly, at most.
    """
    planted, pixels, right = named_rightly(classifier, lesson, images=images)
    rng, first = np.random.default_rng(0), []
    for place in right.tolist():
        image, scale = pixels[place], lesson.side // SIDE
        covered = np.repeat(image[None], 1 + ELSEWHERE, axis=0)
        for each, (row, column) in zip(covered, planted.elsewhere(place, rng=rng, count=ELSEWHERE), strict=True):
            each[row * scale : (row + PATCH) * scale, column * scale : (column + PATCH) * scale] = mean_colour(image)
        scores = classifier.compute_logits(covered)[:, planted.labels[place]]
        first.append(scores[0] < scores[1:].min())
    return float(np.mean(first))


def shares(planted: Planted) -> tuple[float, float]:
    """Mean share of the image that counts as a hit, and that the patch covers."""
    count = len(planted.labels)
    near, patch = (
        float(np.mean([planted.mask(each, tolerance=margin).mean() for each in range(count)]))
        for margin in (TOLERANCE, 0)
    )
    return near, patch


def table(hits: list[Hits]) -> str:
    """A table in Markdown of one architecture: pointing on each kind of corpus, with its interval, and the mass."""
    kinds = list(dict.fromkeys(each.kind for each in hits))
    rows = [f"| method | {' | '.join(f'{kind}: pointing, mass' for kind in kinds)} | flat | s/image |"]
    rows.append("|---" * (3 + len(kinds)) + "|")
    for name in dict.fromkeys(each.method for each in hits):
        some = [each for each in hits if each.method == name]
        cells = [_cell([each for each in some if each.kind == kind]) for kind in kinds]
        seconds, flat = np.mean([each.seconds for each in some]), sum(each.flat for each in some)
        rows.append(f"| {name} | {' | '.join(cells)} | {flat} | {seconds:.2f} |")
    return "\n".join(rows)


def _cell(some: list[Hits]) -> str:
    if not some:
        return "-"
    images, pointing = sum(each.images for each in some), sum(each.pointing for each in some)
    low, high = wilson_interval(pointing, images)
    mass = np.mean([each.mass for each in some])
    return f"{pointing} of {images}: {pointing / images:.1%} ({low:.0%} to {high:.0%}), {mass:.0%}"


def main() -> None:
    """Train or read every network, measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20, help="images of each corpus and network")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hubel-planted")
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES))
    parser.add_argument("--corpora", default=CORPORA, help="KIND-SEED,KIND-SEED")
    parser.add_argument("--methods", default=",".join(EXPLANATIONS))
    given = parser.parse_args()
    for architecture in given.architectures.split(","):
        hits: list[Hits] = []
        networks = []
        for corpus in given.corpora.split(","):
            kind, _, seed = corpus.partition("-")
            epochs = 1 if architecture == "small-cnn" or kind == PLAIN else EPOCHS
            lesson = Lesson(architecture, kind, int(seed), epochs=epochs)
            classifier, planted = trained(lesson, given.cache), lesson.test(TEST_PER_CLASS)
            answers = classifier.compute_logits(lesson.at_size(planted.images)).argmax(axis=1)
            found = {
                "accuracy": float((answers == planted.labels).mean()),
                "shares": shares(planted),
                "patch_first": patch_first(classifier, lesson, images=given.images),
            }
            networks.append({**asdict(lesson), **found})
            print(f"{architecture} {corpus}: {found}", flush=True)
            new = measure(classifier, lesson, methods=given.methods.split(","), images=given.images)
            hits += new
            keep(new, networks[-1:])
        print(f"\n{architecture}\n\n{table(hits)}\n", flush=True)


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
    return row["architecture"], row["kind"], row["seed"], row.get("method")


if __name__ == "__main__":
    main()
