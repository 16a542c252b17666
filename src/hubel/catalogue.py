"""The one look-up by name, with near-miss suggestions."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from hubel.errors import UnknownName

Entry = TypeVar("Entry")


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
