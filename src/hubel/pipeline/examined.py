"""Look at every picture once: what is measured on it, and which others are its copies."""

from __future__ import annotations

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

_MEASURED = Kind("measurements", MEASUREMENT, (), [DECODER_VERSION, VERSION])
_PAIRED = Kind("pairs", PAIR, (), [DECODER_VERSION, VERSION, NEAR, LINKS])


def examine_corpus(corpus: Corpus, *, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example, or find them measured in the cache.

    Returns:
        The measurements, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.
    """
    hashed = hash_corpus(corpus, on_event=on_event)
    entry = computed_rows(hashed, _MEASURED, measure_images, stage="measuring", on_event=on_event)
    readable, measurements = hashed.without(entry.refused), entry.data
    return ExaminedCorpus(readable.corpus, measurements, _copies(readable.digests, measurements, on_event))


def examine_decoded(decoded: DecodedCorpus, *, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example of a decoded corpus.

    Raises:
        UnusableCorpus: an image could be decoded, but cannot be measured now: its copies would not be known.
    """
    corpus, digests = decoded.corpus, decoded.digests
    hashed = HashedCorpus(corpus, digests)
    entry = computed_rows(hashed, _MEASURED, measure_images, stage="measuring", on_event=on_event)
    for place, fault in sorted(entry.refused.items())[:1]:
        more = f" (and {len(entry.refused) - 1:,} more)" if len(entry.refused) > 1 else ""
        raise UnusableCorpus(
            f"{corpus.location}: {corpus.examples[place].path!r}{more} was decoded, but could not be read again to "
            f"look for its copies: {fault.reason}. Without that, copies could lie on both sides of a split. Start "
            "again when the corpus is at rest: what cannot be read from the start is left out."
        )
    measurements = entry.data
    return ExaminedCorpus(corpus, measurements, _copies(digests, measurements, on_event))


def _copies(digests: tuple[str, ...], measurements: np.ndarray, on_event: OnEvent) -> Copies:
    if len(digests) == 0:
        return Copies((), np.zeros(0, PAIR))
    found = kept(digests, _PAIRED, lambda: find_near_pairs(measurements, digests, on_event=on_event))
    return Copies(digests, found.data)
