"""A page in a notebook: a frame that holds the same file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from hubel.text import brief, elided


@brief
@dataclass(frozen=True)
class ShownPage:
    """The page of a classifier, which a notebook shows where it stands last in a cell.

    Args:
        html: of the page.
        place: where it lies as a file; empty where it was made for this alone.
        height: of the frame, in pixels.
    """

    html: str = field(repr=False)
    place: str = ""
    height: int = 800

    def _brief(self) -> Iterator[str]:
        yield f"The page of a classifier, {len(self.html):,} characters; a notebook shows it"
        if self.place:
            yield f"as a file: {elided(self.place)}"

    def _repr_html_(self) -> str:
        # The frame has an origin of its own: nothing in it reaches the notebook.
        return (
            f'<iframe title="The classifier, laid open" srcdoc="{escape(self.html)}" '
            'sandbox="allow-scripts allow-downloads" '
            f'style="width:100%;height:{int(self.height)}px;border:0"></iframe>'
        )
