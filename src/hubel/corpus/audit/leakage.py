"""Leaks: what lies in more than one of the splits that a corpus gives."""

from __future__ import annotations

from collections.abc import Iterator

from hubel.corpus.audit.copies import ACROSS_SPLITS
from hubel.corpus.audit.finding import Finding
from hubel.corpus.duplicates import members
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.split import leaks_between
from hubel.text import counted


def find_leaks(examined: ExaminedCorpus) -> Iterator[Finding]:
    """Copies, and examples of one group, in more than one given split."""
    given = [example.split for example in examined.corpus.examples]
    if not any(given):
        return
    lowest = _lowest_similarities(examined)
    for leak in leaks_between(given, examined.copies.sets()):
        similarity = lowest.get(leak.places[0], 1.0)
        paths, measured = examined.paths(leak.places), round(similarity, 4)
        text = f"The same image is in {' and '.join(leak.parts)}."
        yield Finding("leak", paths, 1.0 - similarity, text, measurement=measured, relation=ACROSS_SPLITS)
    groups = [example.group for example in examined.corpus.examples]
    for places in members(groups):
        name, parts = groups[places[0]], sorted({given[place] or "train" for place in places})
        if name is not None and len(parts) > 1:
            text = f"Group {name!r} is in {' and '.join(parts)}: {counted(len(places), 'example')}."
            yield Finding("leak", examined.paths(places), 0.0, text, relation=ACROSS_SPLITS)


def _lowest_similarities(examined: ExaminedCorpus) -> dict[int, float]:
    """First place of each set of copies → the least similarity in it; nothing for sets of equal files."""
    sets = examined.copies.sets()
    lowest: dict[int, float] = {}
    for pair in examined.copies.pairs:
        name = sets[pair["first"]]
        lowest[name] = min(lowest.get(name, 1.0), float(pair["similarity"]))
    return lowest
