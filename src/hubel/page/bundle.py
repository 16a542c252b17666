"""JavaScript modules → one script, for a page that is one file."""

from __future__ import annotations

import re
from importlib.resources import files
from posixpath import dirname, join, normpath

IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


def read_asset(path: str) -> str:
    """The text of a file in ``assets/``.

    Args:
        path: below it.
    """
    return files("hubel.page").joinpath("assets", path).read_text(encoding="utf-8")


def bundle(entry: str) -> str:
    """A module with all it imports, as one script in which each module stands once, behind those that it needs.

    Imports are of names, in one statement, from files below ``assets/``; all modules share one scope, so that no two
    may declare the same name at their outermost level (a test holds it).

    Args:
        entry: the module's path below ``assets/``.
    """
    parts: dict[str, str] = {}
    _collect(entry, parts)
    return '(() => {\n"use strict";\n' + "\n".join(parts.values()) + "})();\n"


def _collect(path: str, parts: dict[str, str]) -> None:
    if path in parts:
        return
    text = read_asset(path)
    for found in IMPORT.finditer(text):
        _collect(normpath(join(dirname(path), found[1])), parts)
    parts[path] = EXPORT.sub("", IMPORT.sub("", text))
