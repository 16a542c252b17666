"""Classifier + images + changes → the class of every image under every change; images are decoded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image as PillowImage

from hubel.arrays import Image, Images
from hubel.catalogue import processors
from hubel.classifier.answering import softmax
from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import batch_of
from hubel.classifier.read_ahead import groups_of, read_ahead
from hubel.corpus.corpus import Corpus
from hubel.errors import UnreadableImage
from hubel.evaluation.robustness import NamedImages
from hubel.events import OnEvent, Progress, ignore
from hubel.images.changes.catalogue import MOST_SIDE, Change, bounded, turn_of
from hubel.images.decode import decoded_pillow
from hubel.images.preprocessing import Preprocessing, prepare_image, prepare_pillow, read_pixels
from hubel.pipeline.contents import digest_of
from hubel.workflows.robustness.chosen_images import ChosenImages

GROUP_BYTES = 48_000_000
"""Of the changed images that are in memory together for each of a few groups."""
MOST_AHEAD = 4
"""Groups that are changed while another one is classified."""
STAGE = "changing images"


@dataclass(frozen=True)
class NamedChanges:
    """What a classifier says of some images, as they are and changed.

    Args:
        images: those that could be read.
        clean: the images as they are.
        changed: name of the change → strength → the changed images, the weakest first.
        refused: (path, reason) of those that could not be read.
    """

    images: ChosenImages
    clean: NamedImages
    changed: Mapping[str, Mapping[float, NamedImages]]
    refused: tuple[tuple[str, str], ...]


def name_changes(
    classifier: Classifier, chosen: ChosenImages, *, changes: Mapping[str, Change], on_event: OnEvent = ignore
) -> NamedChanges:
    """Classify every image as it is and under every change.

    Args:
        classifier: names them.
        chosen: the images.
        changes: name → change.
        on_event: hears `Progress`.
    """
    steps = [(name, level) for name, change in changes.items() for level in change.levels]
    size = classifier.preprocessing.size
    in_a_group = max(1, min(64, GROUP_BYTES // ((1 + len(steps)) * size[0] * size[1] * 3)))
    predicted, confidence, readable = [], [], np.ones(len(chosen.places), bool)
    refused = []

    def views(place: int) -> Images | UnreadableImage:
        try:
            return views_of(
                chosen.corpus, int(chosen.places[place]), changes=changes, preprocessing=classifier.preprocessing
            )
        except UnreadableImage as error:
            return error.without_traceback()

    done, ahead = 0, max(1, min(MOST_AHEAD, processors()))
    for group, found in read_ahead(groups_of(range(len(readable)), in_a_group), views, ahead=ahead):
        for place, each in zip(group, found, strict=True):
            if isinstance(each, UnreadableImage):
                readable[place] = False
                refused.append((chosen.examples[place].path, each.reason))
        for each in _named(classifier, [each for each in found if not isinstance(each, UnreadableImage)]):
            predicted.append(each.predicted)
            confidence.append(each.confidence)
        done += len(group)
        on_event(Progress(STAGE, done, len(readable)))
    columns = 1 + len(steps)
    classes, sure = (np.array(each).reshape(-1, columns) for each in (predicted, confidence))
    named = [NamedImages(classes[:, column].astype(np.int64), sure[:, column]) for column in range(columns)]
    by_change: dict[str, dict[float, NamedImages]] = {name: {} for name in changes}
    for (name, level), each in zip(steps, named[1:], strict=True):
        by_change[name][level] = each
    return NamedChanges(chosen.take(readable), named[0], by_change, tuple(refused))


def views_of(corpus: Corpus, place: int, *, changes: Mapping[str, Change], preprocessing: Preprocessing) -> Images:
    """One image as it is and under every change, as the network sees it.

    Args:
        corpus: that holds it.
        place: of the example.
        changes: name → change.
        preprocessing: of the classifier.

    Returns:
        uint8 [1 + all strengths, height, width, 3].

    Raises:
        UnreadableImage: it cannot be decoded.
    """
    content = corpus.read(place)
    clean = read_pixels(content, preprocessing) if isinstance(content, bytes) else prepare_image(content, preprocessing)
    turn = turn_of(str(digest_of(content)))
    image = whole_image(content, preprocessing)
    altered = (
        change.alter(image, level, turn=turn) for change in changes.values() for level in change.levels
    )  # fmt: skip
    return np.stack([clean, *(prepare_pillow(each, preprocessing) for each in altered)])


def whole_image(content: bytes | Image, preprocessing: Preprocessing) -> PillowImage.Image:
    """The image that is changed: decoded whole, in mode RGB, and made smaller where it is large.

    Args:
        content: of the file, or its pixels.
        preprocessing: says how samples become 8-bit RGB, and how large the result must be at least.

    Raises:
        UnreadableImage: it cannot be decoded.
    """
    most = max(MOST_SIDE, 2 * max(preprocessing.size))
    if not isinstance(content, bytes):
        return bounded(PillowImage.fromarray(content), most)
    with decoded_pillow(content, rule=preprocessing.rule) as image:
        smaller = bounded(image, most)
        return smaller if smaller is not image else image.copy()


def _named(classifier: Classifier, views: list[Images]) -> list[NamedImages]:
    """One for each image: class and confidence, as it is and under every change."""
    if not views:
        return []
    pixels, step = np.concatenate(views), 4 * batch_of(classifier.engine)
    parts = [classifier.compute_logits(pixels[start : start + step]) for start in range(0, len(pixels), step)]
    probabilities = softmax(np.concatenate(parts), temperature=classifier.calibration.temperature)
    predicted = probabilities.argmax(axis=1).reshape(len(views), -1)
    confidence = probabilities.max(axis=1).reshape(len(views), -1)
    return [NamedImages(*each) for each in zip(predicted, confidence, strict=True)]
