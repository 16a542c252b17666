"""Does a map depend on what the network has learned? Its weights are replaced at random, from the top layer down.

Only arrays are made here, new ones: the classifier stays as it is.

Source: Adebayo et al. 2018, "Sanity Checks for Saliency Maps", arXiv:1810.03292, cascading randomisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

LIMIT = 0.2
"""Mean rank correlation with the original map, beyond which a method does not depend enough on the weights."""
STAGES = 4
"""How often the maps are compared: after the top layer, after all layers, and between."""


def layer_of(name: str) -> str:
    """The layer that a weight belongs to: ``"logits"`` of ``"logits/kernel"``."""
    return name.rpartition("/")[0]


def layers_from_top(names: Sequence[str]) -> tuple[str, ...]:
    """Layers with weights, the last first.

    Args:
        names: of the weights, in the order of the computation.
    """
    return tuple(dict.fromkeys(layer_of(name) for name in reversed(names)))


def stages(layers: Sequence[str], most: int = STAGES) -> list[tuple[str, ...]]:
    """Which layers are replaced in each comparison: the top one, and more of them until it is all.

    Args:
        layers: the top one first.
        most: comparisons.
    """
    counts = np.unique(np.geomspace(1, len(layers), min(most, len(layers))).round().astype(int)) if layers else []
    return [tuple(layers[:count]) for count in counts]


def redraw(tensors: Mapping[str, np.ndarray], *, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random weights in place of all that there are.

    A kernel is drawn anew from a normal distribution with mean 0 and its own deviation; whatever has one axis (biases,
    the numbers of a normalisation) is shuffled.

    Args:
        tensors: name → float32 [...].
        rng: of the random numbers.

    Returns:
        The same names, shapes and dtypes.
    """
    made = {}
    for name, values in tensors.items():
        drawn = rng.normal(0, values.std(), values.shape) if values.ndim > 1 else rng.permutation(values)
        made[name] = drawn.astype(values.dtype)
    return made


def replaced(
    tensors: Mapping[str, np.ndarray], drawn: Mapping[str, np.ndarray], *, layers: Sequence[str]
) -> dict[str, np.ndarray]:  # fmt: skip
    """Weights of which those of some layers are replaced; the others are the same arrays.

    Args:
        tensors: name → float32 [...].
        drawn: the same names, of `redraw`.
        layers: as `layers_from_top` names them.
    """
    chosen = set(layers)
    return {name: drawn[name] if layer_of(name) in chosen else values for name, values in tensors.items()}


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation of two maps, -1 to 1; 0 where one of them is flat.

    Args:
        first: [height, width].
        second: the same.
    """
    ranks = [rankdata(each) for each in (first, second)]
    one, other = (each - each.mean() for each in ranks)
    spread = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / spread) if spread > 0 else 0.0
