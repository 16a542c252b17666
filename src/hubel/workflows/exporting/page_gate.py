"""What a page must pass: it is small enough to open, and computes what its classifier does."""

from __future__ import annotations

from hubel.classifier.artefact import Parts
from hubel.classifier.classifier import Classifier
from hubel.events import Message, OnEvent
from hubel.exports.gate import Parity
from hubel.workflows.exporting.own_images import OwnImages
from hubel.workflows.exporting.page_parts import PageParts


def check_size(parts: Parts, *, weights: str, images: int, on_event: OnEvent) -> None:
    """Placeholder."""


def prove(
    page: PageParts,
    classifier: Classifier,
    own: OwnImages | None,
    *,
    weights: str,
    on_event: OnEvent,
) -> tuple[Parity | None, float | None]:
    """Placeholder."""
    on_event(Message("not proven"))
    return None, None
