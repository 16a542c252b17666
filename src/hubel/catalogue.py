"""The one look-up by name, with near-miss suggestions; and what is loaded when it is first used."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from hubel.errors import UnknownName

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Later:
    """A function or class of another module, which is loaded when it is first called: most commands need few of them.

    A catalogue names its entries so, and a module what only some of its ways need. It stands in for a plain import, so
    the same rules hold for it: `tests/rules/test_imports.py` looks at the layers, and at whether the name is there.

    Args:
        module: its full name, such as ``"hubel.corpus.formats.coco"``.
        name: what it is called there.
    """

    module: str
    name: str

    def load(self) -> Any:
        """What has the name."""
        return getattr(importlib.import_module(self.module), self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.load()(*args, **kwargs)


def find(entries: Mapping[str, Entry], name: str, *, kind: str) -> Entry:
    """The entry of that name.

    Args:
        entries: name → entry.
        name: what the user asked for.
        kind: what the entries are, for the message, such as ``"architecture"``.

    Raises:
        UnknownName: naming what was asked for, the nearest name, and every name there is.
    """
    if name in entries:
        return entries[name]
    near = difflib.get_close_matches(name.lower(), entries, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise UnknownName(f"There is no {kind} named {name!r}.{hint} Known: {', '.join(sorted(entries))}.")
