"""Decode once: a corpus' images as uint8 pixels, in memory or on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Image, ImageStore
from hubel.corpus.corpus import Corpus
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, ignore
from hubel.images.preprocessing import Preprocessing, prepare_image, read_pixels
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

    def pixels(contents: Iterable[bytes | Image | UnreadableImage]) -> list[Image | UnreadableImage]:
        return [pixels_of(content, preprocessing) for content in contents]

    kind = pixels_kind(preprocessing)
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
        return error
