"""Refused files, grouped by what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hubel.corpus.corpus import IntakeRow


@dataclass(frozen=True)
class FaultGroup:
    """The refused files of one code; the reason of a file is shown only where it is not the usual one of its code."""

    code: str
    reason: str
    rows: Sequence[IntakeRow]


def group_faults(refused: Sequence[IntakeRow]) -> list[FaultGroup]:
    """One fault for each code, the most frequent first."""
    groups: dict[str, list[IntakeRow]] = {}
    for row in refused:
        groups.setdefault(row.code, []).append(row)
    usual = {code: Counter(row.reason for row in rows).most_common(1)[0][0] for code, rows in groups.items()}
    faults = (FaultGroup(code, usual[code], rows) for code, rows in groups.items())
    return sorted(faults, key=lambda each: -len(each.rows))
