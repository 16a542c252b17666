"""Pages of an audit made by hand: a small one, and one whose every name is hostile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import IntakeRow
from hubel.reports.audit_page import AuditPage, render_audit_page

SCRIPT = "<script>document.title='x'</script>"
IMAGE = "<img src=x onerror=\"document.title='x'\">"
NAMES = (
    SCRIPT,
    IMAGE,
    "__proto__",
    "constructor",
    'a,"b"',
    "two\r\nlines",
    "a\rb",
    "=1+1",
    " t-shirt ",
    "\u202egpj",
    "猫",
)
"""Class names that are only names."""

CHECKS = {
    "leak": Check("On both sides", "the score is too good", "4 of 64 bits", "delete one"),
    "suspect-label": Check("Doubtful labels", "wrong labels are learned", "another class", "correct it here"),
    "dark": Check("Dark images", "little to see", "below 0.15", "take it again"),
}


def suspects() -> tuple[Finding, ...]:
    """One for each class name, which looks like the next class."""
    following = dict(zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True))
    return tuple(
        Finding("suspect-label", (f"{name}/{place}.jpg",), place / 100, name, suggested=following[name])
        for place, name in enumerate(NAMES)
    )


def hostile_page() -> AuditPage:
    classes_of = {finding.paths[0]: name for finding, name in zip(suspects(), NAMES, strict=True)}
    unwritable = Finding("suspect-label", ("\udcff.jpg",), 0.9, "not UTF-8", suggested="猫")
    leaks = tuple(Finding("leak", (name, f"b/{name}"), 0.0, name, 1.0, "across given splits") for name in NAMES)
    return AuditPage(
        location=SCRIPT,
        made_by="hubel 0.1.0",
        counts={"found": 12, "read": 11, "refused": 1, "ignored": 0},
        class_names=NAMES,
        class_counts=dict.fromkeys(NAMES, 1),
        checks=CHECKS,
        findings=(*suspects(), unwritable, *leaks),
        split_counts={"train": dict.fromkeys(NAMES, 1)},
        notes=NAMES,
        refused=[IntakeRow(name, "refused", name, name) for name in NAMES],
        classes_of=classes_of,
        splits_of=dict.fromkeys(NAMES, "train"),
    )


def small_page(**changes: object) -> AuditPage:
    names = ("cat", "dog", "horse", "zebra")
    findings = tuple(
        Finding("suspect-label", (f"{given}/{place}.jpg",), place / 10, f"looks like a {other}", suggested=other)
        for place, (given, other) in enumerate((("cat", "horse"), ("dog", "cat"), ("cat", "zebra")))
    )
    page = AuditPage(
        "photos", "hubel 0.1.0", {"found": 3, "read": 3, "refused": 0, "ignored": 0}, names, dict.fromkeys(names, 1),
        CHECKS, findings, classes_of={finding.paths[0]: finding.paths[0].split("/")[0] for finding in findings},
    )  # fmt: skip
    return replace(page, **changes)


def written(page: AuditPage, folder: Path) -> Path:
    path = folder / "audit page.html"
    path.write_bytes(render_audit_page(page).encode())
    return path
