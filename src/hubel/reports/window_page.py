"""A sliding window as one HTML file with buttons: light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from hubel.arithmetic.windows import Calculation
from hubel.drawing.svg import FONT, inline_svg
from hubel.reports.html import make_environment
from hubel.reports.window_drawing import draw_still
from hubel.reports.window_scene import make_scene

_NOT_FLIPPED = (
    " The kernel is applied as it is, not flipped: what deep-learning libraries call convolution is cross-correlation."
)


def render_page(calculation: Calculation) -> str:
    """One HTML file with buttons to play and step; nothing outside of it is loaded.

    It holds two drawings, one for wide screens and one for phones, and the arithmetic as text that breaks into lines.

    Raises:
        WrongRequest: more windows or cells than can be followed or read.
    """
    wide, narrow = make_scene(calculation), make_scene(calculation, narrow=True)
    heading, sizes = _said(calculation)
    template = make_environment().get_template("windows.html")
    return template.render(
        heading=heading,
        sizes=sizes,
        last=len(wide.moves) - 1,
        moves=_numbers(wide.moves, narrow.moves),
        targets=_numbers(wide.target_moves, narrow.target_moves),
        captions=list(wide.captions),
        pause=round(wide.frame_s * 1000),
        font=Markup(FONT),  # noqa: S704
        note=_NOT_FLIPPED if calculation.kernel is not None else "",
        width=narrow.width,
        wide=Markup(inline_svg(draw_still(wide, scope="wide"))),  # noqa: S704  (made here, its words escaped)
        narrow=Markup(inline_svg(draw_still(narrow, scope="narrow"))),  # noqa: S704
    )


def _said(calculation: Calculation) -> tuple[str, str]:
    """The heading, and the line below it."""
    maps, result, options = calculation.maps, calculation.result, calculation.options
    pooling = calculation.kernel is None
    what = f"{calculation.mode.capitalize()} pooling, window by window" if pooling else "Convolution, window by window"
    window = " × ".join(map(str, options.kernel_size))
    name = "window" if pooling else "kernel"
    padded = f", padding {options.padding}" if options.padding == "same" else ""
    sizes = f"{maps.shape[0]} × {maps.shape[1]} numbers, {name} {window}, stride {options.stride[0]}"
    sizes += "" if options.stride[0] == options.stride[1] else f" × {options.stride[1]}"
    return what, f"{sizes}{padded}: {result.shape[0]} × {result.shape[1]} results"


def _numbers(*paths: Sequence[tuple[float, float]]) -> list[list[list[float]]]:
    return [[[round(x, 3), round(y, 3)] for x, y in path] for path in paths]
