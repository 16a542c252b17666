"""Camera raw files: most are TIFF whose first image is a small preview, which would be taken for the photograph."""

from __future__ import annotations

from PIL import TiffImagePlugin

from hubel.errors import UnreadableImage
from hubel.images.formats import CAMERA_RAW

_SUBFILE_TYPE, _COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_DIRECTORIES, _DNG_VERSION = 254, 259, 262, 271, 330, 50706
_REDUCED = 1
"""Bit of the subfile type of a smaller version of another image in the file."""
_SENSOR = (32803, 34892)
"""Photometric interpretations of what a sensor saw: a colour filter array, and linear raw."""
_COMPRESSIONS = (32767, 32769, 32770, 32867, 34713, 65000, 65535)
"""Of Sony, Epson, Samsung, Kodak, Nikon, Kodak again, and Pentax."""
_CANON = b"CR"
"""In a CR2 behind the place of the first directory."""


def refuse_camera_raw(tags: TiffImagePlugin.ImageFileDirectory_v2, head: bytes) -> None:
    """Refuse a TIFF that is a camera's raw file.

    Args:
        tags: of its first directory.
        head: its first 10 bytes or more.

    Raises:
        UnreadableImage: it is one.

    Source: TIFF/EP (ISO 12234-2) and DNG 1.6, which keep the sensor's image in a sub-directory of a preview; a
    pyramid of microscopy has the large image first, and its smaller versions in sub-directories.
    """
    previews = int(tags.get(_SUBFILE_TYPE, 0)) & _REDUCED and _SUB_DIRECTORIES in tags
    sensor = tags.get(_PHOTOMETRIC) in _SENSOR or tags.get(_COMPRESSION) in _COMPRESSIONS
    if previews or sensor or _DNG_VERSION in tags or head[8:10] == _CANON:
        make = str(tags.get(_MAKE, "")).strip("\0 ")
        camera = f" of {make[:40]}" if make.isprintable() and make else ""
        raise UnreadableImage("not-an-image", CAMERA_RAW.replace("file", f"file{camera}", 1))
