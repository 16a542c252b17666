"""What to type after an audit: every command carries what was given to it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Given:
    """What an audit was told that the next command must be told too.

    Args:
        corpus: its location, and the options that say how it is read.
        corrections: the file of labels that a person corrected.
        weights: ``--weights``, where it was typed.
        seed: ``--seed``.
        time_limit: ``--time-limit``, where it was typed.
    """

    corpus: tuple[str, ...]
    corrections: Path | None = None
    weights: str | None = None
    seed: int = 0
    time_limit: str | None = None

    def audit(self, out: Path, *more: str) -> str:
        """The command that audits it again."""
        limit = ["--time-limit", self.time_limit] if self.time_limit is not None and "--suspect-labels" in more else []
        return shlex.join(
            ["hubel", "audit", *self.corpus, *more, *limit, *self._rest(self.corrections), "-o", str(out)]
        )

    def train(self, corrections: Path | None = None) -> str:
        """The command that trains on it, with these corrections or those that were given."""
        run = f"runs/{folder_name(self.corpus[0])}"
        return shlex.join(["hubel", "train", *self.corpus, *self._rest(corrections or self.corrections), "-o", run])

    def _rest(self, corrections: Path | None) -> list[str]:
        weights = [] if self.weights is None else ["--weights", self.weights]
        seed = ["--seed", str(self.seed)] if self.seed else []
        return [*weights, *seed, *([] if corrections is None else ["--corrections", str(corrections)])]

    @property
    def folder(self) -> Path:
        """Where an audit of this corpus would be written, unless the user says another."""
        return Path("audits") / folder_name(self.corpus[0])


def folder_name(location: str) -> str:
    """The corpus' own name, for a folder of what is made of it."""
    name = Path(location).name or Path(location).resolve().name  # "." has none
    return name.split(".")[0] or "corpus"
