"""The test images of a run as files, for whoever reads files."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image as PillowImage

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import BUILT_IN, read_corpus
from hubel.engines.held_out import most_proven
from hubel.errors import UnreadableImage, UnusableCorpus, UnusableInput
from hubel.errors.wording import Text
from hubel.events import Message, OnEvent, ignore
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model
from hubel.files import is_file, is_there
from hubel.runs.documents import no_run, read_document
from hubel.runs.is_run import RUN
from hubel.runs.request_record import reading_of
from hubel.runs.tables.split import read_split

WHY = "An export is handed over only when it was held against the classifier on test images of its run"


@contextmanager
def held_out_files(model: Model, *, on_event: OnEvent = ignore) -> Generator[HeldOutFiles]:
    """Test images of a run, spread evenly, as files in a temporary folder; they have the bytes of the corpus.

    Args:
        model: of a run folder.
        on_event: hears what is left out.

    Raises:
        UnusableInput: it is no run folder, or has no test images, or its corpus is not where it was.
    """
    run = model.run
    if not is_file(run / RUN):
        raise UnusableInput(no_run(run, RUN), f" {WHY}, so it takes the whole run folder.")
    label_of = {path: placed.label for path, placed in read_split(run).items() if placed.split == "test"}
    if not label_of:
        raise UnusableInput(f"{run} has no test images. {WHY}. Train again, with images for testing.")
    corpus = _own_corpus(run, on_event=on_event)
    places = [place for place, example in enumerate(corpus.examples) if example.path in label_of]
    if not places:
        raise UnusableInput(f"None of the test images of {run} is in {corpus.location} any more. {WHY}. Put them back.")
    most = min(len(places), most_proven(model.classifier.blueprint.spec))
    chosen = np.unique(np.linspace(0, len(places) - 1, most).round().astype(int))
    with TemporaryDirectory(prefix="hubel-held-out-") as folder:
        paths, labels = [], []
        for place in (places[each] for each in chosen):
            path = Path(folder, f"{len(paths):04}")
            example = corpus.examples[place].path
            try:
                path.write_bytes(content_of(corpus, place))
            except UnreadableImage as error:
                on_event(Message(f"{example!r} is left out: {error.reason}.", warning=True))
                continue
            paths.append(path)
            labels.append(label_of[example])
        yield HeldOutFiles(tuple(paths), tuple(labels))


def _own_corpus(run: Path, *, on_event: OnEvent) -> Corpus:
    document = read_document(run)
    location = str(document.get("corpus", {}).get("location", ""))
    if location not in BUILT_IN and not is_there(location):
        raise UnusableInput(f"The corpus of {run} was {location!r}, which is no longer there. {WHY}. Put it back.")
    try:
        return read_corpus(location, reading=reading_of(document.get("request", {})), on_event=on_event)
    except UnusableCorpus as error:
        raise UnusableInput(
            Text("The corpus of this run has changed: ", error.text), f" {WHY}. Put it back."
        ) from error


def content_of(corpus: Corpus, place: int) -> bytes:
    """The bytes of an example's file; of an image that comes from none, a PNG.

    Args:
        corpus: that it is of.
        place: of the example.
    """
    content = corpus.read(place)
    if isinstance(content, bytes):
        return content
    png = io.BytesIO()
    PillowImage.fromarray(content).save(png, "PNG")
    return png.getvalue()
