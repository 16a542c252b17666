"""What a browser would make of a page, without a browser."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "img", "wbr", "input", "link", "br"}


class Parsed(HTMLParser):
    """What a browser would make of a page: elements with attributes, and the text below each id."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {"": ""}
        self.scripts: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("id") or ""))
            self.texts.setdefault(self.open[-1][1], "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "script":
            self.scripts[-1] += data
        elif not self.open or self.open[-1][0] != "style":
            for name in {"", *(name for _, name in self.open)}:
                self.texts[name] += data

    def text(self, name: str = "") -> str:
        return " ".join(self.texts[name].split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]
