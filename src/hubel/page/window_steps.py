"""A sliding window as a moving image, for a slide or a lesson: SVG, page with buttons or GIF; and the map as PNG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hubel.arithmetic.windows import Calculation
from hubel.drawing.gif import render_gif
from hubel.drawing.raster import to_png
from hubel.drawing.svg import render_svg
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.files import said_plainly, write_bytes
from hubel.page.window_page import render_page
from hubel.reports.window_drawing import draw_animation
from hubel.reports.window_scene import make_scene
from hubel.runs.out_folder import check_output_file


def write_steps(path: Path, calculation: Calculation) -> str:
    """Write an image of a calculation; the ending of its name says which.

    Args:
        path: ``.svg``, ``.html`` or ``.gif`` for an animation, ``.png`` for the result as an image.
        calculation: what to show.

    Returns:
        What was written, in a few words, for the user.

    Raises:
        WrongRequest: another ending, or too much to show.
        OutputNotWritable: the file cannot be written.
    """
    check_steps_file(path)
    render = _FORMATS[path.suffix.lower()]
    data, what = render(calculation)
    with said_plainly(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, data)
    return what


def check_steps_file(path: Path, matrix: object = None) -> None:
    """See that the file has an ending that can be written, and is not the one that the matrix is read from.

    Args:
        path: the file that will be written.
        matrix: what it is made of; a file where it is a path.

    Raises:
        WrongRequest: another ending, or the same file.
    """
    if path.suffix.lower() not in _FORMATS:
        raise WrongRequest(
            Option("out"),
            f" takes a file that ends in {', '.join(_FORMATS)}. Received: {path.name!r}. "
            "Use .svg, .html or .gif for the steps as an animation, .png for the result as an image.",
        )
    if isinstance(matrix, (str, Path)):
        check_output_file(path, made_of=[Path(matrix)])


def _png(calculation: Calculation) -> tuple[bytes, str]:
    result = calculation.result
    low, high = float(result.min()), float(result.max())
    scaled = np.zeros_like(result) if low == high else (result - low) / (high - low)
    pixels = np.round(scaled * 255).astype(np.uint8)  # [height, width, 1 or 3]
    data = to_png(pixels if pixels.shape[2] == 3 else pixels[..., 0])
    return data, f"{result.shape[0]} x {result.shape[1]} pixels; black is {low:.4g}, white is {high:.4g}"


def _svg(calculation: Calculation) -> tuple[bytes, str]:
    return render_svg(draw_animation(make_scene(calculation))), "an animation that opens in every browser"


_FORMATS: dict[str, Callable[[Calculation], tuple[bytes, str]]] = {
    ".svg": _svg,
    ".html": lambda calculation: (render_page(calculation).encode(), "a page with buttons: open it"),
    ".gif": lambda calculation: (render_gif(draw_animation(make_scene(calculation))), "an animation"),
    ".png": _png,
}
