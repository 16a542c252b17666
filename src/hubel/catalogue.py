"""The one look-up by name, with near-miss suggestions; what is loaded when first used; and what there is for it."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from hubel.errors import PackageMissing, UnknownName

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
        """What has the name.

        Raises:
            PackageMissing: its module needs a package that only the large installation has.
        """
        try:
            return getattr(importlib.import_module(self.module), self.name)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in ("", __name__.partition(".")[0]):
                raise
            raise PackageMissing(
                f"This needs {package}, which is not installed. In the folder of Hubel's source, type: "
                "pip install '.[train]'"
            ) from error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.load()(*args, **kwargs)


class LoadedMeanwhile:
    """A module that is loaded beside other work, from `start` on; used as a context, at whose end it is there.

    An error is kept for whoever imports it next: Python loads it anew then.

    Args:
        module: its full name.
    """

    TURN_S = 0.0005
    """Python's lock changes hands so often meanwhile: the other work asks for it often, and briefly."""

    def __init__(self, module: str) -> None:
        self._thread = Thread(target=self._load, args=(module,), name=f"loads {module}")
        self._turn_s = sys.getswitchinterval()

    def start(self) -> None:
        """Begin, unless it was begun."""
        if self._thread.ident is None:
            sys.setswitchinterval(self.TURN_S)
            self._thread.start()

    @staticmethod
    def _load(module: str) -> None:
        with suppress(Exception):
            importlib.import_module(module)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.ident is not None:
            self._thread.join()  # also after an error: a program that ends in the middle of an import may crash
            sys.setswitchinterval(self._turn_s)


def is_installed(package: str) -> bool:
    """Whether a package can be imported; nothing is.

    Args:
        package: by the name that is imported.
    """
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def processors() -> int:
    """How many this process may use, after taskset or in a container: so many threads add up parts of a sum."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
