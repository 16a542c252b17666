"""Which images of a corpus a run knows: it was trained on them, or tested. What it knows is no part of a fair score."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hubel.classifier.artefact import find_artefact
from hubel.corpus.duplicates import Copies, find_near_pairs
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.measured_corpus import ExaminedCorpus
from hubel.corpus.near_pairs import PAIR
from hubel.corpus.reading import EXACT_COPIES, NEAR_COPIES
from hubel.errors import HubelError
from hubel.events import Message, OnEvent, ignore
from hubel.files import is_file
from hubel.pipeline.decoded import DecodedCorpus
from hubel.pipeline.examine import examine_corpus, examine_decoded
from hubel.runs.documents import read_document
from hubel.runs.request_record import reading_of
from hubel.runs.tables.fingerprints import FINGERPRINTS, read_digests
from hubel.runs.tables.leaks import read_leaks
from hubel.runs.tables.seen_before import read_seen_before
from hubel.runs.tables.split import SPLIT, read_split
from hubel.text import counted


@dataclass(frozen=True)
class Known:
    """What a run knows of the images of a corpus; the marks are bool [examples], and no image has two.

    Args:
        run: the run folder that says so.
        test_images: of the run, wherever they are.
        trained_on: the same content is in its training or validation split.
        copies: not that, but a copy of such an image, or one of the group of such an image.
        tested: the same content is in its test split.
    """

    run: Path
    test_images: int
    trained_on: np.ndarray
    copies: np.ndarray
    tested: np.ndarray

    @property
    def learned(self) -> np.ndarray:
        """What says nothing of images that are new to it: bool [examples]."""
        return self.trained_on | self.copies


@dataclass(frozen=True)
class _Record:
    """What a run wrote of its images, by SHA-256: content that was trained on, test images, those that leak, groups."""

    trained_on: Set[str]
    tested: Set[str]
    leaking: Set[str]
    group_of: Mapping[str, str]


def find_known(run: Path, decoded: DecodedCorpus, *, on_event: OnEvent = ignore) -> Known | None:
    """Tell the images of a corpus that a run knows by their content, whatever they are called and wherever they lie.

    A copy that was saved again is found by comparing with the run's own images, as in training: they must still be
    where they were, else that is said. Only images that the run does not know by their bytes are compared.

    Args:
        run: a run folder, or the ``classifier/`` folder in one.
        decoded: the corpus.
        on_event: hears what cannot be told.

    Returns:
        None where the run does not say what it was trained on: a ``classifier/`` folder alone, or version 0.3.

    Raises:
        UnusableInput: a file of the run is damaged.
    """
    folder = _run_of(run)
    record = None if folder is None else _read_record(folder)
    if folder is None or record is None:
        text = f"Cannot tell whether {run} was trained on these images: it has no {FINGERPRINTS}, as a whole run folder"
        on_event(Message(f"{text} has. If it was, its accuracy on them says little.", warning=True))
        return None
    digests, examples = decoded.digests, decoded.corpus.examples
    trained_on = np.array([digest in record.trained_on for digest in digests], bool)
    leaking = np.array([digest in record.leaking for digest in digests], bool) & ~trained_on
    tested = np.array([digest in record.tested for digest in digests], bool) & ~trained_on & ~leaking
    copies = leaking | _near_copies(
        folder, record, decoded=decoded, doubtful=~trained_on & ~leaking & ~tested, on_event=on_event
    )
    learned = trained_on | copies
    groups = {example.group for example, known in zip(examples, learned, strict=True) if known} | _shared_groups(
        record, decoded
    )
    of_a_group = np.array([example.group is not None and example.group in groups for example in examples], bool)
    copies |= of_a_group & ~trained_on
    return Known(folder, len(record.tested), trained_on, copies, tested & ~copies)


def _run_of(run: Path) -> Path | None:
    """The run folder that says what this classifier was trained on; None where there is none."""
    artefact = find_artefact(run)
    return next((each for each in (run, artefact.parent) if is_file(each / FINGERPRINTS)), None)


def _read_record(folder: Path) -> _Record | None:
    digests = read_digests(folder)
    if digests is None or not is_file(folder / SPLIT):
        return None
    rows = [(digests[path], placed) for path, placed in read_split(folder).items() if path in digests]
    trained_on = {digest for digest, placed in rows if placed.split != "test"} | read_seen_before(folder)
    return _Record(
        trained_on,
        {digest for digest, placed in rows if placed.split == "test"},
        {digests[path] for path in read_leaks(folder) if path in digests} - trained_on,
        {digest: placed.group for digest, placed in rows if placed.group and placed.split != "test"},
    )


def _shared_groups(record: _Record, decoded: DecodedCorpus) -> set[str]:
    """Groups that were trained on, by name: where one image is of the same group here and there, names can be trusted.

    Without such an image, a group called "1" here has nothing to do with a group called "1" there.
    """
    pairs = zip(decoded.corpus.examples, decoded.digests, strict=True)
    agree = any(example.group is not None and record.group_of.get(digest) == example.group for example, digest in pairs)
    return set(record.group_of.values()) if agree else set()


def _near_copies(
    folder: Path, record: _Record, *, decoded: DecodedCorpus, doubtful: np.ndarray, on_event: OnEvent
) -> np.ndarray:
    """Which of the doubtful images are copies, saved again, of what was trained on: bool [examples]."""
    found = np.zeros(len(doubtful), bool)
    if not doubtful.any():
        return found
    here = examine_decoded(decoded, copies=EXACT_COPIES, on_event=on_event)
    present = [place for place, digest in enumerate(decoded.digests) if digest in record.trained_on]
    missing = record.trained_on - {decoded.digests[place] for place in present}
    own = _own_images(folder, missing, bands=decoded.preprocessing.bands, on_event=on_event) if missing else None
    parts = [(here, present), (here, np.flatnonzero(doubtful).tolist())]
    if own is not None:
        parts.insert(0, (own, [place for place, digest in enumerate(own.copies.digests) if digest in missing]))
    known = sum(len(places) for _, places in parts[:-1])
    if not known:
        return found
    sets = np.array(_sets_of_copies(parts, on_event))
    found[doubtful] = np.isin(sets[known:], sets[:known])
    return found


def _own_images(folder: Path, wanted: Set[str], *, bands: tuple[int, ...], on_event: OnEvent) -> ExaminedCorpus | None:
    """The run's own corpus, measured; None where near copies do not count, or where it is gone, which is said."""
    try:
        document = read_document(folder)
        location, reading = document.get("corpus", {}).get("location", ""), reading_of(document.get("request", {}))
        if reading.copies != NEAR_COPIES:
            return None
        own = examine_corpus(read_corpus(location, reading=reading), bands=bands, copies=EXACT_COPIES)
    except (HubelError, AttributeError):
        own = None
    lost = len(wanted - set(() if own is None else own.copies.digests))
    if lost:
        text = f"Gone: {counted(lost, 'image')} that {folder} was trained on. A copy of one of these"
        on_event(Message(f"{text} goes unnoticed if saved again, but not if its bytes are the same.", warning=True))
    return own


def _sets_of_copies(parts: list[tuple[ExaminedCorpus, list[int]]], on_event: OnEvent) -> list[int]:
    """For each of these images the number of the set of copies that it is in, as training makes them."""
    measurements = np.concatenate([each.measurements[places] for each, places in parts])
    digests = tuple(each.copies.digests[place] for each, places in parts for place in places)
    examples = [(each.corpus, each.corpus.examples[place]) for each, places in parts for place in places]
    names = [corpus.class_names[example.label] for corpus, example in examples]
    number = {name: place for place, name in enumerate(sorted(set(names)))}
    labels = np.array([number[name] for name in names], np.int64)
    pairs = np.concatenate(
        [find_near_pairs(measurements, digests, labels=labels, on_event=on_event), _same_pixels(measurements)]
    )
    return Copies(digests, pairs).sets()


def _same_pixels(measurements: np.ndarray) -> np.ndarray:
    """Pairs of images that cannot be told apart, such as one saved without loss: of images too small for more, too."""
    first_of: dict[bytes, int] = {}
    pairs = []
    for place, row in enumerate(measurements):
        if row["contrast"] < 1:
            continue  # plain images are all alike
        seen = b"".join(row[name].tobytes() for name in ("width", "height", "thumbnail", "colours"))
        first = first_of.setdefault(seen, place)
        if first != place:
            pairs.append((first, place, 1, 0, False))
    return np.array(pairs, PAIR)
