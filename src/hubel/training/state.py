"""A fit part-way: everything that its next step depends on, as plain values that a file can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hubel.catalogue import Later
from hubel.errors import DamagedArtefact
from hubel.training.history import COLUMNS, EpochRow

if TYPE_CHECKING:
    from hubel.backends.framework import keras

random_states = Later("hubel.backends.framework", "random_states")
set_random_states = Later("hubel.backends.framework", "set_random_states")
to_numpy = Later("hubel.backends.framework", "to_numpy")

Tensors = Mapping[str, np.ndarray]
_RANDOM = "random/"


@dataclass(frozen=True)
class LoopState:
    """A fit between two of its steps.

    Args:
        steps: optimiser updates so far.
        rows: of the epochs that are done.
        epoch_steps: updates in the epoch that is not done; 0 between two epochs.
        epoch_loss: sum of their losses.
        image_side: pixels of the shorter side that the last update saw.
        best_score: minus log loss, and accuracy, of the best epoch so far.
        best_epoch: 1 for the first; 0 while none is done.
        elapsed_s: seconds that the fit has taken.
        tensors: the model's and the optimiser's variables, every random state among them, and the best epoch's weights
            where they are not the model's own.
    """

    steps: int
    rows: tuple[EpochRow, ...]
    epoch_steps: int = 0
    epoch_loss: float = 0.0
    image_side: int = 0
    best_score: tuple[float, float] = (-math.inf, -1.0)
    best_epoch: int = 0
    elapsed_s: float = 0.0
    tensors: Tensors = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything but the tensors."""
        described = {name: value for name, value in vars(self).items() if name != "tensors"}
        return {**described, "rows": rows_to_json(self.rows), "best_score": list(self.best_score)}

    @classmethod
    def from_json(cls, described: Mapping[str, Any], tensors: Tensors) -> LoopState:
        """The state that `to_json` described.

        Args:
            described: its result.
            tensors: name → array [of its own shape].
        """
        values: dict[str, Any] = {**described, "rows": rows_from_json(described["rows"])}
        values["best_score"] = tuple(described["best_score"])
        return cls(tensors=tensors, **values)


def rows_to_json(rows: tuple[EpochRow, ...]) -> list[list[Any]]:
    """One list for each epoch, in the order of the columns of ``history.csv``."""
    return [list(asdict(row).values()) for row in rows]


def rows_from_json(rows: list[list[Any]]) -> tuple[EpochRow, ...]:
    """The rows that `rows_to_json` gave."""
    return tuple(EpochRow(**dict(zip(COLUMNS, row, strict=True))) for row in rows)


def take_tensors(model: keras.Model, best: list[np.ndarray] | None) -> dict[str, np.ndarray]:
    """Copies of all variables of a compiled model and its optimiser, and the backend's own random states.

    Variables go by their place: their names count up within a program.

    Args:
        model: its random states are among its variables.
        best: weights [each of its own shape] of the best epoch; None where these are the model's own, or there is none.
    """
    taken = {name: np.array(to_numpy(variable)) for name, variable in _variables(model)}
    taken |= {f"{_RANDOM}{name}": value for name, value in random_states().items()}
    return taken | {f"best/{place:05}": np.array(value) for place, value in enumerate(best or ())}


def put_tensors(model: keras.Model, tensors: Tensors) -> list[np.ndarray] | None:
    """Give a model and its optimiser the values that `take_tensors` took.

    Args:
        model: compiled, of the same architecture.
        tensors: name → array [of its own shape].

    Returns:
        The weights [each of its own shape] of the best epoch; None where none were taken.

    Raises:
        DamagedArtefact: a tensor is missing, foreign or of another shape.
    """
    random = {name: value for name, value in tensors.items() if name.startswith(_RANDOM)}
    tensors = {name: value for name, value in tensors.items() if name not in random}
    model.optimizer.build(model.trainable_variables)
    variables = dict(_variables(model))
    best = {f"best/{place:05}": weight for place, weight in enumerate(model.weights)}
    kept = {name for name in tensors if name.startswith("best/")}
    if {*variables, *(best if kept else ())} != set(tensors):
        raise DamagedArtefact("its tensors are not those of this network")
    for name, variable in {**variables, **{name: best[name] for name in kept}}.items():
        value = tensors[name]
        if tuple(value.shape) != tuple(variable.shape):
            raise DamagedArtefact(f"tensor {name} is {list(value.shape)}, the network needs {list(variable.shape)}")
    for name, variable in variables.items():
        variable.assign(tensors[name])
    set_random_states({name.removeprefix(_RANDOM): value for name, value in random.items()})
    return [tensors[name] for name in sorted(kept)] or None


def _variables(model: keras.Model) -> Iterator[tuple[str, keras.Variable]]:
    for group, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
        for place, variable in enumerate(variables):
            yield f"{group}/{place:05}", variable
