"""A sliding window as one HTML file: its numbers can be changed, its window moved; light and dark, wide and narrow."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hubel.arithmetic.kernels import KERNELS
from hubel.arithmetic.windows import Calculation
from hubel.page.bundle import bundle, read_asset
from hubel.page.render import inert
from hubel.reports.html import asset, policy
from hubel.reports.window_scene import make_scene

_NOT_FLIPPED = (
    " The kernel is applied as it is, not flipped: what deep-learning libraries call convolution is cross-correlation."
)
_KEYS = "Arrow keys move the window, the space bar plays. Drag over the matrix, or click a number of the result."


def render_page(calculation: Calculation) -> str:
    """One HTML file with buttons to play and step; nothing outside of it is loaded.

    What it shows are the calculation's own numbers, until somebody changes a pixel or a weight in it: then it computes.

    Raises:
        WrongRequest: more windows or cells than can be followed or read.
    """
    heading, sizes = _said(calculation)
    script = bundle("views/window_page.js")
    environment = Environment(
        loader=PackageLoader("hubel.page", "assets"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("window_page.html").render(
        heading=heading,
        sizes=sizes,
        policy=policy(script),
        styles=Markup(asset("base.css") + Markup(read_asset("styles/window.css"))),  # noqa: S704  (ours)
        keys=_KEYS,
        note="" if calculation.kernel is None else f"{_NOT_FLIPPED} Change any number of the window or the kernel.",
        data=inert(json.dumps(window_document(calculation), separators=(",", ":"))),
        script=Markup(script),  # noqa: S704  (ours)
    )


def window_document(calculation: Calculation) -> dict[str, Any]:
    """What the page reads: the calculation's numbers in full, and its arithmetic in words.

    Raises:
        WrongRequest: more windows or cells than can be followed or read.
    """
    options, kernel = calculation.options, calculation.kernel
    return {
        "maps": _numbers(calculation.maps),
        "kernel": None if kernel is None else kernel.ravel().tolist(),
        "window": list(options.kernel_size),
        "mode": calculation.mode,
        "strides": list(options.stride),
        "dilation": list(options.dilation),
        "padding": options.padding,
        "bias": calculation.bias,
        "relu": calculation.relu,
        "result": _numbers(calculation.result),
        "captions": list(make_scene(calculation).captions),
        "presets": [
            {"name": name, "summary": entry.summary, "values": entry.weights.tolist()}
            for name, entry in KERNELS.items()
            if kernel is not None
        ],
    }


def _numbers(maps: Any) -> dict[str, Any]:
    return {"shape": list(maps.shape), "data": maps.ravel().tolist()}


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
    spread = "" if options.dilation == (1, 1) else f", dilation {' × '.join(map(str, options.dilation))}"
    return what, f"{sizes}{spread}{padded}: {result.shape[0]} × {result.shape[1]} results"
