"""The runs that are shown: the one that was named, or those in a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.errors import UnusableInput
from hubel.errors.wording import Command
from hubel.files import is_file, is_folder, real_path
from hubel.runs.documents import read_document
from hubel.runs.is_run import METRICS, REPORT, RUN, can_be_run
from hubel.runs.which_run import check_run
from hubel.text import with_interval


@dataclass(frozen=True)
class RunRow:
    """A line of the list.

    Args:
        name: of the run's folder.
        architecture: of its network; empty where that is not known.
        accuracy: on its test images, with its interval; empty where that is not known.
        examples: test images.
        finished: date and time; empty where that is not known.
        has_report: there is one.
    """

    name: str
    architecture: str = ""
    accuracy: str = ""
    examples: int = 0
    finished: str = ""
    has_report: bool = False


@dataclass(frozen=True)
class RunList:
    """Where runs are looked for, each time anew.

    Args:
        root: a run, or a folder of runs.
        is_one: it is a run.
    """

    root: Path
    is_one: bool

    def runs(self) -> Mapping[str, Path]:
        """Name → folder, in the order of the names; nothing that is hidden, or lies elsewhere and is linked."""
        if self.is_one:
            return {real_path(self.root).name: self.root}
        try:
            names = sorted(each.name for each in os.scandir(self.root) if not each.name.startswith("."))
        except OSError:
            return {}
        root = real_path(self.root)
        paths = {name: self.root / name for name in names}
        return {
            name: path
            for name, path in paths.items()
            if real_path(path).parent == root and is_run_folder(path)
        }  # fmt: skip


def is_run_folder(path: Path) -> bool:
    """A folder that surely holds a classifier."""
    try:
        return is_folder(path) and can_be_run(path)
    except UnusableInput:
        return False


def find_run_list(root: Path) -> RunList:
    """What to show of a folder.

    Args:
        root: as the user typed it.

    Raises:
        UnusableInput: it is no run, and holds none.
    """
    if is_run_folder(root):
        return RunList(root, is_one=True)
    found = RunList(root, is_one=False)
    if not found.runs():
        check_run(root, ask=lambda *given: Command("studio", given))
        raise UnusableInput(f"{root} is no run folder, and holds none.")
    return found


def report_of(run: Path) -> Path | None:
    """The report of a run; None where there is none, or it is a link that leads elsewhere."""
    path = run / REPORT
    try:
        return path if is_file(path) and real_path(path).parent == real_path(run) else None
    except UnusableInput:
        return None


def row_of(name: str, run: Path) -> RunRow:
    """A line of the list; what is damaged or missing is left empty.

    Args:
        name: of the run.
        run: its folder.
    """
    has_report = report_of(run) is not None
    try:
        metrics, document = read_document(run, METRICS), read_document(run, RUN)
        test, model = metrics["test"], metrics["model"]
        return RunRow(
            name,
            str(model["architecture"]),
            _accuracy(test),
            int(test["examples"]),
            str(document.get("finished_at", "")).replace("T", " ").replace("+00:00", " UTC"),
            has_report,
        )
    except (UnusableInput, KeyError, TypeError, ValueError, AttributeError):
        return RunRow(name, has_report=has_report)


def _accuracy(test: Mapping[str, Any]) -> str:
    if not test.get("examples"):
        return ""
    low, high = map(float, test["accuracy_interval"])
    return with_interval(float(test["accuracy"]), (low, high))
