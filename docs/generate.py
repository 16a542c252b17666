"""Write the pages that are made from the code: ``make docs``. A test compares them."""

from __future__ import annotations

from pathlib import Path

import click

from hubel.cli.main import COMMANDS, hubel

PAGE = Path(__file__).parent / "reference" / "command-line.md"
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
| 130 | interrupted by the user; what was finished is kept |
| 1 | a defect of ours |

Results go to standard output, progress and messages to standard error. `--debug`, anywhere on the line, shows the
traceback of an error.
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


if __name__ == "__main__":
    PAGE.write_text(render_reference(), encoding="utf-8")
    print(f"wrote {PAGE}")
