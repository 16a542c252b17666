"""The image formats that Hubel reads, by Pillow's names, and what a file that is none of them may be."""

from __future__ import annotations

from hubel.errors import UnreadableImage

_JPEG = ("jpg", "jpeg", "jpe", "jfif")

ENDINGS = {
    "JPEG": _JPEG,
    "PNG": ("png", "apng"),
    "GIF": ("gif",),
    "BMP": ("bmp", "dib"),
    "DIB": ("dib", "bmp"),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "PPM": ("ppm", "pgm", "pbm", "pnm", "pfm"),
    "AVIF": ("avif", "avifs"),
    "JPEG2000": ("jp2", "j2k", "j2c", "jpc", "jpf", "jpx"),
    "PCX": ("pcx",),
    "ICO": ("ico",),
    "MPO": (*_JPEG, "mpo"),
}
"""Format, as `ImageHeader.format` gives it → the usual endings of its file names, without dot; MPO counts as JPEG."""

IMAGE_ENDINGS = frozenset(ending for endings in ENDINGS.values() for ending in endings)

FORMATS = tuple(name for name in ENDINGS if name != "MPO")
"""What Pillow may open; a decoder that is not here never sees a byte of the user's.

MPO (several JPEG images in one file) is opened as JPEG. TGA is not among them: it has no signature, so any bytes
could be taken for one."""

TIFF_BEGINNINGS = (b"II*\0", b"MM\0*", b"II+\0")
"""Little-endian, big-endian, and BigTIFF."""
_BEGINNINGS = (
    (b"\xff\xd8", "JPEG"),
    (b"\x89png\r\n", "PNG"),
    (b"gif8", "GIF"),
    (b"bm", "BMP"),
    (b"riff", "WebP"),
    (b"ii*\x00", "TIFF"),
    (b"mm\x00*", "TIFF"),
    (b"\x00\x00\x00\x0cjp  ", "JPEG 2000"),
    (b"\xffo\xffq", "JPEG 2000"),
)
"""First bytes, in lower case, of formats that are read: Pillow names a format only where its whole header is sound."""

_OTHERS = (
    (b"version https://git-lfs", "it is a Git LFS pointer, not the image: run 'git lfs pull'"),
    (b"<!doctype html", "it is a web page, probably an error page saved as an image: download it again"),
    (b"<html", "it is a web page, probably an error page saved as an image: download it again"),
    (b"{", "it looks like JSON, not an image: download it again"),
    (b"<svg", "it is an SVG drawing: export it as PNG"),
    (b"<?xml", "it is XML (an SVG drawing?): export it as PNG"),
    (b"%pdf", "it is a PDF document: export its pages as PNG"),
    (b"pk\x03\x04", "it is a zip archive: unpack it first"),
    (b"8bps", "it is a Photoshop file: export it as PNG"),
    (b"gimp xcf", "it is a GIMP file: export it as PNG"),
    (b"dds ", "it is a DDS texture: export it as PNG"),
    (b"qoif", "it is a QOI image: export it as PNG"),
    (b"#?radiance", "it is a Radiance HDR image: export it as PNG"),
    (b"v/1\x01", "it is an OpenEXR image: export it as PNG"),
    (b"\x89hdf", "it is an HDF5 file, not an image: export its images as PNG"),
    (b"\xff\x0a", "it is a JPEG XL image: export it as PNG"),
    (b"\x00\x00\x00\x0cjxl ", "it is a JPEG XL image: export it as PNG"),
)
_RAW_BEGINNINGS = (b"iiro", b"iirs", b"mmor", b"iiu\0", b"fujifilmccd-raw", b"fovb", b"\0mrm")
"""First bytes, in lower case, of raw files that are no TIFF: Olympus, Panasonic, Fujifilm, Sigma, Minolta."""
CAMERA_RAW = "it is a camera raw file: develop it, and save it as JPEG or PNG"
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
_CANON_BRAND = b"crx "
_DICOM, _DICOM_AT = b"DICM", 128
HEAD = 256
"""First bytes of a file that `explain` looks at."""


def explain(start: bytes) -> UnreadableImage:
    """What to say of a file that Pillow recognises as no image, from its first `HEAD` bytes."""
    if not start:
        return UnreadableImage("empty", "the file has no bytes: copy or download it again")
    reason = _other_kind(start)
    if reason:
        return UnreadableImage("not-an-image", reason)
    for signature, name in _BEGINNINGS:
        if start.lower().startswith(signature):
            reason = f"it begins like {name}, but its header is damaged or unusual: export it again"
            return UnreadableImage("corrupt", reason)
    return UnreadableImage("not-an-image", "it is not in an image format that Hubel reads: save it as PNG or JPEG")


def _other_kind(start: bytes) -> str:
    """What a file is that holds no image of a kind that is read, and what to do; empty where that is not known."""
    if start[_DICOM_AT:].startswith(_DICOM):
        return "it is a DICOM file from a medical device: export its images as PNG, with 16 bits if it has more than 8"
    if start.lower().startswith(_RAW_BEGINNINGS) or start[4:12] == b"ftyp" + _CANON_BRAND:
        return CAMERA_RAW
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text[4:8] == b"ftyp" and text[8:12] in _HEIF_BRANDS:
        return "it is a HEIC image, as phones make them: export it as JPEG or PNG"
    return next((reason for signature, reason in _OTHERS if text.startswith(signature)), "")
