"""Drawing with steps → GIF, for programs that show no SVG."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from PIL import GifImagePlugin, ImageChops
from PIL import Image as PillowImage
from PIL.Image import Dither

from hubel.drawing.raster import blank, paint
from hubel.drawing.shapes import WHITE, Box, Colour, Drawing, Line, Shape, ShapeGroup, Words
from hubel.drawing.svg import HOLD

WIDEST = 1200
_COLOURS = 96
"""Of a frame, and as many of the shapes."""
_ALWAYS = 1_000_000
_CLEAR = 255
"""Entry of the palette that leaves the pixel of the frame before."""


def render_gif(drawing: Drawing) -> bytes:
    """An animation that plays for ever, at most `WIDEST` pixels wide."""
    palette = _palette(drawing)
    durations = [round(drawing.step_s * 1000)] * drawing.steps
    durations[-1] *= HOLD
    chunks: list[bytes] = []
    before = None
    # Pillow's own writer keeps every frame until the last one is there: gigabytes for a long animation.
    for frame, duration in zip(_frames(drawing), durations, strict=True):
        changed = None if before is None else ImageChops.difference(frame, before)
        box = None if changed is None else changed.getbbox()
        box = (0, 0, *frame.size) if box is None else box
        part = frame.crop(box).quantize(palette=palette, dither=Dither.NONE)
        if changed is None:
            chunks += GifImagePlugin.getheader(part, info={"loop": 0, "duration": duration})[0]
        else:
            same = changed.crop(box).convert("L").point(lambda difference: 0 if difference else 255)
            part.paste(_CLEAR, mask=same)
        chunks += GifImagePlugin.getdata(part, box[:2], duration=duration, transparency=_CLEAR)
        before = frame
    return b"".join([*chunks, b";"])


def _frames(drawing: Drawing) -> Iterator[PillowImage.Image]:
    """One at a time: hundreds of them in full colour would fill the memory."""
    scale = min(1.0, WIDEST / drawing.width)
    canvas = blank(drawing, scale)
    passing: list[tuple[ShapeGroup, tuple[int, int]]] = []
    coming: dict[int, list[ShapeGroup]] = {}
    for shape in drawing.shapes:
        first, end = (isinstance(shape, ShapeGroup) and shape.shown) or (0, drawing.steps)
        if isinstance(shape, ShapeGroup) and (shape.moves or end < drawing.steps):
            passing.append((shape, (first, end)))
        elif isinstance(shape, ShapeGroup) and first:
            coming.setdefault(first, []).append(shape)
        else:
            paint(canvas, shape, scale=scale)
    for step in range(drawing.steps):
        for group in coming.get(step, ()):
            paint(canvas, group, scale=scale)
        frame = canvas.copy()
        for group, (first, end) in passing:
            if first <= step < end:
                paint(frame, group, scale=scale, move=group.moves[step] if group.moves else (0.0, 0.0))
        yield frame


def _palette(drawing: Drawing) -> PillowImage.Image:
    """One palette for all frames, so that no colour flickers: of the shapes, and of the last frame, which has all."""
    last = deque(_frames(drawing), maxlen=1)[0]
    counts = Counter(dict.fromkeys([WHITE], _ALWAYS))
    for colour, weight in _colours(drawing.shapes):
        counts[colour] += weight
    kept = [colour for colour, _ in counts.most_common(_COLOURS)]
    others = (last.quantize(_COLOURS).getpalette() or [])[: 3 * _COLOURS]
    parts = [part for colour in kept for part in colour] + others
    palette = PillowImage.new("P", (1, 1))
    palette.putpalette([*parts, *[0] * (768 - len(parts))])
    return palette


def _colours(shapes: Sequence[Shape]) -> Iterator[tuple[Colour, int]]:
    """Colours and their weights: those of lines and letters before any fill."""
    for shape in shapes:
        if isinstance(shape, ShapeGroup):
            yield from _colours(shape.shapes)
        elif isinstance(shape, Words | Line):
            yield shape.colour, _ALWAYS
        elif isinstance(shape, Box):
            yield from ((each, weight) for each, weight in ((shape.fill, 1), (shape.stroke, _ALWAYS)) if each)
