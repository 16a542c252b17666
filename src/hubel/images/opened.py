"""The file behind an image that a program opened with Pillow."""

from __future__ import annotations

from PIL import Image as PillowImage


def file_behind(image: PillowImage.Image) -> bytes | None:
    """The whole file of an opened image whose pixels nobody has asked for yet; None of every other.

    Read as a file, it gives the pixels that its path gives: a large JPEG is then decoded at a fraction of its size, and
    16 bits are kept. Pillow forgets the file once the pixels are loaded, as ``convert``, ``resize`` and
    ``numpy.asarray`` do.
    """
    file = getattr(image, "fp", None)
    is_changed = bool(getattr(image, "decoderconfig", ())) or image.tell() != 0  # draft() and seek()
    if file is None or getattr(file, "closed", True) or not getattr(image, "tile", None) or is_changed:
        return None
    try:
        place = file.tell()
        file.seek(0)
        data = file.read()
        file.seek(place)
    except (OSError, ValueError):  # not one that can be read again: Pillow's own pixels have to do
        return None
    return data if isinstance(data, bytes) else None
