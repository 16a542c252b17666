"""What is the matter with whole classes: their names, their sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import alike, difference
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.text import counted

MAX_IMBALANCE = 10.0
"""Times that the largest class may be larger than another."""
MIN_TEST_EXAMPLES = 5
"""A class with fewer test examples has a recall in steps of a quarter and more."""
TEST_SHARE = 0.2


def find_similar_names(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Classes whose names a person would read as one."""
    counts = examined.corpus.class_counts
    for names in alike(examined.corpus.class_names):
        shown = ", ".join(f"{name!a} ({counts[name]:,})" for name in names)
        yield Finding("similar-class-names", (), 0.0, f"{shown} differ only by {difference(names)}.")


def find_imbalance(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Classes that are many times smaller than the largest."""
    counts = examined.corpus.class_counts
    largest = max(counts, key=lambda name: counts[name], default=None)
    for name, count in sorted(counts.items(), key=lambda item: item[1]):
        if largest is not None and counts[largest] > MAX_IMBALANCE * count:
            times, most = counts[largest] / count, counted(counts[largest], "image")
            text = f"{largest!r} has {most}, {name!r} has {count:,}: {times:.0f} times fewer."
            yield Finding("imbalance", (), count / counts[largest], text, measurement=round(times, 2))


def find_too_few(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Classes that a test split says little about, given or to be cut."""
    corpus = examined.corpus
    given = any(example.split == "test" for example in corpus.examples)
    tested = Counter(example.label for example in corpus.examples if example.split == "test")
    for label, (name, count) in enumerate(corpus.class_counts.items()):
        expected = tested[label] if given else round(count * TEST_SHARE)
        if expected < MIN_TEST_EXAMPLES:
            where = "in the given test split" if given else "to be tested on"
            tested_on = f"{expected} of them" if expected else "none"
            text = f"Class {name!r}: {counted(count, 'image')}, {tested_on} {where}."
            yield Finding("too-few", (), expected / MIN_TEST_EXAMPLES, text, measurement=float(expected))


def find_one_class(examined: ExaminedCorpus) -> Iterator[Finding]:
    """A corpus of one class, which no classifier can be made of."""
    names = examined.corpus.class_names
    if len(names) == 1:
        yield Finding("one-class", (), 0.0, f"{names[0]!r} is the only class; a classifier needs at least two.")
