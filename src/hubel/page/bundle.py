"""JavaScript modules → one script, for a page that is one file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from posixpath import dirname, join, normpath

IMPORT = re.compile(r'^import \{ ([^}]*) \} from "(\.[^"]+)";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)


def read_asset(path: str) -> str:
    """The text of a file in ``assets/``.

    Args:
        path: below it.
    """
    return files("hubel.page").joinpath("assets", path).read_text(encoding="utf-8")


def bundle(entry: str) -> str:
    """A module with all it imports, as one script in which each module stands once, behind those that it needs.

    Each is a function of its own, so that its names are its own too, which gives back what others import from it.
    Imports are of names, in one line, from files below ``assets/``; nothing imports what imports it.

    Args:
        entry: the module's path below ``assets/``.
    """
    texts: dict[str, str] = {}
    _collect(entry, texts)
    wanted: dict[str, set[str]] = {path: set() for path in texts}
    for path, text in texts.items():
        for names, source in IMPORT.findall(text):
            wanted[_from(path, source)].update(names.split(", "))
    numbers = {path: number for number, path in enumerate(texts)}
    modules = (_module(path, text, wanted=wanted[path], numbers=numbers) for path, text in texts.items())
    return '(() => {\n"use strict";\n' + "".join(modules) + "})();\n"


def _collect(path: str, texts: dict[str, str]) -> None:
    """Those that it needs come first."""
    if path in texts:
        return
    text = read_asset(path)
    for _, source in IMPORT.findall(text):
        _collect(_from(path, source), texts)
    texts[path] = text


def _from(path: str, source: str) -> str:
    return normpath(join(dirname(path), source))


def _module(path: str, text: str, *, wanted: set[str], numbers: Mapping[str, int]) -> str:
    body = IMPORT.sub(lambda found: f"const {{ {found[1]} }} = module{numbers[_from(path, found[2])]};", text)
    given = f"return {{ {', '.join(sorted(wanted))} }};\n"
    return f"const module{numbers[path]} = (() => {{  // {path}\n{EXPORT.sub('', body)}{given}}})();\n"
