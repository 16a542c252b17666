"""What comes after an audit: every command carries what was given to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hubel.errors.wording import Command, Option


@dataclass(frozen=True)
class Given:
    """What an audit was told that the next command must be told too.

    Args:
        corpus: its location.
        reading: the options that say how it is read.
        corrections: the file of labels that a person corrected.
        weights: of the network that doubts the labels, where they were given.
        seed: of the classifiers that doubt the labels.
        time_limit: of the doubting, where it was given.
    """

    corpus: str
    reading: tuple[Option, ...] = ()
    corrections: Path | None = None
    weights: str | None = None
    seed: int = 0
    time_limit: str | None = None

    def audit(self, out: Path, *more: Option) -> Command:
        """The command that audits it again.

        Args:
            out: the folder of that audit.
            more: options that it is given, too.
        """
        doubted = self.time_limit is not None and any(option.name == "suspect_labels" for option in more)
        limit = (Option("time_limit", self.time_limit),) if doubted else ()
        return self._command("audit", (*more, *limit), corrections=self.corrections, out=out)

    def train(self, corrections: Path | None = None) -> Command:
        """The command that trains on it, with these corrections or those that were given."""
        return self._command(
            "train", (), corrections=corrections or self.corrections, out=Path("runs") / folder_name(self.corpus)
        )

    def _command(self, name: str, more: tuple[Option, ...], *, corrections: Path | None, out: Path) -> Command:
        file = None if corrections is None else str(corrections)
        known = {"weights": self.weights, "seed": self.seed or None, "corrections": file, "out": str(out)}
        given = (Option(each, value) for each, value in known.items() if value is not None)
        return Command(name, (self.corpus,), (*self.reading, *more, *given))

    @property
    def folder(self) -> Path:
        """Where an audit of this corpus would be written, unless the user says another."""
        return Path("audits") / folder_name(self.corpus)


def folder_name(location: str) -> str:
    """The corpus' own name, for a folder of what is made of it."""
    name = Path(location).name or Path(location).resolve().name  # "." has none
    return name.split(".")[0] or "corpus"
