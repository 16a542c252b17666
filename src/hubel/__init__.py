"""Hubel: image classifiers you can see through.

Public names are found on first use, so that ``import hubel`` loads no framework.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubel.api.auditing import audit_corpus
    from hubel.api.explaining import explain
    from hubel.api.exporting import export
    from hubel.api.layers import anatomy, filters, maps, trace
    from hubel.api.pages import open, open_studio, show  # noqa: A004
    from hubel.api.reading import read_corpus
    from hubel.api.robustness import robustness
    from hubel.api.scoring import evaluate, load, verify
    from hubel.api.training import compare, reproduce, train
    from hubel.api.windows import convolve, pool
    from hubel.architectures.families.cnn import CnnSpec, Group
    from hubel.classifier.classifier import Classifier
    from hubel.classifier.prediction import Prediction
    from hubel.corpus.corpus import Corpus, Example
    from hubel.errors import HubelError
    from hubel.exports.folder import Export
    from hubel.workflows.auditing.audit import Audit
    from hubel.workflows.training.write_run import Run

__version__ = version("hubel")

_HOMES = {
    name: module
    for module, names in {
        "hubel.api.auditing": ("audit_corpus",),
        "hubel.api.explaining": ("explain",),
        "hubel.api.exporting": ("export",),
        "hubel.api.layers": ("anatomy", "filters", "maps", "trace"),
        "hubel.api.pages": ("open", "open_studio", "show"),
        "hubel.api.reading": ("read_corpus",),
        "hubel.api.robustness": ("robustness",),
        "hubel.api.scoring": ("evaluate", "load", "verify"),
        "hubel.api.training": ("compare", "reproduce", "train"),
        "hubel.api.windows": ("convolve", "pool"),
        "hubel.architectures.families.cnn": ("CnnSpec", "Group"),
        "hubel.classifier.classifier": ("Classifier",),
        "hubel.classifier.prediction": ("Prediction",),
        "hubel.corpus.corpus": ("Corpus", "Example"),
        "hubel.errors": ("HubelError",),
        "hubel.exports.folder": ("Export",),
        "hubel.workflows.auditing.audit": ("Audit",),
        "hubel.workflows.training.write_run": ("Run",),
    }.items()
    for name in names
}

__all__ = [
    "Audit", "Classifier", "CnnSpec", "Corpus", "Example", "Export", "Group", "HubelError", "Prediction", "Run",
    "__version__", "anatomy", "audit_corpus", "compare", "convolve", "evaluate", "explain", "export", "filters", "load",
    "maps", "open", "open_studio", "pool", "read_corpus", "reproduce", "robustness", "show", "trace", "train", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'hubel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
