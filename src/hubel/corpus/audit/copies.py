"""Copies of one image: of the same bytes, near duplicates, mirrored or turned; and those under two labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from hubel.corpus.audit.finding import Finding
from hubel.corpus.duplicates import Copies, members
from hubel.corpus.fingerprint import ORIENTATIONS
from hubel.corpus.measured_corpus import ExaminedCorpus

SAME_CLASS, ACROSS_CLASSES, ACROSS_SPLITS = "same class", "across classes", "across given splits"


def find_exact(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Identical files."""
    for places in members(examined.copies.digests) if examined.copies.exact else ():
        text = f"{len(places)} files have the same bytes{_where(examined, places)}."
        yield _finding(examined, "exact-duplicate", places=places, similarity=1.0, message=text)


def find_near(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Different files that show the same image the same way round: each is a copy of the first."""
    for places, pairs in _stars(examined):
        text = f"{len(places)} files show the same image{_where(examined, places)}."
        if any(pair["changed"] for pair in pairs):
            text += " One of them is cropped, framed, written on or otherwise changed in a part."
        lowest = min(float(pair["similarity"]) for pair in pairs)
        yield _finding(examined, "near-duplicate", places=places, similarity=lowest, message=text)


def _stars(examined: ExaminedCorpus) -> Iterator[tuple[tuple[int, ...], list[np.void]]]:
    """Each first image with its copies, and the pairs that say so; no chain from copy to copy joins unlike ends."""
    upright = _upright(examined)
    pairs_of: dict[int, list[np.void]] = defaultdict(list)
    for pair in upright.pairs:
        pairs_of[int(pair["first"])].append(pair)
    equal = {place: group for group in members(upright.digests) for place in group}
    taken: set[int] = set()
    for first in sorted(pairs_of):
        pairs = [pair for pair in pairs_of[first] if int(pair["second"]) not in taken]
        if first in taken or not pairs:
            continue
        heads = (first, *(int(pair["second"]) for pair in pairs))
        places = tuple(sorted({place for head in heads for place in equal.get(head, (head,))}))
        taken.update(places)
        yield places, pairs


def find_mirrored(check: str, examined: ExaminedCorpus) -> Iterator[Finding]:
    """Different files of which one is the other's mirror image, or is turned; each pair of sets is told once.

    Args:
        check: ``"mirrored-duplicate"`` or ``"turned-duplicate"``: which of the two.
        examined: the corpus and its copies.
    """
    sets = _upright(examined).sets()
    told = set()
    for pair in examined.copies.pairs:
        places = (int(pair["first"]), int(pair["second"]))
        both = (sets[places[0]], sets[places[1]])
        if pair["orientation"] == 0 or both[0] == both[1] or both in told:
            continue
        told.add(both)
        if check == ("mirrored-duplicate" if pair["orientation"] == 1 else "turned-duplicate"):
            text = f"The second is the first, {ORIENTATIONS[pair['orientation']]}{_where(examined, places)}."
            yield _finding(examined, check, places=places, similarity=float(pair["similarity"]), message=text)


def find_conflicts(examined: ExaminedCorpus) -> Iterator[Finding]:
    """One image under two labels.

    A mirror image may be of another class (left, right), and so may one that differs in a part (with and without a
    scratch): neither counts.
    """
    copies = examined.copies
    same = copies.pairs[(copies.pairs["orientation"] == 0) & ~copies.pairs["changed"]]
    for places in members(Copies(copies.digests, same, exact=copies.exact).sets()):
        names = examined.classes(places)
        if len(names) > 1:
            text = f"The same image is in {_listed(names)}: at most one of them is right."
            yield _finding(examined, "label-conflict", places=places, similarity=1.0, message=text)


def _upright(examined: ExaminedCorpus) -> Copies:
    pairs = examined.copies.pairs
    return Copies(examined.copies.digests, pairs[pairs["orientation"] == 0], exact=examined.copies.exact)


def _finding(
    examined: ExaminedCorpus, check: str, *, places: Sequence[int], similarity: float, message: str
) -> Finding:
    paths, measured, relation = examined.paths(places), round(similarity, 4), relation_of(examined, places)
    return Finding(check, paths, 1.0 - similarity, message, measurement=measured, relation=relation)


def relation_of(examined: ExaminedCorpus, places: Sequence[int]) -> str:
    """What is between copies; a divided split weighs more than a divided class.

    Args:
        examined: the corpus and its splits.
        places: of copies of one another.
    """
    if len(examined.given_splits(places)) > 1:
        return ACROSS_SPLITS
    return ACROSS_CLASSES if len(examined.classes(places)) > 1 else SAME_CLASS


def _where(examined: ExaminedCorpus, places: Sequence[int]) -> str:
    names, splits = examined.classes(places), examined.given_splits(places)
    words = []
    if len(splits) > 1:
        words.append(f"in {' and '.join(splits)}")
    if len(names) > 1:
        words.append(f"in {_listed(names)}")
    return f", {', '.join(words)}" if words else ""


def _listed(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names[:4]) + (" ..." if len(names) > 4 else "")
