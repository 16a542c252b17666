"""What is inside a layer, as an image: its feature maps of an image, its filters, and what excites them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.drawing.raster import width_of
from hubel.drawing.shapes import INK, MUTED, Box, Colour, Drawing, Pixels, Shape, Words
from hubel.drawing.tiles import colour_tile, grey_tile, heat_tile, signed_tile

MARGIN, GAP, LABEL = 28.0, 14.0, 18.0
TILE, LARGE = 104.0, 232.0
"""Sides of a map or a filter, and of the image."""
COLUMNS = 8
SCALE_HEIGHT, SCALE_WIDTH = 14.0, 220.0
EDGE: Colour = (150, 160, 172)
TOP = 84.0

Paint = Callable[[np.ndarray], Image]


@dataclass(frozen=True)
class Tile:
    """An image with a line of text above it, and a border, so that white ends where the image ends."""

    label: str
    image: Image


@dataclass(frozen=True)
class Seen:
    """What a sheet of maps shows.

    Args:
        layer: its name.
        maps: float32 [height, width, filters].
        shown: which, the strongest first.
        pixels: the image that reaches the model, uint8 [height, width, 3].
        name: of the image's file.
    """

    layer: str
    maps: np.ndarray
    shown: Sequence[int]
    pixels: Image
    name: str


def draw_maps(seen: Seen) -> Drawing:
    """The image, the strongest map laid over it, a scale of colours, and the maps, strongest first."""
    height, width, filters = seen.maps.shape
    largest, strongest = float(np.abs(seen.maps).max()), seen.shown[0]
    signed = bool((seen.maps < 0).any())
    paint: Paint = partial(signed_tile if signed else grey_tile, largest=largest)
    lowest = -largest if signed else 0.0
    title = f"{seen.layer}: {filters} feature maps of {height} × {width}"
    shown = f"the {len(seen.shown)} strongest of {filters} shown" if len(seen.shown) < filters else "all shown"
    said = f"{shown}, strongest first; above each its number and its largest value"
    second, third = MARGIN + LARGE + 2 * GAP, MARGIN + 2 * (LARGE + 2 * GAP)
    over = Tile(f"map {strongest} over it, orange where strong", _overlay(seen, strongest))
    shapes = [
        *_tile(MARGIN, TOP, tile=Tile(f"{seen.name}, {_by(seen.pixels)} pixels", seen.pixels), side=LARGE),
        *_tile(second, TOP, tile=over, side=LARGE),
        *_scale(third, TOP + LABEL + 20, colours=(paint, lowest, largest), what="values of the maps"),
    ]
    tiles = [Tile(f"{each}: {seen.maps[..., each].max():.3g}", paint(seen.maps[..., each])) for each in seen.shown]
    below, bottom = _rows(_by_columns(tiles), TOP + LARGE + LABEL + 22)
    return _sheet(title, said, shapes=[*shapes, *below], bottom=bottom)


def draw_filters(layer: str, kernel: np.ndarray, *, most: int) -> tuple[Drawing, str]:
    """The filters of a layer, and in words how many of them are shown.

    Filters that see red, green and blue are shown in colour; of others, each input channel is a tile of its own.

    Args:
        layer: its name.
        kernel: [kernel_height, kernel_width, in_channels, filters].
        most: filters that are shown of kernels of one or three channels.
    """
    height, width, channels, filters = kernel.shape
    largest = float(np.abs(kernel).max())
    seen, across = min(filters, most), min(channels, COLUMNS)
    paint: Paint = partial(colour_tile if channels == 3 else signed_tile, largest=largest)
    if channels in (1, 3):
        weights = kernel if channels == 3 else kernel[:, :, 0]
        rows = _by_columns([Tile(f"{each}", paint(weights[..., each])) for each in range(seen)])
        how = "their weights for red, green and blue as a colour; grey is 0"
        how = how if channels == 3 else "orange above 0, blue below"
    else:
        seen = min(filters, COLUMNS)
        rows = [
            [Tile(f"filter {i}, channel {c}", paint(kernel[:, :, c, i])) for c in range(across)] for i in range(seen)
        ]
        how = "a row is a filter, a column an input channel; orange above 0, blue below"
    said = f"{seen} of {filters} filters shown"
    if channels not in (1, 3):
        said += f", {across} of {channels} input channels"
    title = f"{layer}: {filters} filters of {height} × {width} × {channels}"
    scale = _scale(MARGIN, TOP + 16, colours=(paint, -largest, largest), what="weights")
    below, bottom = _rows(rows, TOP + 66)
    return _sheet(title, f"{said}; {how}", shapes=[*scale, *below], bottom=bottom), said


def draw_excitement(layer: str, rows: Sequence[Sequence[Tile]], *, filters: int, corpus: str | None) -> Drawing:
    """A row for each filter: the image that was made to excite it, then the patches that do.

    Args:
        layer: its name.
        rows: of tiles.
        filters: of the layer.
        corpus: where the patches are from; None where there are none.
    """
    said = f"{len(rows)} of {filters} filters shown; left, an image made to excite the filter"
    said += f"; then what excites it most in {corpus}, with the value" if corpus else ""
    shapes, bottom = _rows(rows, TOP - 8)
    return _sheet(f"{layer}: what its filters respond to", said, shapes=shapes, bottom=bottom)


def _overlay(seen: Seen, strongest: int) -> Image:
    """Each number of the map lies over the pixels that it stands for, however few numbers there are."""
    height, width = seen.pixels.shape[:2]
    heat = np.clip(seen.maps[..., strongest], 0, None)
    heat = (heat / (heat.max() or 1.0)).astype(np.float32)
    stretched = PillowImage.fromarray(heat).resize((width, height), PillowImage.Resampling.NEAREST)
    return heat_tile(seen.pixels, np.asarray(stretched))


def _scale(x: float, y: float, *, colours: tuple[Paint, float, float], what: str) -> list[Shape]:
    """A bar of all colours with the values at its ends, and 0 where it lies between."""
    paint, low, high = colours
    values = np.linspace(low, high, 128)[None]
    bar = paint(values) if paint(np.zeros((1, 1))).shape == (1, 1, 3) else paint(np.repeat(values[..., None], 3, -1))
    marks: list[tuple[float, str]] = [(0, f"{low:.3g}"), (1, f"{high:.3g}")]
    marks += [(0.5, "0")] if low < 0 < high else []
    return [
        Words(x, y - 8, what, 13, MUTED),
        Pixels(x, y, SCALE_WIDTH, SCALE_HEIGHT, bar),
        Box(x, y, SCALE_WIDTH, SCALE_HEIGHT, None, EDGE),
        *(
            Words(x + share * SCALE_WIDTH, y + SCALE_HEIGHT + 16, text, 12, MUTED, anchor)
            for (share, text), anchor in zip(marks, ("start", "end", "middle"), strict=False)
        ),
    ]


def _by_columns(tiles: Sequence[Tile]) -> list[Sequence[Tile]]:
    return [tiles[at : at + COLUMNS] for at in range(0, len(tiles), COLUMNS)]


def _rows(rows: Sequence[Sequence[Tile]], top: float) -> tuple[list[Shape], float]:
    shapes: list[Shape] = []
    for line, row in enumerate(rows):
        for column, tile in enumerate(row):
            y = top + line * (TILE + LABEL + GAP)
            shapes += _tile(MARGIN + column * (TILE + GAP), y, tile=tile, side=TILE)
    return shapes, top + len(rows) * (TILE + LABEL + GAP)


def _tile(x: float, y: float, *, tile: Tile, side: float) -> list[Shape]:
    scale = side / max(tile.image.shape[:2])
    height, width = (size * scale for size in tile.image.shape[:2])
    return [
        Words(x, y + 11, tile.label, 11 if side == TILE else 13, MUTED),
        Pixels(x, y + LABEL, width, height, tile.image),
        Box(x, y + LABEL, width, height, None, EDGE),
    ]


def _sheet(title: str, said: str, *, shapes: Sequence[Shape], bottom: float) -> Drawing:
    heads: list[Shape] = [Words(MARGIN, 36, title, 20, INK), Words(MARGIN, 58, said, 13, MUTED)]
    widths = [MARGIN + width_of(title, 20), MARGIN + width_of(said, 13)]
    for shape in shapes:
        if isinstance(shape, Words):
            widths.append(shape.x + (width_of(shape.text, shape.size) if shape.anchor == "start" else 0))
        elif isinstance(shape, Box):
            widths.append(shape.x + shape.width)
    return Drawing(max(widths) + MARGIN, bottom + MARGIN - GAP, [*heads, *shapes], f"{title}. {said}")


def _by(image: Image) -> str:
    return f"{image.shape[0]} × {image.shape[1]}"
