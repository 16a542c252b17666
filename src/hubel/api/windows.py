"""``hubel.convolve`` and ``hubel.pool``: no framework is loaded for them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hubel.api.words import Numbers, numbers_of, optional_path
from hubel.arithmetic.windows import Calculation, WindowOptions, calculate_convolution, calculate_pooling
from hubel.errors import WrongRequest
from hubel.page.window_steps import check_steps_file, write_steps
from hubel.workflows.looking.matrices import cut, read_kernel, read_matrix

Matrix: TypeAlias = "str | Path | ArrayLike | None"


def convolve(  # noqa: PLR0913  (each is a wish the user may have)
    matrix: Matrix = None,
    *,
    kernel: Matrix = "x",
    stride: Numbers = 1,
    padding: str = "valid",
    dilation: Numbers = 1,
    region: Numbers = None,
    channel: str | None = None,
    bias: float = 0.0,
    relu: bool = False,
    out: str | Path | None = None,
) -> Calculation:
    """Slide a kernel over a matrix and sum the products, window by window; as ``hubel convolve``.

    Args:
        matrix: numbers [height, width] or [height, width, channels]; a CSV or image file; rows as text,
            ``"0,1;1,0"``; or None for the worked example.
        kernel: numbers [height, width]; a CSV file; rows as text; or a name, such as ``"sobel-x"``.
        stride: pixels between windows, or (height, width).
        padding: ``"valid"``, or ``"same"`` for zeros around the matrix.
        dilation: pixels between the kernel's taps, or (height, width).
        region: (top, left, height, width): take this part only.
        channel: of an image: ``"grey"``, ``"red"``, ``"green"``, ``"blue"`` or ``"all"``.
        bias: added to every sum.
        relu: then set to 0 what is negative.
        out: a file for an animation, ``.svg``, ``.html`` or ``.gif``, or for the result, ``.png``.

    Returns:
        ``calculation.result`` [height, width, 1], and ``calculation.steps()``, window by window.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    file = _output(out, matrix)
    weights = _kernel(kernel)
    options = WindowOptions(
        (weights.shape[0], weights.shape[1]),
        stride=_pair(stride, "stride"),
        padding=padding,
        dilation=_pair(dilation, "dilation"),
    )
    if not math.isfinite(bias):
        raise WrongRequest(f"bias must be a finite number. Received: {bias}.")
    maps = _matrix(matrix, channel=channel, region=region)
    return _written(calculate_convolution(maps, weights, options=options, bias=bias, relu=relu), file)


def pool(  # noqa: PLR0913  (each is a wish the user may have)
    matrix: Matrix = None,
    *,
    window: Numbers = 2,
    stride: Numbers = None,
    padding: str = "valid",
    mode: str = "max",
    region: Numbers = None,
    channel: str | None = None,
    out: str | Path | None = None,
) -> Calculation:
    """Subsample a matrix: of every window take the largest, the average or the sum; as ``hubel pool``.

    Args:
        matrix: as of `hubel.convolve`.
        window: pixels that become one, or (height, width).
        stride: pixels between windows, or (height, width); as many as the window has by default.
        padding: ``"valid"``, or ``"same"`` to keep the border.
        mode: ``"max"``, ``"average"`` or ``"sum"``.
        region: (top, left, height, width): take this part only.
        channel: of an image, as of `hubel.convolve`.
        out: a file, as of `hubel.convolve`.

    Returns:
        ``calculation.result`` [height, width, channels].

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    file = _output(out, matrix)
    size = _pair(window, "window")
    options = WindowOptions(size, stride=size if stride is None else _pair(stride, "stride"), padding=padding)
    maps = _matrix(matrix, channel=channel, region=region)
    return _written(calculate_pooling(maps, mode, options=options), file)


def _pair(given: Numbers, name: str) -> tuple[int, int]:
    numbers = numbers_of(given, name=name, counts=(1, 2), example="2 or (2, 1)")
    if not numbers or min(numbers) < 1:
        raise WrongRequest(f"{name} takes one or two whole numbers from 1, such as 2 or (2, 1). Received: {given!r}.")
    return numbers[0], numbers[-1]


def _matrix(given: Matrix, *, channel: str | None, region: Numbers) -> NDArray[np.float64]:
    numbers = numbers_of(region, name="region", counts=(4,), example="(10, 20, 12, 12)")
    text = None if numbers is None else ",".join(map(str, numbers))
    if given is None or isinstance(given, (str, Path)):
        return read_matrix(None if given is None else str(given), channel=channel, region=text)
    if channel is not None:
        raise WrongRequest(f"channel={channel!r} is for image files; for an array, give image[..., 0].")
    values = _array(given, "matrix")
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (1, 3)) or not values.size:
        raise WrongRequest(
            "A matrix is [height, width], [height, width, 1] or [height, width, 3], and not empty. Received: "
            f"{list(values.shape)}."
        )
    maps = values if values.ndim == 3 else values[..., None]
    return maps if text is None else cut(maps, text)


def _kernel(given: Matrix) -> NDArray[np.float64]:
    if given is None:
        raise WrongRequest("kernel is a name, rows of numbers, a CSV file, or an array. Received: None.")
    if isinstance(given, (str, Path)):
        return read_kernel(str(given))
    weights = _array(given, "kernel")
    if weights.ndim != 2 or not weights.size:
        raise WrongRequest(f"A kernel is [height, width], with at least one weight. Received: {list(weights.shape)}.")
    return weights


def _array(given: Any, what: str) -> NDArray[np.float64]:
    try:
        values = np.array(given, np.float64)
    except (TypeError, ValueError) as error:
        raise WrongRequest(f"The {what} is not an array of numbers: every row needs as many as the first.") from error
    if not np.isfinite(values).all():
        raise WrongRequest(f"The {what} holds NaN or infinite values. Give finite numbers.")
    return values


def _output(out: str | Path | None, matrix: Matrix) -> Path | None:
    file = optional_path(out)
    if file is not None:
        check_steps_file(file, matrix)
    return file


def _written(calculation: Calculation, file: Path | None) -> Calculation:
    if file is not None:
        write_steps(file, calculation)
    return calculation
