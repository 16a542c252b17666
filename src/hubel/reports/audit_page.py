"""The page of an audit: one file that opens anywhere, shows what was found, and lets suspect labels be corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import IntakeRow
from hubel.corpus.corrections import COLUMNS, REMOVE
from hubel.errors.wording import Command, Option
from hubel.reports.faults import group_faults
from hubel.reports.html import asset, make_environment, policy
from hubel.shell import in_shell
from hubel.text import one_line

SUSPECT_LABEL = "suspect-label"
"""The check whose findings can be corrected on the page."""

FILE = "corrections.csv"
"""What the page saves."""
TRAIN = Command("train", ("CORPUS",), (Option("out", "RUN"), Option("corrections", FILE)))
CARDS_SHOWN = 60
SUSPECTS_SHOWN = 300
"""More of them: each is decided on here."""
IMAGES_SHOWN = 8
ROWS_SHOWN = 30
FILES_SHOWN = 10


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
        expected: how many of the suspect labels are expected to be wrong, as a sentence.
        command: trains with the corrections.
        file: what the saved corrections replace.
        earlier: rows of `COLUMNS` that were decided before; they are saved with the others.
        identity: of the corpus' content; what is chosen on the page is kept under it. Empty: it is not kept.
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
    expected: str = ""
    command: Command = TRAIN
    file: str = FILE
    earlier: Sequence[Sequence[str]] = ()
    identity: str = ""


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
    script = asset("page.js", "audit.js")
    command = in_shell(page.command)
    environment = make_environment(
        SUSPECT_LABEL=SUSPECT_LABEL, IMAGES_SHOWN=IMAGES_SHOWN, ROWS_SHOWN=ROWS_SHOWN, FILES_SHOWN=FILES_SHOWN
    )
    return environment.get_template("audit.html").render(
        page=page,
        sections=sections,
        scored=any(section.name != SUSPECT_LABEL for section in sections),
        clean=[check for name, check in page.checks.items() if name not in {each.name for each in sections}],
        class_rows=sorted(page.class_counts.items(), key=lambda item: -item[1]),
        faults=group_faults(page.refused),
        choices=_choices(page, suspects),
        unsavable=[name for name in page.class_names if not _is_choice(name)],
        command=command if command.isprintable() else in_shell(TRAIN),
        policy=policy(script),
        style=asset("base.css", "audit.css"),
        script=script,
    )  # fmt: skip


def shown_paths(findings: Sequence[Finding], checks: Mapping[str, Check]) -> list[str]:
    """The paths whose images the page shows, each once: the ones that need a thumbnail.

    Args:
        findings: of the audit.
        checks: that were run, in the order in which they are shown.
    """
    cards = (finding for section in _sections(findings, checks) for finding in section.shown)
    return list(dict.fromkeys(path for finding in cards for path in finding.paths[:IMAGES_SHOWN]))


def suspect_paths(findings: Sequence[Finding], checks: Mapping[str, Check]) -> list[str]:
    """Those of `shown_paths` that a person decides on: they need a larger image.

    Args:
        findings: of the audit.
        checks: that were run, in the order in which they are shown.
    """
    shown = (section.shown for section in _sections(findings, checks) if section.name == SUSPECT_LABEL)
    return [finding.paths[0] for suspects in shown for finding in suspects]


def _sections(findings: Sequence[Finding], checks: Mapping[str, Check]) -> list[Section]:
    groups: dict[str, list[Finding]] = {name: [] for name in checks}
    for finding in sorted(findings, key=lambda finding: finding.score):
        groups[finding.check].append(finding)
    return [Section(name, checks[name], group) for name, group in groups.items() if group]


def _choices(page: AuditPage, suspects: Sequence[Finding]) -> dict[str, Any]:
    """What the script needs to offer and save corrections: exact names, with the form in which each is shown."""
    decided = {row[0]: row[3] for row in page.earlier}
    rows = []
    for place, finding in enumerate(suspects):
        path, label = finding.paths[0], page.classes_of.get(finding.paths[0], "")
        if all(_is_text(name) for name in (path, label, finding.suggested)):
            row = {"place": place, "path": path, "label": label, "suggested": finding.suggested}
            rows.append(row | {"earlier": decided.get(path, "")})
    classes = [{"name": name, "shown": one_line(name)} for name in page.class_names if _is_choice(name)]
    given, here = {row["label"] for row in rows}, {row["path"] for row in rows}
    return {
        "columns": COLUMNS,
        "remove": REMOVE,
        "file": FILE,
        "identity": page.identity,
        "classes": classes,
        "labels": [{"name": name, "shown": one_line(name)} for name in page.class_names if name in given],
        "suspects": rows,
        "earlier": [list(row) for row in page.earlier if row[0] not in here and all(map(_is_text, row))],
    }


def _is_text(name: str) -> bool:
    """Whether a file in UTF-8 can hold it; names of files may have bytes that are no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_choice(name: str) -> bool:
    return _is_text(name) and name not in ("", REMOVE)
