"""Corpus → Splits: stratified, duplicates and groups on one side, the same for the same seed on every machine."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hubel.corpus.corpus import SPLITS, Corpus

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1

MAX_VALIDATION = 5000
"""Cut at most so many: they measure accuracy to 1.4 points; more would only be missing in training."""


@dataclass(frozen=True)
class Splits:
    """Places in ``corpus.examples``, ascending; together they are all of them."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def of(self, name: str) -> tuple[int, ...]:
        """The part of that name: ``train``, ``validation`` or ``test``."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    def names(self) -> list[str]:
        """The split of every example, in the corpus' order."""
        names = [""] * (len(self.train) + len(self.validation) + len(self.test))
        for split in SPLITS:
            for index in self.of(split):
                names[index] = split
        return names


def split_corpus(corpus: Corpus, digests: Sequence[str], *, seed: int) -> Splits:
    """Divide a corpus 70 / 10 / 20, keep what it gives, and cut what is missing from its training part.

    Args:
        corpus: its examples may carry a given split and a group.
        digests: one per example; those with equal digests (the same file twice) stay on one side.
        seed: another seed gives another split.

    Returns:
        Splits that depend on the paths, the digests and the seed only: not on the order of the file system, and
        adding a file moves no other.
    """
    given = [example.split for example in corpus.examples]
    parts: dict[str, list[int]] = {name: [i for i, split in enumerate(given) if split == name] for name in SPLITS}
    pool = [i for i, split in enumerate(given) if split not in ("validation", "test")]
    total = len(corpus)
    shares = {} if parts["test"] else {"test": TEST_SHARE}
    if not parts["validation"]:
        share = VALIDATION_SHARE if not parts["test"] else VALIDATION_SHARE / (1 - TEST_SHARE)
        base = total if not parts["test"] else len(pool)
        shares["validation"] = min(share, MAX_VALIDATION / max(1, base))
    chosen = _cut(corpus, digests, pool, shares, seed)
    train = [index for index in pool if index not in chosen]
    for index, name in chosen.items():
        parts[name].append(index)
    splits = Splits(tuple(train), tuple(sorted(parts["validation"])), tuple(sorted(parts["test"])))
    return Splits(splits.train, splits.validation, splits.test, tuple(_notes(corpus, splits)))


def _cut(
    corpus: Corpus, digests: Sequence[str], pool: Sequence[int], shares: dict[str, float], seed: int
) -> dict[int, str]:
    """Index → split, for the examples that leave the training part."""
    by_class: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index in pool:
        example = corpus.examples[index]
        key = ("group", example.group) if example.group is not None else ("digest", digests[index])
        if not groups[key]:
            by_class[example.label].append(key)
        groups[key].append(index)
    chosen: dict[int, str] = {}
    for label in sorted(by_class):
        order = sorted(by_class[label], key=lambda key: _lot(seed, corpus.examples[groups[key][0]].path))
        size = sum(len(groups[key]) for key in order)
        start = 0
        for name, share in shares.items():
            wanted, taken = _quota(size, share), 0
            while taken < wanted and start < len(order) - 1:  # the last group always stays in training
                members = groups[order[start]]
                chosen.update(dict.fromkeys(members, name))
                taken += len(members)
                start += 1
    return chosen


def _quota(size: int, share: float) -> int:
    """Examples of a class of this size that a share takes: at least one where three can be divided."""
    return max(round(size * share), 1 if size >= 3 else 0)


def _lot(seed: int, path: str) -> str:
    return hashlib.sha256(f"{seed}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()


def _notes(corpus: Corpus, splits: Splits) -> list[str]:
    notes = []
    for name in ("train", "test"):
        present = {corpus.examples[index].label for index in splits.of(name)}
        missing = [class_name for label, class_name in enumerate(corpus.class_names) if label not in present]
        if missing:
            effect = "cannot be learned" if name == "train" else "is not tested"
            shown = ", ".join(repr(each) for each in missing[:5]) + (" ..." if len(missing) > 5 else "")
            notes.append(f"No {name} example of {shown}: too few pictures, so it {effect}. Add some.")
    return notes
