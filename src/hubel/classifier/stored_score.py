"""The off-corpus score in an artefact: its arrays lie beside the weights, its other numbers in the manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hubel.classifier.engine import Outputs
from hubel.classifier.manifest import CURE, OFF_CORPUS, WEIGHTS
from hubel.classifier.off_corpus import AnyScore, Distance, NearestClass, OffCorpus
from hubel.errors import DamagedArtefact
from hubel.images.statistics import STATISTICS

_DISTANCE, _NEAREST_CLASS = ("mean", "scale", "projection"), ("mean", "projection", "centres")
_PARTS = {"maps": (Distance, _DISTANCE), "pixels": (Distance, _DISTANCE), "last": (NearestClass, _NEAREST_CLASS)}
"""Part of the score → what it is, and its arrays; each is a field of `OffCorpus`."""


def describe_score(score: AnyScore | None) -> dict[str, Any] | None:
    """Its numbers outside of arrays, for the manifest."""
    if score is None:
        return None
    if isinstance(score, NearestClass):  # as format 2 has it
        return {"limit": score.typical}
    return {"limit": score.limit} | {
        part: {"typical": each.typical, "power": each.power} for part, each in _parts_of(score).items()
    }


def score_tensors(score: AnyScore | None) -> dict[str, np.ndarray]:
    """Name in the weights file → array: [channels], [channels, directions] or [classes, directions]."""
    if score is None:
        return {}
    if isinstance(score, NearestClass):
        arrays = {name: getattr(score, name) for name in _NEAREST_CLASS}
    else:
        parts = _parts_of(score).items()
        arrays = {f"{part}.{name}": getattr(each, name) for part, each in parts for name in _PARTS[part][1]}
    return {f"{OFF_CORPUS}{name}": np.ascontiguousarray(array) for name, array in arrays.items()}


def _parts_of(score: OffCorpus) -> dict[str, Distance | NearestClass]:
    return {part: getattr(score, part) for part in _PARTS if getattr(score, part) is not None}


def read_score(described: dict[str, Any] | None, weights: dict[str, np.ndarray], *, folder: Path) -> AnyScore | None:
    """The score of any format; its tensors are taken out of ``weights``.

    Args:
        described: plain data of a stranger: what `describe_score` made, in this version or an earlier one.
        weights: name → array [...].
        folder: named in errors.

    Raises:
        DamagedArtefact: a tensor is missing.
        WrongRequest: its parts do not fit together.
        KeyError, TypeError, ValueError: it is not what was written.
    """
    if described is None:
        return None
    if set(described) == {"limit"}:
        mean, projection, centres = _take("", _NEAREST_CLASS, weights=weights, folder=folder)
        return NearestClass(mean, projection, centres, float(described["limit"]))
    parts: dict[str, Any] = {
        part: kind(*_take(f"{part}.", names, weights=weights, folder=folder), *_numbers(described[part]))
        for part, (kind, names) in _PARTS.items()
        if part in described
    }
    if set(described) != {"limit", *parts}:
        raise ValueError(f"the off-corpus score has other parts than {', '.join(_PARTS)}")
    return OffCorpus(parts.get("maps"), parts["pixels"], float(described["limit"]), parts.get("last"))


def check_channels(score: AnyScore, made: Outputs, *, folder: Path) -> None:
    """See that a score fits the network.

    Args:
        score: of the artefact.
        made: what the network makes; of no images.
        folder: named in errors.

    Raises:
        DamagedArtefact: saying how many numbers it needs.
    """
    parts = {"last": score} if isinstance(score, NearestClass) else _parts_of(score)
    there_are = {"maps": made.maps.shape[1], "pixels": len(STATISTICS), "last": made.features.shape[1]}
    needed, there = ([len(each.mean) for each in parts.values()], [there_are[part] for part in parts])
    if needed != there:
        raise DamagedArtefact(
            f"{folder / WEIGHTS}: the off-corpus score needs {_said(needed)} numbers, the model makes {_said(there)}. "
            f"{CURE}"
        )


def _numbers(described: dict[str, Any]) -> tuple[float, float]:
    return float(described["typical"]), float(described["power"])


def _said(counts: list[int]) -> str:
    return " and ".join(f"{count:,}" for count in counts)


def _take(part: str, names: tuple[str, ...], *, weights: dict[str, np.ndarray], folder: Path) -> list[np.ndarray]:
    for name in names:
        if f"{OFF_CORPUS}{part}{name}" not in weights:
            raise DamagedArtefact(f"{folder / WEIGHTS}: tensor {OFF_CORPUS + part + name!r} is missing. {CURE}")
    return [weights.pop(f"{OFF_CORPUS}{part}{name}") for name in names]
