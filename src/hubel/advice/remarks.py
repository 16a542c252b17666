"""What advice is made of: a remark, a rule, and the commands that come next, as values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hubel.advice.evidence import Evidence
from hubel.architectures.catalogue import ARCHITECTURES
from hubel.errors.wording import NOTHING, Command, Option, Text
from hubel.shell import in_shell
from hubel.text import brief
from hubel.training.recipe import DEFAULT_EPOCHS

SERIOUS, WORTHWHILE, NOTE, NEXT = "serious", "worthwhile", "note", "next"
SEVERITIES = {
    SERIOUS: "do not rely on the classifier, or its score, as it is",
    WORTHWHILE: "the classifier would probably become better",
    NOTE: "something to know about the numbers",
    NEXT: "nothing is wrong: what comes next",
}
"""The worst first."""
CUT_SHORT = 0.8
"""Share of the planned epochs below which the time limit is said to have cut them short."""
COMPARED_AT = 32
"""Largest image size in pixels that `hubel compare` chooses by itself."""
BRIEF = 10
"""Epochs that training from random weights needs on any corpus, at least."""


@dataclass(frozen=True)
class Remark:
    """What a rule says of a run.

    Args:
        text: what is wrong and what to do, in plain words.
        evidence: the numbers that show it.
        command: the next command; `NOTHING` where there is none.
    """

    text: str
    evidence: str
    command: Command = NOTHING


@dataclass(frozen=True)
class Rule:
    """One thing that can be the matter with a run.

    Args:
        summary: its name for people.
        when: what makes it speak.
        severity: a name in `SEVERITIES`.
        judge: says it, or None where the evidence does not show it.
        instead_of: rules that are silent where this one speaks: they would say the same, less exactly, or something
            that does not hold then.
    """

    summary: str
    when: str
    severity: str
    judge: Callable[[Evidence], Remark | None]
    instead_of: tuple[str, ...] = ()


@brief
@dataclass(frozen=True)
class Advice:
    """What is wrong with a run, how it shows, and the next command.

    Args:
        rule: its name in `RULES`.
        severity: a name in `SEVERITIES`.
        text: what is wrong and what to do, in plain words.
        evidence: the numbers that show it.
        command: the next command, which each door words in its own way; `NOTHING` where there is none.
    """

    rule: str
    severity: str
    text: str
    evidence: str
    command: Command

    def to_json(self) -> dict[str, Any]:
        """Plain data; the command as it is typed."""
        return {**asdict(self), "command": in_shell(self.command)}

    def _brief(self) -> Iterator[str]:
        yield f"{self.severity}: {self.text}"
        yield from filter(None, (self.evidence, str(Text(self.command)) if self.command else ""))


def again(evidence: Evidence, *more: Option) -> Command:
    """The same training in place of the run; nothing where no words can say it.

    Args:
        evidence: its command.
        more: options in place of those of the command.
    """
    command = evidence.command.without("overwrite")
    return command and command.with_(*more, Option("overwrite", value=True))


def resume(evidence: Evidence) -> Command:
    """The same training, going on where it stopped; nothing where no words can say it."""
    command = evidence.command.without("overwrite")
    return command and command.with_(Option("resume", value=True))


def beside(evidence: Evidence, ending: str, *more: Option, without: Sequence[str] = ()) -> Command:
    """Another training into a folder beside the run, so that the two can be compared.

    Args:
        evidence: command and run folder.
        ending: of the name of that folder.
        more: options in place of those of the command; another architecture begins anew, not from another run.
        without: options that are left out.
    """
    anew = ("from_run",) if any(option.name == "architecture" for option in more) else ()
    command = evidence.command.without("out", "overwrite", *anew, *without)
    return command and command.with_(Option("out", f"{evidence.run_path.rstrip('/')}-{ending}"), *more)


def longer(evidence: Evidence) -> Command:
    """The same training to its end, or anew with more time where the clock ended it, or with more epochs."""
    if evidence.interrupted:
        return resume(evidence)
    if ended_by_clock(evidence) and evidence.time_limit_s is not None:
        return again(evidence, Option("time_limit", f"{2 * evidence.time_limit_s:.0f}s"))
    planned = evidence.last_phase.planned
    epochs = max(2 * planned, min(4 * planned, DEFAULT_EPOCHS))
    more = [Option("epochs", epochs)]
    if evidence.time_limit_s is not None and is_given(evidence, "time_limit"):  # else the clock ends it as before
        more.append(Option("time_limit", f"{math.ceil(evidence.time_limit_s * epochs / planned)}s"))
    return again(evidence, *more)


def smaller_steps(evidence: Evidence) -> Option:
    """A quarter of the peak learning rate."""
    return Option("learning_rate", float(f"{evidence.last_phase.peak_learning_rate / 4:.2g}"))


def ended_by_clock(evidence: Evidence) -> bool:
    """A time limit left no room for a good part of the epochs."""
    phase = evidence.last_phase
    cut = phase.ended_by == "schedule" and phase.done < CUT_SHORT * phase.planned
    return cut and evidence.time_limit_s is not None


def is_given(evidence: Evidence, option: str) -> bool:
    """The user gave this option.

    Args:
        evidence: the command.
        option: by its name in Python.
    """
    return evidence.command.value_of(option) is not None


def is_brief(evidence: Evidence) -> bool:
    """A network that began from nothing had so few epochs that no other fault can be seen behind that."""
    phase = evidence.last_phase
    return phase.name == "train" and phase.done < BRIEF and phase.ended_by != "patience"


def audit(evidence: Evidence, *more: Option) -> Command:
    """Look at the corpus, with the corrections of the run.

    Args:
        evidence: location, reading and corrections.
        more: options of the audit.
    """
    corrections = (Option("corrections", evidence.corrections),) if evidence.corrections else ()
    return Command("audit", (evidence.location,), (*evidence.reading, *corrections, *more))


def audit_labels(evidence: Evidence) -> Command:
    """Look at the labels, on a page with the images."""
    return audit(
        evidence, Option("suspect_labels", value=True), Option("out", f"{evidence.run_path.rstrip('/')}-audit")
    )


def audit_shortcuts(evidence: Evidence) -> Command:
    """Look for what tells the classes and should not matter, on a page with the images."""
    return audit(evidence, Option("shortcuts", value=True), Option("out", f"{evidence.run_path.rstrip('/')}-audit"))


def compare(evidence: Evidence, *architectures: str) -> Command:
    """Train architectures side by side; nothing where one of them has no name.

    Labels that were corrected are out of reach of that command: then the other one is trained beside the run.

    Args:
        evidence: location, reading, image size and seed.
        architectures: their names.
    """
    if not all(architectures):
        return NOTHING
    if evidence.corrections:
        other = next((name for name in architectures if name != evidence.architecture_word), "")
        without = ("learning_rate",)
        return beside(evidence, other, Option("architecture", other), without=without) if other else NOTHING
    options = [*evidence.reading, Option("architectures", architectures)]
    if evidence.image_side > COMPARED_AT and evidence.architecture in ARCHITECTURES:
        options.append(Option("image_size", evidence.image_side))
    if evidence.seed:
        options.append(Option("seed", evidence.seed))
    return Command("compare", (evidence.location,), tuple(options))


def listed(names: Sequence[str], *, most: int = 4) -> str:
    """Names of classes in quotes, the first few of them.

    Args:
        names: of all.
        most: names that are listed.
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
