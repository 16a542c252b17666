"""Look at every picture once: what is measured on it, and which others are its copies."""

from __future__ import annotations

from functools import partial

import numpy as np

from hubel.corpus.corpus import Corpus
from hubel.corpus.duplicates import LINKS, NEAR, PAIR, Copies, find_near_pairs
from hubel.corpus.examined import ExaminedCorpus
from hubel.corpus.measurement import MEASUREMENT, VERSION, measure_images
from hubel.events import OnEvent, ignore
from hubel.images.decode import DECODER_VERSION
from hubel.pipeline.cache import Kind, compute_digests, computed_rows, kept
from hubel.pipeline.decoded import DecodedCorpus, less_refused

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
    digests = list(compute_digests(corpus, on_event))
    measure = partial(measure_images, bands=bands)
    entry = computed_rows(corpus, digests, _measured(bands), measure, stage="measuring", on_event=on_event)
    readable, readable_digests = less_refused(corpus, digests, entry)
    return ExaminedCorpus(readable, entry.data, _copies(readable_digests, entry.data, bands, on_event))


def examine_decoded(decoded: DecodedCorpus, *, on_event: OnEvent = ignore) -> ExaminedCorpus:
    """Measure every example of a decoded corpus.

    A picture that has vanished since it was decoded has no measurements and counts as unlike every other, unless their
    files are equal.
    """
    corpus, digests, bands = decoded.corpus, decoded.digests, decoded.preprocessing.bands
    measure = partial(measure_images, bands=bands)
    entry = computed_rows(corpus, digests, _measured(bands), measure, stage="measuring", on_event=on_event)
    measurements = np.zeros(len(corpus), MEASUREMENT)
    measurements[[index for index in range(len(corpus)) if index not in entry.refused]] = entry.data
    return ExaminedCorpus(corpus, measurements, _copies(digests, measurements, bands, on_event))


def _measured(bands: tuple[int, ...]) -> Kind:
    return Kind("measurements", MEASUREMENT, (), [*_RULES, *bands])


def _copies(digests: tuple[str, ...], measurements: np.ndarray, bands: tuple[int, ...], on_event: OnEvent) -> Copies:
    if len(digests) == 0:
        return Copies((), np.zeros(0, PAIR))
    paired = Kind("pairs", PAIR, (), [*_RULES, NEAR, LINKS, *bands])
    found = kept(digests, paired, lambda: find_near_pairs(measurements, digests, on_event=on_event))
    return Copies(digests, found.data)
