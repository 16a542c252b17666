"""The off-corpus score in an artefact: its arrays lie beside the weights, its other numbers in the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hubel.classifier.engine import FeatureEngine
from hubel.classifier.manifest import CURE, WEIGHTS
from hubel.classifier.off_corpus import AnyScore, Distance, LastLayerScore, OffCorpus
from hubel.errors import DamagedArtefact
from hubel.images.statistics import STATISTICS

OFF_CORPUS = "off_corpus."
"""How the tensors of the off-corpus score begin; no weight of a model does."""
_ARRAYS = ("mean", "scale", "projection")
_ARRAYS_OF_FORMAT_2 = ("mean", "projection", "centres")


def describe_score(score: AnyScore | None) -> dict[str, Any] | None:
    """The numbers of it that are no arrays, for the manifest."""
    if score is None:
        return None
    if isinstance(score, LastLayerScore):
        return {"limit": score.limit}
    parts = {"pixels": score.pixels} | ({} if score.maps is None else {"maps": score.maps})
    return {"limit": score.limit} | {
        part: {"typical": each.typical, "power": each.power} for part, each in parts.items()
    }


def score_tensors(score: AnyScore | None) -> dict[str, np.ndarray]:
    """Its arrays under the names they have in the weights file."""
    if score is None:
        return {}
    if isinstance(score, LastLayerScore):
        arrays = {name: getattr(score, name) for name in _ARRAYS_OF_FORMAT_2}
    else:
        parts = {"pixels": score.pixels} | ({} if score.maps is None else {"maps": score.maps})
        arrays = {f"{part}.{name}": getattr(each, name) for part, each in parts.items() for name in _ARRAYS}
    return {f"{OFF_CORPUS}{name}": np.ascontiguousarray(array) for name, array in arrays.items()}


def read_score(described: dict[str, Any] | None, weights: dict[str, np.ndarray], folder: Path) -> AnyScore | None:
    """The score of any format; its tensors are taken out of ``weights``.

    Args:
        described: plain data of a stranger: what `describe_score` made, in this version or an earlier one.
        weights: name → array.
        folder: named in errors.

    Raises:
        DamagedArtefact: a tensor is missing.
        WrongRequest: its parts do not fit one another.
        KeyError, TypeError, ValueError: it is not what was written.
    """
    if described is None:
        return None
    if set(described) == {"limit"}:
        arrays = _take("", _ARRAYS_OF_FORMAT_2, weights, folder)
        return LastLayerScore(*arrays, float(described["limit"]))
    parts = {
        part: Distance(
            *_take(f"{part}.", _ARRAYS, weights, folder),
            float(described[part]["typical"]),
            float(described[part]["power"]),
        )
        for part in ("maps", "pixels")
        if part in described
    }
    if set(described) != {"limit", *parts}:
        raise ValueError("the off-corpus score has other parts than maps and pixels")
    return OffCorpus(parts.get("maps"), parts["pixels"], float(described["limit"]))


def check_channels(score: AnyScore, engine: FeatureEngine, folder: Path) -> None:
    """See that a score is of as many numbers as there are.

    Raises:
        DamagedArtefact: saying how many it has.
    """
    if isinstance(score, LastLayerScore):
        held, there = len(score.mean), engine.channels
    else:
        held = len(score.pixels.mean) + (0 if score.maps is None else len(score.maps.mean))
        there = len(STATISTICS) + (0 if score.maps is None else engine.map_channels)
    if held != there:
        text = f"{folder / WEIGHTS}: the off-corpus score is of {held:,} numbers, the model makes {there:,}"
        raise DamagedArtefact(f"{text}. {CURE}")


def _take(part: str, names: tuple[str, ...], weights: dict[str, np.ndarray], folder: Path) -> list[np.ndarray]:
    for name in names:
        if f"{OFF_CORPUS}{part}{name}" not in weights:
            raise DamagedArtefact(f"{folder / WEIGHTS}: tensor {OFF_CORPUS + part + name!r} is missing. {CURE}")
    return [weights.pop(f"{OFF_CORPUS}{part}{name}") for name in names]
