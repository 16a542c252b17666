"""Copies of one picture: of the same bytes, near duplicates, mirrored or turned; and those under two labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hubel.corpus.audit.finding import Finding
from hubel.corpus.duplicates import Copies, equal_files, members
from hubel.corpus.examined import ExaminedCorpus
from hubel.corpus.fingerprint import ORIENTATIONS

SAME_CLASS, ACROSS_CLASSES, ACROSS_SPLITS = "same class", "across classes", "across given splits"


def find_exact(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Files of the same bytes."""
    for places in equal_files(examined.copies.digests):
        text = f"{len(places)} files have the same bytes{_where(examined, places)}."
        yield _finding(examined, "exact-duplicate", places, 1.0, text)


def find_near(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Different files that show the same picture the same way round."""
    pairs = _upright(examined).pairs
    sets = _upright(examined).sets()
    lowest: dict[int, float] = {}
    for pair in pairs:
        name = sets[pair["first"]]
        lowest[name] = min(lowest.get(name, 1.0), float(pair["similarity"]))
    for places in members(sets):
        if places[0] in lowest:
            text = f"{len(places)} files show the same picture{_where(examined, places)}."
            yield _finding(examined, "near-duplicate", places, lowest[places[0]], text)


def find_mirrored(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Different files of which one is the other's mirror image, or is turned."""
    sets = _upright(examined).sets()
    told = set()
    for pair in examined.copies.pairs:
        places = (int(pair["first"]), int(pair["second"]))
        both = (sets[places[0]], sets[places[1]])
        if pair["orientation"] == 0 or both[0] == both[1] or both in told:
            continue
        told.add(both)
        how = ORIENTATIONS[pair["orientation"]]
        check = "mirrored-duplicate" if pair["orientation"] == 1 else "turned-duplicate"
        text = f"The second is the first, {how}{_where(examined, places)}."
        yield _finding(examined, check, places, float(pair["similarity"]), text)


def find_only(check: str, examined: ExaminedCorpus) -> Iterator[Finding]:
    """Mirrored or turned copies, one of the two."""
    return (finding for finding in find_mirrored(examined) if finding.check == check)


def find_conflicts(examined: ExaminedCorpus) -> Iterator[Finding]:
    """One picture under two labels. A mirror image may be of another class (left, right), so it does not count."""
    sets = _upright(examined).sets()
    for places in members(sets):
        names = examined.classes(places)
        if len(names) > 1:
            text = f"The same picture is in {_listed(names)}: at most one of them is right."
            yield _finding(examined, "label-conflict", places, 1.0, text)


def _upright(examined: ExaminedCorpus) -> Copies:
    pairs = examined.copies.pairs
    return Copies(examined.copies.digests, pairs[pairs["orientation"] == 0])


def _finding(examined: ExaminedCorpus, check: str, places: Sequence[int], similarity: float, message: str) -> Finding:
    return Finding(
        check,
        examined.paths(places),
        1.0 - similarity,
        message,
        measurement=round(similarity, 4),
        relation=relation_of(examined, places),
    )


def relation_of(examined: ExaminedCorpus, places: Sequence[int]) -> str:
    """What is between copies; a divided split weighs more than a divided class."""
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
