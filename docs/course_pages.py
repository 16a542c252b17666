"""Run the commands of docs/course and write what they print, and the images they make, into the pages.

    python docs/course_pages.py             every command: some train, about half an hour on two cores
    python docs/course_pages.py 05 11       only the pages whose names begin so; they need the runs of earlier pages

An image ``images/a-b.svg`` is the file ``a-b.svg`` of the commands' folder, or ``b.svg`` in its folder ``a``.
A block that begins with ``$ hubel`` holds what the command printed; of an error, what it said. A block ``output`` right
behind a block ``python`` holds what the code printed; the blocks of a page share their names. A test runs the blocks
that are not marked ``measured`` again and compares.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

COURSE = Path(__file__).parent / "course"
IMAGES = COURSE / "images"
WIDTH = 118
PHOTOS = COURSE / "photos"

_BLOCK = re.compile(r"```console(?P<kind>[^\n]*)\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```", re.DOTALL)
_FILE = re.compile(r"```toml file=(?P<name>\S+)\n(?P<text>.*?)```", re.DOTALL)
_PYTHON = re.compile(
    r"```python\n(?P<code>(?:(?!```).)*)```(?P<shown>\n\n```output(?P<mark>[^\n]*)\n(?:(?!```).)*```)?", re.DOTALL
)
_EITHER = re.compile(rf"{_BLOCK.pattern}|{_PYTHON.pattern}", re.DOTALL)
_IMAGE = re.compile(r"\(images/([^)]+)\)")


def blocks(text: str) -> list[tuple[str, str, str]]:
    """(kind, command, output) of each console block of a page."""
    return [(found["kind"].strip(), found["command"], found["output"]) for found in _BLOCK.finditer(text)]


def steps(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, what is typed, what is shown) of each block of a page, in order; Python has the kind ``python``."""
    for found in _EITHER.finditer(text):
        if found["code"] is not None:
            yield "python", found["code"], ""
        else:
            yield found["kind"].strip(), found["command"], found["output"]


def prints_without_training(text: str) -> bool:
    """Whether a page has blocks whose output a test compares."""
    shown = [(found["mark"] or "").strip() for found in _PYTHON.finditer(text) if found["shown"]]
    return "" in [*shown, *(kind for kind, _, _ in blocks(text))]


def prepare(folder: Path, text: str) -> None:
    """Put the files that a page's commands read into a folder."""
    shutil.copytree(PHOTOS, folder / PHOTOS.name, dirs_exist_ok=True)
    for found in _FILE.finditer(text):
        (folder / found["name"]).write_text(found["text"], encoding="utf-8")


def python_of_a_page() -> Callable[[str], str]:
    """A function that runs Python and gives what it prints; names stay known from one call to the next."""
    names: dict[str, Any] = {"__name__": "course"}

    def run(code: str) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "course", "exec"), names)  # the code stands in our own pages
        return printed.getvalue()

    return run


def filled(
    text: str, run: Callable[[str], str], python: Callable[[str], str], *, kinds: tuple[str, ...] = ("", "measured")
) -> str:
    """A page with the output of its commands and its Python, one block after the other.

    Args:
        text: of the page.
        run: command line → what it prints.
        python: code → what it prints; code that shows no output counts as measured.
        kinds: blocks to run; others stay as they are.
    """

    def block(found: re.Match[str]) -> str:
        if found["code"] is not None:
            mark = (found["mark"] or "").strip() if found["shown"] else "measured"
            printed = _lines(python(found["code"])) if mark in kinds else ""
            if mark not in kinds or not found["shown"]:
                return found[0]
            return f"```python\n{found['code']}```\n\n```output{found['mark']}\n{printed}\n```"
        if found["kind"].strip() not in kinds:
            return found[0]
        return f"```console{found['kind']}\n$ {found['command']}\n{_lines(run(found['command']))}\n```"

    return _EITHER.sub(block, text)


def _lines(printed: str) -> str:
    return "\n".join(line.rstrip() for line in printed.strip("\n").split("\n"))


def write_page(page: Path, folder: Path) -> None:
    """Run a page's commands in a folder; keep what they print and the images they make."""

    def run(command: str) -> str:
        print(f"{page.name}: {command}", flush=True)
        environment = {**os.environ, "COLUMNS": str(WIDTH)}
        words = [str(Path(sys.executable).parent / "hubel"), *shlex.split(command)[1:]]
        words += ["--overwrite"] if words[1] == "train" or (words[1] == "compare" and "-o" in words) else []
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.stdout or done.stderr

    text = page.read_text(encoding="utf-8")
    prepare(folder, text)
    with contextlib.chdir(folder):
        text = filled(text, run, python_of_a_page())
    page.write_text(text, encoding="utf-8")
    for name in _IMAGE.findall(text):
        made = folder / name if (folder / name).exists() else folder / name.replace("-", "/", 1)
        shutil.copyfile(made, IMAGES / name)


def main(beginnings: list[str]) -> None:
    """Write the pages; all of them without words."""
    folder = Path(os.environ.get("HUBEL_COURSE", COURSE / ".work"))
    folder.mkdir(parents=True, exist_ok=True)
    for page in sorted(COURSE.glob("[0-9m]*.md")):
        if not beginnings or page.name.startswith(tuple(beginnings)):
            write_page(page, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
