"""Out-of-fold probabilities of every label, within a time: images become features, and those a logistic regression."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hubel.arrays import Describe, Features, Images, ImageStore, Labels, Probabilities
from hubel.errors.wording import Option, Text
from hubel.events import Message, OnEvent, Progress, ignore, in_chunks
from hubel.training.patch_features import describe_by_patches, learn_patch_kinds
from hubel.workflows.auditing.parts import spread

REGULARISATION = 0.01
"""Inverse strength of the logistic regression on standardised features: too stiff to learn wrong labels by heart. With
5 % of the labels of 3,781 photographs changed at random, 0.81 of those are in the first 8 % of the ranking; 0.77 with
0.001, 0.71 with 0.1."""
SHARE_OF_FEATURES = 0.6
"""Of the time; the rest is for the regressions."""
REGRESSION_S = 1.5e-7
"""Seconds for each example, feature and class that a fold's regression learns from, on one core of a laptop."""
FEWEST_LEARNED = 1000
TIMED, CHUNK, LEARNED_FROM = 32, 64, 2000
"""Images that tell the speed; that are described between two words about progress; that patches are taken from."""


def describe_by_own_patches(images: ImageStore, *, seed: int) -> Describe:
    """Images → features that are learned from some of these images.

    Args:
        images: uint8 [examples, height, width, 3].
        seed: of the learning.
    """
    chosen = np.linspace(0, len(images) - 1, min(len(images), LEARNED_FROM)).astype(np.int64)
    kinds = learn_patch_kinds(np.asarray(images[chosen]), seed=seed)
    return lambda batch: describe_by_patches(batch, kinds)


def compute_in_time(
    images: ImageStore, labels: Labels, *, describe: Describe, limit_s: float, on_event: OnEvent
) -> tuple[np.ndarray, Features]:
    """Features of all images, or of as many as there is time for, with each class in its share; said before it starts.

    Args:
        images: uint8 [examples, height, width, 3].
        labels: int64 [examples].
        describe: images → features.
        limit_s: seconds for this and what follows.
        on_event: hears how long it takes, and progress.

    Returns:
        Places int64 [described], ascending, and the features [described, channels] of the images there.
    """
    first = np.arange(min(TIMED, len(labels)))
    describe(np.asarray(images[first]))  # whatever is compiled, is compiled here
    seconds = min(_seconds(describe, np.asarray(images[first])) for _ in range(2)) / len(first)
    most = max(len(np.unique(labels)), 2 * len(first), int(SHARE_OF_FEATURES * limit_s / max(seconds, 1e-9)))
    places = spread(labels, most)
    expected = seconds * len(places) / SHARE_OF_FEATURES
    text = Text(f"Checking {len(places):,} labels takes about {max(5, 5 * round(expected / 5))} s.")
    if len(places) < len(labels):
        text = Text(
            f"There is time for {len(places):,} of {len(labels):,} labels in {limit_s:.0f} s, drawn in proportion from "
            "each class. To check more: ",
            Option("time_limit", "1h"),
            ".",
        )
    on_event(Message(text, warning=len(places) < len(labels)))
    chunks = in_chunks(len(places), CHUNK, stage="computing features", on_event=on_event)
    features = [describe(np.asarray(images[places[chunk]])) for chunk in chunks]
    return places, np.concatenate(features)


def _seconds(describe: Describe, images: Images) -> float:
    begun = time.monotonic()
    describe(images)
    return time.monotonic() - begun


def out_of_fold(
    features: Features,
    labels: Labels,
    *,
    folds: Sequence[np.ndarray],
    classes: int,
    limit_s: float = float("inf"),
    on_event: OnEvent = ignore,
) -> Probabilities:
    """Probabilities of each example by a logistic regression on the examples of the other folds.

    Args:
        features: float32 [examples, channels].
        labels: int64 [examples].
        folds: places of each; together all examples.
        classes: columns of the result; one that the other folds do not have gets 0.
        limit_s: seconds for all folds; with few of them, each learns from fewer examples.
        on_event: hears `Progress`.
    """
    probabilities = np.zeros((len(labels), classes))
    per_example = REGRESSION_S * features.shape[1] * classes * len(folds)
    most = max(FEWEST_LEARNED, int(min(limit_s / per_example, 1e9)))
    for number, fold in enumerate(folds):
        others = np.setdiff1d(np.arange(len(labels)), fold)
        learned = others[spread(labels[others], most)]
        regression = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=200, tol=1e-3))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough: the chances are fitted to what it says
            regression.fit(features[learned], labels[learned])
        probabilities[np.ix_(fold, regression.classes_)] = regression.predict_proba(features[fold])
        on_event(Progress("doubting labels", number + 1, len(folds), "folds"))
    return probabilities
