"""Labels changed at random: found, and the share of wrong ones among those listed is the share that is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.workflows.auditing.suspects import Doubts, Suspects, find_suspects

pytestmark = pytest.mark.slow


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
