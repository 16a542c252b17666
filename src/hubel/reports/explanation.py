"""An explained image as a drawing: the image, the map over it, what its colours mean, and what the map is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hubel.drawing.overlays import colour_scale, fitted, overlay
from hubel.drawing.raster import width_of
from hubel.drawing.shapes import INK, MUTED, ORANGE, Box, Drawing, Pixels, Shape, Words
from hubel.drawing.svg import inline_svg
from hubel.explanation.catalogue import find_explanation
from hubel.explanation.heat_map import HeatMap
from hubel.reports.html import asset, make_environment
from hubel.text import elided

SIDE, LEAST_SIDE = 360.0, 240.0
"""Of the longer side of the image as it is drawn; small ones are made larger."""
FINEST = 720
"""Pixels of the longer side that a drawing keeps."""
MARGIN, GAP, TOP, LINE = 28.0, 28.0, 92.0, 21.0
BAR, LARGEST_BAR = 12.0, 260.0
SCALE_STEPS = 64
NARROWEST = 640.0


@dataclass(frozen=True)
class Panel:
    """What is drawn.

    Args:
        heat_map: in pixels of the image, with the image.
        seen: what reaches the classifier: (left, top, right, bottom) in its pixels.
        heading: what is explained.
        caption: what the map is worth, a sentence each.
    """

    heat_map: HeatMap
    seen: tuple[float, float, float, float]
    heading: str
    caption: Sequence[str]


def draw_explanation(panel: Panel) -> Drawing:
    """Image and map side by side, the scale of colours below the map, then the scores and the caption."""
    height, width = panel.heat_map.image.shape[:2]
    scale = SIDE / max(height, width)
    wide, high = width * scale, height * scale
    right = max(2 * max(wide, LEAST_SIDE) + GAP, NARROWEST)
    second = MARGIN + max(wide, LEAST_SIDE) + GAP
    small = fitted(panel.heat_map.image, FINEST)
    heat = fitted(panel.heat_map.values, FINEST)
    shapes: list[Shape] = [
        Words(MARGIN, 40, elided(panel.heading, 90), 20),
        Words(MARGIN, 64, _by(panel.heat_map), 13, MUTED),
        Words(MARGIN, TOP - 8, f"the image, {height} × {width} pixels", 13, MUTED),
        Pixels(MARGIN, TOP, wide, high, small),
        Words(second, TOP - 8, "where the evidence lies", 13, MUTED),
        Pixels(second, TOP, wide, high, overlay(small, heat)),
        *_frame(panel, (second, TOP), scale=scale),
        *_scale(panel.heat_map, (second, TOP + high + 12), width=max(wide, LEAST_SIDE)),
    ]
    y = TOP + high + 66
    scores, y = _scores(panel.heat_map, y)
    lines = [line for sentence in panel.caption for line in wrapped(sentence, right, size=14)]
    shapes += scores
    shapes += [Words(MARGIN, y + LINE * place, line, 14) for place, line in enumerate(lines)]
    said = " ".join((panel.heading + ".", *panel.caption))
    return Drawing(right + 2 * MARGIN, y + LINE * len(lines) + 10, shapes, said)


def render_page(panel: Panel) -> str:
    """One HTML file with the drawing, the caption and what the numbers mean; nothing outside of it is loaded."""
    summary = find_explanation(panel.heat_map.method).summary
    return _page(
        panel.heading, draw_explanation(panel), caption=panel.caption, method=panel.heat_map.method, summary=summary
    )


def render_drawing(heading: str, drawing: Drawing, *, caption: Sequence[str]) -> str:
    """One HTML file with a drawing and its caption.

    Args:
        heading: of the page.
        drawing: in it.
        caption: a sentence each.
    """
    return _page(heading, drawing, caption=caption)


def _page(heading: str, drawing: Drawing, *, caption: Sequence[str], method: str = "", summary: str = "") -> str:
    template = make_environment().get_template("explanation.html")
    return template.render(
        heading=heading,
        style=asset("base.css"),
        drawing=Markup(inline_svg(drawing)),  # noqa: S704  (made here, its words escaped)
        width=round(drawing.width * 1.4),
        caption=list(caption),
        method=method,
        summary=summary,
    )


def _by(heat_map: HeatMap) -> str:
    return f"by {heat_map.method}, in {heat_map.seconds:.2f} s"


def _frame(panel: Panel, corner: tuple[float, float], *, scale: float) -> list[Shape]:
    """Around what the classifier sees, where that is not all of the image."""
    left, top, right, bottom = panel.seen
    height, width = panel.heat_map.image.shape[:2]
    if right - left > width - 0.5 and bottom - top > height - 0.5:
        return []
    x, y = corner[0] + left * scale, corner[1] + top * scale
    return [Box(x, y, (right - left) * scale, (bottom - top) * scale, None, ORANGE, 2)]


def _scale(heat_map: HeatMap, corner: tuple[float, float], *, width: float) -> list[Shape]:
    x, y = corner
    ends = (
        ("-1 speaks against it", "0", "1 speaks for it")
        if heat_map.signed
        else ("0 plays no part", "", "1 most evidence")
    )
    anchors = (("start", x), ("middle", x + width / 2), ("end", x + width))
    return [
        Pixels(x, y, width, BAR, colour_scale(SCALE_STEPS, signed=heat_map.signed)),
        *(
            Words(place, y + BAR + 16, text, 12, MUTED, anchor)
            for text, (anchor, place) in zip(ends, anchors, strict=True) if text
        ),
    ]  # fmt: skip


def _scores(heat_map: HeatMap, y: float) -> tuple[list[Shape], float]:
    """Bars for both tests: this map, a random one, a blob; and where the next line begins."""
    score = heat_map.score
    rows = (("this map", score.own), ("a random map", score.random), ("a centred blob", score.blob))
    tests = (
        ("insertion: higher is better", [each.insertion for _, each in rows]),
        ("deletion: lower is better", [each.deletion for _, each in rows]),
    )
    indent = max(width_of(name, 13) for name, _ in rows) + 12
    shapes: list[Shape] = []
    step = indent + LARGEST_BAR / 2 + 70
    for column, (title, values) in enumerate(tests):
        x = MARGIN + column * (step + GAP)
        shapes.append(Words(x, y, title, 13, MUTED))
        for place, ((name, _), value) in enumerate(zip(rows, values, strict=True)):
            line = y + 18 + place * 20
            shapes.append(Words(x, line + 11, name, 13))
            shapes.append(
                Box(x + indent, line, max(1.0, LARGEST_BAR / 2 * value), 14, ORANGE if place == 0 else (195, 202, 212))
            )
            shapes.append(Words(x + indent + LARGEST_BAR / 2 * value + 8, line + 11, f"{value:.2f}", 13, INK))
    return shapes, y + 18 + len(rows) * 20 + 22


def wrapped(text: str, width: float, *, size: float) -> list[str]:
    """Lines of a text that are at most so wide.

    Args:
        text: words and spaces.
        width: in pixels of the drawing.
        size: of the letters.
    """
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
