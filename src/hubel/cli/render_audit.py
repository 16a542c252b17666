"""An audit → text for a person, on standard output."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from hubel.cli.render import console
from hubel.corpus.audit.catalogue import CHECKS
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import Corpus
from hubel.text import counted, one_line
from hubel.workflows.audit import CORRECTIONS, PAGE, Audit

FINDINGS_SHOWN = 3
REFUSED_SHOWN = 10
PATHS_SHOWN = 3


def show_audit(audit: Audit, corpus: Sequence[str], out: Path | None) -> None:
    """The account, the refused files, the worst findings of each check, and what to do next.

    Args:
        audit: what was found.
        corpus: its location, and the options that say how it is read.
        out: where the page is.
    """
    screen = console()
    _account(screen, audit)
    _refused(screen, audit.corpus)
    quiet = []
    for name, check in CHECKS.items():
        findings = [finding for finding in audit.findings if finding.check == name]
        if findings:
            _section(screen, check.title, check.cure, findings)
        elif name != "suspect-label" or audit.label_ranking:
            quiet.append(name.replace("-", " "))
    if quiet:
        text = Text("Looked for and not found: ", "bold").append(Text(", ".join(quiet) + ".", "not bold default"))
        screen.print(text, soft_wrap=False)
        screen.print()
    screen.print(Text("Next", "bold"))
    for step in _next(audit, corpus, out):
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
        what = "class" if len(sizes) == 1 else "classes"
        screen.print(f"{len(sizes):,} {what} of {many} pictures, {pixels}")
    for note in audit.notes:
        screen.print(Text("Note: ", "bold").append(Text(one_line(note), "not bold default")))
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


def _section(screen: Console, title: str, cure: str, findings: Sequence[Finding]) -> None:
    screen.print(Text(f"{title}: {len(findings):,}", "bold yellow"))
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
    screen.print(Text(f"  Cure: {cure}", "italic"))
    screen.print()


def _next(audit: Audit, words: Sequence[str], out: Path | None) -> list[str]:
    """What to type next.

    Args:
        audit: what was found.
        words: the corpus, and the options that say how it is read.
        out: where the page is.
    """
    corpus, location = shlex.join(words), words[0]
    steps = []
    if out is not None:
        steps.append(f"Look at the pictures: open {shlex.quote(str(out / PAGE))} in a browser")
    else:
        steps.append(f"See the pictures: hubel audit {corpus} -o audits/{_folder_name(location)}")
    if any(finding.check == "suspect-label" for finding in audit.findings) and out is not None:
        file = shlex.quote(str(out / CORRECTIONS))
        steps.append(f"Write the right classes into {file}, then: hubel train {corpus} -o RUN --corrections {file}")
    elif not audit.label_ranking and len(audit.corpus.class_names) > 1:
        steps.append(f"Look for wrong labels: hubel audit {corpus} --suspect-labels -o audits/{_folder_name(location)}")
    if len(audit.corpus.class_names) > 1:
        steps.append(f"Train: hubel train {corpus} -o runs/{_folder_name(location)}")
    return steps


def _folder_name(location: str) -> str:
    name = Path(location).name or Path(location).resolve().name  # "." has none
    return shlex.quote(name.split(".")[0] or "corpus")
