"""What answers depend on beside their images: where it differs, one file would hold the answers of two programs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubel.classifier.answering import Answering
from hubel.classifier.artefact import MANIFEST, find_artefact
from hubel.classifier.mirrored import MirroredEngine
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import is_file
from hubel.workflows.predicting.rows import Shown

_COMPUTED_WITH = {"OnnxEngine": ("onnx", "onnxruntime")}
"""Name of a class → the engine that the user knows, and its library; all others are of Keras."""


def settings_of(
    classifier: Answering, *, run: Path, shown: Shown, coverage: float | None, channels: int | None
) -> dict[str, Any]:
    """All of it, as plain data.

    Args:
        classifier: names the images.
        run: where it was read.
        shown: which columns there are.
        coverage: of prediction sets.
        channels: of feature vectors; None where they are not wanted.
    """
    engine = classifier.engine.plain if isinstance(classifier.engine, MirroredEngine) else classifier.engine
    name, library = _COMPUTED_WITH.get(type(engine).__name__, ("keras", "keras"))
    return {
        "classifier": _digest(run if is_file(run) else find_artefact(run) / MANIFEST),
        "engine": name,
        "top": shown.top,
        "abstain": coverage,
        "features": channels,
        "hubel": version("hubel"),
        "pillow": version("pillow"),
        library: version(library),
    }


def check_same(earlier: Mapping[str, Any], now: Mapping[str, Any], *, out: Path) -> None:
    """See that answers can be gone on with.

    Args:
        earlier: what they were begun with.
        now: what they would be gone on with.
        out: the file that they will be.

    Raises:
        WrongRequest: not with these settings; says what differs.
    """
    differing = [name for name in {**earlier, **now} if earlier.get(name) != now.get(name)]
    if not differing:
        return
    said = [
        "the classifier is another one"
        if name == "classifier"
        else f"{name}: {_said(earlier, name)}, {_said(now, name)}"
        for name in differing
    ]
    raise WrongRequest(
        f"{out} was begun with other settings ({'; '.join(said)}): its answers would be of two kinds.",
        Remedy("Go on with the settings that it was begun with."),
        Remedy("Or begin anew: ", Option("overwrite", value=True), " in place of ", Option("resume", value=True), "."),
    )


def _said(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    return "without" if value is None else f"{value}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
