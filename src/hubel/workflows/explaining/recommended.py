"""What an assessment of a run found: the method to believe, and those that are marked; it lies in the run folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hubel.classifier.answering import Answering
from hubel.classifier.manifest import MANIFEST
from hubel.engines.catalogue import ENGINES
from hubel.errors import UnusableInput
from hubel.explanation.catalogue import EXPLANATIONS, USUAL
from hubel.files import is_file
from hubel.runs.documents import damaged
from hubel.runs.is_run import ARTEFACT, EXPLANATIONS_FILE


@dataclass(frozen=True)
class Assessed:
    """What is known of the methods on a classifier.

    Args:
        recommended: the method that it deserves; None where nobody assessed them.
        marked: name of a method → why it is not to be believed here.
        without_framework: the best of those that need none; None where nobody assessed them, or none deserves it.
    """

    recommended: str | None = None
    marked: Mapping[str, str] = field(default_factory=dict)
    without_framework: str | None = None

    @property
    def usual(self) -> str:
        """The method where nobody asks for one."""
        return self.recommended or USUAL


NOT_ASSESSED = Assessed()


def read_assessed(run: Path) -> Assessed:
    """What an assessment wrote into a run folder; of a model file, or where nobody assessed the methods, nothing.

    Args:
        run: a run folder, or its ``classifier/`` folder, or a model file.

    Raises:
        UnusableInput: the file is damaged.
    """
    folder = run.parent if run.name == ARTEFACT and is_file(run / MANIFEST) else run
    path = folder / EXPLANATIONS_FILE
    if not is_file(path):
        return NOT_ASSESSED
    try:
        document = json.loads(path.read_bytes())
        recommended, marked = document["recommended"], dict(document["marked"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(path, error) from error
    known, plain = (
        name if isinstance(name, str) and name in EXPLANATIONS else None
        for name in (recommended, document.get("without_framework"))
    )
    if known is not None and EXPLANATIONS[known].needs_framework and not ENGINES["keras"].installed:
        known = plain
    return Assessed(known, {str(name): str(reason) for name, reason in marked.items()}, plain)


def forward_method(classifier: Answering) -> str:
    """The method for pages that are written beside other work: the best that needs no framework, as assessed.

    Args:
        classifier: a run's, or that of a model file.
    """
    try:
        found = NOT_ASSESSED if classifier.folder is None else read_assessed(classifier.folder)
    except UnusableInput:  # a damaged file is the matter of who asks for it
        return USUAL
    method = found.without_framework or USUAL
    return USUAL if EXPLANATIONS[method].signed else method
