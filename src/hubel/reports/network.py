"""A drawing of a network: volumes that get smaller and deeper, from the image to the last layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hubel.architectures.layer_table import LayerRow
from hubel.architectures.volumes import CATEGORIES, Volume, make_stages, make_volumes
from hubel.drawing.shapes import INK, MUTED, Area, Box, Colour, Drawing, Line, Shape, Words
from hubel.text import counted

MOST_VOLUMES = 18
"""More than these do not fit a slide; then one stands for each stretch of maps of the same size."""

COLOURS: dict[str, Colour] = {
    "input": (141, 153, 166),
    "convolution": (61, 124, 201),
    "local": (42, 157, 143),
    "pooling": (224, 138, 46),
    "dense": (90, 158, 75),
    "other": (165, 139, 191),
}
REORDERING = ("Flatten", "Reshape")
TALLEST, SMALLEST, EXPONENT = 190.0, 7.0, 0.7
SLANT_RIGHT, SLANT_UP = 0.36, 0.26
MARGIN, TOP, GAP, LETTER = 32.0, 84.0, 20.0, 6.3


@dataclass(frozen=True)
class _Block:
    """One volume in pixels of the image: front face and how far its back is moved to the right and up."""

    volume: Volume
    labels: tuple[str, ...]
    width: float
    height: float
    right: float
    up: float

    @property
    def room(self) -> float:
        """Pixels it takes along the row, labels too."""
        return max(self.width + self.right, *(len(label) * LETTER for label in self.labels))


def draw_network(title: str, subtitle: str, *, image: tuple[int, ...], rows: Sequence[LayerRow]) -> Drawing:
    """The volumes in a row; its caption says what is left out or merged.

    Args:
        title: first line.
        subtitle: second line.
        image: (height, width, channels), or what the network takes instead.
        rows: of `layer_table`.
    """
    volumes = _shown(image, rows)
    condensed = len(volumes) > MOST_VOLUMES
    volumes = make_stages(volumes) if condensed else volumes
    blocks = [_block(volume, max(image[-3:-1]), condensed=condensed) for volume in volumes]
    tallest = max(block.height + block.up for block in blocks)
    floor = TOP + tallest
    long = sum(block.room + GAP for block in blocks) - GAP
    width = max(long + 2 * MARGIN, 2 * MARGIN + max(11 * len(title), 7 * len(subtitle)), 760)
    shapes: list[Shape] = [Words(MARGIN, 36, title, 20, bold=True), Words(MARGIN, 58, subtitle, 13, MUTED)]
    x = (width - long) / 2
    for number, block in enumerate(blocks):
        left = x + (block.room - block.width - block.right) / 2
        shapes += _faces(block, left, floor=floor - (tallest - block.height - block.up) / 2)
        shapes += _label(block, x + block.room / 2, y=floor + 24)
        if number:
            tip, middle = x - GAP / 2 + 1, floor - tallest / 2
            shapes.append(Line(((tip - 5, middle - 4), (tip, middle), (tip - 5, middle + 4)), MUTED, 1.4))
        x += block.room + GAP
    top = floor + 40 + 16 * max(len(block.labels) for block in blocks)
    shapes += _legend(volumes, top)
    caption = _caption(condensed=condensed, layers=len(rows))
    shapes += [Words(MARGIN, top + 18 + 16 * line, text, 11.5, MUTED) for line, text in enumerate(caption, start=1)]
    said = "; ".join(" ".join(filter(None, block.labels)) for block in blocks)
    return Drawing(round(width), round(top + 34 + 16 * len(caption)), shapes, title, said)


def _shown(image: tuple[int, ...], rows: Sequence[LayerRow]) -> list[Volume]:
    """Volumes without those that only write the same numbers in another order, as a Flatten before a dense layer."""
    return [volume for volume in make_volumes(image, rows) if not volume.rows or volume.rows[0].kind not in REORDERING]


def _block(volume: Volume, largest: int, *, condensed: bool) -> _Block:
    height, width, channels = volume.output[-3:]
    labels = _labels(volume, condensed=condensed)
    if (height, width) == (1, 1) and volume.category != "input":
        return _Block(volume, labels, 12, 24 + 13 * math.log2(max(1, channels)), 7, 5)
    tall, wide = (max(SMALLEST, TALLEST * (side / largest) ** EXPONENT) for side in (height, width))
    return _Block(volume, labels, 3 + 4.5 * math.log2(max(1, channels)), tall, wide * SLANT_RIGHT, wide * SLANT_UP)


def _labels(volume: Volume, *, condensed: bool) -> tuple[str, ...]:
    *places, channels = volume.output
    size = f"{channels:,}" if set(places) == {1} else "×".join(map(str, places)) + f"×{channels:,}"
    main = volume.main
    if volume.category == "input" or main is None:
        return size, "image"
    if condensed and len(volume.rows) > 4:
        return size, counted(len(volume.rows), "layer"), _sees(volume)
    return size, _what(volume, main), _sees(volume)


def _what(volume: Volume, main: LayerRow) -> str:
    word = {"Conv2D": "conv", "DepthwiseConv2D": "depthwise", "SeparableConv2D": "separable"}.get(main.kind)
    if volume.category == "pooling":
        word = "global" if main.kernel is None else main.kind.removesuffix("Pooling2D").lower() + " pool"
        word = f"{word} {'max' if 'Max' in main.kind else 'average'}" if main.kernel is None else word
    word = word or {"dense": "dense", "local": "local"}.get(volume.category) or main.kind
    if main.kernel is None or main.stride is None:
        return word
    stride = f" /{main.stride[0]}" if max(main.stride) > 1 and volume.category != "pooling" else ""
    return f"{word} {main.kernel[0]}×{main.kernel[1]}{stride}"


def _sees(volume: Volume) -> str:
    row = volume.rows[-1]
    if row.receptive_field is None or row.output[:2] == (1, 1):
        return ""
    return "sees all" if row.receptive_field_stride == (0, 0) else "sees {}×{}".format(*row.receptive_field)


def _faces(block: _Block, x: float, *, floor: float) -> list[Shape]:
    """Three faces: the top and the right side, which slant away, and the front."""
    colour = COLOURS[block.volume.category]
    top, right = floor - block.height, x + block.width
    back, high, low = right + block.right, top - block.up, floor - block.up
    return [
        Area(((x, top), (x + block.right, high), (back, high), (right, top)), colour, 0.55),
        Area(((right, top), (back, high), (back, low), (right, floor)), colour, 0.8),
        Area(((x, top), (right, top), (right, floor), (x, floor)), colour),
    ]


def _label(block: _Block, middle: float, *, y: float) -> list[Shape]:
    first, *others = block.labels
    return [
        Words(middle, y, first, 11.5, INK, "middle", bold=True),
        *(Words(middle, y + 16 * line, each, 11.5, MUTED, "middle") for line, each in enumerate(others, start=1)),
    ]


def _legend(volumes: Sequence[Volume], top: float) -> list[Shape]:
    used = {volume.category for volume in volumes}
    x, shapes = MARGIN, []
    for category in CATEGORIES:
        if category in used:
            word = CATEGORIES[category]
            shapes += [Box(x, top, 12, 12, COLOURS[category]), Words(x + 17, top + 10, word, 12)]
            x += 17 + len(word) * 6.6 + 22
    return shapes


def _caption(*, condensed: bool, layers: int) -> tuple[str, ...]:
    """Lines that are shorter than the narrowest image."""
    scale = "Height and slant follow the map's size, thickness its channels; both compressed."
    return (scale, f"One volume for each size of map; {counted(layers, 'layer')} in all.") if condensed else (scale,)
