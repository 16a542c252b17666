"""Hubel: image classifiers you can see through.

Public names are found on first use, so that ``import hubel`` loads no framework.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubel.api.auditing import audit_corpus
    from hubel.api.layers import anatomy, filters, maps, trace
    from hubel.api.reading import read_corpus
    from hubel.api.scoring import evaluate, load, verify
    from hubel.api.training import compare, reproduce, train
    from hubel.api.windows import convolve, pool
    from hubel.architectures.families.cnn import CnnSpec, Group
    from hubel.classifier.classifier import Classifier
    from hubel.classifier.prediction import Prediction
    from hubel.corpus.corpus import Corpus, Example
    from hubel.errors import HubelError
    from hubel.workflows.auditing.audit import Audit
    from hubel.workflows.training.write_run import Run

__version__ = version("hubel")

_HOMES = {
    "Audit": "hubel.workflows.auditing.audit",
    "Classifier": "hubel.classifier.classifier",
    "CnnSpec": "hubel.architectures.families.cnn",
    "Corpus": "hubel.corpus.corpus",
    "Example": "hubel.corpus.corpus",
    "Group": "hubel.architectures.families.cnn",
    "HubelError": "hubel.errors",
    "Prediction": "hubel.classifier.prediction",
    "Run": "hubel.workflows.training.write_run",
    "anatomy": "hubel.api.layers",
    "audit_corpus": "hubel.api.auditing",
    "compare": "hubel.api.training",
    "convolve": "hubel.api.windows",
    "evaluate": "hubel.api.scoring",
    "filters": "hubel.api.layers",
    "load": "hubel.api.scoring",
    "maps": "hubel.api.layers",
    "pool": "hubel.api.windows",
    "read_corpus": "hubel.api.reading",
    "reproduce": "hubel.api.training",
    "trace": "hubel.api.layers",
    "train": "hubel.api.training",
    "verify": "hubel.api.scoring",
}

__all__ = [
    "Audit", "Classifier", "CnnSpec", "Corpus", "Example", "Group", "HubelError", "Prediction", "Run", "__version__",
    "anatomy", "audit_corpus", "compare", "convolve", "evaluate", "filters", "load", "maps", "pool", "read_corpus",
    "reproduce", "trace", "train", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'hubel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
