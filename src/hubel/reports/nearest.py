"""An image beside the training images that its network takes for most alike, with their classes, as a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubel.arrays import Image
from hubel.drawing.overlays import fitted
from hubel.drawing.shapes import INK, MUTED, ORANGE, Drawing, Pixels, Shape, Words
from hubel.text import elided

SIDE, TILE, FINEST = 300.0, 130.0, 600
MARGIN, GAP, TOP, COLUMNS = 28.0, 20.0, 92.0, 4
LINE = 20.0


@dataclass(frozen=True)
class NearTile:
    """One of the training images.

    Args:
        image: uint8 [height, width, 3].
        class_name: its label.
        note: what stands below that.
        is_alike: it has the class of the answer.
    """

    image: Image
    class_name: str
    note: str
    is_alike: bool


def draw_nearest(image: Image, tiles: Sequence[NearTile], *, heading: str, caption: Sequence[str]) -> Drawing:
    """The image on the left, the others in rows of four, those of another class in orange.

    Args:
        image: uint8 [height, width, 3].
        tiles: the most similar first.
        heading: the answer.
        caption: a sentence each.
    """
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    left = MARGIN + SIDE + 2 * GAP
    shapes: list[Shape] = [
        Words(MARGIN, 40, elided(heading, 90), 20),
        Words(MARGIN, TOP - 8, f"the image, {height} × {width} pixels", 13, MUTED),
        Pixels(MARGIN, TOP, width * scale, height * scale, fitted(image, FINEST)),
        Words(left, TOP - 8, "the training images that are most alike to the network", 13, MUTED),
    ]
    for place, tile in enumerate(tiles):
        row, column = divmod(place, COLUMNS)
        shapes += _tile(tile, left + column * (TILE + GAP), y=TOP + row * (TILE + 2.6 * GAP))
    rows = -(-len(tiles) // COLUMNS)
    y = max(TOP + height * scale, TOP + rows * (TILE + 2.6 * GAP)) + 24
    shapes += [Words(MARGIN, y + LINE * place, line, 14) for place, line in enumerate(caption)]
    right = left + COLUMNS * (TILE + GAP) - GAP + MARGIN
    return Drawing(right, y + LINE * len(caption) + 6, shapes, " ".join((f"{heading}.", *caption)))


def _tile(tile: NearTile, x: float, *, y: float) -> list[Shape]:
    height, width = tile.image.shape[:2]
    scale = TILE / max(height, width)
    return [
        Pixels(x, y, width * scale, height * scale, fitted(tile.image, FINEST // 2)),
        Words(x, y + TILE + 16, elided(tile.class_name, 18), 13, INK if tile.is_alike else ORANGE),
        Words(x, y + TILE + 32, elided(tile.note, 24), 11, MUTED),
    ]
