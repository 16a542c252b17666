"""An audit → text for people, on standard output."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from hubel.cli.show.advice import wrapped
from hubel.cli.show.results import console
from hubel.cli.show.shortcuts import show_shortcuts
from hubel.cli.wording import worded
from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import Corpus, check_trainable
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Option
from hubel.errors.wording import Text as Sentence
from hubel.shell import in_shell
from hubel.text import counted, one_line
from hubel.workflows.auditing.audit import CORRECTIONS, PAGE, Audit
from hubel.workflows.auditing.audit_words import Given
from hubel.workflows.auditing.shortcut_report import CHECK as SHORTCUT

FINDINGS_SHOWN = 3
REFUSED_SHOWN = 10
PATHS_SHOWN = 3


def show_audit(audit: Audit, given: Given, *, out: Path | None) -> None:
    """The account, the refused files, the worst findings of each check, and what to do next.

    Args:
        audit: what was found.
        given: what the next command must be told too.
        out: where the page is.
    """
    screen = console()
    _account(screen, audit)
    _refused(screen, audit.corpus)
    quiet = []
    for name, check in audit.checks.items():
        findings = [finding for finding in audit.findings if finding.check == name]
        if name == SHORTCUT and audit.shortcuts is not None:
            show_shortcuts(screen, audit.shortcuts)
        elif findings:
            _section(screen, check, findings=findings, expected=audit.expected if name == "suspect-label" else "")
        else:
            quiet.append(name.replace("-", " "))
    if quiet:
        text = Text("Looked for and not found: ", "bold").append(Text(", ".join(quiet) + ".", "not bold default"))
        screen.print(text, soft_wrap=False)
        screen.print()
    screen.print(Text("Next", "bold"))
    for step in _next(audit, given, out):
        screen.print(f"  {step}")


def _account(screen: Console, audit: Audit) -> None:
    counts, corpus = audit.corpus.intake_counts, audit.corpus
    text = f"{counted(counts['found'], 'file')} found = {counts['read']:,} read + {counts['refused']:,} refused"
    screen.print(
        Text(f"{one_line(corpus.location)}  ", "bold").append(f"{text} + {counts['ignored']:,} ignored", "not bold")
    )
    sizes = corpus.class_counts.values()
    if sizes:
        rows = audit.examined.measurements
        pixels = f"{np.median(rows['width']):.0f} x {np.median(rows['height']):.0f} pixels (median)"
        many = f"{min(sizes):,} to {max(sizes):,}" if len(set(sizes)) > 1 else f"{min(sizes):,}"
        images = "image" if many == "1" else "images"
        screen.print(f"{counted(len(sizes), 'class', 'classes')} of {many} {images}, {pixels}")
    for note in audit.notes:
        screen.print(Text("Note: ", "bold").append(Text(one_line(worded(note)), "not bold default")))
    screen.print()


def _refused(screen: Console, corpus: Corpus) -> None:
    refused = corpus.refused
    if not refused:
        return
    screen.print(Text(f"Refused: {len(refused):,}", "bold red"))
    for row in refused[:REFUSED_SHOWN]:
        screen.print(f"  {one_line(row.path)}  {row.code}: {one_line(row.reason)}")
    if len(refused) > REFUSED_SHOWN:
        screen.print(f"  ... and {len(refused) - REFUSED_SHOWN:,} more, all in --json and, with -o, in intake.csv")
    screen.print()


def _section(screen: Console, check: Check, *, findings: Sequence[Finding], expected: str) -> None:
    screen.print(Text(f"{check.title}: {len(findings):,}", "bold yellow"))
    if expected:
        screen.print(f"  {expected}")
    for finding in findings[:FINDINGS_SHOWN]:
        if len(finding.paths) == 1:
            screen.print(Text(f"  {one_line(finding.paths[0])}  ").append(one_line(finding.message), "dim"))
            continue
        screen.print(f"  {one_line(finding.message)}")
        for path in finding.paths[:PATHS_SHOWN]:
            screen.print(Text(f"    {one_line(path)}", "dim"))
        if len(finding.paths) > PATHS_SHOWN:
            screen.print(Text(f"    ... and {len(finding.paths) - PATHS_SHOWN:,} more", "dim"))
    if len(findings) > FINDINGS_SHOWN:
        screen.print(f"  ... and {len(findings) - FINDINGS_SHOWN:,} more")
    for line in wrapped(worded("Cure: " + Sentence(check.cure)), screen):
        screen.print(Text(line, "italic"))
    screen.print()


def _next(audit: Audit, given: Given, out: Path | None) -> list[str]:
    """What to type next.

    Args:
        audit: what was found.
        given: what the next command must be told too.
        out: where the page is.
    """
    steps = []
    labels = Option("suspect_labels", value=True)
    asked = [labels] if audit.label_ranking else []
    if audit.shortcuts is not None:
        asked.append(Option("shortcuts", value=True))
    if out is not None:
        steps.append(f"Look at the images: open {shlex.quote(str(out / PAGE))} in a browser")
    else:
        steps.append(f"See the images: {in_shell(given.audit(given.folder, *asked))}")
    if audit.suspects and out is not None:
        file = out / CORRECTIONS
        steps.append(f"Write the right classes into {shlex.quote(str(file))}, then: {in_shell(given.train(file))}")
        return steps
    if not _is_trainable(audit.corpus):
        return steps
    if not audit.label_ranking:
        steps.append(f"Look for wrong labels: {in_shell(given.audit(given.folder, labels))}")
    if audit.shortcuts is None:
        probe = Option("shortcuts", value=True)
        steps.append(f"Look for shortcuts: {in_shell(given.audit(given.folder, probe))}")
    return [*steps, f"Train: {in_shell(given.train())}"]


def _is_trainable(corpus: Corpus) -> bool:
    try:
        check_trainable(corpus)
    except UnusableCorpus:
        return False  # the command says why, last
    return True
