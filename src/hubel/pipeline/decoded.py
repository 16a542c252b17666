"""Decode once: a corpus' images as one uint8 array on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Image, Images
from hubel.corpus.corpus import Corpus, refused_row, without
from hubel.errors import UnreadableImage
from hubel.events import OnEvent, ignore
from hubel.images.preprocessing import Preprocessing, prepare_image, read_pixels
from hubel.pipeline.cache import Entry, Kind, compute_digests, computed_rows


@dataclass(frozen=True)
class DecodedCorpus:
    """A corpus and its pixels.

    Args:
        corpus: less what could not be decoded.
        images: uint8 [examples, height, width, 3], mapped from disk, in the corpus' order.
        digests: SHA-256 of each example's file.
        preprocessing: how the pixels were made.
    """

    corpus: Corpus
    images: Images
    digests: tuple[str, ...]
    preprocessing: Preprocessing


def decode_corpus(corpus: Corpus, preprocessing: Preprocessing, *, on_event: OnEvent = ignore) -> DecodedCorpus:
    """Decode every example, or find them decoded in the cache.

    Args:
        corpus: what `read_corpus` listed.
        preprocessing: the working size and how to reach it.
        on_event: hears `Progress`.

    Returns:
        The pixels, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.
    """

    def pixels(contents: Iterable[bytes | Image | UnreadableImage]) -> list[Image | UnreadableImage]:
        return [_pixels(content, preprocessing) for content in contents]

    digests = list(compute_digests(corpus, on_event))
    kind = Kind("images", np.dtype(np.uint8), (*preprocessing.size, 3), preprocessing.to_json())
    entry = computed_rows(corpus, digests, kind, pixels, stage="decoding", on_event=on_event)
    readable, kept_digests = less_refused(corpus, digests, entry)
    return DecodedCorpus(readable, entry.data, kept_digests, preprocessing)


def _pixels(content: bytes | Image | UnreadableImage, preprocessing: Preprocessing) -> Image | UnreadableImage:
    if isinstance(content, UnreadableImage):
        return content
    try:
        return (
            read_pixels(content, preprocessing) if isinstance(content, bytes) else prepare_image(content, preprocessing)
        )
    except UnreadableImage as error:
        return error


def less_refused(corpus: Corpus, digests: list[str], entry: Entry) -> tuple[Corpus, tuple[str, ...]]:
    """The corpus and its digests, without the examples that an entry refuses."""
    rows = {index: refused_row(corpus, index, *reason) for index, reason in entry.refused.items()}
    kept_digests = tuple(digest for index, digest in enumerate(digests) if index not in rows)
    return without(corpus, rows), kept_digests
