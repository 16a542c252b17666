"""How many strangers of each kind does a classifier flag, by its off-corpus score and by other scores?

    python benchmarks/bench_strangers.py RUN ... [--strangers NAME=CORPUS ...]

RUN is a finished run; its corpus must lie where it was. For each kind of stranger (200 images of each) and each
candidate score it prints the share flagged at the limit that one in a hundred validation images exceeds, and the AUROC
against the run's own test images. Two tables:

- chosen on: nine kinds that are made, four made of the run's own test images, and each CORPUS. The score was chosen on
  these, so its shares there are better than what to expect.
- never seen: twelve other kinds that are made, four made of own images. Nothing may be chosen on them.

Each table has the test images themselves and two harmless changes of them. Then what the score costs. Writes
benchmarks/results/strangers-<machine>-<versions>.csv. Scores are fitted anew, so runs of any version can be compared.

The runs of docs/concepts/scores.md, each once with --seed 0 and once, on other images, with --seed 1:

    hubel train digits -o digits
    hubel train CLOTHING -o clothing --architecture mobilenet --weights imagenet --time-limit 110s
    hubel train SOLAR -o solar --architecture small-cnn --epochs 10     # 2,000 images, other ones with --seed 1
    hubel train CIFAR -o cifar --architecture residual --epochs 8       # 5,000 images, other ones with --seed 1
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy.special import logsumexp  # noqa: E402
from tests.made.strangers import HARMLESS, MADE, TURNED, make_strangers  # noqa: E402
from tests.made.unseen_strangers import UNSEEN, UNSEEN_HARMLESS, UNSEEN_TURNED  # noqa: E402

from hubel.calibration.off_corpus import FLAGGED, fit_off_corpus  # noqa: E402
from hubel.classifier.artefact import find_artefact, read_parts  # noqa: E402
from hubel.classifier.assembly import assemble  # noqa: E402
from hubel.classifier.classifier import Classifier  # noqa: E402
from hubel.classifier.off_corpus import Looks, OffCorpus, root  # noqa: E402
from hubel.corpus.formats.catalogue import read_corpus  # noqa: E402
from hubel.engines.catalogue import find_runtime  # noqa: E402
from hubel.evaluation.metrics import auroc  # noqa: E402
from hubel.images.preprocessing import prepare_image  # noqa: E402
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus  # noqa: E402
from hubel.runs.documents import read_document  # noqa: E402
from hubel.runs.tables.split import read_split  # noqa: E402

RESULTS = Path(__file__).parent / "results"
STRANGERS, MOST_KNOWN, CHUNK = 200, 4000, 256
DIRECTIONS = 64
CHOSEN_ON, NEVER_SEEN, OWN = "chosen on", "never seen", "own test images"
TWO, THREE = "maps and pixels", "and last layer"
"""What networks have that learned from their corpus alone; and pretrained ones."""
SEED_OF_UNSEEN = 20261126


@dataclass(frozen=True)
class Seen:
    """Everything that a candidate may look at, of some images."""

    logits: np.ndarray
    features: np.ndarray
    looks: Looks


Candidate = Callable[[Seen], np.ndarray]
"""(images) → scores; the higher, the stranger."""
Turn = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def open_untested(run: Path) -> Classifier:
    """Without the self-test: the score in the artefact, perhaps of another version, is not what is measured."""
    parts = read_parts(find_artefact(run))
    return assemble(
        parts.manifest.document, parts.tensors, folder=parts.folder, make_engine=find_runtime().make_engine
    )[0]


def see(classifier: Classifier, images: np.ndarray) -> Seen:
    """Run the network over images at the working size."""
    parts = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
    features = np.concatenate([classifier.engine.compute(part, wanted="features").features for part in parts])
    looked = [classifier.look(part) for part in parts]
    logits, looks = zip(*looked, strict=True)
    return Seen(np.concatenate(logits), features, Looks.joined(looks))


def last_layer(known: np.ndarray, labels: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The score of versions up to 0.5: Mahalanobis distance to the nearest class, in the last layer's features."""
    mean, deviation = known.mean(axis=0, dtype=np.float64), known.std(axis=0, dtype=np.float64)
    deviation = np.maximum(deviation, 1e-2 * deviation.mean() + 1e-12)
    standardised = (known - mean) / deviation
    names, places = np.unique(labels, return_inverse=True)
    centres = np.stack([standardised[places == place].mean(axis=0) for place in range(len(names))])
    variances, vectors = np.linalg.eigh(np.cov((standardised - centres[places]).T))
    kept = [each for each in np.argsort(-variances)[:DIRECTIONS] if variances[each] > 1e-6 * variances.max()]
    whitening = vectors[:, kept] / np.sqrt(variances[kept])

    def distance(features: np.ndarray) -> np.ndarray:
        apart = ((features - mean) / deviation @ whitening)[:, None] - (centres @ whitening)[None]
        return np.sqrt((apart**2).sum(axis=2).min(axis=1))

    return distance


def nearest_neighbours(known: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Distance to the tenth nearest of 1,000 training images, standardised."""
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-2 * known.std(axis=0).mean() + 1e-12
    kept = (known[np.random.default_rng(0).permutation(len(known))[:1000]] - mean) / deviation

    def distance(values: np.ndarray) -> np.ndarray:
        scaled = (values - mean) / deviation
        squares = (scaled**2).sum(axis=1)[:, None] - 2 * scaled @ kept.T + (kept**2).sum(axis=1)
        return np.partition(squares, min(9, len(kept) - 1), axis=1)[:, min(9, len(kept) - 1)]

    return distance


def make_candidates(known: Seen, labels: np.ndarray, held_out: Seen) -> dict[str, Candidate]:
    """Every score that is compared, fitted to a corpus."""
    both = fit_off_corpus(known.looks, held_out.looks)
    three = fit_off_corpus(known.looks, held_out.looks, labels=labels)
    if both is None or three is None:
        sys.exit("The run has fewer than 50 training or 50 validation images.")
    features = last_layer(known.features, labels)
    candidates: dict[str, Candidate] = {
        "1 - confidence": lambda seen: logsumexp(seen.logits, axis=1) - seen.logits.max(axis=1),
        "energy of the logits": lambda seen: -logsumexp(seen.logits, axis=1),
        "last layer (0.5)": lambda seen: features(seen.features),
        "pixels": lambda seen: both.pixels.measure(seen.looks.pixels),
    }
    if (maps := both.maps) is not None:
        near = nearest_neighbours(root(known.looks.maps))
        candidates["neighbours in maps"] = lambda seen: near(root(seen.looks.maps))
        candidates["maps"] = lambda seen: maps.measure(root(seen.looks.maps))
    return candidates | {
        TWO: lambda seen: both.score(seen.looks),
        THREE: lambda seen: three.score(seen.looks),
        "two parts, or energy": with_third(both, candidates["energy of the logits"], held_out),
    }


def with_third(both: OffCorpus, third: Candidate, held_out: Seen) -> Candidate:
    """The larger of the two distances and a third score; it gets the middle and the spread that the larger one has."""
    usual, values = (
        [np.quantile(each, q) for q in (0.5, 0.9)] for each in (both.score(held_out.looks), third(held_out))
    )
    stretch = (usual[1] - usual[0]) / max(values[1] - values[0], 1e-9)
    return lambda seen: np.maximum(both.score(seen.looks), usual[0] + stretch * (third(seen) - values[0]))


def own_images(run: Path, classifier: Classifier) -> tuple[DecodedCorpus, np.ndarray, np.ndarray]:
    """The run's corpus at the working size, and the label and the split of each image."""
    decoded = decode_corpus(read_corpus(read_document(run)["corpus"]["location"]), classifier.preprocessing)
    placed = read_split(run)
    rows = [placed.get(example.path) for example in decoded.corpus.examples]
    labels, splits = zip(*[("", "") if row is None else (row.label, row.split) for row in rows], strict=True)
    return decoded, np.array(labels), np.array(splits)


def stranger_images(own: np.ndarray, classifier: Classifier, corpora: dict[str, str]) -> dict[str, np.ndarray]:
    """Kind → uint8 images at the working size, of those on which the score was chosen."""
    preprocessing = classifier.preprocessing
    found = {
        kind: np.stack(
            [prepare_image(each, preprocessing) for each in make_strangers(kind, STRANGERS, preprocessing.height)]
        )
        for kind in MADE
    } | turn_own(own, {**TURNED, **HARMLESS}, seed=0)
    for name, location in corpora.items():
        corpus = read_corpus(location)
        chosen = some(np.arange(len(corpus)), STRANGERS)
        part = replace(
            corpus,
            examples=tuple(corpus.examples[place] for place in chosen),
            positions=tuple(corpus.positions[place] for place in chosen),
        )
        found[name] = np.asarray(decode_corpus(part, preprocessing).images)
    return found


def unseen_images(own: np.ndarray, classifier: Classifier) -> dict[str, np.ndarray]:
    """Kind → uint8 images at the working size, of those that took no part in the choice."""
    found = {}
    for kind in UNSEEN:
        made = make_strangers(kind, STRANGERS, classifier.preprocessing.height, makers=UNSEEN, seed=SEED_OF_UNSEEN)
        found[kind] = np.stack([prepare_image(each, classifier.preprocessing) for each in made])
    return found | turn_own(own, {**UNSEEN_TURNED, **UNSEEN_HARMLESS}, seed=SEED_OF_UNSEEN)


def turn_own(own: np.ndarray, turns: dict[str, Turn], *, seed: int) -> dict[str, np.ndarray]:
    """Kind → own images turned into it."""
    return {
        kind: np.stack([turn(each, np.random.default_rng([seed, place])) for place, each in enumerate(own)])
        for kind, turn in turns.items()
    }


def some(places: np.ndarray, most: int) -> np.ndarray:
    """At most so many of them, the same each time."""
    return np.sort(np.random.default_rng(0).permutation(places)[:most])


def limit_of(scores: np.ndarray) -> float:
    """What one in a hundred images still to come exceeds."""
    return float(np.sort(scores)[min(len(scores), int(np.ceil((len(scores) + 1) * (1 - FLAGGED)))) - 1])


def measure_run(run: Path, every: dict[str, str]) -> list[dict[str, object]]:
    """A row for each table, kind and candidate."""
    corpora = {name: place for name, place in every.items() if not run.name.startswith(name)}
    classifier = open_untested(run)
    decoded, labels, splits = own_images(run, classifier)
    train, validation, test = (np.flatnonzero(splits == name) for name in ("train", "validation", "test"))
    train = some(train, MOST_KNOWN)
    known, held_out, own = (see(classifier, np.asarray(decoded.images[part])) for part in (train, validation, test))
    turned = np.asarray(decoded.images[some(test, STRANGERS)])
    tables = {
        CHOSEN_ON: stranger_images(turned, classifier, corpora),
        NEVER_SEEN: unseen_images(turned, classifier),
    }
    seen = {
        table: {OWN: own} | {kind: see(classifier, images) for kind, images in kinds.items()}
        for table, kinds in tables.items()
    }
    told = {"run": run.name, "seed": read_document(run)["seed"]}
    return [
        told | {"table": table, "score": name} | row
        for name, score in make_candidates(known, labels[train], held_out).items()
        for table, kinds in seen.items()
        for row in measure_kinds(score, limit_of(score(held_out)), kinds)
    ]


def measure_kinds(score: Candidate, limit: float, kinds: dict[str, Seen]) -> list[dict[str, object]]:
    """A row for each kind."""
    scores = {kind: score(images) for kind, images in kinds.items()}
    return [
        {
            "kind": kind,
            "images": len(found),
            "auroc": round(auroc(scores[OWN], found) or 0.0, 4),
            "flagged": round(float((found > limit).mean()), 4),
        }
        for kind, found in scores.items()
    ]


def show(rows: list[dict[str, object]]) -> None:
    """Two tables: a line for each kind, a column for each score, "flagged share / AUROC"."""
    for table in (CHOSEN_ON, NEVER_SEEN):
        chosen = [row for row in rows if row["table"] == table]
        names = list(dict.fromkeys(str(row["score"]) for row in chosen))
        cells = {(row["kind"], row["score"]): f"{row['flagged']:7.1%} /{row['auroc']:5.2f}" for row in chosen}
        print(f"\n{rows[0]['run']}, seed {rows[0]['seed']}, kinds {table}")
        print(f"{'':24}" + "".join(f"{name[:18]:>20}" for name in names))
        for kind in dict.fromkeys(row["kind"] for row in chosen):
            print(f"{kind:24}" + "".join(f"{cells[kind, name]:>20}" for name in names))


def time_score(run: Path, rounds: int = 25) -> None:
    """Milliseconds of processor time for an image with and without the score; medians of rounds in turn."""
    classifier = open_untested(run)
    images = np.random.default_rng(0).integers(0, 256, (64, *classifier.preprocessing.size, 3)).astype(np.uint8)
    took: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(rounds + 2):
        for name, compute in (("without", classifier.compute_logits), ("with", classifier.compute)):
            begun = time.process_time()
            compute(images)
            took[name].append((time.process_time() - begun) / len(images) * 1000)
    plain, scored = (float(np.median(took[name][2:])) for name in ("without", "with"))
    print(f"\n{run.name}: {plain:.3f} ms without the score, {scored:.3f} ms with it ({scored / plain - 1:+.0%})")


def main() -> None:
    """Measure every run, show the tables, write the results."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("runs", nargs="+", type=Path)
    words.add_argument("--strangers", nargs="*", default=[], metavar="NAME=CORPUS")
    words.add_argument("--jobs", type=int, default=1, help="runs measured at once")
    given = words.parse_args()
    corpora = dict(each.split("=", 1) for each in given.strangers)
    with ProcessPoolExecutor(given.jobs, multiprocessing.get_context("spawn")) as pool:
        measured = list(pool.map(measure_run, given.runs, [corpora] * len(given.runs)))
    for rows in measured:
        show(rows)
    for run in given.runs:
        time_score(run)
    everything = [row for rows in measured for row in rows]
    path = RESULTS / f"strangers-{platform.machine()}-keras{version('keras')}-pillow{version('pillow')}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(everything[0]))
        writer.writeheader()
        writer.writerows(everything)
    print(f"Written: {path}")


if __name__ == "__main__":
    main()
