"""The page of an audit: one file that opens anywhere, shows what was found, and lets suspect labels be corrected."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import IntakeRow
from hubel.corpus.corrections import COLUMNS, REMOVE
from hubel.reports.faults import group_faults
from hubel.reports.html import asset, make_environment, policy
from hubel.text import one_line

SUSPECT_LABEL = "suspect-label"
"""The check whose findings can be corrected on the page."""

CARDS_SHOWN = 60
SUSPECTS_SHOWN = 300
"""More of them: each is decided on here."""
PICTURES_SHOWN = 8
ROWS_SHOWN = 30
FILES_SHOWN = 10
_SHARED: dict[str, Any] = {
    "SUSPECT_LABEL": SUSPECT_LABEL,
    "PICTURES_SHOWN": PICTURES_SHOWN,
    "ROWS_SHOWN": ROWS_SHOWN,
    "FILES_SHOWN": FILES_SHOWN,
}


@dataclass(frozen=True)
class AuditPage:
    """What the page shows.

    Args:
        location: of the corpus, as the user typed it.
        made_by: name and version of the program.
        counts: ``found``, ``read``, ``refused`` and ``ignored``.
        class_names: the classes that a label can be corrected to.
        class_counts: class name → images.
        checks: what was looked for, in the order to show it; one that was not run is not among them.
        findings: each of one of these checks.
        split_counts: given split → class name → images; empty where the corpus gives none.
        notes: sentences about the corpus.
        refused: the files that should have been images and are not.
        classes_of: path → class name, of the findings' paths.
        splits_of: path → given split, of the findings' paths.
        thumbnails: path → a small JPEG, PNG or WebP; `shown_paths` says of which paths they are used.
    """

    location: str
    made_by: str
    counts: Mapping[str, int]
    class_names: Sequence[str]
    class_counts: Mapping[str, int]
    checks: Mapping[str, Check]
    findings: Sequence[Finding]
    split_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: Sequence[str] = ()
    refused: Sequence[IntakeRow] = ()
    classes_of: Mapping[str, str] = field(default_factory=dict)
    splits_of: Mapping[str, str] = field(default_factory=dict)
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One check and its findings, the worst first; ``shown`` are those that get a card."""

    name: str
    check: Check
    findings: Sequence[Finding]

    @property
    def shown(self) -> Sequence[Finding]:
        """As many as a person can look at; the others are in findings.csv."""
        return self.findings[: SUSPECTS_SHOWN if self.name == SUSPECT_LABEL else CARDS_SHOWN]

    @property
    def worst(self) -> float:
        """The lowest score."""
        return self.findings[0].score


def render_audit_page(page: AuditPage) -> str:
    """The whole page as HTML without any reference to another file or server; it can be encoded as UTF-8.

    Names and messages are escaped, each on one line. The script of the page is the only one a browser may run.
    """
    sections = _sections(page.findings, page.checks)
    suspects = next((section.shown for section in sections if section.name == SUSPECT_LABEL), ())
    script = asset("audit.js")
    return make_environment(**_SHARED).get_template("audit.html").render(
        page=page,
        sections=sections,
        clean=[check for name, check in page.checks.items() if name not in {each.name for each in sections}],
        class_rows=sorted(page.class_counts.items(), key=lambda item: -item[1]),
        faults=group_faults(page.refused),
        choices=_choices(page, suspects),
        unsavable=[name for name in page.class_names if not _is_choice(name)],
        command=_next_command(page.location),
        policy=policy(script),
        style=asset("base.css", "audit.css"),
        script=script,
    )  # fmt: skip


def shown_paths(findings: Sequence[Finding], checks: Mapping[str, Check]) -> list[str]:
    """The paths whose pictures the page shows, each once: the ones that need a thumbnail."""
    cards = (finding for section in _sections(findings, checks) for finding in section.shown)
    return list(dict.fromkeys(path for finding in cards for path in finding.paths[:PICTURES_SHOWN]))


def _sections(findings: Sequence[Finding], checks: Mapping[str, Check]) -> list[Section]:
    groups: dict[str, list[Finding]] = {name: [] for name in checks}
    for finding in sorted(findings, key=lambda finding: finding.score):
        groups[finding.check].append(finding)
    return [Section(name, checks[name], group) for name, group in groups.items() if group]


def _choices(page: AuditPage, suspects: Sequence[Finding]) -> dict[str, Any]:
    """What the script needs to offer and save corrections: exact names, with the form in which each is shown."""
    rows = []
    for place, finding in enumerate(suspects):
        path, label = finding.paths[0], page.classes_of.get(finding.paths[0], "")
        if all(_is_text(name) for name in (path, label, finding.suggested)):
            rows.append({"place": place, "path": path, "label": label, "suggested": finding.suggested})
    classes = [{"name": name, "shown": one_line(name)} for name in page.class_names if _is_choice(name)]
    return {"columns": COLUMNS, "remove": REMOVE, "classes": classes, "suspects": rows}


def _is_text(name: str) -> bool:
    """Whether a file in UTF-8 can hold it; names of files may have bytes that are no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_choice(name: str) -> bool:
    return _is_text(name) and name not in ("", REMOVE)


def _next_command(location: str) -> str:
    corpus = shlex.quote(location) if location.isprintable() else "CORPUS"
    return f"hubel train {corpus} -o RUN --corrections corrected.csv"
