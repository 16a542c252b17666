"""Inputs → answers, in the order of the inputs: images are read on every core while others are computed."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Features, Image
from hubel.classifier.answering import Answering
from hubel.classifier.prediction import Prediction
from hubel.classifier.read_ahead import group_size, read_ahead
from hubel.errors import UnreadableImage
from hubel.images.preprocessing import read_pixels
from hubel.workflows.predicting.inputs import Input, Inputs


@dataclass(frozen=True)
class InputAnswer:
    """What became of one input: a prediction, the reason why there is none, or that it is not an image.

    Args:
        path: as the user would write it.
        prediction: of an image.
        error: of what should have been one.
        passed_over: the kind of another file in a folder or an archive, such as ``.txt``; it has neither.
    """

    path: str
    prediction: Prediction | None
    error: UnreadableImage | None = None
    passed_over: str = ""


@dataclass(frozen=True)
class AnsweredGroup:
    """Answers that were computed together.

    Args:
        answers: one for each input.
        marks: of the inputs, what would differ if they were changed.
        features: what enters the last dense layer, float32 [named images, channels]; None where nobody asked for it.
    """

    answers: list[InputAnswer]
    marks: list[str]
    features: Features | None = None


def predict_files(
    classifier: Answering, inputs: Iterable[str | bytes], *, coverage: float | None = None
) -> Iterator[InputAnswer]:
    """One answer for each file, in order; an image that cannot be read does not stop the others.

    Args:
        classifier: names the images.
        inputs: files, folders and archives; bytes are those of one image.
        coverage: give also prediction sets of this coverage, and abstain by them.
    """
    for group in answer_groups(classifier, Inputs(inputs), coverage=coverage):
        yield from group.answers


def answer_groups(
    classifier: Answering, inputs: Iterable[Input], *, coverage: float | None = None, features: bool = False
) -> Generator[AnsweredGroup]:
    """The answers, some at a time: which images are computed together depends on their places alone.

    Args:
        classifier: names the images.
        inputs: one after another.
        coverage: as for `predict_files`.
        features: give the feature vectors, too.
    """

    def read(item: Input) -> tuple[Image | UnreadableImage | None, str]:
        if item.passed_over:
            return None, ""
        mark = item.mark()  # first: a file that is changed while it is read is another one the next time
        try:
            return read_pixels(item.read(), classifier.preprocessing), mark
        except UnreadableImage as error:
            return error.without_traceback(), mark

    for group, results in read_ahead(_groups(inputs, group_size(classifier.preprocessing)), read):
        found, marks = [result for result, _ in results], [mark for _, mark in results]
        pixels = [each for each in found if isinstance(each, np.ndarray)]
        vectors: Features | None = None
        if not pixels:
            predictions: list[Prediction] = []
        elif features:
            logits, scores, vectors = classifier.compute_features(np.stack(pixels))
            predictions = classifier.make_predictions(logits, scores, coverage=coverage)
        else:
            predictions = classifier.predict_pixels(np.stack(pixels), coverage=coverage)
        named = iter(predictions)
        answers = [
            InputAnswer(item.path, next(named))
            if isinstance(result, np.ndarray)
            else InputAnswer(item.path, None, result, item.passed_over)
            for item, result in zip(group, found, strict=True)
        ]
        yield AnsweredGroup(answers, marks, vectors)


def _groups(inputs: Iterable[Input], size: int) -> Iterator[list[Input]]:
    """So many inputs that may be images, with those that lie between them; at most a few thousand in all."""
    group: list[Input] = []
    images = 0
    for item in inputs:
        group.append(item)
        images += not item.passed_over
        if images == size or len(group) == 64 * size:
            yield group
            group, images = [], 0
    if group:
        yield group
