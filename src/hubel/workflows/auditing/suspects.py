"""Suspect labels: each image is named by classifiers that were trained without it; the label may disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.architectures.catalogue import find_architecture
from hubel.architectures.families.pretrained import PRETRAINED
from hubel.architectures.families.weight_files import MayDownload, not_here
from hubel.arrays import Describe, Labels, Probabilities
from hubel.catalogue import Later
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import Corpus
from hubel.errors import DownloadFailed, UnusableCorpus, WeightsNotAvailable, WrongRequest
from hubel.errors.wording import Option, Text
from hubel.evaluation.label_quality import MIN_EXAMPLES, LabelRanking, rank_labels, taken_for_wrong
from hubel.events import Message, OnEvent, ignore
from hubel.images.preprocessing import PHOTOGRAPH_SIDE, Preprocessing
from hubel.pipeline.prepare import Preparation, Prepared, prepare_corpus
from hubel.pipeline.survey import Survey
from hubel.text import parse_duration
from hubel.workflows.auditing.audit import Audit
from hubel.workflows.auditing.audit_words import Given
from hubel.workflows.auditing.doubt import (
    SHARE_OF_FEATURES,
    compute_in_time,
    describe_by_own_patches,
    out_of_fold,
)
from hubel.workflows.auditing.parts import make_folds

pretrained_weights = Later("hubel.architectures.families.backbones", "pretrained_weights")
describe_by_backbone = Later("hubel.workflows.auditing.backbone_features", "describe_by_backbone")
BACKBONE = "mobilenet"
ALPHA = PRETRAINED[BACKBONE].alpha
OWN_SIZE = 32
"""Pixels of the images that features are learned from without a backbone."""
SMALLEST_OWN = 4
LIMIT_S = 180.0
"""Seconds of an audit for the labels, unless the user says another."""


@dataclass(frozen=True)
class Doubts:
    """How labels are doubted.

    Args:
        weights: ``"imagenet"``, ``"none"`` or the path of a Keras weights file of mobilenet; None takes ImageNet's
            where this machine has them and the images are photographs.
        seed: of folds and features.
        limit_s: seconds, once the images are decoded.
        bands: numbers of the bands to take, from 1; none takes all.
    """

    weights: str | None = None
    seed: int = 0
    limit_s: float = LIMIT_S
    bands: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 10 <= self.limit_s <= 30 * 24 * 3600:
            raise WrongRequest(f"The time limit must be from 10 seconds to 30 days. Received: {self.limit_s:g} s.")


@dataclass(frozen=True)
class Suspects:
    """Every label, the most doubtful first.

    Args:
        findings: those worth a look, the most doubtful first.
        ranking: of all that were looked at: (path, label, suggested, quality).
        expected_share: of the findings, the share that is expected to be wrong, assuming that errors occur at random.
    """

    findings: tuple[Finding, ...]
    ranking: tuple[tuple[str, str, str, float], ...]
    expected_share: float = 0.0


def find_suspects(
    corpus: Corpus, doubts: Doubts | None = None, *, may_download: MayDownload | None = None, on_event: OnEvent = ignore
) -> Suspects:
    """Rank the labels of a corpus by out-of-fold predictions, which are made here.

    A logistic regression on features: of the ImageNet backbone where its weights are at hand and the images are large
    enough; otherwise of what patches of this corpus look like.

    Args:
        corpus: at least two classes.
        doubts: with what, and how long.
        may_download: asked for ImageNet weights that this machine does not have; by default, whether `doubts` names
            them.
        on_event: hears what goes on.

    Raises:
        UnusableCorpus: no class has enough images to learn it from some and try it on others.
        WeightsNotAvailable: weights that the user named are not there.
    """
    doubts = doubts or Doubts()
    taken_for_wrong.load()  # what it needs is missed before any work

    def choose(survey: Survey, _: Corpus) -> _Chosen:
        weights = _weights(doubts, survey, may_download=may_download, on_event=on_event)
        side = _size(survey, pretrained=weights is not None)
        return _Chosen(survey.preprocessing((side, side)), weights)

    prepared = prepare_corpus(corpus, choose, how=Preparation(bands=doubts.bands), on_event=on_event)
    _check_doubtable(
        prepared.corpus, make_folds(prepared.labels, prepared.together, seed=doubts.seed), on_event=on_event
    )
    chosen = prepared.chosen
    if chosen.weights is None:
        describe = describe_by_own_patches(prepared.decoded.images, seed=doubts.seed)
    else:
        describe = describe_by_backbone(BACKBONE, chosen.preprocessing, weights=chosen.weights)
    places, probabilities = _doubt(prepared, describe, doubts=doubts, on_event=on_event)
    return _describe(prepared.corpus, places, labels=prepared.labels[places], probabilities=probabilities)


def add_suspects(
    audit: Audit, given: Given, *, may_download: MayDownload | None = None, on_event: OnEvent = ignore
) -> Audit:
    """An audit with the labels that are doubted; the same where there is one class alone.

    Args:
        audit: of the corpus.
        given: weights, seed and time, as they were typed.
        may_download: as of `find_suspects`.
        on_event: hears progress.

    Raises:
        HubelError: as of `find_suspects`; or the time limit is none.
    """
    if len(audit.corpus.class_names) < 2:
        return audit
    limit_s = LIMIT_S if given.time_limit is None else parse_duration(given.time_limit)
    doubts = Doubts(given.weights, given.seed, limit_s, audit.bands)
    suspects = find_suspects(audit.corpus, doubts, may_download=may_download, on_event=on_event)
    return audit.with_suspects(suspects.findings, suspects.ranking, expected_share=suspects.expected_share)


@dataclass(frozen=True)
class _Chosen:
    """Preprocessing, and the weights of the backbone; None to learn features from the images alone."""

    preprocessing: Preprocessing
    weights: list[np.ndarray] | None


def _weights(
    doubts: Doubts, survey: Survey, *, may_download: MayDownload | None, on_event: OnEvent
) -> list[np.ndarray] | None:
    if doubts.weights == "none" or (doubts.weights is None and survey.median_side < PHOTOGRAPH_SIDE):
        return None
    asked = may_download or (lambda question: doubts.weights == "imagenet")  # noqa: ARG005
    try:
        return pretrained_weights(BACKBONE, ALPHA, source=doubts.weights or "imagenet", may_download=asked)
    except DownloadFailed:  # after a yes, going on without them would be another answer than was given
        raise
    except WeightsNotAvailable:
        if doubts.weights is not None:
            raise
        text = " The labels are checked by what patches of these images look like, which is less precise. To download "
        download = Option("weights", "imagenet")
        on_event(Message(Text(not_here(BACKBONE, ALPHA), f"{text}the weights: ", download, "."), warning=True))
        return None


def _size(survey: Survey, *, pretrained: bool) -> int:
    side = survey.median_side
    if not pretrained:
        return max(SMALLEST_OWN, min(OWN_SIZE, side))
    return min(find_architecture(BACKBONE).image_size, max(96, 32 * -(-side // 32)))


def _check_doubtable(corpus: Corpus, folds: Sequence[np.ndarray], *, on_event: OnEvent) -> None:
    if len(corpus) < 2 * len(corpus.class_names) or len(folds) < 2:
        raise UnusableCorpus(
            f"{corpus.location} has too few images to check its labels: each class needs some to learn from and "
            "others to test on. Add images, or leave out ",
            Option("suspect_labels"),
            ".",
        )
    few = [name for name, count in corpus.class_counts.items() if count < MIN_EXAMPLES]
    if few:
        names = ", ".join(repr(name) for name in few[:5]) + (" ..." if len(few) > 5 else "")
        text = "their labels are ranked, but none is listed as suspect"
        on_event(Message(f"Fewer than {MIN_EXAMPLES} images of {names}: {text}."))


def _doubt(
    prepared: Prepared[_Chosen], describe: Describe, *, doubts: Doubts, on_event: OnEvent
) -> tuple[np.ndarray, Probabilities]:
    """Places of the images there was time for, int64 [places] ascending, and their out-of-fold probabilities."""
    labels, together, images = prepared.labels, prepared.together, prepared.decoded.images
    places, features = compute_in_time(images, labels, describe=describe, limit_s=doubts.limit_s, on_event=on_event)
    folds = make_folds(labels[places], [together[place] for place in places], seed=doubts.seed)
    probabilities = out_of_fold(
        features,
        labels[places],
        folds=folds,
        classes=prepared.classes,
        limit_s=(1 - SHARE_OF_FEATURES) * doubts.limit_s,
        on_event=on_event,
    )
    return places, probabilities


def _describe(corpus: Corpus, places: np.ndarray, *, labels: Labels, probabilities: Probabilities) -> Suspects:
    ranking: LabelRanking = rank_labels(labels, probabilities)
    findings, rows = [], []
    for row in ranking.order:
        path = corpus.examples[places[row]].path
        given, suggested = corpus.class_names[labels[row]], corpus.class_names[ranking.suggested[row]]
        quality = float(ranking.quality[row])
        rows.append((path, given, suggested, quality))
        if ranking.suspect[row]:
            text = f"Its label is {given!r}; classifiers that never saw it say {suggested!r}."
            findings.append(Finding("suspect-label", (path,), quality, text, suggested=suggested))
    return Suspects(tuple(findings), tuple(rows), ranking.expected_share)
