"""Who may ask: only a browser on this machine that was given the token, for pages of this server itself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie

HOST = "127.0.0.1"
_TOKEN = re.compile(r"(token=)[^&\s\"']*")


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Access:
    """What lets somebody in.

    Args:
        port: of the server.
        token: stands in the first address; it is changed for the cookie at once.
        key: what the cookie holds.
    """

    port: int
    token: str = field(default_factory=_secret, repr=False)
    key: str = field(default_factory=_secret, repr=False)

    @property
    def address(self) -> str:
        """Of the server."""
        return f"http://{HOST}:{self.port}/"

    @property
    def first_address(self) -> str:
        """With the token."""
        return f"{self.address}?token={self.token}"

    @property
    def cookie(self) -> str:
        """The header that gives the cookie: no script reads it, and no other page's request carries it."""
        return f"{self._name}={self.key}; Path=/; HttpOnly; SameSite=Strict"

    @property
    def _name(self) -> str:
        return f"hubel-{self.port}"  # a cookie counts for all ports of a host

    def refusal(self, hosts: Sequence[str], origins: Sequence[str]) -> HTTPStatus | None:
        """Why a request cannot be meant for this server, or was made by a page of another; None where neither holds.

        Args:
            hosts: every ``Host`` header.
            origins: every ``Origin`` header.
        """
        if len(hosts) != 1:
            return HTTPStatus.BAD_REQUEST
        if hosts[0] not in (f"{HOST}:{self.port}", f"localhost:{self.port}"):
            return HTTPStatus.MISDIRECTED_REQUEST
        if any(each != f"http://{hosts[0]}" for each in origins):
            return HTTPStatus.FORBIDDEN
        return None

    def is_token(self, given: str) -> bool:
        """Whether it is the token; how long that takes says nothing of it."""
        return secrets.compare_digest(given.encode("utf-8", "surrogateescape"), self.token.encode())

    def is_let_in(self, cookies: Sequence[str]) -> bool:
        """Whether the cookie is there.

        Args:
            cookies: every ``Cookie`` header.
        """
        for header in cookies:
            try:
                found = SimpleCookie(header).get(self._name)
            except CookieError:
                continue
            if found is not None and secrets.compare_digest(found.value.encode(), self.key.encode()):
                return True
        return False


def masked(line: str) -> str:
    """A line for the log: without a token, and on one line.

    Args:
        line: what was asked for.
    """
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in _TOKEN.sub(r"\1...", line))
