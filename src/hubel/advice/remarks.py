"""What advice is made of: a remark, a rule, and commands that can be typed."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hubel.advice.evidence import Evidence
from hubel.architectures.catalogue import ARCHITECTURES
from hubel.runs.commands import changed
from hubel.runs.commands import without as without_option
from hubel.training.recipe import DEFAULT_EPOCHS

SERIOUS, WORTHWHILE, NOTE, NEXT = "serious", "worthwhile", "note", "next"
SEVERITIES = {
    SERIOUS: "the classifier, or its score, is not to be relied on as it is",
    WORTHWHILE: "it would probably become better",
    NOTE: "something to know of the numbers",
    NEXT: "nothing is wrong: what comes next",
}
"""The worst first."""
CUT_SHORT = 0.8
"""Share of the planned epochs below which the time limit is said to have cut them short."""
COMPARED_AT = 32
"""Pixels of the image size up to which `hubel compare` works where it is not told another."""
BRIEF = 10
"""Epochs from random weights that every corpus needs at least."""


@dataclass(frozen=True)
class Remark:
    """What a rule says of a run.

    Args:
        text: what is wrong and what to do, in plain words.
        evidence: the numbers that show it.
        command: the next command to type; empty where there is none.
    """

    text: str
    evidence: str
    command: str = ""


@dataclass(frozen=True)
class Rule:
    """One thing that can be the matter with a run.

    Args:
        summary: its name for people.
        when: from where on it speaks.
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


@dataclass(frozen=True)
class Advice:
    """What is wrong with a run, how it shows, and what to type next.

    Args:
        rule: its name in `RULES`.
        severity: a name in `SEVERITIES`.
        text: what is wrong and what to do, in plain words.
        evidence: the numbers that show it.
        command: the next command to type; empty where there is none.
    """

    rule: str
    severity: str
    text: str
    evidence: str
    command: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def again(evidence: Evidence, *more: str) -> str:
    """The same training over the run that is there.

    Args:
        evidence: its command.
        more: options and their values, which replace those of the command.
    """
    return changed(evidence.command, more, last=("--overwrite",))


def resume(evidence: Evidence) -> str:
    """The same training, going on where it stopped; empty where no words can say it."""
    return changed(evidence.command, (), last=("--resume",))


def beside(evidence: Evidence, ending: str, *more: str, without: Sequence[str] = ()) -> str:
    """Another training into a folder beside the run, so that the two can be compared.

    Args:
        evidence: command and run folder.
        ending: of the name of that folder.
        more: options and their values, which replace those of the command.
        without: options that are left out, with their values.
    """
    words: Sequence[str] = evidence.command
    for name in ("--out", *without):
        words = without_option(words, name)
    return changed(words, ("-o", f"{evidence.run_path.rstrip('/')}-{ending}", *more))


def longer(evidence: Evidence) -> str:
    """The same training to its end, or anew with more time where the clock ended it, or with more epochs."""
    if evidence.interrupted:
        return resume(evidence)
    if ended_by_clock(evidence) and evidence.time_limit_s is not None:
        return again(evidence, "--time-limit", f"{2 * evidence.time_limit_s:.0f}s")
    planned = evidence.last_phase.planned
    epochs = max(2 * planned, min(4 * planned, DEFAULT_EPOCHS))
    more = ["--epochs", str(epochs)]
    if evidence.time_limit_s is not None and is_given(evidence, "--time-limit"):  # else the clock ends it as before
        more += ["--time-limit", f"{math.ceil(evidence.time_limit_s * epochs / planned)}s"]
    return again(evidence, *more)


def ended_by_clock(evidence: Evidence) -> bool:
    """A time limit left no room for a good part of the epochs."""
    phase = evidence.last_phase
    cut = phase.ended_by == "schedule" and phase.done < CUT_SHORT * phase.planned
    return cut and evidence.time_limit_s is not None


def is_given(evidence: Evidence, option: str) -> bool:
    """The user's own words have this option."""
    return any(word == option or word.startswith(f"{option}=") for word in evidence.command)


def is_brief(evidence: Evidence) -> bool:
    """A network that began from nothing had so few epochs that no other fault can be seen behind that."""
    phase = evidence.last_phase
    return phase.name == "train" and phase.done < BRIEF and phase.ended_by != "patience"


def audit(evidence: Evidence, *more: str) -> str:
    """Look at the corpus, with the corrections of the run."""
    corrections = ("--corrections", evidence.corrections) if evidence.corrections else ()
    return shlex.join(["hubel", "audit", evidence.location, *evidence.reading, *corrections, *more])


def audit_labels(evidence: Evidence) -> str:
    """Look at the labels, on a page with the images."""
    return audit(evidence, "--suspect-labels", "-o", f"{evidence.run_path.rstrip('/')}-audit")


def compare(evidence: Evidence, *architectures: str) -> str:
    """Train architectures side by side; empty where one of them has no name.

    Labels that were corrected are out of reach of that command: then the other one is trained beside the run.
    """
    if not all(architectures):
        return ""
    if evidence.corrections:
        other = next((name for name in architectures if name != evidence.architecture_word), "")
        return "" if not other else beside(evidence, other, "--architecture", other, without=("--learning-rate",))
    words = ["hubel", "compare", evidence.location, *evidence.reading, "--architectures", ",".join(architectures)]
    if evidence.image_side > COMPARED_AT and evidence.architecture in ARCHITECTURES:
        words += ["--image-size", str(evidence.image_side)]
    return shlex.join([*words, *(("--seed", str(evidence.seed)) if evidence.seed else ())])


def listed(names: Sequence[str], *, most: int = 4) -> str:
    """Names of classes in quotes, the first few of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
