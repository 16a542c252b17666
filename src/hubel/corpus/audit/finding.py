"""Finding: one result of a check; measurement, score and decision are kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.errors.wording import Text
from hubel.text import brief, few_names


@brief
@dataclass(frozen=True)
class Finding:
    """One thing that a person should look at.

    Args:
        check: a name in `CHECKS`.
        paths: the files concerned, relative to the corpus with ``/``; empty where whole classes are.
        score: 0 to 1; the lower, the worse.
        message: what is the matter with them.
        measurement: what was measured; the check's threshold says from where on it is a finding.
        relation: of copies: ``"same class"``, ``"across classes"`` or ``"across given splits"``.
        suggested: of a suspect label: the class that the image looks like.
    """

    check: str
    paths: tuple[str, ...]
    score: float
    message: str
    measurement: float | None = None
    relation: str = ""
    suggested: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data; what does not apply is left out."""
        document: dict[str, Any] = {
            "check": self.check,
            "paths": list(self.paths),
            "score": round(self.score, 6),
            "message": self.message,
        }
        extra = {"measurement": self.measurement, "relation": self.relation, "suggested": self.suggested}
        return document | {name: value for name, value in extra.items() if value not in (None, "")}

    def _brief(self) -> Iterator[str]:
        yield f"Finding {self.check}: {self.message}"
        yield f"score {self.score:.3g}; {few_names(self.paths, most=2)}"


@dataclass(frozen=True)
class Check:
    """What is looked for, for people to read, and how it is found.

    Args:
        title: a few words, as a heading.
        why: what it does to a classifier.
        threshold: from where on it is a finding.
        cure: what to do.
        find: measurements → findings, in any order; none where it needs more than measurements, and so is made
            elsewhere.
        measured: what the measurement is, with a place for it; empty where the message says it.
    """

    title: str
    why: str
    threshold: str
    cure: Text | str
    find: Callable[[ExaminedCorpus], Iterable[Finding]] = lambda _: ()
    measured: str = ""
