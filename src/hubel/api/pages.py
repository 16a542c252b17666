"""``hubel.open``, ``hubel.show`` and ``hubel.open_studio``."""

# ruff: noqa: A001  (functions are called as the commands are)

from __future__ import annotations

from pathlib import Path

from hubel.api.words import RunLike, path_of
from hubel.classifier.answering import Answering
from hubel.events import Message, OnEvent, ignore
from hubel.page.shown import ShownPage
from hubel.runs.is_run import RUNS
from hubel.studio.run_list import find_run_list
from hubel.studio.server import first_page, listening
from hubel.workflows.exporting.in_browser import open_in_browser
from hubel.workflows.exporting.page_of_run import open_page, show_page


def open(run: RunLike, corpus: str | Path | None = None, *, browser: bool = True, on_event: OnEvent = ignore) -> Path:
    """Open the page of a run, which lays its network open; as ``hubel open``.

    Args:
        run: its folder, or the `Run` that ``hubel.train`` returned.
        corpus: where its images are now, if they have moved; the page is then made anew.
        browser: open it; False only writes it.
        on_event: hears the values of `hubel.events`.

    Returns:
        The path of the page.

    Raises:
        HubelError: a subclass says why there is none.
    """
    location = None if corpus is None else str(corpus)
    return open_page(path_of(run), location, browser=browser, on_event=on_event)


def show(run: RunLike | Answering, *, height: int = 800, on_event: OnEvent = ignore) -> ShownPage:
    """The page of a run or a classifier, for a notebook; as ``run.show()`` and ``classifier.show()``.

    Args:
        run: a run's folder, the `Run` that ``hubel.train`` returned, or a loaded classifier.
        height: of the frame that it stands in, in pixels.
        on_event: hears the values of `hubel.events`.

    Raises:
        HubelError: a subclass says why there is none.
    """
    return show_page(run if isinstance(run, Answering) else path_of(run), height=height, on_event=on_event)


def open_studio(run: RunLike = RUNS, *, port: int = 0, browser: bool = True, on_event: OnEvent = ignore) -> None:
    """Show runs in the browser, their pages and reports, until Ctrl-C; as ``hubel studio``.

    Args:
        run: a run's folder, the `Run` that ``hubel.train`` returned, or a folder of runs.
        port: of the address on this machine; 0 for one that is free.
        browser: open it.
        on_event: hears the values of `hubel.events`, first of all the address.

    Raises:
        HubelError: a subclass says what is wrong.
    """
    with (
        listening(find_run_list(path_of(run)), port=port, on_event=on_event) as studio,
        first_page(studio.address) as path,
    ):
        on_event(Message(f"Studio: {studio.address}"))
        if browser and not open_in_browser(path.as_uri()):
            on_event(Message("No browser can be opened from here. Open the address in one on this machine."))
        studio.serve()
