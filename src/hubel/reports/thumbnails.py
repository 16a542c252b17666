"""Thumbnails: the images that a page shows, small enough to travel inside it."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.corpus.corpus import Corpus
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, Progress, ignore
from hubel.images.decode import decode_image
from hubel.images.samples import ALONE, SampleRule

JPEG_QUALITY = 80
_BETWEEN_EVENTS = 50


def make_thumbnails(
    corpus: Corpus,
    indices: Sequence[int],
    *,
    side: int = 112,
    rule: SampleRule = ALONE,
    on_event: OnEvent = ignore,
) -> dict[str, bytes]:
    """Small files of some of a corpus' images, whole and in their own shape.

    Args:
        corpus: read again here; its pixels need not be decoded yet.
        indices: places in ``corpus.examples``.
        side: pixels of the longer side, at least 1.
        rule: how deep images, and those of many bands, are shown.
        on_event: hears `Progress`.

    Returns:
        path → a JPEG; of an image that is smaller than ``side`` already, a PNG of exactly its pixels. An image that
        cannot be read is left out: the intake says why.
    """
    thumbnails = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        made = pool.map(lambda index: _thumbnail(corpus, index, side=side, rule=rule), indices)
        for done, (index, thumbnail) in enumerate(zip(indices, made, strict=True), start=1):
            if thumbnail is not None:
                thumbnails[corpus.examples[index].path] = thumbnail
            if done % _BETWEEN_EVENTS == 0 or done == len(indices):
                on_event(Progress("thumbnails", done, len(indices)))
    return thumbnails


def _thumbnail(corpus: Corpus, index: int, *, side: int, rule: SampleRule) -> bytes | None:
    try:
        content = corpus.read(index)
        pixels = decode_image(content, at_least=(side, side), rule=rule) if isinstance(content, bytes) else content
    except UnreadableImage:
        return None
    return encode_thumbnail(pixels, side)


def encode_thumbnail(pixels: Image, side: int) -> bytes:
    """A JPEG of at most ``side`` pixels along its longer side; of a smaller image, a PNG of exactly its pixels.

    Args:
        pixels: uint8 [height, width, 3].
        side: of the file's image, at most.
    """
    image = PillowImage.fromarray(pixels)
    buffer = io.BytesIO()
    if max(image.size) < side:
        image.save(buffer, "PNG")
    else:
        scale = side / max(image.size)
        width, height = (max(1, round(length * scale)) for length in image.size)
        small = image.resize((width, height), PillowImage.Resampling.BILINEAR)
        small.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()
