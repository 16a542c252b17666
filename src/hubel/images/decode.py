"""Bytes of an image file → uint8 [height, width, 3], by rules that are the same everywhere in Hubel.

1. The content decides what a file is, never its name.
2. Limits are checked from the header, before any pixel is decoded; large images are decoded one at a time.
3. The EXIF orientation is applied: the image is upright.
4. Of an animation or a file with several pages, the first one is taken; a TIFF of several pages whose first one is
   black or white all over is refused.
5. Transparent pixels are laid over white.
6. CMYK and Lab become RGB; palettes and 1, 2 and 4 bits are expanded; grey becomes three equal channels.
7. More than 8 bits, and floats, are stretched: one range of values for a whole corpus becomes 0 to 255; of an image
   that is read alone, its own.
8. Only what a file marks as transparency is that. Of more than three other bands, it must be said which to take.
9. A file that ends too early, or holds less than its header says, is refused; it is never half an image.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from hubel.arrays import Image
from hubel.catalogue import Later
from hubel.errors import UnreadableImage, WrongRequest
from hubel.images.colour import ALPHA_MODES, DEEP_MODES, grey_samples, is_deep_colour, to_array, to_rgb, upright
from hubel.images.faults import DECODER_ERRORS, LARGE, SILENCE, named_errors, named_lack_of_memory
from hubel.images.formats import FORMATS, HEAD, TIFF_BEGINNINGS, explain
from hubel.images.samples import ALONE, SampleRule, Samples, check_bands, choose_bands, visible_values
from hubel.images.structure import check_complete, count_frames, icon_sizes, png_exif, webp_is_cut
from hubel.images.value_range import Values

if TYPE_CHECKING:
    from hubel.images.tiff import TiffLayout

find_layout: Callable[[IO[bytes]], TiffLayout | None] = Later("hubel.images.tiff", "find_layout")
count_pages: Callable[[IO[bytes]], int] = Later("hubel.images.tiff", "count_pages")
read_tiff = Later("hubel.images.tiff", "read_tiff")
refuse_blank_first_page = Later("hubel.images.tiff", "refuse_blank_first_page")
read_deep_colour = Later("hubel.images.deep", "read_deep_colour")

ORIENTATION_TAG = 0x0112
_TIFF_EXTRA_SAMPLES = 338
_MOST_PILLOW_SAMPLES = 6
"""Bands a pixel that Pillow opens, of whatever kind."""
_SHRINKING = ("JPEG", "MPO")
"""Formats that can be decoded at a fraction of their size."""
TURNED_ORIENTATIONS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""

DECODER_VERSION = 4
"""Raised when a rule above changes, so that cached pixels are decoded again."""

LARGE_PIXELS = 16_000_000
"""Images above this are decoded one at a time, however many threads there are: one may take a gigabyte."""

PillowImage.init()  # an allow-list may only name formats that are registered already


@dataclass(frozen=True)
class Limits:
    """What one image file may ask of this machine.

    Args:
        max_bytes: size of the file.
        max_pixels: width times height, as the header states it.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 64_000_000

    @property
    def max_sample_bytes(self) -> int:
        """Bytes that all bands may take together: as many as colours of 16 bits take at the most pixels."""
        return 6 * self.max_pixels


CORPUS_LIMITS = Limits()


@dataclass(frozen=True)
class ImageHeader:
    """What a file says of itself before its pixels are decoded.

    Args:
        format: a key of `formats.ENDINGS`.
        width: pixels of the upright image.
        height: pixels of the upright image.
        mode: Pillow's name of the colour mode.
        frames: of an animation or a file with several pages, counted up to 1,000; 1 for a still image.
        is_deep: whether it has more than 8 bits a sample, or floats.
    """

    format: str
    width: int
    height: int
    mode: str
    frames: int
    is_deep: bool = False


def read_header(source: bytes | IO[bytes], *, limits: Limits = CORPUS_LIMITS) -> ImageHeader:
    """Format, upright size, colour mode and number of frames, without decoding a pixel.

    Args:
        source: the bytes of a file, or an open file at its start.
        limits: the pixel limit is checked.

    Raises:
        UnreadableImage: the header is no image's, or asks for more than the limits allow.
    """
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    with SILENCE, named_errors():
        layout = _find_layout(file)
        if layout is not None:
            _check_pixels(*layout.size, limits)
            return ImageHeader("TIFF", *layout.size, layout.mode, count_pages(file), layout.is_deep)
        with _open(file, limits) as image:
            return _header_of(image, file)


def _header_of(image: PillowImage.Image, file: IO[bytes]) -> ImageHeader:
    """Of an image that is opened and not loaded; of one with several pages, it is left at another than the first."""
    is_deep = image.mode in DEEP_MODES or is_deep_colour(image, _head(file))
    width, height = image.size
    if image.format == "PNG":
        image.info.setdefault("exif", png_exif(file))  # Pillow would decode the image in search of it
    is_upright = image.format == "TIFF"  # Pillow turns these, and says the size they have then
    if not is_upright and _orientation(image) in TURNED_ORIENTATIONS:
        width, height = height, width
    mode = image.mode  # before pages are counted: another page may have another
    return ImageHeader(str(image.format), width, height, mode, count_frames(image, file), is_deep)


def _head(file: IO[bytes]) -> bytes:
    """The first bytes; the file stands where it stood."""
    place = file.tell()
    file.seek(0)
    head = file.read(64)
    file.seek(place)
    return head


def decode_image(
    data: bytes,
    *,
    limits: Limits = CORPUS_LIMITS,
    at_least: tuple[int, int] | None = None,
    rule: SampleRule = ALONE,
) -> Image:
    """Decode one image file by the rules at the top of this module.

    Args:
        data: the whole file.
        limits: refused above these.
        at_least: (height, width) that the caller will shrink to. A JPEG may then be decoded at 1/2, 1/4 or 1/8 of
            its size, never below this, which is several times faster.
        rule: which values become black and white, and which bands are taken.

    Returns:
        uint8 [height, width, 3], upright.

    Raises:
        UnreadableImage: with ``code`` ``empty``, ``too-large``, ``too-many-pixels``, ``not-an-image``,
            ``truncated``, ``corrupt``, ``many-bands`` or ``no-such-band``; ``no-memory`` says nothing of the file.
    """
    with decoded_pillow(data, limits=limits, at_least=at_least, rule=rule) as image:
        return to_array(image)


@contextmanager
def decoded_pillow(
    data: bytes,
    *,
    limits: Limits = CORPUS_LIMITS,
    at_least: tuple[int, int] | None = None,
    rule: SampleRule = ALONE,
) -> Generator[PillowImage.Image]:
    """As `decode_image`, but gives a Pillow image in mode RGB: who resizes it with Pillow saves two copies.

    Inside the ``with``, a large image keeps other large ones waiting, and a lack of memory is a fault as well.

    Args:
        data: the whole file.
        limits: refused above these.
        at_least: (height, width) that the caller will shrink to.
        rule: which values become black and white, and which bands are taken.
    """
    with opened_once(data, limits=limits, at_least=at_least, rule=rule) as (image, _):
        yield image


@contextmanager
def opened_once(
    data: bytes,
    *,
    limits: Limits = CORPUS_LIMITS,
    at_least: tuple[int, int] | None = None,
    rule: SampleRule = ALONE,
) -> Generator[tuple[PillowImage.Image, ImageHeader | None]]:
    """As `decoded_pillow`, with what `read_header` says where that costs nothing: of a plain JPEG; else None.

    Args:
        data: the whole file.
        limits: refused above these.
        at_least: (height, width) that the caller will shrink to.
        rule: which values become black and white, and which bands are taken.
    """
    with ExitStack() as stack:
        with named_errors():
            stack.enter_context(SILENCE)
            content, orientation, header = _load(data, limits, stack=stack, at_least=at_least, rule=rule)
            rgb = _upright_rgb(content, orientation, rule=rule)
            stack.callback(rgb.close)
        with named_lack_of_memory():
            yield rgb, header


def jpeg_fraction(header: ImageHeader, at_least: tuple[int, int]) -> int:
    """What a side of an image is divided by while it is decoded: 1, 2, 4 or 8 of a JPEG, 1 of all others.

    Args:
        header: of the image.
        at_least: (height, width) that the caller will shrink to.
    """
    if header.format not in _SHRINKING:
        return 1
    height, width = at_least
    times = min(header.height // height, header.width // width)
    return next((fraction for fraction in (8, 4, 2) if times >= fraction), 1)


def deep_values(data: bytes, *, bands: tuple[int, ...] = (), limits: Limits = CORPUS_LIMITS) -> Values | None:
    """What the values of a deep image are like; None of an image of 8 bits, or of which nothing can be seen.

    Args:
        data: the whole file.
        bands: numbers of the bands to take, from 1.
        limits: refused above these.

    Raises:
        UnreadableImage: as `decode_image`.
    """
    with ExitStack() as stack, SILENCE, named_errors():
        content, _, _ = _load(data, limits, stack=stack, rule=SampleRule(bands))
        if isinstance(content, PillowImage.Image):
            if content.mode not in DEEP_MODES:
                return None
            content = choose_bands(grey_samples(content), bands)
        return visible_values(content) if content.is_deep else None


def from_pillow(image: PillowImage.Image, rule: SampleRule = ALONE) -> Image:
    """The pixels of an opened Pillow image, by the same rules, as uint8 [height, width, 3].

    Pillow keeps 8 bits of deep colours. Where that can be told, the image is refused: give its path or its bytes.

    Args:
        image: opened by the caller, loaded or not.
        rule: which values become black and white, and which bands are taken.
    """
    with SILENCE, named_errors():
        if not rule.legacy:
            _check_opened(image, rule)
        image.load()
        return to_array(upright(to_rgb(image, rule), _orientation(image)))


def _check_opened(image: PillowImage.Image, rule: SampleRule) -> None:
    """Refuse an opened image that is not what its file holds."""
    raw_modes = [str(tile.args) for tile in getattr(image, "tile", ())]
    if image.mode not in DEEP_MODES and any(";16" in raw_mode for raw_mode in raw_modes):
        raise WrongRequest(
            "Pillow keeps only 8 of the 16 bits of this image: give its path or its bytes, not the opened image."
        )
    is_marked = getattr(image, "tag_v2", {}).get(_TIFF_EXTRA_SAMPLES)
    if image.format == "TIFF" and image.mode in ALPHA_MODES and not is_marked and image.mode != "PA":
        check_bands(len(image.getbands()), alpha=False, chosen=rule.bands)


def _load(
    data: bytes, limits: Limits, *, stack: ExitStack, at_least: tuple[int, int] | None = None, rule: SampleRule
) -> tuple[PillowImage.Image | Samples, int, ImageHeader | None]:
    """What the file holds, whole and within the limits, its orientation, and its header if it is a plain JPEG.

    The stack closes what it came from. Samples are of the chosen bands; of an image that Pillow gives, they are not
    chosen yet.
    """
    if len(data) > limits.max_bytes:
        reason = f"the file has {len(data):,} bytes, the limit is {limits.max_bytes:,}: save it smaller"
        raise UnreadableImage("too-large", reason)
    layout = _find_layout(io.BytesIO(data))
    if layout is not None and not (rule.legacy and layout.samples <= _MOST_PILLOW_SAMPLES):
        _check_pixels(*layout.size, limits)
        unpacked = layout.check_bytes(rule.bands, limits.max_sample_bytes)
        stack.enter_context(LARGE if unpacked > 4 * LARGE_PIXELS else nullcontext())
        samples = read_tiff(data, layout, bands=rule.bands)
        if not rule.legacy:
            refuse_blank_first_page(samples, lambda: count_pages(io.BytesIO(data)))
        return samples, layout.orientation, None
    file = io.BytesIO(data)
    image = stack.enter_context(_open(file, limits))
    stack.callback(image.close)  # also frees its pixels, which the traceback of an error would keep alive
    header = _header_of(image, file) if image.format == "JPEG" else None
    full_size = image.size
    _shrink_while_decoding(image, at_least)
    stack.enter_context(_turn_of(image, full_size))
    is_deep = not rule.legacy and is_deep_colour(image, data)
    if is_deep and image.format == "PPM":  # Pillow would take seconds for it
        return choose_bands(read_deep_colour(image, data), rule.bands), 1, None
    with _short_of_memory_for_zip(image):
        image.load()
    check_complete(image, data)
    if image.format == "TIFF" and not rule.legacy:
        refuse_blank_first_page(image, lambda: read_header(data, limits=limits).frames)
    orientation = _orientation(image)  # not before it is loaded: of PNG, Pillow would load it for this
    return choose_bands(read_deep_colour(image, data), rule.bands) if is_deep else image, orientation, header


@contextmanager
def _short_of_memory_for_zip(image: PillowImage.Image) -> Generator[None]:
    """Where zlib finds no memory for its own tables, Pillow says that the codec of the PNG is configured wrongly."""
    try:
        yield
    except OSError as error:
        if image.format == "PNG" and "codec configuration" in str(error):
            raise MemoryError from error
        raise


def _find_layout(file: IO[bytes]) -> TiffLayout | None:
    try:
        file.seek(0)
        return find_layout(file) if file.read(4) in TIFF_BEGINNINGS else None
    except DECODER_ERRORS:  # damaged: Pillow says how
        return None


def _open(file: IO[bytes], limits: Limits) -> PillowImage.Image:
    for width, height in icon_sizes(file):  # Pillow decodes an icon as it opens it, before its size could be asked
        _check_pixels(width, height, limits)
    if webp_is_cut(file):
        raise UnreadableImage("truncated", "the file ends too early: copy or download it again")
    file.seek(0)
    try:
        image = PillowImage.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        file.seek(0)
        raise explain(file.read(HEAD)) from error
    except PillowImage.DecompressionBombError as error:  # Pillow's own limit, above ours
        reason = f"its header says more pixels than the limit of {limits.max_pixels:,}: save it smaller"
        raise UnreadableImage("too-many-pixels", reason) from error
    _check_pixels(*image.size, limits)
    return image


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise UnreadableImage(
            "too-many-pixels",
            f"its header says {width:,} x {height:,} pixels, the limit is {limits.max_pixels:,}: save it smaller",
        )


def _shrink_while_decoding(image: PillowImage.Image, at_least: tuple[int, int] | None) -> None:
    if at_least is not None and image.format in _SHRINKING:
        height, width = at_least
        image.draft(None, (height, width) if _orientation(image) in TURNED_ORIENTATIONS else (width, height))


def _turn_of(image: PillowImage.Image, full_size: tuple[int, int]) -> AbstractContextManager[object]:
    """What to hold while this image is decoded."""
    # Of a progressive JPEG all coefficients are in memory at once, whatever size it is decoded at.
    width, height = full_size if image.info.get("progressive") else image.size
    return LARGE if width * height > LARGE_PIXELS else nullcontext()


def _upright_rgb(content: PillowImage.Image | Samples, orientation: int, *, rule: SampleRule) -> PillowImage.Image:
    """As mode RGB, upright; what is not needed any more is freed on the way."""
    rgb = to_rgb(content, rule)
    if rgb is not content and isinstance(content, PillowImage.Image):
        content.close()
    turned = upright(rgb, orientation)
    if turned is not rgb:
        rgb.close()
    return turned


def _orientation(image: PillowImage.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except DECODER_ERRORS:  # damaged metadata of an image whose pixels may be fine
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
