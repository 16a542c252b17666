"""Layers that Keras does not have: pooling by the sum, and convolution whose kernel differs from place to place."""

from __future__ import annotations

import math
from typing import Any

from hubel.arithmetic.convolution import PADDINGS, padding_amounts, positions
from hubel.backends.framework import keras
from hubel.errors import WrongRequest

DATA_FORMATS = ("channels_last", "channels_first")


def _pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not all(isinstance(each, int) and each >= 1 for each in pair):
        raise WrongRequest(f"{name} must be one or two whole numbers, at least 1. Received: {value!r}.")
    return pair


def _check_padding(padding: str) -> str:
    if padding not in PADDINGS:
        raise WrongRequest(f"padding must be 'valid' or 'same'. Received: {padding!r}.")
    return padding


def _pad(x: Any, window: tuple[int, int], *, strides: tuple[int, int]) -> Any:
    """Zeros around maps [batch, height, width, channels], as "same" wants them: an odd one goes below and right."""
    sides = zip(x.shape[1:3], window, strides, strict=True)
    amounts = (padding_amounts(side, taps, stride=stride, padding="same") for side, taps, stride in sides)
    return keras.ops.pad(x, ((0, 0), *amounts, (0, 0)))


@keras.saving.register_keras_serializable(package="hubel")
class SumPooling2D(keras.layers.Layer):
    """The sum of each window: average pooling that keeps how much there was, not how much there was on average.

    At the edge of a map padded by ``"same"`` a window adds up the pixels that are there.

    Args:
        pool_size: height and width of the window in pixels.
        strides: pixels between windows; the window's size by default.
        padding: ``"valid"`` drops what is left at the edge; ``"same"`` gives input / stride windows, rounded up.
        data_format: ``"channels_last"`` or ``"channels_first"``; Keras' setting by default.

    Input shape: [batch, height, width, channels], or [batch, channels, height, width].
    Output shape: the same order, with the windows along height and width.

    Raises:
        WrongRequest: a size, a padding or a format that does not exist.

    Example:
        >>> SumPooling2D(2)(keras.ops.ones((1, 4, 4, 1))).shape  # doctest: +SKIP
        (1, 2, 2, 1)
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = 2,
        *,
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = _pair("pool_size", pool_size)
        self.strides = self.pool_size if strides is None else _pair("strides", strides)
        self.padding = _check_padding(padding)
        self.data_format = keras.config.image_data_format() if data_format is None else data_format
        if self.data_format not in DATA_FORMATS:
            raise WrongRequest(f"data_format must be one of {', '.join(DATA_FORMATS)}. Received: {data_format!r}.")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Maps → the sums of their windows."""
        last = self.data_format == "channels_last"
        # TensorFlow pools on a processor only with the channels last.
        x = inputs if last else keras.ops.transpose(inputs, (0, 2, 3, 1))
        if self.padding == "same":
            x = _pad(x, self.pool_size, strides=self.strides)
        x = keras.ops.average_pool(x, self.pool_size, self.strides, padding="valid", data_format="channels_last")
        x = x * math.prod(self.pool_size)
        return x if last else keras.ops.transpose(x, (0, 3, 1, 2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the sums; None stays None."""
        axes = (1, 2) if self.data_format == "channels_last" else (2, 3)
        shape = list(input_shape)
        for axis, taps, stride in zip(axes, self.pool_size, self.strides, strict=True):
            side = shape[axis]
            shape[axis] = None if side is None else positions(side, taps, stride=stride, padding=self.padding)
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Everything that `from_config` needs."""
        own = {name: getattr(self, name) for name in ("pool_size", "strides", "padding", "data_format")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="hubel")
class LocallyConnected2D(keras.layers.Layer):
    """A convolution without weight sharing: a kernel of its own at every position of the output.

    It costs as many multiply-accumulates as the convolution, and as many times its weights as there are positions.

    Args:
        filters: feature maps of the output.
        kernel_size: height and width in pixels.
        padding: ``"valid"`` or ``"same"``; the stride is 1.
        activation: a name of ``keras.activations``, or a function; None for none.
        use_bias: a bias for each filter at each position.
        kernel_initializer: a name of ``keras.initializers``, or an initialiser; each position is drawn as a
            convolution's kernel would be.

    Input shape: [batch, height, width, channels], all but the batch known.
    Output shape: [batch, positions down, positions across, filters].
    Weights: ``kernel`` [positions down, positions across, kernel height, kernel width, channels, filters] and ``bias``
    [positions down, positions across, filters].

    Raises:
        WrongRequest: a size or a padding that does not exist, or a kernel that does not fit the map.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        padding: str = "valid",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(filters, int) or filters < 1:
            raise WrongRequest(f"filters must be a whole number, at least 1. Received: {filters!r}.")
        self.filters = filters
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.padding = _check_padding(padding)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights for one size of maps, [batch, height, width, channels].

        Raises:
            WrongRequest: the size is not known, or the kernel does not fit.
        """
        _, rows, columns, _ = self.compute_output_shape(input_shape)
        if not rows or not columns or not input_shape[-1]:
            raise WrongRequest(
                f"{self.name}: a kernel of {self.kernel_size} with padding {self.padding!r} needs maps of a known size "
                f"that are at least as large. Received: shape {tuple(input_shape)}."
            )
        self.kernel = self.add_weight(
            shape=(rows, columns, *self.kernel_size, input_shape[-1], self.filters),
            initializer=self._draw_kernels,
            name="kernel",
        )
        self.bias = (
            self.add_weight(shape=(rows, columns, self.filters), initializer="zeros", name="bias")
            if self.use_bias
            else None
        )
        self.built = True

    def _draw_kernels(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        drawn = self.kernel_initializer(shape, dtype=dtype)
        if isinstance(self.kernel_initializer, keras.initializers.VarianceScaling):
            # It takes the positions for taps of one large kernel, whose weights would have to be that much smaller.
            return drawn * math.sqrt(shape[0] * shape[1])
        return drawn

    def call(self, inputs: Any) -> Any:
        """Maps → one feature map for each filter."""
        x = _pad(inputs, self.kernel_size, strides=(1, 1)) if self.padding == "same" else inputs
        rows, columns, height, width, channels, filters = self.kernel.shape
        taps = [x[:, i : i + rows, j : j + columns, :] for i in range(height) for j in range(width)]
        kernel = keras.ops.reshape(self.kernel, (rows, columns, height * width, channels, filters))
        x = keras.ops.einsum("brctx,rctxf->brcf", keras.ops.stack(taps, axis=3), kernel)
        return self.activation(x if self.bias is None else x + self.bias)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the feature maps; None stays None."""
        batch, *sides, _ = input_shape
        rows, columns = (
            None if side is None else positions(side, taps, padding=self.padding)
            for side, taps in zip(sides, self.kernel_size, strict=True)
        )
        return (batch, rows, columns, self.filters)

    def get_config(self) -> dict[str, Any]:
        """Everything that `from_config` needs."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "padding": self.padding,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
