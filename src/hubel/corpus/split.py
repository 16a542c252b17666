"""Corpus → Splits: stratified, copies and groups on one side, the same for the same seed on every machine."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hubel.corpus.corpus import SPLITS, Corpus
from hubel.corpus.duplicates import members
from hubel.text import brief, counted, have, name_counts

TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1

FEW_GROUPS = 10
"""Test groups below which a score says more about them than about the classes."""

MAX_VALIDATION = 5000
"""Cut at most so many: they measure accuracy to 1.4 points; more would only be missing in training."""


@dataclass(frozen=True)
class Leak:
    """Copies, or examples of one group, in more than one part of a split.

    Args:
        places: in ``corpus.examples``, all of the set.
        parts: the parts they lie in, in the order of `SPLITS`.
    """

    places: tuple[int, ...]
    parts: tuple[str, ...]


@brief
@dataclass(frozen=True)
class Splits:
    """Places in ``corpus.examples``, ascending; together they are all of them.

    Args:
        train, validation, test: the places of each part.
        notes: what the user should know of them.
        leaks: sets that are divided; only given splits can divide one.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    notes: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()

    @property
    def leaking_test(self) -> tuple[int, ...]:
        """Places of the test examples that have a copy, or one of their group, in another part; ascending."""
        tested = set(self.test)
        return tuple(sorted(place for leak in self.leaks for place in leak.places if place in tested))

    def of(self, name: str) -> tuple[int, ...]:
        """The part of that name: ``train``, ``validation`` or ``test``."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]

    def names(self) -> list[str]:
        """The split of every example, in the corpus' order."""
        split_of = {index: name for name in SPLITS for index in self.of(name)}
        return [split_of[index] for index in range(len(split_of))]

    def _brief(self) -> Iterator[str]:
        parts = {name: len(self.of(name)) for name in SPLITS}
        yield f"Splits: {name_counts(parts)}"
        if self.leaks:
            yield f"{len(self.leaks):,} sets of copies lie in more than one of them"


def split_corpus(corpus: Corpus, together: Sequence[Hashable], *, seed: int, kept: Sequence[str | None] = ()) -> Splits:
    """Divide a corpus 70 / 10 / 20, keep what it gives, and cut what is missing from its training part.

    Args:
        corpus: its examples may carry a given split.
        together: one mark per example; those with equal marks (copies, one patient) stay on one side. Given splits are
            kept even where they divide such a set; `leaks_between` finds that.
        seed: another seed gives another split.
        kept: the part that each example had before, None for new ones, which alone are divided: as what is kept of
            their set, else by the shares. A given split stands above it.

    Returns:
        Splits that depend on the paths, the marks and the seed only, not on the order of the file system. Every class
        gets its shares as nearly as the sets allow; one set of each class always stays in training.
    """
    given = [example.split for example in corpus.examples]
    parts: dict[str, list[int]] = {name: [i for i, split in enumerate(given) if split == name] for name in SPLITS}
    pool = [i for i, split in enumerate(given) if split not in ("validation", "test")]
    held = _held(together, pool, kept, [name for name in SPLITS if name == "train" or not parts[name]])
    pool = [index for index in pool if index not in held]
    total = len(corpus) - len(held)
    shares = {} if parts["test"] else {"test": TEST_SHARE}
    if not parts["validation"]:
        share = VALIDATION_SHARE if not parts["test"] else VALIDATION_SHARE / (1 - TEST_SHARE)
        base = total if not parts["test"] else len(pool)
        shares["validation"] = min(share, MAX_VALIDATION / max(1, base))
    chosen = _cut(corpus, _bundles(corpus, together, pool=pool, seed=seed), shares=shares)
    train = [index for index in pool if index not in chosen] + [i for i, name in held.items() if name == "train"]
    for index, name in (*chosen.items(), *((i, name) for i, name in held.items() if name != "train")):
        parts[name].append(index)
    splits = Splits(tuple(sorted(train)), tuple(sorted(parts["validation"])), tuple(sorted(parts["test"])))
    splits = replace(splits, leaks=tuple(leaks_between(splits.names(), together)))
    return replace(splits, notes=tuple(_notes(corpus, splits)))


def _held(
    together: Sequence[Hashable], pool: Sequence[int], kept: Sequence[str | None], free: Sequence[str]
) -> dict[int, str]:
    """Index → part, of each set with an example that had one before: training where any was trained on.

    Args:
        together: one mark per example.
        pool: places that no given split has.
        kept: the part that each example had before.
        free: parts that are not given; an example that had another one is trained on.
    """
    held: dict[Hashable, str] = {}
    for index in pool if kept else ():
        name = kept[index]
        if name is not None:
            part = name if name in free else "train"
            held[together[index]] = min(part, held.get(together[index], part), key=SPLITS.index)
    return {index: held[together[index]] for index in pool if together[index] in held}


@dataclass(frozen=True)
class _Bundle:
    """Examples that stay together, and how many of each class they are."""

    places: tuple[int, ...]
    counts: Mapping[int, int]
    lot: str

    @property
    def label(self) -> int:
        """The class most of them have; the lowest where several do."""
        return min(self.counts, key=lambda label: (-self.counts[label], label))


def _bundles(corpus: Corpus, together: Sequence[Hashable], *, pool: Sequence[int], seed: int) -> list[_Bundle]:
    """In an order drawn by lot, the same on every machine."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index in pool:
        places[together[index]].append(index)
    bundles = []
    for group in places.values():
        label = corpus.examples[group[0]].label
        alone = len(group) == 1  # nearly all are, and need no counting
        counts = {label: 1} if alone else Counter(corpus.examples[index].label for index in group)
        bundles.append(_Bundle(tuple(group), counts, _lot(seed, corpus.examples[group[0]].path)))
    return sorted(bundles, key=lambda bundle: bundle.lot)


def _cut(corpus: Corpus, bundles: Sequence[_Bundle], *, shares: Mapping[str, float]) -> dict[int, str]:
    """Index → split, for the examples that leave the training part."""
    sizes: Counter[int] = Counter()
    of_class: dict[int, list[_Bundle]] = defaultdict(list)
    for bundle in bundles:
        sizes.update(bundle.counts)
        of_class[bundle.label].append(bundle)
    taken: dict[str, Counter[int]] = {name: Counter() for name in shares}
    chosen: dict[int, str] = {}
    for label in range(len(corpus.class_names)):
        left = of_class[label]
        for name, share in shares.items():
            wanted = Counter({each: _quota(size, share) for each, size in sizes.items()})
            picked = _picked(left, wanted, taken=taken[name], label=label)
            for place in picked:
                chosen.update(dict.fromkeys(left[place].places, name))
                taken[name].update(left[place].counts)
            left = [bundle for place, bundle in enumerate(left) if place not in picked]
        of_class[label] = left
    for name in shares:
        if not taken[name].total():
            for left in of_class.values():
                if len(left) > 1:  # large sets that fit nowhere: one of each class, the smallest
                    smallest = min(left, key=lambda bundle: (len(bundle.places), bundle.lot))
                    chosen.update(dict.fromkeys(smallest.places, name))
                    left.remove(smallest)
    return chosen


def _picked(left: Sequence[_Bundle], wanted: Counter[int], *, taken: Counter[int], label: int) -> set[int]:
    """Places of the bundles of one class that go to one split: those that fit, in order, and one that comes nearest."""
    picked: set[int] = set()
    have = Counter(taken)
    most = len(left) - 1  # one bundle always stays in training
    for place, bundle in enumerate(left):
        if len(picked) >= most or have[label] >= wanted[label]:
            break
        if all(have[each] + count <= wanted[each] for each, count in bundle.counts.items()):
            picked.add(place)
            have.update(bundle.counts)
    missing = wanted[label] - have[label]
    nearest = [place for place, each in enumerate(left) if place not in picked and each.counts[label] < 2 * missing]
    if nearest and len(picked) < most:
        picked.add(min(nearest, key=lambda place: (len(left[place].places), place)))
    return picked


def _quota(size: int, share: float) -> int:
    """Examples of a class of this size that a share takes: at least one where three can be divided."""
    return max(round(size * share), 1 if size >= 3 else 0)


def _lot(seed: int, path: str) -> str:
    return hashlib.sha256(f"{seed}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()


def leaks_between(names: Sequence[str | None], together: Sequence[Hashable]) -> list[Leak]:
    """The sets that a split divides.

    Args:
        names: the part of each example, or None where none is given (it counts as ``train``).
        together: one mark per example, equal within a set.
    """
    leaks = []
    for places in members(together):
        present = {names[place] or "train" for place in places}
        if len(present) > 1:
            leaks.append(Leak(places, tuple(part for part in SPLITS if part in present)))
    return leaks


def _notes(corpus: Corpus, splits: Splits) -> list[str]:
    notes = []
    for name in ("train", "test"):
        present = {corpus.examples[index].label for index in splits.of(name)}
        missing = [class_name for label, class_name in enumerate(corpus.class_names) if label not in present]
        if missing:
            effect = "cannot be learned" if name == "train" else "is not tested"
            shown = ", ".join(repr(each) for each in missing[:5]) + (" ..." if len(missing) > 5 else "")
            notes.append(
                f"No {name} example of {shown}: too few images, or too few groups of them, so it {effect}. Add some."
            )
    tested = {corpus.examples[index].group for index in splits.test} - {None}
    if 0 < len(tested) < FEW_GROUPS and not any(example.split for example in corpus.examples):
        notes.append(
            f"The test split holds out whole groups, but has only {len(tested)} of them: the score describes these "
            "groups, and others may score differently. Add groups."
        )
    return [*notes, *([leak_note(splits)] if splits.leaking_test else [])]


def leak_note(splits: Splits) -> str:
    """That a given test split leaks; empty where it does not."""
    leaking = len(splits.leaking_test)
    if not leaking:
        return ""
    return (
        f"The given test split leaks: {leaking:,} of {counted(len(splits.test), 'test image')} {have(leaking)} a "
        "copy, or an image of the same group, in another part. leaks.csv lists them; the score is shown with and "
        "without them."
    )
