"""Can classes be told apart by some features? Cross-validated, with intervals, and with a permutation test.

The classifier is a linear discriminant in closed form: features are whitened once, without a look at the labels; then
an image belongs to a class if it lies nearer to the mean of that class than to the mean of all others. So a
permutation costs a sum for each class and one product of matrices, and hundreds of them cost seconds.

Labels are permuted within the folds, so that every permutation has the classes and folds of the real labels.
Statistics of all classes and probes are brought to one scale by their own mean and spread under permutation, and each
is compared with the largest of all: the chance that *any* of them is called significant is the level, however many
there are and however they depend on one another.

Source: Westfall & Young 1993, Resampling-Based Multiple Testing; the single-step maximum of their chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from hubel.arrays import Features, Labels
from hubel.evaluation.metrics import wilson_interval
from hubel.events import OnEvent, ignore, in_chunks

CHANCE = 0.5
"""Balanced accuracy of a guess, one class against the others."""
_NUMBERS_AT_ONCE, _FEWEST_AT_ONCE, _MOST_AT_ONCE = 400_000, 5, 100
"""Scores that are computed together, and permutations: of small corpora many."""
SHRINKAGE = 0.1
"""Added to every variance of the features, which have a variance of 1: directions of noise do not count."""


@dataclass(frozen=True)
class Design:
    """Which images are told apart, and how they are divided.

    Args:
        labels: int64 [images].
        folds: int64 [images], the fold of each.
        tested: int64 [tested], the classes that are told from all others, one by one; each has images in two folds.
    """

    labels: Labels
    folds: np.ndarray
    tested: np.ndarray


@dataclass(frozen=True)
class Told:
    """How well one class is told from all others.

    Args:
        label: its class index.
        hits: (of its own images called its own, of the others called others).
        counts: (its images, the others).
        p: chance of so much under permuted labels, among the classes of this probe.
        p_corrected: the same among all classes of all probes.
    """

    label: int
    hits: tuple[int, int]
    counts: tuple[int, int]
    p: float
    p_corrected: float

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the two shares; 0.5 by guessing."""
        return sum(hits / count for hits, count in zip(self.hits, self.counts, strict=True)) / 2

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval, from those of the two shares (Newcombe's method)."""
        shares = [hits / count for hits, count in zip(self.hits, self.counts, strict=True)]
        ends = [wilson_interval(hits, count) for hits, count in zip(self.hits, self.counts, strict=True)]
        down = sum((share - low) ** 2 for share, (low, _) in zip(shares, ends, strict=True)) ** 0.5 / 2
        up = sum((high - share) ** 2 for share, (_, high) in zip(shares, ends, strict=True)) ** 0.5 / 2
        return self.balanced_accuracy - down, self.balanced_accuracy + up


@dataclass(frozen=True)
class Separation:
    """What one probe can tell.

    Args:
        told: of each tested class, in the order of the design.
        scores: float32 [images, tested]; above 0 where an image is taken for the class.
    """

    told: tuple[Told, ...]
    scores: np.ndarray

    @property
    def best(self) -> Told:
        """The class that stands out most, by its chance and then by its balanced accuracy."""
        return min(self.told, key=lambda each: (each.p_corrected, -each.balanced_accuracy))


def whitened(features: np.ndarray) -> Features:
    """Features of mean 0 without correlations, float32 [images, columns]; the labels are not looked at.

    Args:
        features: float [images, columns], none of them constant.
    """
    values = (features - features.mean(axis=0)) / features.std(axis=0)
    variances, directions = np.linalg.eigh(values.T @ values / len(values))
    shrinkage = max(SHRINKAGE, values.shape[1] / len(values))
    return (values @ (directions / np.sqrt(np.maximum(variances, 0) + shrinkage))).astype(np.float32)


def separate(
    probes: Mapping[str, np.ndarray],
    design: Design,
    *,
    permutations: int,
    rng: np.random.Generator,
    on_event: OnEvent = ignore,
) -> dict[str, Separation]:
    """Tell each tested class from all others, by each probe.

    Args:
        probes: name → float [images, columns], none of the columns constant.
        design: images, folds and classes.
        permutations: of the labels; p is at least 1 / (permutations + 1).
        rng: draws them.
        on_event: hears `Progress`.
    """
    with threadpool_limits(1, user_api="blas"):  # the products are small: threads would wait for one another
        order = np.argsort(design.folds, kind="stable")
        labels, folds = design.labels[order], _Folds.of(design.folds[order])
        ready = {name: whitened(each[order]) for name, each in probes.items()}
        owned = _owned(labels[:, None], design.tested)
        actual = {name: folds.tell(each, owned) for name, each in ready.items()}
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in probes}
        fit = _NUMBERS_AT_ONCE // max(1, len(labels) * len(design.tested))
        at_once = min(max(fit, _FEWEST_AT_ONCE), _MOST_AT_ONCE)
        for chunk in in_chunks(permutations, at_once, stage="looking for shortcuts", on_event=on_event):
            permuted = np.column_stack([labels[folds.permuted(rng)] for _ in range(chunk.stop - chunk.start)])
            owned = _owned(permuted, design.tested)
            for name, each in ready.items():
                drawn[name].append(_balanced(*folds.tell(each, owned)[:2]).reshape(chunk.stop - chunk.start, -1))
    counts = [(count := int((labels == label).sum()), len(labels) - count) for label in design.tested]
    back = np.argsort(order)
    heights = {name: _standardised(_balanced(*actual[name][:2]), np.concatenate(each)) for name, each in drawn.items()}
    tallest = np.max([by_draw.max(axis=1) for _, by_draw in heights.values()], axis=0) if heights else np.zeros(0)
    found = {}
    for name, (own, others, scores) in actual.items():
        height, by_draw = heights[name]
        hits = zip(own.tolist(), others.tolist(), counts, strict=True)
        told = tuple(
            Told(
                int(design.tested[place]),
                (round(first * count[0]), round(second * count[1])),
                count,
                _share_above(by_draw.max(axis=1), height[place]),
                _share_above(tallest, height[place]),
            )
            for place, (first, second, count) in enumerate(hits)
        )
        found[name] = Separation(told, scores[back])
    return found


def _owned(labels: np.ndarray, tested: np.ndarray) -> np.ndarray:
    """Whether an image is of a class, under each permutation: float32 [images, permutations x tested]."""
    return (labels[:, :, None] == tested).reshape(len(labels), -1).astype(np.float32)


def _balanced(own: np.ndarray, others: np.ndarray) -> np.ndarray:
    return (own + others) / 2


def _share_above(drawn: np.ndarray, value: float) -> float:
    """P-value of a permutation test."""
    return (1 + int((drawn >= value).sum())) / (1 + len(drawn))


def _standardised(actual: np.ndarray, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Statistics [tested] and [permutations, tested] on the scale of the latter."""
    mean, deviation = drawn.mean(axis=0), np.maximum(drawn.std(axis=0), 1e-9)
    return (actual - mean) / deviation, (drawn - mean) / deviation


@dataclass(frozen=True)
class _Folds:
    """Where each fold lies in images that are ordered by fold."""

    parts: tuple[slice, ...]

    @classmethod
    def of(cls, folds: np.ndarray) -> _Folds:
        edges = np.flatnonzero(np.diff(folds)) + 1
        return cls(tuple(slice(*ends) for ends in pairwise([0, *edges.tolist(), len(folds)])))

    def permuted(self, rng: np.random.Generator) -> np.ndarray:
        """An order of the images in which each stays in its fold: int64 [images]."""
        return np.concatenate([part.start + rng.permutation(part.stop - part.start) for part in self.parts])

    def tell(self, features: Features, owned: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tell images of the columns' classes from all others, each fold by the means of the other folds.

        Args:
            features: whitened, float32 [images, width].
            owned: 1 for an image of the class, else 0: float32 [images, columns].

        Returns:
            The shares of own and of other images that are told rightly, [columns] each, and the scores, float32
            [images, columns].
        """
        sums = np.stack([owned[part].T @ features[part] for part in self.parts])  # [folds, columns, width]
        counts = np.stack([owned[part].sum(axis=0) for part in self.parts])  # [folds, columns]
        all_sums = np.stack([features[part].sum(axis=0) for part in self.parts])  # [folds, width]
        scores = np.empty_like(owned)
        for fold, part in enumerate(self.parts):
            own, own_count = sums.sum(axis=0) - sums[fold], (counts.sum(axis=0) - counts[fold])[:, None]
            others = all_sums.sum(axis=0) - all_sums[fold] - own
            other_count = len(features) - (part.stop - part.start) - own_count
            mean, other_mean = own / np.maximum(own_count, 1), others / np.maximum(other_count, 1)
            offset = ((mean**2).sum(axis=1) - (other_mean**2).sum(axis=1)) / 2
            scores[part] = features[part] @ (mean - other_mean).T - offset
        called = scores > 0
        total = owned.sum(axis=0)
        hits = (called * owned).sum(axis=0)
        return hits / total, 1 - (called.sum(axis=0) - hits) / (len(features) - total), scores
