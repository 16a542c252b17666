"""An image of a network as SVG: volumes that get smaller and deeper, from the image to the last layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from hubel.architectures.layer_table import LayerRow
from hubel.architectures.volumes import CATEGORIES, Volume, make_stages, make_volumes
from hubel.text import counted, one_line

MOST_VOLUMES = 18
"""More than these do not fit a slide; then one stands for each stretch of maps of the same size."""

COLOURS = {
    "input": "#8d99a6",
    "convolution": "#3d7cc9",
    "local": "#2a9d8f",
    "pooling": "#e08a2e",
    "dense": "#5a9e4b",
    "other": "#a58bbf",
}
REORDERING = ("Flatten", "Reshape")
INK, FAINT, FONT = "#1c2530", "#5b6672", "font-family=\"'Segoe UI', 'Helvetica Neue', Arial, sans-serif\""
TALLEST, SMALLEST, EXPONENT = 190.0, 7.0, 0.7
SLANT_RIGHT, SLANT_UP = 0.36, 0.26
MARGIN, TOP, GAP, LETTER = 32.0, 84.0, 20.0, 6.3


@dataclass(frozen=True)
class _Box:
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


def render_network(title: str, subtitle: str, image: tuple[int, ...], rows: Sequence[LayerRow]) -> str:
    """An SVG document, on white, with no outside parts.

    Args:
        title: first line.
        subtitle: second line.
        image: (height, width, channels), or what the network takes instead.
        rows: of `layer_table`.

    Returns:
        Text of the file. What is left out or merged is said in its caption.
    """
    volumes = _shown(image, rows)
    condensed = len(volumes) > MOST_VOLUMES
    volumes = make_stages(volumes) if condensed else volumes
    boxes = [_box(volume, max(image[-3:-1]), condensed=condensed) for volume in volumes]
    tallest = max(box.height + box.up for box in boxes)
    floor = TOP + tallest
    width = max(
        sum(box.room + GAP for box in boxes) - GAP + 2 * MARGIN,
        2 * MARGIN + max(11 * len(title), 7 * len(subtitle)),
        760,
    )
    parts, x = [], (width - sum(box.room + GAP for box in boxes) + GAP) / 2
    for number, box in enumerate(boxes):
        parts.append(
            _draw(box, x + (box.room - box.width - box.right) / 2, floor - (tallest - box.height - box.up) / 2)
        )
        parts.append(_label(box, x + box.room / 2, floor + 24))
        if number:
            parts.append(_arrow(x - GAP / 2, floor - tallest / 2))
        x += box.room + GAP
    legend = _legend(volumes)
    caption = _caption(condensed=condensed, layers=len(rows))
    height = floor + 24 + 16 * max(len(box.labels) for box in boxes) + 50 + 16 * len(caption)
    inside = "".join([_heading(title, subtitle), *parts, _foot(legend, caption, height)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-labelledby="t d" {FONT}>'
        f'<title id="t">{_text(title)}</title><desc id="d">{_text(_described(boxes))}</desc>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{inside}</svg>\n'
    )


def _shown(image: tuple[int, ...], rows: Sequence[LayerRow]) -> list[Volume]:
    """Volumes without those that only write the same numbers in another order, as a Flatten before a dense layer."""
    return [volume for volume in make_volumes(image, rows) if not volume.rows or volume.rows[0].kind not in REORDERING]


def _box(volume: Volume, largest: int, *, condensed: bool) -> _Box:
    height, width, channels = volume.output[-3:]
    labels = _labels(volume, condensed=condensed)
    if (height, width) == (1, 1) and volume.category != "input":
        return _Box(volume, labels, 12, 24 + 13 * math.log2(max(1, channels)), 7, 5)
    tall, wide = (max(SMALLEST, TALLEST * (side / largest) ** EXPONENT) for side in (height, width))
    return _Box(volume, labels, 3 + 4.5 * math.log2(max(1, channels)), tall, wide * SLANT_RIGHT, wide * SLANT_UP)


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


def _draw(box: _Box, x: float, floor: float) -> str:
    """Three faces: the front, and the top and right side slanting away from it."""
    colour = COLOURS[box.volume.category]
    top, right = floor - box.height, x + box.width
    back = f"l{box.right:.1f},{-box.up:.1f}"
    faces = (
        (f"M{x:.1f},{top:.1f}{back}h{box.width:.1f}L{right:.1f},{top:.1f}Z", 0.55),
        (f"M{right:.1f},{top:.1f}{back}v{box.height:.1f}L{right:.1f},{floor:.1f}Z", 0.8),
        (f"M{x:.1f},{top:.1f}h{box.width:.1f}v{box.height:.1f}h{-box.width:.1f}Z", 1.0),
    )
    return "".join(
        f'<path d="{path}" fill="{colour}" fill-opacity="{opacity}" stroke="#ffffff" stroke-width="1"/>'
        for path, opacity in faces
    )


def _label(box: _Box, middle: float, y: float) -> str:
    lines = []
    for number, label in enumerate(box.labels):
        style = f'font-weight="600" fill="{INK}"' if number == 0 else f'fill="{FAINT}"'
        lines.append(
            f'<text x="{middle:.1f}" y="{y + 16 * number:.1f}" text-anchor="middle" font-size="11.5" {style}>'
            f"{_text(label)}</text>"
        )
    return "".join(lines)


def _arrow(x: float, y: float) -> str:
    return f'<path d="M{x - 4:.1f},{y - 4:.1f}l5,4l-5,4" fill="none" stroke="{FAINT}" stroke-width="1.4"/>'


def _heading(title: str, subtitle: str) -> str:
    return (
        f'<text x="{MARGIN}" y="36" font-size="20" font-weight="600" fill="{INK}">{_text(title)}</text>'
        f'<text x="{MARGIN}" y="58" font-size="13" fill="{FAINT}">{_text(subtitle)}</text>'
    )


def _legend(volumes: Sequence[Volume]) -> list[str]:
    used = {volume.category for volume in volumes}
    return [category for category in CATEGORIES if category in used]


def _foot(legend: Sequence[str], caption: Sequence[str], height: float) -> str:
    x, parts, top = MARGIN, [], height - 34 - 16 * len(caption)
    for category in legend:
        word = CATEGORIES[category]
        parts.append(f'<rect x="{x:.1f}" y="{top:.1f}" width="12" height="12" fill="{COLOURS[category]}"/>')
        parts.append(f'<text x="{x + 17:.1f}" y="{top + 10:.1f}" font-size="12" fill="{INK}">{_text(word)}</text>')
        x += 17 + len(word) * 6.6 + 22
    for number, line in enumerate(caption, start=1):
        y = top + 18 + 16 * number
        parts.append(f'<text x="{MARGIN}" y="{y:.1f}" font-size="11.5" fill="{FAINT}">{_text(line)}</text>')
    return "".join(parts)


def _caption(*, condensed: bool, layers: int) -> tuple[str, ...]:
    """Lines that are shorter than the narrowest image."""
    scale = "Height and slant follow the map's size, thickness its channels; both compressed."
    return (scale, f"One volume for each size of map; {counted(layers, 'layer')} in all.") if condensed else (scale,)


def _described(boxes: Sequence[_Box]) -> str:
    return "; ".join(" ".join(label for label in box.labels if label) for box in boxes)


def _text(words: str) -> str:
    return escape(one_line(words))
