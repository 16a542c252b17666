"""What the studio answers: the list of runs, and of each its page and its report. It only shows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from importlib.resources import files
from math import ceil
from pathlib import Path
from threading import Lock
from urllib.parse import quote_from_bytes, unquote_to_bytes

from hubel.errors import HubelError
from hubel.events import OnEvent, ignore
from hubel.page.render import page_policy
from hubel.reports.html import asset, make_environment
from hubel.reports.html import policy as report_policy
from hubel.runs.is_run import PAGE, REPORT
from hubel.shell import text_in_shell
from hubel.studio.run_list import RunList, report_of, row_of
from hubel.workflows.exporting.page_of_run import page_of

ROWS = 50
"""Runs on one page of the list."""
PLAIN = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""No script at all."""
_REPORT_POLICY = re.compile(
    r"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-[A-Za-z0-9+/]{43}='; "
    r"base-uri 'none'; form-action 'none'"
)
_META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_BEGINNING = 4096
APART = "; sandbox allow-scripts allow-downloads"
"""A page with a script that this version did not write: it has an origin of its own, and reaches no other answer."""


@dataclass(frozen=True)
class StudioAnswer:
    """What is sent.

    Args:
        body: of the answer.
        status: of HTTP.
        kind: of the body.
        policy: what the page may load and run.
        headers: that only this answer has.
    """

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/html; charset=utf-8"
    policy: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answers:
    """The routes.

    Args:
        listed: the runs.
        on_event: hears what goes on while a page is made.
    """

    listed: RunList
    on_event: OnEvent = ignore
    one_at_a_time: Lock = field(default_factory=Lock, repr=False)

    def answer(self, path: str, query: str) -> StudioAnswer:
        """What is at an address.

        Args:
            path: as it was asked for, still quoted.
            query: behind the question mark.
        """
        if path == "/":
            return self._first(query)
        parts = path.split("/")
        routes: dict[str, Callable[[Path], StudioAnswer]] = {PAGE: self._page, REPORT: self._report}
        if len(parts) != 4 or parts[:2] != ["", "runs"] or parts[3] not in routes:
            return not_found()
        run = self.listed.runs().get(os.fsdecode(unquote_to_bytes(parts[2])))
        return not_found() if run is None else routes[parts[3]](run)

    def _first(self, query: str) -> StudioAnswer:
        runs = self.listed.runs()
        if self.listed.is_one:
            address = f"{address_of(next(iter(runs)))}/{PAGE}"
            return StudioAnswer(b"", HTTPStatus.SEE_OTHER, headers=(("Location", address),))
        pages = max(1, ceil(len(runs) / ROWS))
        found = re.fullmatch(r"page=([1-9]\d{0,5})", query)
        page = min(int(found[1]) if found else 1, pages)
        shown = list(runs.items())[(page - 1) * ROWS : page * ROWS]
        template = (files("hubel.studio") / "templates" / "runs.html").read_text(encoding="utf-8")
        html = make_environment().from_string(template).render(
            title=self.listed.root.absolute().name, count=len(runs), page=page, pages=pages, style=asset("base.css"),
            rows=[(row_of(name, run), address_of(name)) for name, run in shown], PAGE=PAGE, REPORT=REPORT,
        )  # fmt: skip
        return StudioAnswer(html.encode())

    def _page(self, run: Path) -> StudioAnswer:
        try:
            with self.one_at_a_time:
                path = page_of(run, on_event=self.on_event)
            return StudioAnswer(path.read_bytes(), policy=page_policy())
        except HubelError as error:
            return said(HTTPStatus(error.http_status), "There is no page of this run", text_in_shell(error.text))

    def _report(self, run: Path) -> StudioAnswer:
        path = report_of(run)
        if path is None:
            return not_found()
        body = path.read_bytes()
        found = _META.search(body[:_BEGINNING].decode("utf-8", "replace"))
        policy = found[1].replace("&#39;", "'") if found else ""
        if policy == report_policy(asset("page.js", "report.js")):
            return StudioAnswer(body, policy=policy)
        return StudioAnswer(body, policy=f"{policy if _REPORT_POLICY.fullmatch(policy) else PLAIN}{APART}")


def address_of(name: str) -> str:
    """Of a run, without a slash at its end.

    Args:
        name: of its folder.
    """
    return f"/runs/{quote_from_bytes(os.fsencode(name), safe='')}"


def elsewhere(address: str, *headers: tuple[str, str]) -> StudioAnswer:
    """A page that goes on to another address of this server.

    A redirect would not do: the browser leaves a strict cookie out where another page began it.

    Args:
        address: below this server.
        headers: of the answer.
    """
    go = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={escape(address)}">'
    link = f'<title>Studio</title><p><a href="{escape(address)}">Go on</a></p>'
    return StudioAnswer((go + link).encode(), headers=headers)


def said(status: HTTPStatus, headline: str, text: str = "") -> StudioAnswer:
    """A sentence as a page.

    Args:
        status: of HTTP.
        headline: what is wrong.
        text: why, and what to do.
    """
    words = f"<h1>{escape(headline)}</h1><p>{escape(text)}</p>"
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(headline)}</title>'
    return StudioAnswer(f"{head}<style>{asset('base.css')}</style><main>{words}</main></html>".encode(), status)


def not_found() -> StudioAnswer:
    """Nothing is at that address."""
    return said(HTTPStatus.NOT_FOUND, "There is nothing here", "The list of runs is at the address that was printed.")
