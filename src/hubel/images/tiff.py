"""TIFF files with many bands, or with colours of more than 8 bits: Pillow refuses those, or keeps the upper 8 bits.

Pillow still unpacks them, with all that it knows of compressions: it is given a directory that says that the rows are
grey bytes. What the bytes mean is seen to here.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
from PIL import Image as PillowImage
from PIL import TiffImagePlugin

from hubel.errors import UnreadableImage
from hubel.images.camera_raw import refuse_camera_raw
from hubel.images.formats import TIFF_BEGINNINGS
from hubel.images.samples import Samples, check_bands
from hubel.images.structure import MOST_FRAMES

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIP_OFFSETS, _ORIENTATION, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANAR = 273, 274, 277, 278, 279, 284
_PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 317, 322, 323, 324, 325
_EXTRA, _FORMAT = 338, 339

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_PREMULTIPLIED, _ALPHAS = 1, (1, 2, 999)  # 999 is what Corel Draw 10 writes
_UNPACKED_TO_BYTES = (1, 5, 8, 32773, 32946, 34925, 50000)
"""Compressions that know nothing of pixels: none, LZW, Deflate, PackBits, old Deflate, LZMA, Zstandard."""
_KINDS = {1: "u", 2: "i", 3: "f"}
_SIZES = {"u": (8, 16, 32), "i": (8, 16, 32), "f": (16, 32, 64)}
_HORIZONTAL, _FLOATING = 2, 3
_BLACK_OR_WHITE = ((0, 0, 0), (255, 255, 255))
_PLANES, _LONG, _FIRST_ON_ITS_SIDE = 2, 4, 5


@dataclass(frozen=True)
class Storage:
    """Where the samples of an image lie in its file, and how they are packed.

    Args:
        places: (offset, bytes) of each strip or tile.
        rows: of a strip or tile.
        columns: of the same, in pixels.
        is_tiled: whether there are several side by side.
        planar: whether each band lies on its own.
        compression, predictor, fill_order: as in TIFF 6.0.
    """

    places: tuple[tuple[int, int], ...]
    rows: int
    columns: int
    is_tiled: bool
    planar: bool
    compression: int
    predictor: int
    fill_order: int


@dataclass(frozen=True)
class TiffLayout:
    """What a TIFF says of its first image.

    Args:
        width: pixels as stored, not turned.
        height: of the same.
        samples: bands of a pixel, transparency counted.
        sample_type: NumPy's name of it, in the order of the file's bytes; None where it is of a rare kind.
        photometric: 0, 1 or 2: white is 0, black is 0, RGB.
        alpha: place of the transparency, from 0; None where no band is marked as that.
        premultiplied: whether colours were multiplied with it.
        orientation: 1 to 8, as in EXIF.
        storage: where all that lies.
    """

    width: int
    height: int
    samples: int
    sample_type: str | None
    photometric: int
    alpha: int | None
    premultiplied: bool
    orientation: int
    storage: Storage

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright image."""
        return (self.height, self.width) if self.orientation >= _FIRST_ON_ITS_SIDE else (self.width, self.height)

    @property
    def mode(self) -> str:
        """What it is, in the manner of Pillow."""
        colours = {1: "L", 3: "RGB"}.get(self.samples - (self.alpha is not None))
        return f"{self.samples} bands" if colours is None else colours + ("A" if self.alpha is not None else "")

    @property
    def is_deep(self) -> bool:
        """More than 8 bits a sample, or floats."""
        return self.sample_type is not None and np.dtype(self.sample_type) != np.uint8

    @property
    def sample_bytes(self) -> int:
        """Bytes of one number, at least 1."""
        return np.dtype(self.sample_type or "u1").itemsize

    def unpacked_bytes(self, bands: tuple[int, ...]) -> int:
        """Bytes of all strips or tiles that are unpacked for these bands."""
        rows, columns = (self.storage.rows, self.storage.columns) if self.storage.is_tiled else (1, 1)
        area = -(-self.width // columns) * columns * -(-self.height // rows) * rows  # tiles stand over the edges
        return area * self.sample_bytes * (len(bands) if bands and self.storage.planar else self.samples)

    def check_bytes(self, bands: tuple[int, ...], most: int) -> int:
        """Refuse what takes too many bytes; else, how many.

        Args:
            bands: that are taken; none for all.
            most: bytes of `unpacked_bytes`.

        Raises:
            UnreadableImage: with ``code`` ``too-many-pixels``.
        """
        unpacked = self.unpacked_bytes(bands)
        if unpacked > most:
            raise UnreadableImage(
                "too-many-pixels",
                f"its header says {self.width:,} x {self.height:,} pixels of {self.samples} bands, together "
                f"{unpacked:,} bytes, the limit is {most:,}: save it smaller, or with fewer bands",
            )
        return unpacked


def find_layout(file: IO[bytes]) -> TiffLayout | None:
    """The layout of a TIFF that is not left to Pillow; None of one that is, and of any other file.

    Raises:
        UnreadableImage: it is a camera's raw file.
        Exception: whatever Pillow raises on a damaged directory.
    """
    tags = _first_directory(file)
    if tags is not None:
        file.seek(0)
        refuse_camera_raw(tags, file.read(10))
    if tags is None or tags.get(_PHOTOMETRIC, 0) not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        return None
    layout = _layout_of(tags, "<" if tags.prefix == b"II" else ">")
    return None if layout is None or _is_plain(layout) else layout


def count_pages(file: IO[bytes]) -> int:
    """Images in the chain of directories, up to 1,000."""
    tags, pages = _first_directory(file), 0
    while tags is not None and pages < MOST_FRAMES:
        pages += 1
        if not tags.next:
            break
        file.seek(tags.next)
        tags.load(file)
    return max(1, pages)


def read_tiff(data: bytes, layout: TiffLayout, *, bands: tuple[int, ...]) -> Samples:
    """The samples of the first image.

    Args:
        data: the whole file.
        layout: of `find_layout`.
        bands: numbers of the bands to take, from 1; none takes all.

    Raises:
        UnreadableImage: its bands cannot be taken for colours, or it is of a kind that is not read.
    """
    check_bands(layout.samples, alpha=layout.alpha is not None, chosen=bands)
    if layout.sample_type is None or layout.storage.compression not in _UNPACKED_TO_BYTES:
        reason = f"it is a TIFF of {layout.samples} bands in a rare form: save it with 8 or 16 bits and LZW or Deflate"
        raise UnreadableImage("corrupt", reason)
    every = sorted(range(layout.samples), key=lambda place: place == layout.alpha)  # transparency last
    places = [number - 1 for number in bands] or every
    if layout.storage.planar:
        planes = [_unpack(data, layout, plane=plane) for plane in places]
        values = np.concatenate(planes, axis=-1)
    else:
        values = _unpack(data, layout, plane=None)
        values = values if places == list(range(layout.samples)) else np.ascontiguousarray(values[..., places])
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    alpha = not bands and layout.alpha is not None
    return Samples(native, alpha, alpha and layout.premultiplied, inverted=layout.photometric == _WHITE_IS_ZERO)


def _first_directory(file: IO[bytes]) -> TiffImagePlugin.ImageFileDirectory_v2 | None:
    file.seek(0)
    head = file.read(8)
    if head[:4] not in TIFF_BEGINNINGS:
        return None
    tags = TiffImagePlugin.ImageFileDirectory_v2(head + (file.read(8) if head[2] == 43 else b""))
    file.seek(tags.next)
    tags.load(file)
    return tags


def _numbers(tags: TiffImagePlugin.ImageFileDirectory_v2, tag: int) -> tuple[int, ...]:
    value = tags.get(tag, ())
    return tuple(map(int, value if isinstance(value, tuple) else (value,)))


def _number(tags: TiffImagePlugin.ImageFileDirectory_v2, tag: int, otherwise: int) -> int:
    return next(iter(_numbers(tags, tag)), otherwise)


def _layout_of(tags: TiffImagePlugin.ImageFileDirectory_v2, order: str) -> TiffLayout | None:
    width, height, samples = _number(tags, _WIDTH, 0), _number(tags, _HEIGHT, 0), _number(tags, _SAMPLES, 1)
    storage = _storage_of(tags, width, height=height)
    if min(width, height, samples) < 1 or storage is None:
        return None
    extra = _numbers(tags, _EXTRA)
    behind = storage.places[len(storage.places) // samples :]
    if storage.planar and extra and not any(extra) and not any(size for _, size in behind):
        samples = 1  # nothing is stored of the bands behind the first
    alphas = [place for place, kind in enumerate(extra, samples - len(extra)) if kind in _ALPHAS and place > 0]
    orientation = _number(tags, _ORIENTATION, 1)
    return TiffLayout(
        width=width,
        height=height,
        samples=samples,
        sample_type=_sample_type(tags, order),
        photometric=_number(tags, _PHOTOMETRIC, _WHITE_IS_ZERO),
        alpha=alphas[0] if alphas else None,
        premultiplied=bool(alphas) and extra[alphas[0] - samples] == _PREMULTIPLIED,
        orientation=orientation if 1 <= orientation <= 8 else 1,
        storage=storage,
    )


def _storage_of(tags: TiffImagePlugin.ImageFileDirectory_v2, width: int, *, height: int) -> Storage | None:
    tiled = _TILE_OFFSETS in tags
    offsets = _numbers(tags, _TILE_OFFSETS if tiled else _STRIP_OFFSETS)
    sizes = _numbers(tags, _TILE_BYTES if tiled else _STRIP_BYTES)
    rows = _number(tags, _TILE_HEIGHT, 0) if tiled else min(height, _number(tags, _ROWS_PER_STRIP, height))
    columns = _number(tags, _TILE_WIDTH, 0) if tiled else width
    if not offsets or len(offsets) != len(sizes) or min(rows, columns) < 1:
        return None
    return Storage(
        places=tuple(zip(offsets, sizes, strict=True)),
        rows=rows,
        columns=columns,
        is_tiled=tiled,
        planar=_number(tags, _PLANAR, 1) == _PLANES and _number(tags, _SAMPLES, 1) > 1,
        compression=_number(tags, _COMPRESSION, 1),
        predictor=_number(tags, _PREDICTOR, 1),
        fill_order=_number(tags, _FILL_ORDER, 1),
    )


def _sample_type(tags: TiffImagePlugin.ImageFileDirectory_v2, order: str) -> str | None:
    bits, formats = set(_numbers(tags, _BITS) or (1,)), set(_numbers(tags, _FORMAT) or (1,))
    if len(bits) != 1 or len(formats) != 1:
        return None
    kind, size = _KINDS.get(formats.pop(), "?"), bits.pop()
    return f"{order}{kind}{size // 8}" if size in _SIZES.get(kind, ()) else None


def _is_plain(layout: TiffLayout) -> bool:
    """Whether Pillow gives every bit of it: one band of any depth, or 8 bits with a marked transparency at most."""
    colours = layout.samples - (layout.alpha is not None)
    if layout.samples == 1:
        return True
    if layout.sample_type is None:
        return layout.photometric == _RGB and colours == 3  # of a rare kind, which Pillow names
    if layout.is_deep:
        return False
    if layout.photometric == _RGB:
        return colours == 3 and layout.alpha in (None, 3)
    return layout.photometric == _BLACK_IS_ZERO and layout.samples == 2 and layout.alpha == 1


def _unpack(data: bytes, layout: TiffLayout, *, plane: int | None) -> np.ndarray:
    """One band where each lies on its own, or all of them: [height, width, bands]."""
    storage, bands = layout.storage, 1 if plane is not None else layout.samples
    places = storage.places
    if plane is not None:
        each = len(places) // layout.samples
        places = places[plane * each : (plane + 1) * each]
    across = -(-layout.width // storage.columns)
    block_bytes = storage.columns * bands * layout.sample_bytes
    file = io.BytesIO(_as_grey_bytes(data, layout, places=places, row_bytes=across * block_bytes))
    with TiffImagePlugin.TiffImageFile(file) as image:
        packed = np.asarray(image).reshape(layout.height, across, block_bytes)
    values = _less_predictor(packed, layout, bands=bands)
    return values.reshape(layout.height, across * storage.columns, bands)[:, : layout.width]


def _less_predictor(packed: np.ndarray, layout: TiffLayout, *, bands: int) -> np.ndarray:
    """Bytes of rows [height, strips or tiles across, bytes] → samples [height, across, columns, bands]."""
    height, across, _ = packed.shape
    dtype = np.dtype(layout.sample_type)
    shape = height, across, layout.storage.columns, bands
    if layout.storage.predictor == _FLOATING and dtype.kind == "f":
        summed = np.cumsum(packed.reshape(height, across, -1, bands), axis=2, dtype=np.uint8)
        parts = summed.reshape(height, across, dtype.itemsize, -1)  # all highest bytes, then all second ones …
        return np.ascontiguousarray(np.moveaxis(parts, 2, -1)).view(dtype.newbyteorder(">")).reshape(shape)
    if layout.storage.predictor == _HORIZONTAL:
        steps = packed.view(f"{dtype.str[0]}u{dtype.itemsize}").reshape(shape)
        return np.cumsum(steps, axis=2, dtype=f"u{dtype.itemsize}").view(dtype.newbyteorder("="))
    return packed.view(dtype).reshape(shape)


def _as_grey_bytes(data: bytes, layout: TiffLayout, *, places: Sequence[tuple[int, int]], row_bytes: int) -> bytes:
    """The file with another directory behind it: the same strips or tiles, of grey bytes without predictor."""
    storage, (offsets, sizes) = layout.storage, zip(*places, strict=True)
    entries: dict[int, Sequence[int]] = {
        _WIDTH: (row_bytes,), _HEIGHT: (layout.height,), _BITS: (8,), _COMPRESSION: (storage.compression,),
        _PHOTOMETRIC: (_BLACK_IS_ZERO,), _FILL_ORDER: (storage.fill_order,), _SAMPLES: (1,), _PLANAR: (1,),
    }  # fmt: skip
    if storage.is_tiled:
        tile_bytes = row_bytes // -(-layout.width // storage.columns)
        entries |= {_TILE_WIDTH: (tile_bytes,), _TILE_HEIGHT: (storage.rows,)}
        entries |= {_TILE_OFFSETS: offsets, _TILE_BYTES: sizes}
    else:
        entries |= {_ROWS_PER_STRIP: (storage.rows,), _STRIP_OFFSETS: offsets, _STRIP_BYTES: sizes}
    start = len(data) + len(data) % 2
    behind = start + 2 + 12 * len(entries) + 4
    directory, lists = struct.pack("<H", len(entries)), b""
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            lists, packed = lists + packed, struct.pack("<I", behind + len(lists))
        directory += struct.pack("<HHI", tag, _LONG, len(numbers)) + packed
    head = struct.pack("<2sHI", b"II", 42, start)
    return b"".join((head, data[len(head) :], b"\0" * (start - len(data)), directory, bytes(4), lists))


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
    if image.mode.startswith("I;16"):  # in some orders of the bytes Pillow can do little with these
        return _is_empty(np.asarray(image))
    extrema = image.getextrema()
    pairs = extrema if isinstance(extrema[0], tuple) else (extrema,)
    if any(low != high for low, high in pairs):
        return False
    corner = image.crop((0, 0, 1, 1)).convert("RGB").getpixel((0, 0))
    return corner in _BLACK_OR_WHITE


def _is_empty(values: np.ndarray) -> bool:
    """Whether all samples are 0, or all of them the highest value of whole numbers."""
    highest = np.iinfo(values.dtype).max if values.dtype.kind in "ui" else 0
    first = values.flat[0]
    return bool(first in (0, highest) and (values == first).all())
