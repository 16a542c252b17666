"""Hubel: image classifiers you can see through.

Public names are found on first use, so that ``import hubel`` loads no framework.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubel.api import load, train
    from hubel.architectures.spec import CnnSpec, Group
    from hubel.classifier.classifier import Classifier
    from hubel.classifier.prediction import Prediction
    from hubel.corpus.corpus import Corpus, Example
    from hubel.corpus.formats.catalogue import read_corpus
    from hubel.errors import HubelError
    from hubel.workflows.audit import Audit, audit_corpus
    from hubel.workflows.train import Run

__version__ = version("hubel")

_HOMES = {
    "Audit": "hubel.workflows.audit",
    "CnnSpec": "hubel.architectures.spec",
    "Classifier": "hubel.classifier.classifier",
    "Corpus": "hubel.corpus.corpus",
    "Example": "hubel.corpus.corpus",
    "Group": "hubel.architectures.spec",
    "HubelError": "hubel.errors",
    "Prediction": "hubel.classifier.prediction",
    "Run": "hubel.workflows.train",
    "audit_corpus": "hubel.workflows.audit",
    "load": "hubel.api",
    "read_corpus": "hubel.corpus.formats.catalogue",
    "train": "hubel.api",
}

__all__ = [
    "Audit", "Classifier", "CnnSpec", "Corpus", "Example", "Group", "HubelError", "Prediction", "Run", "__version__",
    "audit_corpus", "load", "read_corpus", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'hubel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
