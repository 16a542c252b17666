"""A layer table → the volumes a person thinks in: a convolution with its normalisation and activation is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hubel.architectures.geometry import CONVOLUTIONS, LOCAL, POOLING, TAKES_ALL, TRANSPOSED
from hubel.architectures.layer_table import LayerRow, Total, total_of

CATEGORIES = {
    "input": "image",
    "convolution": "convolution",
    "local": "locally connected",
    "pooling": "pooling",
    "dense": "dense",
    "other": "other",
}
"""category → what a legend calls it."""


@dataclass(frozen=True)
class Volume:
    """One or several layers that a person sees as one step.

    Args:
        category: a name in `CATEGORIES`.
        rows: its layers, in order; none of the image itself.
        output: at its end, as in its last row.
    """

    category: str
    rows: tuple[LayerRow, ...]
    output: tuple[int, ...]

    @property
    def main(self) -> LayerRow | None:
        """The layer that gives it its name: the first with weights or a window, else the first."""
        return next((row for row in self.rows if _category(row) != "other"), self.rows[0] if self.rows else None)

    @property
    def total(self) -> Total:
        """Sums over its layers."""
        return total_of(self.rows)


def make_volumes(image: tuple[int, ...], rows: Sequence[LayerRow]) -> list[Volume]:
    """The image, then a volume for each layer that convolves, pools, connects or changes the shape.

    Args:
        image: (height, width, channels), or what the network takes instead.
        rows: of `layer_table`.
    """
    volumes = [Volume("input", (), image)]
    frame: tuple[LayerRow, ...] = ()
    for row in rows:
        last = volumes[-1]
        if row.kind == "ZeroPadding2D":  # the padding of what comes next
            frame = (*frame, row)
        elif not frame and _category(row) == "other" and row.output == last.output:
            volumes[-1] = Volume(last.category, (*last.rows, row), row.output)
        else:
            volumes.append(Volume(_category(row), (*frame, row), row.output))
            frame = ()
    return volumes if not frame else [*volumes, Volume("other", frame, frame[-1].output)]


def make_stages(volumes: Sequence[Volume]) -> list[Volume]:
    """One volume for each stretch of maps of the same height and width; vectors stay as they are."""
    stages: list[Volume] = []
    for volume in volumes:
        last = stages[-1] if stages else None
        is_map = volume.output[:2] != (1, 1)
        if last and last.category != "input" and is_map and last.output[:2] == volume.output[:2]:
            category = last.category if last.category in ("convolution", "local") else volume.category
            stages[-1] = Volume(category, (*last.rows, *volume.rows), volume.output)
        elif last and not is_map and last.output[:2] == (1, 1) and volume.category in ("other", "pooling"):
            stages[-1] = Volume(last.category, (*last.rows, *volume.rows), volume.output)
        else:
            stages.append(volume)
    return stages


def _category(row: LayerRow) -> str:
    if row.kind in (*CONVOLUTIONS, TRANSPOSED):
        return "convolution"
    if row.kind == LOCAL:
        return "local"
    if row.kind in POOLING or (row.kind in TAKES_ALL and row.kind.startswith("Global")):
        return "pooling"
    return "dense" if row.kind == "Dense" else "other"
