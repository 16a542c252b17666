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
from hubel.pipeline.cache import Kind
from hubel.pipeline.contents import computed_rows, hash_corpus

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

    def pixels(contents: Iterable[bytes | Image | UnreadableImage]) -> list[Image | UnreadableImage]:
        return [_pixels(content, preprocessing) for content in contents]

    hashed = hash_corpus(corpus, on_event=on_event)
    kind = Kind("images", np.dtype(np.uint8), (*preprocessing.size, 3), preprocessing.to_json())
    entry = computed_rows(hashed, kind, compute=pixels, stage="decoding", on_event=on_event)
    decoded = hashed.without(entry.refused)
    images = entry.data if entry.rows.nbytes <= HELD_BYTES else entry.rows
    return DecodedCorpus(decoded.corpus, images, decoded.digests, preprocessing)


def _pixels(content: bytes | Image | UnreadableImage, preprocessing: Preprocessing) -> Image | UnreadableImage:
    if isinstance(content, UnreadableImage):
        return content
    try:
        if isinstance(content, bytes):
            return read_pixels(content, preprocessing)
        return prepare_image(content, preprocessing)
    except UnreadableImage as error:
        return error
