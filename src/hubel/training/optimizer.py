"""The optimisers: AdamW, and orthogonal steps for the convolution kernels of a network from scratch."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from hubel.backends.framework import keras
from hubel.training.recipe import Recipe

KERNEL_MOMENTUM, MOMENTUM = 0.6, 0.9
ORTHOGONALISE_STEPS = 4
COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class KernelMuon(keras.optimizers.Optimizer):
    """Muon for convolution kernels, which Keras' own Muon leaves to Adam.

    A kernel [height, width, in_channels, filters] is held at the length sqrt(filters) and moved along the nearest
    matrix with orthogonal columns to its smoothed gradient. Kernels that see the image itself (3 channels), vectors and
    dense layers take Nesterov momentum. In the same minute of training on CIFAR-10 it reached a validation accuracy of
    0.797 where Nesterov momentum alone reached 0.749 and AdamW 0.736 (one run each on two cores of an Intel Xeon;
    benchmarks/bench_optimizers.py).

    Source: Jordan et al. 2024, "Muon"; Jordan 2024, arXiv:2404.00498.

    Args:
        learning_rate: of everything but kernels, and scales their steps too.
        kernel_step: step of a kernel when the learning rate is ``peak``.
        peak: the largest learning rate of the schedule.
        matrix_decay: weight decay of dense layers and of the first kernel.
        base: what every Keras optimiser takes, such as ``name`` and ``use_ema``.
    """

    products = "float32"
    """In which the nearest matrix is found; a graphics card may do so in bfloat16. Weights and momenta stay float32."""

    def __init__(
        self, learning_rate: float, *, kernel_step: float, peak: float, matrix_decay: float, **base: Any
    ) -> None:
        super().__init__(learning_rate=learning_rate, **{"name": "kernel_muon", **base})
        self.kernel_step = kernel_step
        self.peak = peak
        self.matrix_decay = matrix_decay
        self._momenta: list[Any] = []

    def build(self, variables: list[Any]) -> None:
        """Make one momentum for each variable."""
        if self.built:
            return
        super().build(variables)
        self._momenta = [self.add_variable_from_reference(variable, name="momentum") for variable in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One step of one variable.

        Args:
            gradient: of the loss, in the variable's shape.
            variable: that is changed.
            learning_rate: of this step.
        """
        momentum = self._momenta[self._get_variable_index(variable)]
        learning_rate = keras.ops.cast(learning_rate, variable.dtype)
        if len(variable.shape) == 4 and variable.shape[2] > 3:
            self.assign(momentum, KERNEL_MOMENTUM * momentum + gradient)
            direction = orthogonalised(gradient + KERNEL_MOMENTUM * momentum, products=self.products)
            length = keras.ops.sqrt(keras.ops.sum(keras.ops.square(variable)))
            unit = variable * (variable.shape[-1] ** 0.5 / length)
            self.assign(variable, unit - learning_rate * (self.kernel_step / self.peak) * direction)
            return
        if len(variable.shape) > 1:
            gradient = gradient + self.matrix_decay * variable
        self.assign(momentum, MOMENTUM * momentum + gradient)
        self.assign_sub(variable, learning_rate * (gradient + MOMENTUM * momentum))

    def get_config(self) -> dict[str, Any]:
        """Plain data, as Keras wants it."""
        own = {"kernel_step": self.kernel_step, "peak": self.peak, "matrix_decay": self.matrix_decay}
        return {**super().get_config(), **own}


def make_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The recipe's optimiser."""
    average: dict[str, Any] = {"use_ema": True, "ema_momentum": recipe.averaging} if recipe.averaging else {}
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay, **average)
    return KernelMuon(
        recipe.learning_rate,
        kernel_step=recipe.kernel_step,
        peak=recipe.learning_rate,
        matrix_decay=recipe.weight_decay,
        **average,
    )


@contextmanager
def averaged(model: keras.Model) -> Generator[None]:
    """The model with the averages of its weights inside, where its recipe has them; as it was afterwards.

    Args:
        model: compiled with `make_optimizer`, trained for at least one step.
    """
    if not model.optimizer.use_ema:
        yield
        return
    kept = _values(model)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    _assign(model, _values(model))  # JAX gave the average itself, and a step may give its memory away
    try:
        yield
    finally:
        _assign(model, kept)


def _values(model: keras.Model) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in model.trainable_variables]


def _assign(model: keras.Model, values: list[np.ndarray]) -> None:
    for variable, value in zip(model.trainable_variables, values, strict=True):
        variable.assign(value)


def orthogonalised(gradient: Any, *, products: str = "float32") -> Any:
    """About the nearest matrix with orthogonal columns or rows, by Newton-Schulz steps.

    Args:
        gradient: [height, width, in_channels, filters], seen as a matrix of ``filters`` columns.
        products: numbers of the products of matrices, ``"float32"`` or ``"bfloat16"``.

    Returns:
        The same shape; the singular values of the matrix are near 1.
    """
    ops = keras.ops
    columns = gradient.shape[-1]
    matrix = ops.reshape(gradient, (-1, columns))
    wide = matrix.shape[0] < columns
    if wide:
        matrix = ops.transpose(matrix)
    matrix = ops.cast(matrix / (ops.sqrt(ops.sum(ops.square(matrix))) + 1e-7), products)
    a, b, c = COEFFICIENTS
    for _ in range(ORTHOGONALISE_STEPS):
        square = ops.matmul(ops.transpose(matrix), matrix)
        matrix = a * matrix + ops.matmul(matrix, b * square + c * ops.matmul(square, square))
    matrix = ops.cast(matrix, gradient.dtype)
    return ops.reshape(ops.transpose(matrix) if wide else matrix, gradient.shape)
