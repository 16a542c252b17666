"""What a classifier has learned an answer from: the training images nearest to an image in its feature space."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.arrays import Features
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import batch_of
from hubel.classifier.given import to_whole_pixels
from hubel.classifier.manifest import MANIFEST
from hubel.corpus.formats.catalogue import BUILT_IN, read_corpus
from hubel.errors import HubelError, UnusableInput
from hubel.events import OnEvent, ignore, in_chunks
from hubel.explanation.catalogue import NEAREST
from hubel.files import is_file, is_there, usable_cache_folder, write_bytes
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.runs.documents import no_run, read_document
from hubel.runs.is_run import RUN
from hubel.runs.request_record import reading_of
from hubel.runs.tables.fingerprints import read_digests
from hubel.runs.tables.split import read_split
from hubel.workflows.explaining.nearest_images import NearestImages, Neighbour

SHOWN = 8
_CHUNKS = 4
_TINY = 1e-12


@dataclass(frozen=True)
class Gallery:
    """The training images of a run with their features.

    Args:
        decoded: the corpus.
        places: of the training images in it, int64 [images].
        class_names: of each of them.
        features: float32 [images, channels], each of length 1.
    """

    decoded: DecodedCorpus
    places: np.ndarray
    class_names: tuple[str, ...]
    features: Features


def make_gallery(classifier: Classifier, run: Path, *, on_event: OnEvent = ignore) -> Gallery:
    """The training images of a run that are still what they were; their features are computed once, and kept.

    Args:
        classifier: of the run.
        run: its folder.
        on_event: hears `Progress`.

    Raises:
        UnusableInput: it is no run folder, or its training images are not where they were.
    """
    if not is_file(run / RUN):
        raise UnusableInput(no_run(run, RUN), f" {NEAREST} looks at its training images, so it takes the whole run.")
    document, placed = read_document(run), read_split(run)
    location = str(document.get("corpus", {}).get("location", ""))
    if location not in BUILT_IN and not is_there(location):
        raise UnusableInput(
            f"The corpus of {run} was {location!r}, which is no longer there. {NEAREST} looks at its training images. "
            "Put it back, or take another method."
        )
    corpus = read_corpus(location, reading=reading_of(document.get("request", {})), on_event=on_event)
    decoded = decode_corpus(corpus, classifier.preprocessing, on_event=on_event)
    known: Mapping[str, str] = read_digests(run) or {}
    chosen = [
        place for place, each in enumerate(corpus.examples)
        if each.path in placed and placed[each.path].split == "train"
        and known.get(each.path, decoded.digests[place]) == decoded.digests[place]
    ]  # fmt: skip
    if not chosen:
        raise UnusableInput(f"None of the training images of {run} is in {location} as it was. Put them back.")
    places = np.array(chosen, np.int64)
    names = tuple(placed[corpus.examples[place].path].label for place in chosen)
    return Gallery(decoded, places, names, _features(classifier, decoded, places=places, on_event=on_event))


def find_nearest(classifier: Classifier, image: Any, *, gallery: Gallery) -> NearestImages:
    """The training images most alike to an image.

    Args:
        classifier: that compares them.
        image: as of `Classifier.predict`: one.
        gallery: of its run.

    Raises:
        UnreadableImage: the image cannot be read.
    """
    begun = time.perf_counter()
    pixels, whole = classifier.read_pixels(image), to_whole_pixels(image, classifier.preprocessing)
    prediction = classifier.predict_pixels(pixels[None])[0]
    own = _of_length_1(classifier.engine.compute(pixels[None], wanted="features").features)[0]
    similar = gallery.features @ own
    order = np.argsort(-similar, kind="stable")[:SHOWN]
    examples = gallery.decoded.corpus.examples
    neighbours = tuple(
        Neighbour(
            examples[gallery.places[each]].path,
            gallery.class_names[each],
            float(similar[each]),
            np.asarray(gallery.decoded.images[gallery.places[each]]),
        )
        for each in order
    )
    seconds = time.perf_counter() - begun
    path = os.fsdecode(image) if isinstance(image, (str, os.PathLike)) else ""
    return NearestImages(
        path, whole, prediction.class_name, prediction.probability, neighbours, len(gallery.places), seconds
    )


def _features(classifier: Classifier, decoded: DecodedCorpus, *, places: np.ndarray, on_event: OnEvent) -> Features:
    """Features of length 1, computed or read from the cache."""
    kept = _place_in_cache(classifier, decoded, places=places)
    if kept is not None and is_file(kept):
        with contextlib.suppress(OSError, ValueError, EOFError):  # a damaged file is made again
            found = np.load(io.BytesIO(kept.read_bytes()), allow_pickle=False)
            if found.dtype == np.float32 and found.ndim == 2 and len(found) == len(places):
                return found
    parts = [
        classifier.engine.compute(np.asarray(decoded.images[places[chunk]]), wanted="features").features
        for chunk in in_chunks(
            len(places), _CHUNKS * batch_of(classifier.engine), stage="comparing training images", on_event=on_event
        )
    ]
    made = _of_length_1(np.concatenate(parts))
    if kept is not None:
        buffer = io.BytesIO()
        np.save(buffer, made)
        with contextlib.suppress(HubelError):  # a full disk: the next time they are computed again
            write_bytes(kept, buffer.getvalue())
    return made


def _place_in_cache(classifier: Classifier, decoded: DecodedCorpus, *, places: np.ndarray) -> Path | None:
    """Named after the classifier and the content of every image; None where nothing can be kept."""
    if classifier.folder is None:
        return None
    digest = hashlib.sha256((classifier.folder / MANIFEST).read_bytes())
    for place in places:
        digest.update(decoded.digests[place].encode())
    try:
        folder = usable_cache_folder() / NEAREST
        folder.mkdir(exist_ok=True)
    except (HubelError, OSError):
        return None
    return folder / f"{digest.hexdigest()[:32]}.npy"


def _of_length_1(features: Features) -> Features:
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, _TINY)).astype(np.float32)
