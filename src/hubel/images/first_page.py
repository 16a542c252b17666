"""A stack whose first page shows nothing: its content lies on pages that are not read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage

from hubel.errors import UnreadableImage
from hubel.images.samples import Samples

_OF_SEVERAL_PAGES = ("TIFF", "GIF", "PNG", "WEBP", "AVIF")
_EMPTY = ((0, 0, 0), (255, 255, 255))


def refuse_blank_first_page(content: PillowImage.Image | Samples, count_pages: Callable[[], int]) -> None:
    """Refuse a file of several pages or frames whose first one is black, or white, all over.

    Args:
        content: the first page, loaded.
        count_pages: of the file; asked only where the first page is empty.

    Raises:
        UnreadableImage: with ``code`` ``blank-first-page``.
    """
    empty = _is_empty(content.values) if isinstance(content, Samples) else _shows_nothing(content)
    if empty and (pages := count_pages()) > 1:
        raise UnreadableImage(
            "blank-first-page",
            f"it has {pages} pages or frames, and the first, which would be taken, is empty: save the page that counts "
            "as an image of its own",
        )


def _shows_nothing(picture: PillowImage.Image) -> bool:
    if picture.format not in _OF_SEVERAL_PAGES:
        return False
    if picture.format != "GIF" and getattr(picture, "n_frames", 1) == 1:
        return False
    corner = picture.crop((0, 0, 1, 1)).convert("RGB").getpixel((0, 0))
    return corner in _EMPTY and _is_uniform(picture)


def _is_uniform(picture: PillowImage.Image) -> bool:
    extrema = picture.getextrema()
    pairs = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in pairs)


def _is_empty(values: np.ndarray) -> bool:
    """Whether all samples are 0, or all of them the highest value of whole numbers."""
    highest = np.iinfo(values.dtype).max if values.dtype.kind in "ui" else 0
    first = values.flat[0]
    return bool(first in (0, highest) and (values == first).all())
