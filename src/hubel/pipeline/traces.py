"""The traces of some images of a corpus, read or found in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.shortcuts.traces import TRACE, TRACES_VERSION, trace_images
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent, ignore
from hubel.pipeline.cache import Kind
from hubel.pipeline.contents import HashedCorpus, computed_rows


def trace_corpus(examined: ExaminedCorpus, places: Sequence[int], *, on_event: OnEvent = ignore) -> np.ndarray:
    """The traces of these examples.

    Args:
        examined: the corpus, which could be read.
        places: of the examples, ascending.
        on_event: hears `Progress`.

    Returns:
        `TRACE` [places].

    Raises:
        UnusableCorpus: an image cannot be read any more.
    """
    corpus = examined.corpus
    part = replace(
        corpus,
        examples=tuple(corpus.examples[place] for place in places),
        positions=tuple(corpus.positions[place] for place in places),
    )
    hashed = HashedCorpus(part, tuple(examined.copies.digests[place] for place in places))
    kind = Kind("traces", TRACE, (), TRACES_VERSION)
    entry = computed_rows(hashed, kind, compute=trace_images, stage="reading headers", on_event=on_event)
    for place, fault in sorted(entry.refused.items())[:1]:
        path = part.examples[place].path
        raise UnusableCorpus(f"{corpus.location}: {path!r} can no longer be read: {fault.reason}. Start again.")
    return entry.data
