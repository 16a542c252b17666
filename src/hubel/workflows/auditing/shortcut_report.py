"""What the search for shortcuts found: plain values, which a page, a door or a file shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubel.corpus.audit.finding import Finding
from hubel.corpus.shortcuts.probes import PROBES
from hubel.text import brief, counted

CHECK = "shortcut"
"""Its name among the checks of an audit."""
FALSE_ALARMS = 0.05
"""Share of corpora without any shortcut in which one alarm or more is raised, at most."""


@brief
@dataclass(frozen=True)
class ProbeResult:
    """How well classes can be told by one thing that should not matter.

    Args:
        name: a key of `PROBES`.
        balanced_accuracy: of the class that is told best, against all others.
        interval: of 95 %.
        p: chance of so much in a corpus where it tells nothing, with this probe alone.
        p_corrected: the same for all probes together.
        alarm: it is significant, and large enough to matter.
        classes: those that raise the alarm, the one that is told best first; without an alarm, that one alone.
        paths: of an alarm: images of this class that it is surest of, then such images of others.
        message: what was found, for people to read.
    """

    name: str
    balanced_accuracy: float
    interval: tuple[float, float]
    p: float
    p_corrected: float
    alarm: bool
    classes: tuple[str, ...]
    paths: tuple[str, ...]
    message: str

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the balanced accuracy of a guess."""
        return {
            "name": self.name,
            "balanced_accuracy": round(self.balanced_accuracy, 4),
            "interval": [round(end, 4) for end in self.interval],
            "chance": 0.5,
            "p": round(self.p, 6),
            "p_corrected": round(self.p_corrected, 6),
            "alarm": self.alarm,
            "classes": list(self.classes),
            "paths": list(self.paths),
            "message": self.message,
        }

    @property
    def finding(self) -> Finding:
        """The same as a finding of the audit: 0 where the class is told without an error, 1 where it is guessed."""
        score = min(1.0, max(0.0, 2 * (1 - self.balanced_accuracy)))
        text = f"{self.message} {self.advice}"
        return Finding(CHECK, self.paths, score, text, round(self.balanced_accuracy, 4))

    @property
    def advice(self) -> str:
        """Why it may be no fault, and what to do."""
        probe = PROBES[self.name]
        excuse = f"It may be no fault: {probe.honest} " if probe.honest else ""
        return f"{excuse}{probe.cure}"


@brief
@dataclass(frozen=True)
class Shortcuts:
    """What all probes found.

    Args:
        probes: those that had something to look at; alarms first, of them those that nothing excuses.
        same_everywhere: names of the others: what they read is the same in all images, or not there.
        examples: images that were looked at; of copies and groups one for each class.
        left_out: classes with too few images to be told from the others.
    """

    probes: tuple[ProbeResult, ...]
    same_everywhere: tuple[str, ...]
    examples: int
    left_out: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[ProbeResult, ...]:
        """Those that nothing excuses first, then the strongest."""
        return tuple(each for each in self.probes if each.alarm)

    @property
    def quiet(self) -> tuple[str, ...]:
        """Names of the probes that looked at something and raise no alarm."""
        return tuple(each.name for each in self.probes if not each.alarm)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "probes": [each.to_json() for each in self.probes],
            "same_everywhere": list(self.same_everywhere),
            "false_alarm_rate": FALSE_ALARMS,
            "examples": self.examples,
            "classes_left_out": list(self.left_out),
        }

    def _brief(self) -> Iterator[str]:
        yield f"{counted(len(self.alarms), 'shortcut')} in {counted(self.examples, 'image')}"
        yield from (each.message for each in self.alarms)
