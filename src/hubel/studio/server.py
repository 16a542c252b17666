"""The server: one address of this machine that no other machine reaches."""

from __future__ import annotations

import errno
import socketserver
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import parse_qs

from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.events import Message, OnEvent, ignore
from hubel.studio.access import HOST, Access, masked
from hubel.studio.answers import Answers, StudioAnswer, elsewhere, said
from hubel.studio.run_list import RunList

PATIENCE_S = 60
"""That a connection may take to ask."""
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class _Server(ThreadingHTTPServer):
    """Without a look-up of the machine's name, which may take long."""

    daemon_threads = True
    access: Access
    answers: Answers
    on_event: OnEvent

    def server_bind(self) -> None:
        """Take the port."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.socket.getsockname()[1]


@dataclass(frozen=True)
class Studio:
    """A server that listens; `serve` answers.

    Args:
        server: of the standard library.
        access: who may ask.
    """

    server: ThreadingHTTPServer
    access: Access

    @property
    def address(self) -> str:
        """Where a browser begins: with the token."""
        return self.access.first_address

    def serve(self) -> None:
        """Answer until Ctrl-C, or until somebody calls `end`."""
        with suppress(KeyboardInterrupt):
            self.server.serve_forever(poll_interval=0.2)

    def end(self) -> None:
        """Answer no more; called from another thread."""
        self.server.shutdown()


@contextmanager
def listening(listed: RunList, *, port: int = 0, on_event: OnEvent = ignore) -> Generator[Studio]:
    """A server of some runs, on the loopback address alone.

    Args:
        listed: the runs.
        port: of the address; 0 for any that is free.
        on_event: hears of requests that are refused, and what goes on while a page is made.

    Raises:
        WrongRequest: the port is taken, or may not be used.
    """
    try:
        server = _Server((HOST, port), _Handler)
    except (OSError, OverflowError) as error:
        why = "is taken" if getattr(error, "errno", None) == errno.EADDRINUSE else "cannot be used"
        raise WrongRequest(
            f"Port {port} {why}. Choose another one, or leave it out for one that is free: ", Option("port", 8000), "."
        ) from error
    server.access, server.answers, server.on_event = Access(server.server_port), Answers(listed, on_event), on_event
    try:
        yield Studio(server, server.access)
    finally:
        server.server_close()


@contextmanager
def first_page(address: str) -> Generator[Path]:
    """A file that goes on to an address, and that only its owner can read: every user sees how a browser is started.

    Args:
        address: with the token.
    """
    with TemporaryDirectory(prefix="hubel-studio-") as folder:  # 0700
        path = Path(folder, "studio.html")
        path.touch(0o600)
        link = escape(address)
        path.write_text(
            f'<!doctype html><meta http-equiv="refresh" content="0; url={link}"><a href="{link}">Studio</a>'
        )
        yield path


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    timeout = PATIENCE_S
    server_version, sys_version = "hubel", ""

    @property
    def _studio(self) -> _Server:
        return cast("_Server", self.server)

    def do_GET(self) -> None:
        """Look at something."""
        self._send(self._answer())

    def do_HEAD(self) -> None:
        """Its headers alone."""
        self._send(self._answer(), body=False)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Also what the standard library refuses: other methods, and what is no request."""
        refused = code == HTTPStatus.NOT_IMPLEMENTED
        status = HTTPStatus.METHOD_NOT_ALLOWED if refused else HTTPStatus(code)
        refusal = self._refusal() if refused else None
        self._send(said(refusal or status, (refusal or status).phrase))

    def _refusal(self) -> HTTPStatus | None:
        get = self.headers.get_all
        return self._studio.access.refusal(get("Host", []), get("Origin", []))

    def _answer(self) -> StudioAnswer:
        access, (path, _, query) = self._studio.access, self.path.partition("?")
        refusal = self._refusal()
        if refusal is not None:
            here = f"This is {access.address}, and answers to nothing else."
            return said(refusal, refusal.phrase, here)
        given = parse_qs(query).get("token", [])
        if path == "/" and given and access.is_token(given[0]):
            return elsewhere("/", ("Set-Cookie", access.cookie))
        if not access.is_let_in(self.headers.get_all("Cookie", [])):
            how = "Open the whole address that the studio printed, with its token."
            return said(HTTPStatus.FORBIDDEN, HTTPStatus.FORBIDDEN.phrase, how)
        return self._studio.answers.answer(path, query)

    def _send(self, answer: StudioAnswer, *, body: bool = True) -> None:
        self.close_connection = True
        self.send_response(answer.status)
        policy = f"{answer.policy}; frame-ancestors 'none'"
        own = (
            ("Content-Type", answer.kind),
            ("Content-Length", str(len(answer.body))),
            ("Content-Security-Policy", policy),
        )
        for name, value in (*own, *ALWAYS, *answer.headers):
            self.send_header(name, value)
        if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if body and self.command != "HEAD":
            with suppress(ConnectionError):
                self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """What is refused is heard of, without a token; the rest is not."""
        status = str(args[1]) if len(args) > 1 else ""
        if status[:1] in "45":
            self._studio.on_event(Message(f"Refused: {masked(format % args)}"))
