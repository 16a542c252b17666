"""The page of a run: found where it is of this very classifier, and written where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hubel.catalogue import Later
from hubel.classifier.answering import Answering
from hubel.classifier.artefact import find_artefact
from hubel.classifier.classifier import Classifier
from hubel.errors import OutputNotWritable, UnusableInput
from hubel.events import Message, OnEvent, ignore
from hubel.files import is_file, is_there, usable_cache_folder, write_bytes
from hubel.page.mark import is_page, mark_in, mark_of
from hubel.page.shown import ShownPage
from hubel.reports.html import link_page
from hubel.runs.is_run import ARTEFACT, PAGE, REPORT, RUN
from hubel.workflows.exporting.in_browser import open_in_browser
from hubel.workflows.exporting.page_request import PageRequest

make_page: Callable[..., Any] = Later("hubel.workflows.exporting.page", "make_page")
check_can_be_laid_open: Callable[[Classifier], None] = Later("hubel.workflows.exporting.page", "check_can_be_laid_open")
compose: Callable[..., Any] = Later("hubel.workflows.exporting.page_parts", "compose")
PAGES = "pages"
"""Folder of the cache, for pages that cannot lie beside their classifier."""


def page_of(run: Path, corpus: str | None = None, *, on_event: OnEvent = ignore) -> Path:
    """The page of a run: ``page.html`` in its folder; or in the cache, where it cannot be there.

    Args:
        run: a run folder, or a classifier's own folder.
        corpus: where the images of the run are now; the page is made anew from there. None for where they were.
        on_event: hears what goes on.

    Raises:
        UnusableInput: it is no run, or its network cannot be laid open in a page.
        ClaimFailed: the page would not compute what the classifier does.
    """
    artefact = find_artefact(run)
    run = run.parent if run.name == ARTEFACT and is_file(run.parent / RUN) else run
    beside, mark = run / PAGE, mark_of(artefact)
    kept = usable_cache_folder() / PAGES / f"{mark}.html"
    found = next((each for each in (beside, kept) if mark_in(each) == mark), None)
    if found is not None and corpus is None:
        return found
    request = PageRequest(run, corpus, command="open")
    if is_file(run / RUN) and (is_page(beside) or not is_there(beside)):
        try:
            make_page(request, beside, on_event=on_event)
        except OutputNotWritable as error:
            on_event(Message(f"{error.text.facts} The page goes into the cache."))
        else:
            _link(run)
            return beside
    make_page(request, kept, on_event=on_event)
    return kept


def open_page(run: Path, corpus: str | None = None, *, browser: bool, on_event: OnEvent = ignore) -> Path:
    """The page of a run, in the browser.

    Args:
        run: as of `page_of`.
        corpus: as of `page_of`.
        browser: open it; else it is only written.
        on_event: hears what goes on, and where no browser can be opened.

    Raises:
        HubelError: as of `page_of`.
    """
    path = page_of(run, corpus, on_event=on_event)
    if browser and not open_in_browser(path.absolute().as_uri()):
        on_event(Message("No browser can be opened from here. Open the file in one; it needs no connection."))
    return path


def show_page(given: Path | Answering, *, height: int, on_event: OnEvent = ignore) -> ShownPage:
    """The page in a notebook.

    Args:
        given: a run folder, or a classifier that is loaded.
        height: of its frame, in pixels.
        on_event: hears what goes on.

    Raises:
        UnusableInput: there is no page of it.
        ClaimFailed: as of `page_of`.
    """
    if isinstance(given, Answering):
        if not isinstance(given, Classifier):
            raise UnusableInput("A page lays open what Hubel has trained. This classifier comes from a model file.")
        if given.folder is None:
            check_can_be_laid_open(given)
            return ShownPage(compose(given, PageRequest(Path()), artefact=None, examples=()).html, height=height)
        given = given.folder
    path = page_of(given, on_event=on_event)
    return ShownPage(path.read_text(encoding="utf-8"), str(path), height)


def _link(run: Path) -> None:
    """The report of the run names its page from now on."""
    path = run / REPORT
    try:
        before = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    after = link_page(before)
    if after != before:
        write_bytes(path, after.encode())
