"""Drawing → SVG: as a file that loads nothing from outside, or as a part of a page."""

from __future__ import annotations

import base64
from html import escape

from hubel.drawing.raster import to_png
from hubel.drawing.shapes import Area, Box, Colour, Dot, Drawing, Line, Pixels, Shape, ShapeGroup, Words
from hubel.text import one_line

FONT = "Inter, 'Segoe UI', Helvetica, Arial, sans-serif"
HOLD = 4
"""Steps that the last one stands longer before an animation begins again."""


def render_svg(drawing: Drawing) -> bytes:
    """A file of its own. Where nothing plays an animation, it shows the last step."""
    return f"{whole_svg(drawing)}\n".encode()


def whole_svg(drawing: Drawing) -> str:
    """The same as text. What moves takes the width of its window; what stands still has its own size."""
    size = "" if drawing.steps > 1 else f'width="{drawing.width:g}" height="{drawing.height:g}" '
    look = f'font-family="{FONT}" style="font-variant-numeric:tabular-nums"'
    said = f"<title>{_text(drawing.title)}</title>"
    said += f"<desc>{_text(drawing.description)}</desc>" if drawing.description else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:g} {drawing.height:g}" {size}role="img" '
        f'{look}>{said}{_style(drawing)}<rect width="100%" height="100%" fill="#ffffff"/>{_inside(drawing)}</svg>'
    )


def inline_svg(drawing: Drawing) -> str:
    """For a page that says how wide it is; ground and letters are those of the page."""
    return (
        f'<svg viewBox="0 0 {drawing.width:g} {drawing.height:g}" role="img" aria-label="{_text(drawing.title)}">'
        f"{_style(drawing)}{_inside(drawing)}</svg>"
    )


def _style(drawing: Drawing) -> str:
    return f"<style>{drawing.style}</style>" if drawing.style else ""


def _inside(drawing: Drawing) -> str:
    return "".join(_svg(shape, drawing) for shape in drawing.shapes)


def _svg(shape: Shape, drawing: Drawing) -> str:
    match shape:
        case ShapeGroup():
            element = _group(shape, drawing)
        case Words():
            element = _words(shape)
        case Box():
            element = _box(shape)
        case Pixels():
            data = base64.b64encode(to_png(shape.image)).decode()
            look = 'preserveAspectRatio="none" style="image-rendering:pixelated"'
            element = f'<image {_frame(shape)} {look} href="data:image/png;base64,{data}"/>'
        case Line():
            own = f'fill="none" stroke="{_hex(shape.colour)}" stroke-width="{shape.width:g}"'
            element = f'<polyline points="{_points(shape.points)}"{_look(shape.look, own)}/>'
        case Area():
            fill = f'fill="{_hex(shape.fill)}" fill-opacity="{shape.opacity:g}" stroke="#ffffff"'
            element = f'<polygon points="{_points(shape.points)}" {fill}/>'
        case Dot():
            fill = f'fill="{_hex(shape.fill)}"'
            element = f'<circle cx="{shape.x:g}" cy="{shape.y:g}" r="{shape.radius:g}"{_look(shape.look, fill)}/>'
    return element


def _frame(shape: Box | Pixels) -> str:
    return f'x="{shape.x:g}" y="{shape.y:g}" width="{shape.width:g}" height="{shape.height:g}"'


def _box(box: Box) -> str:
    if box.look:
        fill = "" if box.fill is None else f' fill="{_hex(box.fill)}"'
        return f'<rect {_frame(box)} class="{box.look}"{fill}/>'
    edge = "" if box.stroke is None else f' stroke="{_hex(box.stroke)}" stroke-width="{box.stroke_width:g}"'
    return f'<rect {_frame(box)} fill="{"none" if box.fill is None else _hex(box.fill)}"{edge}/>'


def _words(words: Words) -> str:
    where = f'x="{words.x:g}" y="{words.y:g}"'
    if words.turned:
        where = f'transform="translate({words.x:g} {words.y:g}) rotate(-90)"'
    own = f'font-size="{words.size:g}" fill="{_hex(words.colour)}"'
    own += ' font-weight="600"' if words.bold else ""
    if words.anchor != "start":
        own += f' text-anchor="{"middle" if words.anchor == "centre" else words.anchor}"'
    own += ' dominant-baseline="central"' if words.anchor == "centre" else ""
    return f"<text {where}{_look(words.look, own)}>{_text(words.text)}</text>"


def _look(look: str, own: str) -> str:
    return f' class="{look}"' if look else f" {own}"


def _group(group: ShapeGroup, drawing: Drawing) -> str:
    look = f' class="{group.look}"' if group.look else ""
    inside = "".join(_svg(shape, drawing) for shape in group.shapes)
    if group.shown:
        look += f' data-step="{group.shown[0]}"' + ("" if group.shown[1] >= drawing.steps else ' opacity="0"')
    if drawing.step_s:
        inside += _animation(group, drawing)
    return f"<g{look}>{inside}</g>"


def _animation(group: ShapeGroup, drawing: Drawing) -> str:
    """When a group is seen and where it is, in shares of the time until all begins again."""
    ticks = drawing.steps + HOLD
    duration = f'dur="{ticks * drawing.step_s:g}s" repeatCount="indefinite" calcMode="discrete"'
    first, end = group.shown or (0, drawing.steps)
    states = [(0, int(first == 0))] + ([(first, 1)] if first else []) + ([(end, 0)] if end < drawing.steps else [])
    parts = []
    if len(states) > 1:
        values = ";".join(str(on) for _, on in states)
        times = ";".join(f"{at / ticks:.6g}" for at, _ in states)
        parts.append(f'<animate attributeName="opacity" values="{values}" keyTimes="{times}" {duration}/>')
    if group.moves:
        values = ";".join(f"{x:g} {y:g}" for x, y in group.moves)
        times = ";".join(f"{step / ticks:.6g}" for step in range(len(group.moves)))
        way = f'attributeName="transform" type="translate" values="{values}" keyTimes="{times}"'
        parts.append(f"<animateTransform {way} {duration}/>")
    return "".join(parts)


def _points(points: tuple[tuple[float, float], ...]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _text(text: str) -> str:
    return escape(one_line(text))
