"""A claim + what was measured → supported, refuted, cannot tell, or not shown here; with the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubel.evaluation.paired import BETTER, CANNOT_TELL, WORSE, PairedTest, adjust, compare_gaps, compare_hits
from hubel.text import p_text, points
from hubel.workflows.comparing.variant_result import VariantResult
from hubel.workflows.comparing.variants import Claim, Need, VariantPair

SUPPORTED, REFUTED, NOT_SHOWN = "supported", "refuted", "not shown here"
MARGIN = 0.03
"""Accuracy that may be lost under the words "no loss of accuracy": 3 points, by the interval's lower end."""

COUNTED = {
    "parameters": ("parameters", "parameters", "fewer"),
    "macs": ("macs", "MACs", "fewer"),
    "memory": ("memory_bytes", "bytes", "less"),
}
"""quantity → (field of `VariantResult`, its unit, the word for a smaller number); plain numbers, which need no test."""
TESTED = {"accuracy": ("test_hits", "accuracy"), "shift": ("stays", "shift consistency")}
"""quantity → (field of `VariantResult`, its name); these have a paired test on the same images."""
LEARNED = (*TESTED, "gap")
"""Quantities that come from training; networks that were trained too little show nothing of them."""


@dataclass(frozen=True)
class NeedVerdict:
    """What became of one need of one part.

    Args:
        verdict: ``"supported"``, ``"refuted"``, ``"cannot tell"``, or ``"not shown here"`` where the networks were
            trained too little for it.
        text: why, with numbers.
        test: the paired test behind it, where there is one.
    """

    variant: str
    reference: str
    quantity: str
    verdict: str
    text: str
    test: PairedTest | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**vars(self), "test": None if self.test is None else self.test.to_json()}


@dataclass(frozen=True)
class ClaimVerdict:
    """What became of a claim.

    Args:
        name: in `CLAIMS`.
        text: the claim.
        verdict: supported where every finding is, refuted where one is, else not shown here where one is not, else
            cannot tell.
        findings: one for each need of each part.
        reason: of "not shown here", a few words; empty with every other verdict.
    """

    name: str
    text: str
    verdict: str
    findings: tuple[NeedVerdict, ...]
    reason: str = ""

    @property
    def headline(self) -> str:
        """The verdict, with its reason where it has one."""
        return f"{self.verdict}: {self.reason}" if self.reason else self.verdict

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self.name,
            "claim": self.text,
            "verdict": self.verdict,
            "reason": self.reason,
            "findings": [finding.to_json() for finding in self.findings],
        }


def judge(name: str, claim: Claim, *, rows: Mapping[str, VariantResult]) -> ClaimVerdict:
    """Put a claim to the test.

    The paired tests of one claim are adjusted for their number.

    Args:
        name: of the claim.
        claim: what must hold.
        rows: name → what was measured; a variant that was not finished is not there.
    """
    tests = _tests(claim, rows)
    findings = tuple(
        _finding(part, need, rows=rows, test=tests.get((part.variant, part.reference, need.quantity)))
        for part in claim.parts
        for need in part.needs
    )
    verdicts = {finding.verdict for finding in findings}
    verdict = next((each for each in (REFUTED, NOT_SHOWN, CANNOT_TELL) if each in verdicts), SUPPORTED)
    compared = [part for part in claim.parts if not _missing(part, rows)]
    reasons = [unsettled for part in compared if (unsettled := _unsettled(part, rows))]
    return ClaimVerdict(name, claim.text, verdict, findings, reasons[0] if verdict == NOT_SHOWN else "")


def _tests(claim: Claim, rows: Mapping[str, VariantResult]) -> dict[tuple[str, str, str], PairedTest]:
    """(variant, reference, quantity) → test, adjusted."""
    made = {
        (part.variant, part.reference, need.quantity): compare_hits(
            getattr(rows[part.variant], TESTED[need.quantity][0]),
            getattr(rows[part.reference], TESTED[need.quantity][0]),
        )
        for part in claim.parts
        for need in part.needs
        if need.quantity in TESTED and not _missing(part, rows)
    }
    return dict(zip(made, adjust(list(made.values())), strict=True))


def _missing(part: VariantPair, rows: Mapping[str, VariantResult]) -> str:
    """Why the two cannot be compared; empty where they can."""
    for name in (part.variant, part.reference):
        if name not in rows:
            return f"{name} was not finished"
        if rows[name].diverged:
            return f"{name} diverged: its loss was no longer a number"
    return ""


def _unsettled(part: VariantPair, rows: Mapping[str, VariantResult]) -> str:
    """Why the two were trained too little to be compared; empty where they were not."""
    return next((rows[name].unsettled for name in (part.reference, part.variant) if rows[name].unsettled), "")


def _finding(
    part: VariantPair, need: Need, *, rows: Mapping[str, VariantResult], test: PairedTest | None
) -> NeedVerdict:
    missing = _missing(part, rows)
    if missing:
        verdict, text = CANNOT_TELL, f"{missing}."
    elif test is not None:
        verdict, text = _by_test(need, test, pair=(rows[part.variant], rows[part.reference]))
    elif need.quantity == "gap":
        verdict, text = _by_gap(rows[part.variant], rows[part.reference])
    elif need.quantity == "field":
        verdict, text = _by_field(rows[part.variant], rows[part.reference])
    else:
        verdict, text = _by_number(need, rows[part.variant], reference=rows[part.reference])
    unsettled = "" if missing or need.quantity not in LEARNED else _unsettled(part, rows)
    if unsettled:
        verdict, text = NOT_SHOWN, f"{unsettled}; so far: {text}"
    return NeedVerdict(part.variant, part.reference, need.quantity, verdict, text, test)


def _by_test(need: Need, test: PairedTest, *, pair: tuple[VariantResult, VariantResult]) -> tuple[str, str]:
    field, name = TESTED[need.quantity]
    variant, reference = (float(getattr(row, field).mean()) for row in pair)
    low, high = test.interval
    numbers = (
        f"{name} {variant:.3f} against {reference:.3f}, difference {points(test.difference)} "
        f"({points(low)} to {points(high)}), {p_text(test.adjusted_p)}"
    )
    said = "no clear difference" if test.verdict == CANNOT_TELL else test.verdict
    verdict = {BETTER: SUPPORTED, WORSE: REFUTED}.get(test.verdict, CANNOT_TELL)
    if need.relation == "better" or verdict != CANNOT_TELL:
        return verdict, f"{said}: {numbers}."
    if low >= -MARGIN:
        return SUPPORTED, f"{said}, at most {MARGIN * 100:.0f} points are lost: {numbers}."
    return CANNOT_TELL, f"{said}, but more than {MARGIN * 100:.0f} points may be lost: {numbers}."


def _by_gap(variant: VariantResult, reference: VariantResult) -> tuple[str, str]:
    found = compare_gaps((variant.train_hits, variant.test_hits), (reference.train_hits, reference.test_hits))
    verdict = {BETTER: SUPPORTED, WORSE: REFUTED}.get(found.verdict, CANNOT_TELL)
    said = {BETTER: "smaller", WORSE: "larger"}.get(found.verdict, "no clear difference")
    gaps = f"train-test gap {points(variant.gap or 0.0)} against {points(reference.gap or 0.0)}"
    low, high = found.interval
    return verdict, f"{said}: {gaps}, difference {points(found.difference)} ({points(low)} to {points(high)})."


def _by_field(variant: VariantResult, reference: VariantResult) -> tuple[str, str]:
    one, other = variant.field, reference.field
    if one is None or other is None:
        return CANNOT_TELL, "how many pixels one of them sees is not known."
    seen = "a position behind the last convolution sees {} x {} pixels".format(*one)
    if one == other:
        return SUPPORTED, f"the same: {seen} with both."
    return REFUTED, f"not the same: {seen}, against {other[0]} x {other[1]}."


def _by_number(need: Need, variant: VariantResult, *, reference: VariantResult) -> tuple[str, str]:
    field, unit, smaller = COUNTED[need.quantity]
    one, other = getattr(variant, field), getattr(reference, field)
    ratio = f"{other / one:.1f} times {smaller}" if one <= other else f"{one / other:.1f} times more"
    verdict = SUPPORTED if one < other and one * need.factor <= other else REFUTED
    claimed = f"; claimed: {need.factor:.0f} times {smaller}" if need.factor != 1 else ""
    return verdict, f"{ratio}: {one:,} {unit} against {other:,}{claimed}."
