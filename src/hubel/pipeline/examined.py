"""Look at every picture once: what is measured on it, and which others are its copies."""

from __future__ import annotations

from functools import partial

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.duplicates import LINKS, NEAR, PAIR, Copies, find_near_pairs
from hubel.corpus.examined import ExaminedCorpus
from hubel.corpus.measurement import MEASUREMENT, VERSION, measure_images
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent, ignore
from hubel.images.decode import DECODER_VERSION
from hubel.pipeline.cache import Kind, kept
from hubel.pipeline.contents import HashedCorpus, computed_rows, hash_corpus
from hubel.pipeline.decoded import DecodedCorpus

_RULES = (DECODER_VERSION, VERSION)


def examine_corpus(corpus: Corpus, *, bands: tuple[int, ...] = (), on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example, or find them measured in the cache.

    Args:
        corpus: what `read_corpus` listed.
        bands: numbers of the bands to take, from 1; none takes all.
        on_event: hears `Progress`.

    Returns:
        The measurements, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.
    """
    hashed = hash_corpus(corpus, on_event=on_event)
    measure = partial(measure_images, bands=bands)
    entry = computed_rows(hashed, _measured(bands), measure, stage="measuring", on_event=on_event)
    readable, measurements = hashed.without(entry.refused), entry.data
    return ExaminedCorpus(readable.corpus, measurements, _copies(readable.digests, measurements, bands, on_event))


def examine_decoded(decoded: DecodedCorpus, *, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example of a decoded corpus.

    Raises:
        UnusableCorpus: an image could be decoded, but cannot be measured now: its copies would not be known.
    """
    corpus, digests, bands = decoded.corpus, decoded.digests, decoded.preprocessing.bands
    measure = partial(measure_images, bands=bands)
    hashed = HashedCorpus(corpus, digests)
    entry = computed_rows(hashed, _measured(bands), measure, stage="measuring", on_event=on_event)
    for place, fault in sorted(entry.refused.items())[:1]:
        more = f" (and {len(entry.refused) - 1:,} more)" if len(entry.refused) > 1 else ""
        raise UnusableCorpus(
            f"{corpus.location}: {corpus.examples[place].path!r}{more} was decoded, but could not be read again to "
            f"look for its copies: {fault.reason}. Without that, copies could lie on both sides of a split. Start "
            "again when the corpus is at rest: what cannot be read from the start is left out."
        )
    return ExaminedCorpus(corpus, entry.data, _copies(digests, entry.data, bands, on_event))


def _measured(bands: tuple[int, ...]) -> Kind:
    return Kind("measurements", MEASUREMENT, (), [*_RULES, *bands])


def _copies(digests: tuple[str, ...], measurements: np.ndarray, bands: tuple[int, ...], on_event: OnEvent) -> Copies:
    if len(digests) == 0:
        return Copies((), np.zeros(0, PAIR))
    paired = Kind("pairs", PAIR, (), [*_RULES, NEAR, LINKS, *bands])
    found = kept(digests, paired, lambda: find_near_pairs(measurements, digests, on_event=on_event))
    return Copies(digests, found.data)
