"""Write the pages that are made from the code: ``make docs``. A test compares them."""

from __future__ import annotations

from pathlib import Path

import click

from hubel.advice.advise import MOST_SHOWN, RULES
from hubel.advice.remarks import SEVERITIES
from hubel.cli.main import COMMANDS, hubel
from hubel.corpus.audit.catalogue import CHECKS
from hubel.corpus.formats.catalogue import FORMATS

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 100

EXIT_CODES = """\
## Exit codes

| code | meaning |
|---|---|
| 0 | done, everything read |
| 2 | the command's words or values are wrong |
| 3 | the input cannot be used |
| 4 | done, but some inputs were refused; they are listed |
| 5 | a check that guards a claim failed, such as a loss that is no number any more |
| 130 | interrupted by the user; what was finished is kept, and the command that resumes is printed |
| 1 | a defect of ours |

Results go to standard output, progress and messages to standard error. `--debug`, anywhere on the line, shows the
traceback of an error.
"""


CHECKS_HEAD = """\
# What an audit looks for

Made from the code by `make docs`.

Each finding has a *measurement*, a *score* from 0 to 1 (the lower, the worse), and the *decision* that it is worth a
look: the threshold below. Nothing is changed, and nothing is left out because of a finding: a person decides.
"""

FORMATS_HEAD = """\
# What a corpus can be

Made from the code by `make docs`. The first form that fits is taken; `hubel audit --json` names it as `corpus_format`.
What each needs, and what becomes of files that do not fit, is in [Corpora](../concepts/corpora.md).
"""


ADVICE_HEAD = f"""\
# What is advised after a run

Made from the code by `make docs`.

At the end of `hubel train`, under *Next*, stands what is the matter with the run: in plain words, with the numbers that
show it, and with the next command to type. At most {MOST_SHOWN} entries are printed, the most harmful first; all are
in `metrics.json` under `advice`, each with `rule`, `severity`, `text`, `evidence` and `command`, and in Python in
`run.advice`.

A rule speaks only where chance does not explain what it sees, as far as that can be computed. Some are silent where a
worse one has said why already.
"""


def render_reference() -> str:
    """The reference of the command line: what ``--help`` prints for each command."""
    parts = ["# Command line\n\nMade from the code by `make docs`.\n"]
    shape = {"max_content_width": WIDTH, "terminal_width": WIDTH, **hubel.context_settings}
    top = click.Context(hubel, info_name="hubel", **shape)
    parts.append(f"```\n{hubel.get_help(top)}\n```\n")
    for name in COMMANDS:
        command = hubel.get_command(top, name)
        assert command is not None
        context = click.Context(command, parent=top, info_name=name, **shape)
        parts.append(f"## hubel {name}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join([*parts, EXIT_CODES])


def render_checks() -> str:
    """The checks of an audit: what each looks for, from where on, why, and what to do."""
    parts = [CHECKS_HEAD]
    for name, check in CHECKS.items():
        parts.append(f"## `{name}`: {check.title}\n")
        parts.append(f"{check.why}\n\n- From where on: {check.threshold}.\n- What to do: {check.cure}\n")
    return "\n".join(parts)


def render_formats() -> str:
    """The forms a corpus can have, in the order in which they are tried."""
    rows = [f"| `{name}` | {entry.summary} |" for name, entry in FORMATS.items()]
    return "\n".join([FORMATS_HEAD, "| name | form |", "|---|---|", *rows, ""])


def render_advice() -> str:
    """The rules of the advice: when each speaks, how bad that is, and which others it silences."""
    parts = [ADVICE_HEAD, "| severity | meaning |", "|---|---|"]
    parts = ["\n".join([*parts, *(f"| {name} | {meaning} |" for name, meaning in SEVERITIES.items())]) + "\n"]
    for name, rule in RULES.items():
        parts.append(f"## `{name}`: {rule.summary}\n")
        lines = [f"- When: {rule.when}.", f"- Severity: {rule.severity}."]
        if rule.instead_of:
            lines.append(f"- Silent then: {', '.join(f'`{each}`' for each in rule.instead_of)}.")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


PAGES = {
    REFERENCE / "advice.md": render_advice,
    REFERENCE / "command-line.md": render_reference,
    REFERENCE / "audit-checks.md": render_checks,
    REFERENCE / "formats.md": render_formats,
}

if __name__ == "__main__":
    for page, render in PAGES.items():
        page.write_text(render(), encoding="utf-8")
        print(f"wrote {page}")
