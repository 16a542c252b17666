"""A stack whose first page shows nothing: its content lies on pages that are not read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage

from hubel.errors import UnreadableImage
from hubel.images.samples import Samples

_EMPTY = ((0, 0, 0), (255, 255, 255))


def refuse_blank_first_page(content: PillowImage.Image | Samples, count_pages: Callable[[], int]) -> None:
    """Refuse a TIFF of several pages whose first one is black, or white, all over.

    An animation may begin like that; its first frame is taken.

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
            f"it has {pages} pages, and the first, which would be used, is empty: save the right page as a "
            "separate image",
        )


def _shows_nothing(image: PillowImage.Image) -> bool:
    if image.format != "TIFF":
        return False
    if image.mode.startswith("I;16"):  # in some orders of the bytes Pillow can do little with these
        return _is_empty(np.asarray(image))
    extrema = image.getextrema()
    pairs = extrema if isinstance(extrema[0], tuple) else (extrema,)
    if any(low != high for low, high in pairs):
        return False
    corner = image.crop((0, 0, 1, 1)).convert("RGB").getpixel((0, 0))
    return corner in _EMPTY


def _is_empty(values: np.ndarray) -> bool:
    """Whether all samples are 0, or all of them the highest value of whole numbers."""
    highest = np.iinfo(values.dtype).max if values.dtype.kind in "ui" else 0
    first = values.flat[0]
    return bool(first in (0, highest) and (values == first).all())
