"""Decode once: a corpus' images as uint8 pixels, in memory or on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image, ImageStore
from hubel.corpus.corpus import Corpus
from hubel.corpus.measurement import DECODED_SIZE, Look, look_at, look_of, measure_looks, squashed, squashed_side
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, ignore
from hubel.images.decode import ImageHeader, jpeg_fraction, opened_once, read_header
from hubel.images.preprocessing import Preprocessing, prepare_image, prepare_pillow, read_pixels
from hubel.images.samples import SampleRule
from hubel.pipeline.cache import Entry, Kind
from hubel.pipeline.contents import HashedCorpus, computed_rows, hash_corpus

HELD_BYTES = 256_000_000
"""Pixels of a corpus that are held in memory; of a larger one they stay on disk, and each batch is read from there."""


@dataclass(frozen=True)
class DecodedCorpus:
    """A corpus and its pixels.

    Args:
        corpus: less what could not be decoded.
        images: uint8 [examples, height, width, 3], in the corpus' order.
        digests: SHA-256 of each example's file.
        preprocessing: how the pixels were made.
    """

    corpus: Corpus
    images: ImageStore
    digests: tuple[str, ...]
    preprocessing: Preprocessing

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the path and the content of every example."""
        total = hashlib.sha256()
        for example, digest in zip(self.corpus.examples, self.digests, strict=True):
            total.update(f"{example.path}\0{digest}\n".encode("utf-8", "surrogateescape"))
        return total.hexdigest()


def decode_corpus(corpus: Corpus, preprocessing: Preprocessing, *, on_event: OnEvent = ignore) -> DecodedCorpus:
    """Decode every example, or find them decoded in the cache.

    Args:
        corpus: what `read_corpus` listed.
        preprocessing: the working size and how to reach it.
        on_event: hears `Progress`.

    Returns:
        The pixels, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.

    Raises:
        OutputNotWritable: the cache cannot be written.
        DamagedCache: it was damaged while it was read; so may every later use of the images.
    """
    return decode_hashed(hash_corpus(corpus, on_event=on_event), preprocessing, on_event=on_event)


def decode_hashed(hashed: HashedCorpus, preprocessing: Preprocessing, *, on_event: OnEvent = ignore) -> DecodedCorpus:
    """`decode_corpus`, of a corpus whose files were read once.

    Args:
        hashed: what `hash_corpus` gave.
        preprocessing: the working size and how to reach it.
        on_event: hears `Progress`.
    """
    kind, pixels = pixels_kind(preprocessing), partial(_all_pixels, preprocessing)
    entry = computed_rows(hashed, kind, compute=pixels, stage="decoding", on_event=on_event)
    return decoded_from(entry, hashed, preprocessing=preprocessing)


def pixels_kind(preprocessing: Preprocessing) -> Kind:
    """What the cache calls the pixels that this preprocessing makes."""
    return Kind("images", np.dtype(np.uint8), (*preprocessing.size, 3), preprocessing.to_json())


def decoded_from(entry: Entry, hashed: HashedCorpus, *, preprocessing: Preprocessing) -> DecodedCorpus:
    """The corpus less what could not be decoded, with its pixels.

    Args:
        entry: of `pixels_kind`, one row for each example.
        hashed: the whole corpus.
        preprocessing: how the pixels were made.
    """
    decoded = hashed.without(entry.refused)
    images = entry.data if entry.rows.nbytes <= HELD_BYTES else entry.rows
    return DecodedCorpus(decoded.corpus, images, decoded.digests, preprocessing)


def _all_pixels(
    preprocessing: Preprocessing, contents: Iterable[bytes | Image | UnreadableImage]
) -> list[Image | UnreadableImage]:
    return [pixels_of(content, preprocessing) for content in contents]


def pixels_of(content: bytes | Image | UnreadableImage, preprocessing: Preprocessing) -> Image | UnreadableImage:
    """Of one image: uint8 [height, width, 3] of the working size, or why it cannot be decoded.

    Args:
        content: a file's bytes, or uint8 [height, width, 3]. A fault stays what it is.
        preprocessing: the working size and how to reach it.
    """
    if isinstance(content, UnreadableImage):
        return content
    try:
        if isinstance(content, bytes):
            return read_pixels(content, preprocessing)
        return prepare_image(content, preprocessing)
    except UnreadableImage as error:
        return error.without_traceback()


def see_and_measure(
    preprocessing: Preprocessing, contents: Iterable[bytes | Image | UnreadableImage]
) -> list[tuple[Image | UnreadableImage, np.ndarray | UnreadableImage]]:
    """Of each image its pixels at the working size, as of `pixels_of`, and its `MEASUREMENT`.

    Args:
        preprocessing: the working size and how to reach it.
        contents: a file's bytes, or uint8 [height, width, 3]. A fault stays what it is.
    """
    found = [_see(content, preprocessing) for content in contents]
    return list(zip([pixels for pixels, _ in found], measure_looks([look for _, look in found]), strict=True))


def _see(
    content: bytes | Image | UnreadableImage, preprocessing: Preprocessing
) -> tuple[Image | UnreadableImage, Look | UnreadableImage]:
    """Pixels and look of one image; it is decoded twice only where they need it at two fractions of its size."""
    if not isinstance(content, bytes):
        return pixels_of(content, preprocessing), look_at(content, preprocessing.bands)
    rule, at_least = preprocessing.rule, preprocessing.decoded_size
    alike = rule == SampleRule(preprocessing.bands)  # else values of deep images become others
    try:
        with opened_once(content, at_least=at_least, rule=rule) as (image, known):
            pixels = prepare_pillow(image, preprocessing)
            header = known or _header_of(content)
            if isinstance(header, ImageHeader):
                alike = alike and jpeg_fraction(header, at_least) == jpeg_fraction(header, DECODED_SIZE)
            small = _squashed(image, pixels) if alike else None
    except UnreadableImage as error:
        fault = error.without_traceback()
        return fault, fault
    if small is None:
        return pixels, look_at(content, preprocessing.bands)
    return pixels, look_of(small, header) if isinstance(header, ImageHeader) else header


def _squashed(image: PillowImage.Image, pixels: Image) -> Image:
    """`squashed`; the pixels themselves where those are of its size, and of the image's own."""
    side = squashed_side(image.size)
    return pixels if image.size == (side, side) == pixels.shape[:2] else squashed(image)


def _header_of(data: bytes) -> ImageHeader | UnreadableImage:
    try:
        return read_header(data)
    except UnreadableImage as error:
        return error.without_traceback()
