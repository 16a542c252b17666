"""Labels changed at random: found, and the share of wrong ones among those listed is the share that is said."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.commands import typed

from hubel.arrays import Features, Images
from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.workflows.auditing import suspects as suspects_module
from hubel.workflows.auditing.doubt import Describe
from hubel.workflows.auditing.suspects import Doubts, Suspects, find_suspects

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def known() -> dict[object, Features]:
    """Features of images that were computed: float32 [batch, channels]."""
    return {}


@pytest.fixture(autouse=True)
def each_image_goes_through_the_backbone_once(known: dict[object, Features], monkeypatch: pytest.MonkeyPatch) -> None:
    """From test to test the labels differ; the images, and so their features, do not."""
    real = suspects_module.describe_by_backbone

    def describe_once(architecture: str, preprocessing: object, **more: object) -> Describe:
        describe = real(architecture, preprocessing, **more)  # type: ignore[arg-type]

        def described(images: Images) -> Features:
            key = (architecture, preprocessing, images.shape, hashlib.sha256(np.ascontiguousarray(images)).digest())
            if key not in known:
                known[key] = describe(images)
            return known[key]

        return described

    monkeypatch.setattr(suspects_module, "describe_by_backbone", describe_once)


def planted(corpus: Corpus, rate: float, *, seed: int) -> tuple[Corpus, set[str]]:
    """The corpus with some labels changed, and the paths of those."""
    rng = np.random.default_rng(seed)
    wrong = set(rng.choice(len(corpus), round(rate * len(corpus)), replace=False).tolist())
    classes = len(corpus.class_names)
    examples = tuple(
        replace(example, label=int((example.label + rng.integers(1, classes)) % classes)) if place in wrong else example
        for place, example in enumerate(corpus.examples)
    )
    return replace(corpus, examples=examples), {corpus.examples[place].path for place in wrong}


def check(suspects: Suspects, wrong: set[str]) -> None:
    listed = [finding.paths[0] in wrong for finding in suspects.findings]
    assert suspects.expected_share == pytest.approx(np.mean(listed), abs=0.1)
    assert sum(listed) >= 0.8 * len(wrong)
    assert sum(path in wrong for path, *_ in suspects.ranking[:10]) >= 9


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_five_percent_of_the_labels_of_photographs(seed: int, shared: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_HOME", str(shared / "keras_home"))
    corpus, wrong = planted(read_corpus(shared / "corpora/clothing"), 0.05, seed=seed)
    check(find_suspects(corpus, Doubts(limit_s=600)), wrong)


def test_five_percent_of_the_labels_of_digits_without_a_backbone():
    corpus, wrong = planted(read_corpus("digits"), 0.05, seed=0)
    check(find_suspects(corpus, Doubts(limit_s=600)), wrong)


def test_of_clean_digits_hardly_any_is_called_wrong():
    suspects = find_suspects(read_corpus("digits"), Doubts(limit_s=600))
    assert len(suspects.findings) * suspects.expected_share < 2


def test_half_of_the_changed_labels_are_in_the_first_8_percent_of_the_ranking(shared: Path, tmp_path: Path):
    corpus = read_corpus(shared / "corpora/clothing")
    rng = random.Random(11)
    flipped = rng.sample(range(len(corpus)), round(0.05 * len(corpus)))
    changed = tmp_path / "flipped.csv"
    with changed.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "correction"))
        for place in flipped:
            example = corpus.examples[place]
            others = [name for label, name in enumerate(corpus.class_names) if label != example.label]
            writer.writerow((example.path, rng.choice(others)))
    words = ("--suspect-labels", "--corrections", changed, "-o", tmp_path / "out", "--json")
    done = typed("audit", shared / "corpora/clothing", *words, KERAS_HOME=str(shared / "keras_home"))
    assert done.returncode == 0, done.stderr
    wrong = {corpus.examples[place].path for place in flipped}
    with (tmp_path / "out/labels.csv").open(newline="") as file:
        ranking = [row["path"] for row in csv.DictReader(file)]
    assert len(ranking) == len(corpus)
    assert len(wrong & set(ranking[: round(0.08 * len(corpus))])) >= 0.5 * len(wrong)
    suspects = [
        finding["paths"][0] for finding in json.loads(done.stdout)["findings"] if finding["check"] == "suspect-label"
    ]
    assert suspects == [path for path in ranking if path in set(suspects)]  # the findings keep the ranking's order
