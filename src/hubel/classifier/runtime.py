"""What a machine has to run networks with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from hubel.architectures.catalogue import Blueprint
from hubel.classifier.engine import Engine

MakeEngine: TypeAlias = Callable[[Blueprint, Mapping[str, np.ndarray], Path], Engine]
"""Blueprint, name → tensor, and the path named in errors → an engine; `DamagedArtefact` where tensors do not fit."""


@dataclass(frozen=True)
class Runtime:
    """What computes on this machine, and how exactly.

    Args:
        make_engine: makes engines.
        libraries: name → version of all that has a part in the answers.
        tolerance: how far a probability may be off because this machine rounds differently.
    """

    make_engine: MakeEngine
    libraries: Mapping[str, str]
    tolerance: float
