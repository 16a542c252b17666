"""A trace as a drawing: what it sees of the image, the numbers that go in, the weights, the products, the value."""

from __future__ import annotations

import numpy as np

from hubel.arrays import Image
from hubel.drawing.raster import width_of
from hubel.drawing.shapes import INK, MUTED, ORANGE, Box, Colour, Drawing, Line, Pixels, Shape, Words, tinted
from hubel.drawing.tiles import NEGATIVE, POSITIVE
from hubel.explanation.trace import PROBABILITIES, Trace
from hubel.explanation.worked_value import Patch, Term, number
from hubel.reports.softmax_bars import PlacedShapes, draw_softmax

CHANNELS_SHOWN, TERMS_SHOWN = 3, 10
LARGEST_WINDOW = 11
"""Taps across; a larger window is drawn as colours without numbers."""
LONGEST_NUMBER = 7
"""Characters that fit into a square."""
MARGIN, GAP, PHOTO = 32.0, 44.0, 260.0
CELL_LARGEST, PANEL_LARGEST = 52.0, 260.0
EDGE, PADDING = (195, 202, 212), (241, 243, 246)
TOP = 92.0


def draw_trace(trace: Trace, pixels: Image, *, class_name: str | None = None) -> Drawing:
    """Image on the left, working on the right, the value below it.

    Args:
        trace: what to show.
        pixels: uint8 [height, width, 3] as they reach the model.
        class_name: that the value is the logit or the probability of; None for other layers.
    """
    left = MARGIN + PHOTO + GAP
    photo = _photo(trace, pixels)
    working = _working(trace, left)
    bottom = max(photo.bottom, working.bottom) + 30
    model = f"The model computed {trace.model_value:.9g}"
    place = "" if trace.at is None else f"row {trace.at[0]}, column {trace.at[1]}, "
    what = f"filter {trace.filter_index}" if class_name is None else f"class {class_name!r}"
    heading = f"{trace.layer}: {place}{what} = {number(trace.value)}"
    lines = _wrapped(trace.formula, width=max(working.right, 860.0) - MARGIN, size=15)
    widths = [*(width_of(line, 15) for line in lines), width_of(heading, 21)]
    width = max(working.right, MARGIN + max(widths)) + MARGIN
    shapes: list[Shape] = [
        Words(MARGIN, 40, heading, 21),
        Words(MARGIN, 62, trace.kind, 13, MUTED),
        *photo.shapes,
        *working.shapes,
        *(Words(MARGIN, bottom + 22 * line, text, 15) for line, text in enumerate(lines)),
        Words(MARGIN, bottom + 22 * len(lines) + 2, model, 13, MUTED),
    ]
    return Drawing(width, bottom + 22 * len(lines) + 26, shapes, f"{heading}. {trace.formula}. {model}.")


def _photo(trace: Trace, pixels: Image) -> PlacedShapes:
    """The image with a frame around what the value sees."""
    height, width = pixels.shape[:2]
    scale = PHOTO / max(height, width)
    shapes: list[Shape] = [
        Words(MARGIN, TOP - 8, f"the image, {height} × {width} pixels", 13, MUTED),
        Pixels(MARGIN, TOP, width * scale, height * scale, pixels),
        Box(MARGIN, TOP, width * scale, height * scale, None, EDGE),
    ]
    bottom = TOP + height * scale
    if trace.receptive_field is None:
        return PlacedShapes(shapes, MARGIN + PHOTO, bottom)
    top, left, below, right = trace.receptive_field
    if below > top and right > left:
        x, y = MARGIN + left * scale, TOP + top * scale
        shapes.append(Box(x, y, (right - left) * scale, (below - top) * scale, None, (255, 255, 255), 5))
        shapes.append(Box(x, y, (right - left) * scale, (below - top) * scale, None, ORANGE, 3))
        sees = f"it sees rows {top}–{below - 1}, columns {left}–{right - 1}"
    else:
        sees = "it sees padding only"
    shapes.append(Words(MARGIN, bottom + 20, sees, 13, ORANGE))
    return PlacedShapes(shapes, MARGIN + PHOTO, bottom + 20)


def _patch(patch: Patch, left: float) -> PlacedShapes:
    """One row for each channel that is shown: input × kernel = products, and their sum."""
    sums, products = patch.channel_sums, patch.products
    height, width = len(patch.rows), len(patch.columns)
    cell = min(CELL_LARGEST, PANEL_LARGEST / max(height, width))
    if sums is None or products is None or patch.kernel is None:
        title = f"the window, channel {patch.channels[0]}"
        part = _panel(patch.values[..., 0], patch.inside, (left, TOP), cell, title)
        return PlacedShapes(part, left + width * cell, TOP + height * cell)
    many = len(sums) > CHANNELS_SHOWN
    chosen = np.argsort(-np.abs(sums), kind="stable")[:CHANNELS_SHOWN] if many else np.arange(len(sums))
    shapes: list[Shape] = []
    titles = [f"input, channel {patch.channels[channel]}" for channel in map(int, chosen)]
    step = max(width * cell, *(width_of(title, 13) for title in titles)) + GAP
    y = TOP
    for channel, heading in zip(map(int, chosen), titles, strict=True):
        arrays = {heading: patch.values, "kernel": patch.kernel, "products": products}
        for column, (title, values) in enumerate(arrays.items()):
            inside = None if column == 1 else patch.inside
            shapes += _panel(values[..., channel], inside, (left + column * step, y), cell, title)
        middle = y + height * cell / 2 + 7
        shapes.append(Words(left + step - GAP / 2, middle, "×", 20, MUTED, "middle"))
        shapes.append(Words(left + step * 2 - GAP / 2, middle, "=", 20, MUTED, "middle"))
        shapes.append(Words(left + 3 * step - GAP + 14, middle - 2, f"sum {number(float(sums[channel]))}", 15))
        y += height * cell + 34
    if many:
        rest = float(sums.sum() - sums[chosen].sum())
        shapes.append(Words(left, y - 8, f"and {len(sums) - len(chosen)} more channels: sum {number(rest)}", 14, MUTED))
    return PlacedShapes(shapes, left + 3 * step - GAP + 130, y - (4 if many else 30))


def _panel(
    values: np.ndarray, inside: np.ndarray | None, corner: tuple[float, float], cell: float, title: str
) -> list[Shape]:
    """Numbers in squares, coloured by sign and size; padding is grey."""
    largest = float(np.abs(values).max()) or 1.0
    size = min(cell * 0.3, 13.0)
    shapes: list[Shape] = [Words(corner[0], corner[1] - 8, title, 13, MUTED)]
    for (row, column), value in np.ndenumerate(values):
        x, y = corner[0] + column * cell, corner[1] + row * cell
        padded = inside is not None and not inside[row, column]
        shapes.append(Box(x, y, cell, cell, PADDING if padded else _tint(float(value) / largest), EDGE))
        if max(values.shape) <= LARGEST_WINDOW:
            text, ink = ("0", MUTED) if padded else (_short(float(value), largest), INK)
            shapes.append(Words(x + cell / 2, y + cell / 2 + size * 0.36, text, size, ink, "middle"))
    return shapes


def _short(value: float, largest: float) -> str:
    if value == 0:
        return "0"
    if largest < 0.01:
        return f"{value:.1e}"
    # Beside a large one, digits of a small number that do not fit into its square say nothing.
    text = f"{value:.0f}" if largest >= 1000 else f"{value:.3g}"
    return text if len(text) <= LONGEST_NUMBER else f"{value:.{max(0, LONGEST_NUMBER - 3)}f}"


def _tint(share: float) -> Colour:
    """White at 0, towards orange above and blue below; never so dark that a number cannot be read."""
    return tinted(NEGATIVE if share < 0 else POSITIVE, 0.75 * min(1.0, abs(share)))


def _working(trace: Trace, left: float) -> PlacedShapes:
    if trace.layer == PROBABILITIES:
        return draw_softmax(trace, left, top=TOP)
    return _terms(trace, left) if trace.patch is None else _patch(trace.patch, left)


def _terms(trace: Trace, left: float) -> PlacedShapes:
    """A bar for each summand that counts most; for other kinds their numbers."""
    shown = trace.terms[:TERMS_SHOWN]
    weighted = len(trace.terms) > 1 and all(term.weight is not None for term in trace.terms)
    title = "the products" if weighted else "what goes in"
    if len(shown) < len(trace.terms):
        title = f"the {len(shown)} of {len(trace.terms)} that count most"
    if not shown:
        return PlacedShapes([], left, TOP)
    labels = [_term_label(term) for term in shown]
    indent = max(width_of(label, 13) for label in labels) + 14
    largest = max(abs(term.product) for term in shown) or 1.0
    half, step = 120.0, 24.0
    signs = {term.product < 0 for term in shown}
    zero = left + indent + (half if True in signs else 0)
    shapes: list[Shape] = [Words(left, TOP - 8, title, 13, MUTED)]
    for line, (term, label) in enumerate(zip(shown, labels, strict=True)):
        y, long = TOP + 10 + line * step, half * abs(term.product) / largest
        x = zero - long if term.product < 0 else zero
        shapes.append(Words(left, y + 12, label, 13))
        shapes.append(Box(x, y, max(long, 0.5), 16, _tint(1 if term.product >= 0 else -1)))
        shapes.append(Words(zero + (half if False in signs else 0) + 12, y + 12, number(term.product), 13))
    bottom = TOP + 10 + len(shown) * step
    shapes.append(Line(((zero, TOP + 4), (zero, bottom)), MUTED, 1))
    return PlacedShapes(shapes, zero + half + 90, bottom)


def _term_label(term: Term) -> str:
    if term.weight is None:
        return term.label
    return f"{term.label}: {number(term.value)} × {number(term.weight)}"


def _wrapped(text: str, *, width: float, size: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
