"""A random part of a corpus, so that much can be tried in little time."""

from __future__ import annotations

from dataclasses import replace

from hubel.corpus.corpus import Corpus
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Text
from hubel.events import Message, OnEvent, ignore
from hubel.random_streams import stream


def take_part(corpus: Corpus, most: int | None, *, seed: int, on_event: OnEvent = ignore) -> Corpus:
    """A random part of a corpus with every class and given split in proportion; all of it where that is no more.

    Args:
        corpus: what `read_corpus` listed.
        most: examples to keep, within rounding; None for all.
        seed: another seed draws another part.
        on_event: hears how many are used.

    Raises:
        WrongRequest: fewer than three examples for each class.
    """
    least = 3 * len(corpus.class_names)
    if most is not None and most < least:
        raise WrongRequest(
            Option("max_examples"),
            f" must be at least 3 for each of the {len(corpus.class_names)} classes: {least}. Received: {most}.",
        )
    if most is None or most >= len(corpus):
        return corpus
    layers: dict[tuple[str, int], list[int]] = {}
    for place, example in enumerate(corpus.examples):
        layers.setdefault((example.split or "", example.label), []).append(place)
    rng = stream("corpus sample", seed)
    share = most / len(corpus)
    drawn = (rng.permutation(layers[key])[: max(1, round(len(layers[key]) * share))] for key in sorted(layers))
    kept = sorted(int(place) for places in drawn for place in places)
    said = (
        f"{len(kept):,} of {len(corpus):,} examples are used: a random sample with every class and given split in "
        "proportion ("
    )
    on_event(Message(Text(said, Option("max_examples", most), f", seed {seed}).")))
    examples, positions = ([each[place] for place in kept] for each in (corpus.examples, corpus.positions))
    return replace(corpus, examples=tuple(examples), positions=tuple(positions))
