"""Look at every image once: what is measured on it, while it is decoded or later, and which others are its copies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.duplicates import PAIRS_VERSION, Copies, find_near_pairs
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.measurement import (
    MEASUREMENT,
    VERSION,
    measure_images,
)
from hubel.corpus.near_pairs import PAIR
from hubel.corpus.reading import NEAR_COPIES, NO_COPIES
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.events import OnEvent, ignore
from hubel.images.decode import DECODER_VERSION
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.cache import Entry, Kind, RowsBeside, is_kept, kept, say_where, temporary_rows
from hubel.pipeline.contents import HashedCorpus, computed, computed_rows, hash_corpus
from hubel.pipeline.decoded import DecodedCorpus, decode_hashed, decoded_from, pixels_kind, see_and_measure

_RULES = (DECODER_VERSION, VERSION)


def examine_corpus(
    corpus: Corpus, *, bands: tuple[int, ...] = (), copies: str = NEAR_COPIES, on_event: OnEvent = ignore
) -> ExaminedCorpus:
    """Measure every example, or find them measured in the cache.

    Args:
        corpus: what `read_corpus` listed.
        bands: numbers of the bands to take, from 1; none takes all.
        copies: what counts as a copy, as in `Reading.copies`.
        on_event: hears `Progress`.

    Returns:
        The measurements, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.
    """
    hashed = hash_corpus(corpus, on_event=on_event)
    entry = _measured(hashed, bands, on_event=on_event)
    readable = hashed.without(entry.refused)
    return _examined(readable, entry.data, bands=bands, mode=copies, on_event=on_event)


def examine_decoded(decoded: DecodedCorpus, *, copies: str = NEAR_COPIES, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example of a decoded corpus.

    Args:
        decoded: the corpus, less what could not be decoded.
        copies: what counts as a copy, as in `Reading.copies`.
        on_event: hears `Progress`.

    Raises:
        UnusableCorpus: an image could be decoded, but cannot be measured now: its copies would not be known.
    """
    corpus, bands = decoded.corpus, decoded.preprocessing.bands
    hashed = HashedCorpus(corpus, decoded.digests)
    entry = _measured(hashed, bands, on_event=on_event)
    for place, fault in sorted(entry.refused.items())[:1]:
        more = f" (and {len(entry.refused) - 1:,} more)" if len(entry.refused) > 1 else ""
        raise UnusableCorpus(
            f"{corpus.location}: {corpus.examples[place].path!r}{more} was decoded, but could not be read again to "
            f"look for its copies: {fault.reason}. Without that, copies could lie on both sides of a split. Start "
            "again when nothing changes the corpus: images that cannot be read from the start are left out."
        )
    return _examined(hashed, entry.data, bands=bands, mode=copies, on_event=on_event)


def _measurements_kind(bands: tuple[int, ...]) -> Kind:
    """What the cache calls the measurements of these bands; none for all."""
    return Kind("measurements", MEASUREMENT, (), [*_RULES, *bands])


def _measured(hashed: HashedCorpus, bands: tuple[int, ...], *, on_event: OnEvent) -> Entry:
    measure = partial(measure_images, bands=bands)
    return computed_rows(hashed, _measurements_kind(bands), compute=measure, stage="measuring", on_event=on_event)


def _examined(
    hashed: HashedCorpus, measurements: np.ndarray, *, bands: tuple[int, ...], mode: str, on_event: OnEvent
) -> ExaminedCorpus:
    """With what counts as a copy, by `Reading.copies`."""
    corpus, digests = hashed.corpus, hashed.digests
    if len(digests) == 0 or mode != NEAR_COPIES:
        return ExaminedCorpus(corpus, measurements, Copies(digests, np.zeros(0, PAIR), exact=mode != NO_COPIES))
    labels = np.array([example.label for example in corpus.examples], np.int64)
    kind = Kind("pairs", PAIR, (), [*_RULES, PAIRS_VERSION, labels.tolist(), *bands])
    find = partial(find_near_pairs, measurements, digests, labels=labels, on_event=on_event)
    found = kept(digests, kind, make_rows=lambda: enumerate(find()))
    return ExaminedCorpus(corpus, measurements, Copies(digests, found.data))


def decode_and_measure(corpus: Corpus, preprocessing: Preprocessing, *, on_event: OnEvent = ignore) -> DecodedCorpus:
    """`decode_corpus`; what `examine_decoded` will measure is in the cache then, if it can be kept.

    Where the cache has the pixels or the measurements already, nothing is measured here.

    Args:
        corpus: what `read_corpus` listed.
        preprocessing: the working size and how to reach it.
        on_event: hears `Progress`.

    Raises:
        OutputNotWritable: the cache cannot be written.
        DamagedCache: it was damaged while it was read; so may every later use of the images.
    """
    hashed = hash_corpus(corpus, on_event=on_event)
    pixels, measurements = pixels_kind(preprocessing), _measurements_kind(preprocessing.bands)
    if is_kept(hashed.digests, pixels) or is_kept(hashed.digests, measurements):
        return decode_hashed(hashed, preprocessing, on_event=on_event)

    say_where(on_event)
    with temporary_rows(measurements) as file:
        measured = RowsBeside(measurements, file)

        def make_rows() -> Iterator[tuple[int, np.ndarray | UnreadableImage]]:
            measured.begin()
            for place, (row, measurement) in computed(
                hashed,
                compute=partial(see_and_measure, preprocessing),
                stage="decoding and measuring",
                on_event=on_event,
            ):
                if not isinstance(row, UnreadableImage):
                    measured.add(place, measurement)
                yield place, row

        entry = kept(hashed.digests, pixels, make_rows=make_rows)
        decoded = decoded_from(entry, hashed, preprocessing=preprocessing)
        measured.keep(decoded.digests)
    return decoded
