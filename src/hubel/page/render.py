"""A page's contents → one HTML file."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hubel.page.bundle import bundle, read_asset
from hubel.page.weights import seal_of
from hubel.reports.html import asset

STYLES = (
    "styles/page.css",
    "styles/views.css",
    "styles/images.css",
    "styles/window.css",
    "styles/edit.css",
    "styles/paint.css",
    "styles/course.css",
)


def render_page(data: dict[str, Any], weights: bytes, *, title: str, mark: str = "") -> str:
    """One HTML file; nothing outside of it is loaded.

    Args:
        data: plain data, as of `hubel.page.contents.page_data`.
        weights: as of `hubel.page.weights.pack`.
        title: of the page.
        mark: of `hubel.page.mark.mark_of`; empty for a page that nobody looks for.
    """
    environment = Environment(
        loader=PackageLoader("hubel.page", "assets"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    script = bundle("main.js")
    return environment.get_template("page.html").render(
        title=title,
        made_by=f"hubel {version('hubel')}",
        mark=mark,
        policy=_policy(script),
        styles=Markup(asset("base.css") + Markup("\n".join(map(read_asset, STYLES)))),  # noqa: S704  (ours)
        data=inert(json.dumps(data | {"seal": seal_of(weights)}, ensure_ascii=False, separators=(",", ":"))),
        weights=base64.b64encode(weights).decode(),
        engine=_inert_script(bundle("engine/worker.js")),
        script=Markup(script),  # noqa: S704  (ours)
    )


def page_policy() -> str:
    """The content security policy of every page of this version: it loads nothing, and runs our own script alone."""
    return _policy(bundle("main.js"))


def inert(text: str) -> Markup:
    """JSON inside a script element: no name in it can end the element.

    Args:
        text: JSON.
    """
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704


def _inert_script(text: str) -> Markup:
    """Our own script as text: what would end its element must not stand in it."""
    assert "</script" not in text.lower()  # noqa: S101
    return Markup(text)  # noqa: S704


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; worker-src blob:; "
        f"script-src 'sha256-{digest}' 'wasm-unsafe-eval'; base-uri 'none'; form-action 'none'"
    )
