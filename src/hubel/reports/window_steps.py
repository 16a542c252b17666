"""A sliding window as a moving image, for a slide or a lesson: SVG, page with buttons or GIF; and the map as PNG."""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import GifImagePlugin, ImageChops, ImageColor, ImageDraw, ImageFont
from PIL import Image as PillowImage
from PIL.Image import Dither

from hubel.arithmetic.windows import Calculation
from hubel.errors import WrongRequest
from hubel.files import said_plainly, write_bytes
from hubel.reports.window_page import render_page
from hubel.reports.window_scene import Cell, Scene, make_scene
from hubel.reports.window_svg import EMPTY, HOLD, INK_HEX, LINE, MARK, MUTED, TITLE_SIZE, caption_size, render_svg

_GIF_WIDTH, _GIF_COLOURS = 1200, 96
_CLEAR = 255
"""Entry of the palette that leaves the pixel of the frame before."""


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
    render = _FORMATS[check_ending(path)]
    data, what = render(calculation)
    with said_plainly(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, data)
    return what


def check_ending(path: Path) -> str:
    """The ending of a file name, in small letters, if it is one that can be written.

    Raises:
        WrongRequest: naming those that can.
    """
    if path.suffix.lower() not in _FORMATS:
        raise WrongRequest(
            f"-o takes a file that ends in {', '.join(_FORMATS)}. Received: {path.name!r}. "
            "Use .svg, .html or .gif for the steps as an animation, .png for the result as an image."
        )
    return path.suffix.lower()


def render_gif(scene: Scene) -> bytes:
    """A GIF that plays for ever, for programs that show no SVG."""
    scene = _scaled(scene, min(1.0, _GIF_WIDTH / scene.width))
    palette = _palette(scene)
    durations = [round(scene.frame_s * 1000)] * len(scene.moves)
    durations[-1] *= HOLD
    chunks: list[bytes] = []
    before = None
    # Pillow's own writer keeps every frame until the last one is there: gigabytes for a long animation.
    for picture, duration in zip(_pictures(scene), durations, strict=True):
        changed = None if before is None else ImageChops.difference(picture, before)
        box = None if changed is None else changed.getbbox()
        box = (0, 0, *picture.size) if box is None else box
        part = picture.crop(box).quantize(palette=palette, dither=Dither.NONE)
        if changed is None:
            chunks += GifImagePlugin.getheader(part, info={"loop": 0, "duration": duration})[0]
        else:
            same = changed.crop(box).convert("L").point(lambda difference: 0 if difference else 255)
            part.paste(_CLEAR, mask=same)
        chunks += GifImagePlugin.getdata(part, box[:2], duration=duration, transparency=_CLEAR)
        before = picture
    return b"".join([*chunks, b";"])


def _palette(scene: Scene) -> PillowImage.Image:
    """One palette for all frames, from the last, which has every colour: so no colour flickers."""
    last = deque(_pictures(scene), maxlen=1)[0]
    kept = [part for colour in (INK_HEX, LINE, MARK, MUTED, EMPTY, "white") for part in ImageColor.getrgb(colour)]
    others = (last.quantize(_GIF_COLOURS).getpalette() or [])[: 3 * _GIF_COLOURS]
    palette = PillowImage.new("P", (1, 1))
    palette.putpalette([*kept, *others, *[0] * (768 - len(kept) - len(others))])
    return palette


def _scaled(scene: Scene, factor: float) -> Scene:
    """The same scene, smaller."""

    def all_of(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * factor, y * factor) for x, y in points]

    return replace(
        scene,
        width=round(scene.width * factor),
        height=round(scene.height * factor),
        side=scene.side * factor,
        font=scene.font * factor,
        cells=[replace(cell, x=cell.x * factor, y=cell.y * factor) for cell in scene.cells],
        titles=[(x * factor, y * factor, text) for x, y, text in scene.titles],
        taps=all_of(scene.taps),
        moves=all_of(scene.moves),
        targets=all_of(scene.targets),
        target_moves=all_of(scene.target_moves),
    )


def _pictures(scene: Scene) -> Iterator[PillowImage.Image]:
    """The frames, one at a time: hundreds of them in full colour would fill the memory."""
    picture = PillowImage.new("RGB", (scene.width, scene.height), "white")
    draw = ImageDraw.Draw(picture)
    number, title = (ImageFont.load_default(size) for size in (scene.font, TITLE_SIZE))
    for x, y, text in scene.titles:
        draw.text((x, y), _plain(text), font=title, fill=MUTED, anchor="ms")
    by_step = defaultdict(list)
    for cell in scene.cells:
        _draw_cell(draw, scene, cell, number if cell.step is None else None)
        by_step[cell.step].append(cell)
    for step in range(len(scene.moves)):
        for cell in by_step[step]:
            _draw_cell(draw, scene, cell, number)
        yield _frame(picture, scene, step)


def _frame(picture: PillowImage.Image, scene: Scene, step: int) -> PillowImage.Image:
    frame = picture.copy()
    draw = ImageDraw.Draw(frame)
    move = scene.moves[step]
    weight = ImageFont.load_default(max(8.0, scene.side * 0.22))
    for index, (x, y) in enumerate(scene.taps):
        corner = x + move[0], y + move[1]
        draw.rectangle((*corner, corner[0] + scene.side, corner[1] + scene.side), outline=MARK, width=3)
        if scene.weights:
            at = corner[0] + scene.side * 0.94, corner[1] + scene.side * 0.94
            draw.text(at, _plain(scene.weights[index]), font=weight, fill=MARK, anchor="rd")
    move = scene.target_moves[step]
    for x, y in scene.targets:
        corner = x + move[0], y + move[1]
        draw.rectangle((*corner, corner[0] + scene.side, corner[1] + scene.side), outline=MARK, width=3)
    caption = _plain(scene.captions[step])
    font = ImageFont.load_default(caption_size(scene, caption))
    draw.text((scene.width / 2, scene.height - min(34, scene.side)), caption, font=font, fill=INK_HEX, anchor="ms")
    return frame


def _draw_cell(
    draw: ImageDraw.ImageDraw, scene: Scene, cell: Cell, font: ImageFont.FreeTypeFont | ImageFont.ImageFont | None
) -> None:
    """A cell; an empty one where no font is given."""
    corners = (cell.x, cell.y, cell.x + scene.side, cell.y + scene.side)
    draw.rectangle(corners, fill=EMPTY if font is None else cell.fill, outline=LINE)
    if font is not None and cell.text:
        draw.text((cell.x + scene.side / 2, cell.y + scene.side / 2), cell.text, font=font, fill=cell.ink, anchor="mm")


def _plain(text: str) -> str:
    """Letters that the font inside Pillow has."""
    return text.translate(str.maketrans({"×": "x", "≈": "~", "→": ">", "↓": ""}))


def _png(calculation: Calculation) -> tuple[bytes, str]:
    result = calculation.result
    low, high = float(result.min()), float(result.max())
    scaled = np.zeros_like(result) if low == high else (result - low) / (high - low)
    pixels = np.round(scaled * 255).astype(np.uint8)  # [height, width, 1 or 3]
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).save(buffer, "PNG")
    return buffer.getvalue(), f"{result.shape[0]} x {result.shape[1]} pixels; black is {low:.4g}, white is {high:.4g}"


def _animation(text: str) -> tuple[bytes, str]:
    return text.encode(), "an animation that opens in every browser"


_FORMATS: dict[str, Callable[[Calculation], tuple[bytes, str]]] = {
    ".svg": lambda calculation: _animation(render_svg(make_scene(calculation))),
    ".html": lambda calculation: (render_page(calculation).encode(), "a page with buttons: open it"),
    ".gif": lambda calculation: (render_gif(make_scene(calculation)), "an animation"),
    ".png": _png,
}
