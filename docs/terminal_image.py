"""Text with terminal colours on standard input → an SVG image of it, for the README.

tmux capture-pane -e -J -p | python docs/terminal_image.py TITLE > docs/images/train.svg
"""

from __future__ import annotations

import io
import re
import sys

from rich.console import Console
from rich.text import Text

WIDTH = 118


def render_terminal(ansi: str, title: str) -> str:
    """SVG of a terminal that shows this text; no font is fetched from anywhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(ansi.rstrip().removesuffix("$")))
    svg = console.export_svg(title=title)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    return re.sub(r"\bFira Code\b", "DejaVu Sans Mono, Menlo, Consolas", svg)


if __name__ == "__main__":
    print(render_terminal(sys.stdin.read(), sys.argv[1]))
