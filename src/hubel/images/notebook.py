"""A few lines, and a table with small images, as HTML for a notebook: no script, no address, everything escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image
from hubel.images.samples import ALONE, SampleRule
from hubel.text import elided

SIDE = 56
"""Pixels of the longer side of a small image: 24 of them stay below 200 KB, even of noise."""
_CAPTION, _CELL = 24, 160
_JPEG_QUALITY = 75


def cell(text: object, most: int = _CELL) -> str:
    """Text that may be hostile, as a piece of HTML.

    Args:
        text: any object's text.
        most: characters that are shown.
    """
    return escape(elided(text, most))


def tile(content: bytes | Image, caption: object, *, rule: SampleRule = ALONE) -> str:
    """A small image with its caption; where it cannot be read, a line that says so.

    Args:
        content: a file's bytes, or uint8 [height, width, 3].
        caption: stands below the image.
        rule: how it is decoded.
    """
    try:
        pixels = decode_image(content, at_least=(SIDE, SIDE), rule=rule) if isinstance(content, bytes) else content
    except UnreadableImage as error:
        return f"<span>{cell(caption, _CAPTION)}: {cell(error.reason)}</span>"
    kind, data = _small(pixels)
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    text = cell(caption, _CAPTION)
    style = f"display:inline-block;margin:2px;width:{2 * SIDE}px;vertical-align:top;font-size:80%"
    shown = f"max-width:{SIDE}px;height:{SIDE}px;object-fit:contain;image-rendering:pixelated"
    return f'<span style="{style}"><img src="{source}" alt="{text}" style="{shown}"><br>{text}</span>'


def document(lines: Iterable[str], rows: Iterable[Sequence[str]], *, header: Sequence[str] = ()) -> str:
    """Lines of plain text, then a table.

    Args:
        lines: not escaped yet; the first is the headline.
        rows: cells of `cell` and `tile`.
        header: of the columns, not escaped yet.
    """
    first, *others = [cell(line) for line in lines]
    said = "".join(f"<br>{line}" for line in others)
    titles = "".join(f'<th style="text-align:left">{cell(name)}</th>' for name in header)
    body = "".join(_row(row) for row in rows)
    table = f"<table>{f'<tr>{titles}</tr>' if titles else ''}{body}</table>" if body else ""
    return f"<div><b>{first}</b>{said}{table}</div>"


def _row(cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f'<td style="text-align:left">{each}</td>' for each in cells) + "</tr>"


def _small(pixels: Image) -> tuple[str, bytes]:
    image, buffer = PillowImage.fromarray(pixels), io.BytesIO()
    if max(image.size) <= SIDE // 2:  # its own pixels are few: none of them is lost
        image.save(buffer, "PNG")
        return "png", buffer.getvalue()
    image.thumbnail((SIDE, SIDE), PillowImage.Resampling.BILINEAR)
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return "jpeg", buffer.getvalue()
