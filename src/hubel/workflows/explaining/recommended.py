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
    """

    recommended: str | None = None
    marked: Mapping[str, str] = field(default_factory=dict)

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
    known = recommended if recommended in EXPLANATIONS else None
    if known is not None and EXPLANATIONS[known].needs_framework and not ENGINES["keras"].installed:
        plain = document.get("without_framework")
        known = plain if isinstance(plain, str) and plain in EXPLANATIONS else None
    return Assessed(known, {str(name): str(reason) for name, reason in marked.items()})


def forward_method(classifier: Answering) -> str:
    """The method for pages that are written beside other work: the recommended one if it needs no framework.

    Args:
        classifier: a run's, or that of a model file.
    """
    try:
        method = NOT_ASSESSED.usual if classifier.folder is None else read_assessed(classifier.folder).usual
    except UnusableInput:  # a damaged file is the matter of who asks for it
        return USUAL
    explanation = EXPLANATIONS[method]
    return USUAL if explanation.needs_framework or explanation.signed or explanation.needs_maps else method
