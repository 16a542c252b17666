"""An image that Hubel drew: shown by a notebook, saved, or taken apart as numbers."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.errors import WrongRequest
from hubel.files import write_bytes


@dataclass(frozen=True, repr=False)
class LayerImage:
    """What a layer makes of an image, its filters, or what excites them.

    Args:
        title: what it shows.
        layer: its name.
        png: the drawn image, as a file.
        values: the numbers behind it: feature maps [height, width, filters], or a kernel [kernel_height, kernel_width,
            in_channels, filters]; None of what excites a filter, which is an image already.
    """

    title: str
    layer: str
    png: bytes = field(repr=False)
    values: np.ndarray | None = None

    @property
    def pixels(self) -> Image:
        """What is drawn: uint8 [height, width, 3]."""
        with PillowImage.open(io.BytesIO(self.png)) as opened:
            return np.asarray(opened.convert("RGB"))

    def save(self, path: str | Path) -> None:
        """Write it as a PNG.

        Raises:
            WrongRequest: the name does not end in ``.png``.
            OutputNotWritable: it cannot be written there.
        """
        if Path(path).suffix.lower() != ".png":
            raise WrongRequest(f"The image is written as PNG: end its name in .png. Received: {str(path)!r}.")
        write_bytes(Path(path), self.png)

    def __repr__(self) -> str:
        held = "" if self.values is None else f", values {self.values.dtype} {list(self.values.shape)}"
        return f"<{self.title} of {self.layer[:200]!r}{held}; .save(path), .pixels>"

    def _repr_png_(self) -> bytes:
        return self.png
