"""Look at every picture once: what is measured on it, and which others are its copies."""

from __future__ import annotations

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.duplicates import PAIRS_VERSION, Copies, find_near_pairs
from hubel.corpus.examined import ExaminedCorpus
from hubel.corpus.measurement import MEASUREMENT, VERSION, measure_images
from hubel.corpus.near_pairs import PAIR
from hubel.corpus.reading import NEAR_COPIES, NO_COPIES
from hubel.events import OnEvent, ignore
from hubel.images.decode import DECODER_VERSION
from hubel.pipeline.cache import Kind, compute_digests, computed_rows, kept
from hubel.pipeline.decoded import DecodedCorpus, less_refused

_MEASURED = Kind("measurements", MEASUREMENT, (), [DECODER_VERSION, VERSION])


def examine_corpus(corpus: Corpus, *, copies: str = NEAR_COPIES, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example, or find them measured in the cache.

    Returns:
        The measurements, and the corpus without what cannot be read; that joined its ``left_out``, with the reason.
    """
    digests = list(compute_digests(corpus, on_event))
    entry = computed_rows(corpus, digests, _MEASURED, measure_images, stage="measuring", on_event=on_event)
    readable, readable_digests = less_refused(corpus, digests, entry)
    return ExaminedCorpus(readable, entry.data, _copies(readable, readable_digests, entry.data, copies, on_event))


def examine_decoded(decoded: DecodedCorpus, *, copies: str = NEAR_COPIES, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example of a decoded corpus.

    A picture that has vanished since it was decoded has no measurements and counts as unlike every other, unless their
    files are equal.
    """
    corpus, digests = decoded.corpus, decoded.digests
    entry = computed_rows(corpus, digests, _MEASURED, measure_images, stage="measuring", on_event=on_event)
    measurements = np.zeros(len(corpus), MEASUREMENT)
    measurements[[index for index in range(len(corpus)) if index not in entry.refused]] = entry.data
    return ExaminedCorpus(corpus, measurements, _copies(corpus, digests, measurements, copies, on_event))


def _copies(corpus: Corpus, digests: tuple[str, ...], measurements: np.ndarray, mode: str, on_event: OnEvent) -> Copies:
    """What counts as a copy, by `Reading.copies`."""
    if len(digests) == 0 or mode != NEAR_COPIES:
        return Copies(digests, np.zeros(0, PAIR), exact=mode != NO_COPIES)
    labels = np.array([example.label for example in corpus.examples], np.int64)
    kind = Kind("pairs", PAIR, (), [DECODER_VERSION, VERSION, PAIRS_VERSION, labels.tolist()])
    found = kept(digests, kind, lambda: find_near_pairs(measurements, digests, labels, on_event=on_event))
    return Copies(digests, found.data)
