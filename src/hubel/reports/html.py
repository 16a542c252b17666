"""What every page shares: one file that opens anywhere, asks nothing of a server, and shows names as text only."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hubel.errors.wording import Command, Text
from hubel.runs.is_run import PAGE
from hubel.shell import in_shell, text_in_shell
from hubel.text import chance, counted, listed, one_line

NOT_YET = Markup(
    '<p id="laid-open">Walk through it with an image of yours, and see every number: <code>{}</code></p>'
).format(in_shell(Command("open", ("RUN",))))
"""What a run's report says of the page that lays its network open, while there is none."""
LINKED = Markup(
    '<p id="laid-open">Walk through it with an image of yours, and see every number: <a href="{0}">{0}</a>, '
    "beside this report</p>"
).format(PAGE)
"""Once it is there."""


def make_environment(**shared: Any) -> Environment:
    """Templates in which every value is escaped and stands on one line.

    Args:
        shared: names that every template knows.
    """
    environment = Environment(
        loader=PackageLoader("hubel.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # every value put into the page passes here, so that no name can be forgotten
        finalize=lambda value: one_line(value) if type(value) is str else value,
    )
    environment.filters |= {
        "counted": counted,
        "listed": listed,
        "grouped": lambda number: f"{number:,}",
        "percent": lambda share: f"{100 * min(1.0, max(0.0, share)):.1f}%",
        "chance": chance,
        "unbroken": _unbroken,
        "data_address": data_address,
    }
    environment.globals.update(shared)
    return environment


def _unbroken(sentence: Text | str) -> Markup:
    """A sentence in which no line ends within an option, a command or a file name of Hubel's."""
    parts = [
        (piece, place % 2 > 0)
        for part in Text(sentence).parts
        for place, piece in enumerate(
            re.split(r"(\w+\.csv)", one_line(part)) if isinstance(part, str) else ("", text_in_shell(Text(part)))
        )
    ]
    return Markup("").join(Markup("<code>{}</code>").format(piece) if whole else piece for piece, whole in parts)


def data_address(image: bytes) -> str:
    """The content of a PNG, WebP or JPEG file as an address that needs no file."""
    kind = "png" if image.startswith(b"\x89PNG") else "webp" if image.startswith(b"RIFF") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def asset(*names: str) -> Markup:
    """Files beside the templates, one after the other: they are ours, and go into a page as they are."""
    folder = files("hubel.reports") / "templates"
    return Markup("\n".join((folder / name).read_text(encoding="utf-8") for name in names))  # noqa: S704


def policy(script: str) -> str:
    """The content security policy of a page: it loads nothing, and this script is the only one a browser may run."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def link_page(report: str) -> str:
    """A run's report with a link to its page; one of an older version stays as it is.

    Args:
        report: HTML.
    """
    return report.replace(str(NOT_YET), str(LINKED), 1)
