"""Suspect labels: each picture is named by classifiers that were trained without it; the label may disagree."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.backbones import feature_model, pretrained_weights, set_backbone_weights
from hubel.architectures.families.mobilenet import ALPHA
from hubel.arrays import Features, Labels, Probabilities
from hubel.backends.seeding import seed_everything
from hubel.classifier.answering import softmax
from hubel.classifier.engine import KerasEngine
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import Corpus
from hubel.corpus.split import Splits
from hubel.errors import UnusableCorpus, WeightsNotAvailable
from hubel.evaluation.evaluate import compute_logits
from hubel.evaluation.label_quality import MIN_EXAMPLES, LabelRanking, rank_labels
from hubel.events import EpochDone, Event, Message, OnEvent, PhaseDone, PlanMade, Progress, TrainingProgress, ignore
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.pipeline.examined import examine_decoded
from hubel.training.transfer import compute_features
from hubel.workflows.fitting import Work, fit
from hubel.workflows.plan import PHOTOGRAPH_SIDE, Choice, TrainRequest, choose
from hubel.workflows.run_folder import labels_of
from hubel.workflows.survey import Survey, survey_corpus

REGULARISATION = 0.01
"""Inverse strength of the logistic regression on standardised features: too stiff to learn wrong labels by heart. With
5 % of the labels of 3,781 photographs changed at random, 0.81 of those are in the first 8 % of the ranking; 0.77 with
0.001, 0.71 with 0.1."""
FOLDS, FEWER_FOLDS = 5, 3
MANY_IMAGES = 20_000
"""From so many on, three folds do: two thirds of them are enough to learn from."""
IMAGES_SEEN = 150_000
"""Images that each fold's own network is trained on in all, where there is no pretrained backbone."""
MIN_EPOCHS, MAX_EPOCHS = 3, 20


@dataclass(frozen=True)
class Suspects:
    """Every label, the most suspicious first.

    Args:
        findings: those that confident learning takes for wrong, worst first.
        ranking: of all of them: (path, label, suggested, quality).
    """

    findings: tuple[Finding, ...]
    ranking: tuple[tuple[str, str, str, float], ...]


def find_suspects(
    corpus: Corpus, *, seed: int = 0, bands: tuple[int, ...] = (), on_event: OnEvent = ignore
) -> Suspects:
    """Rank the labels of a corpus by out-of-fold predictions, which are made here.

    Features of the ImageNet backbone and a logistic regression where its weights are at hand and the pictures are
    large enough; otherwise a small network is trained for each fold.

    Args:
        corpus: at least two classes.
        seed: of folds and networks.
        bands: numbers of the bands to take, from 1; none takes all.
        on_event: hears what goes on.

    Raises:
        UnusableCorpus: no class has enough pictures to learn it from some and try it on others.
    """
    seed_everything(seed)
    survey = survey_corpus(corpus, bands=bands)
    weights = _weights(survey, on_event)
    request = TrainRequest(corpus, Path(), weights="none" if weights is None else "imagenet", seed=seed)
    choice = choose(request, survey)
    decoded = decode_corpus(corpus, choice.preprocessing, on_event=on_event)
    labels = labels_of(decoded.corpus)
    folds = _folds(decoded, labels, seed, on_event)
    if weights is not None:
        probabilities = _by_features(decoded, labels, folds, (choice, weights), on_event)
    else:
        probabilities = _by_networks(decoded, folds, (choice, survey), seed, on_event)
    return _describe(decoded.corpus, labels, rank_labels(labels, probabilities))


def _weights(survey: Survey, on_event: OnEvent) -> list[np.ndarray] | None:
    if survey.median_side < PHOTOGRAPH_SIDE:
        return None
    try:
        return pretrained_weights("mobilenet", ALPHA, "imagenet")
    except WeightsNotAvailable as error:
        text = "Without them a small network is trained for each fold: slower, and a little less sharp."
        on_event(Message(f"{str(error).split('. Connect')[0]}. {text}", warning=True))
        return None


def _folds(decoded: DecodedCorpus, labels: Labels, seed: int, on_event: OnEvent) -> list[np.ndarray]:
    corpus = decoded.corpus
    together = examine_decoded(decoded, on_event=on_event).copies.kept_together(corpus)
    folds = make_folds(labels, together, seed=seed)
    if len(labels) < 2 * len(corpus.class_names) or len(folds) < 2:
        raise UnusableCorpus(
            f"{corpus.location} has too few pictures to doubt its labels: each class needs some to learn from and "
            "others to try it on. Add pictures, or leave --suspect-labels out."
        )
    few = [name for name, count in corpus.class_counts.items() if count < MIN_EXAMPLES]
    if few:
        names = ", ".join(repr(name) for name in few[:5]) + (" ..." if len(few) > 5 else "")
        on_event(
            Message(f"Fewer than {MIN_EXAMPLES} pictures of {names}: their labels are ranked, but none is doubted.")
        )
    return folds


def make_folds(labels: Labels, together: Sequence[int], *, seed: int) -> list[np.ndarray]:
    """Places of each fold, stratified as well as the sets allow; fewer than two where nothing can be divided.

    Args:
        labels: int64 [examples].
        together: one mark for each; copies and groups stay in one fold, or a copy would vouch for a wrong label.
        seed: of the draw.
    """
    count = FEWER_FOLDS if len(labels) > MANY_IMAGES else FOLDS
    count = min(count, len(set(together)), int(np.bincount(labels).max()))
    if count < 2:
        return []
    divider = StratifiedGroupKFold(count, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes with fewer examples than folds
        return [places for _, places in divider.split(np.zeros(len(labels)), labels, together)]


def _by_features(
    decoded: DecodedCorpus,
    labels: Labels,
    folds: Sequence[np.ndarray],
    chosen: tuple[Choice, list[np.ndarray]],
    on_event: OnEvent,
) -> Probabilities:
    choice, weights = chosen
    blueprint = make_blueprint(choice.architecture, choice.preprocessing.size, len(decoded.corpus.class_names))
    model = build_model(blueprint)
    set_backbone_weights(model, weights)
    engine = KerasEngine(feature_model(model))
    places = np.arange(len(labels))
    features = compute_features(engine, decoded.images, places, stage="computing features", on_event=on_event)
    return out_of_fold(features, labels, folds, classes=len(decoded.corpus.class_names), on_event=on_event)


def out_of_fold(
    features: Features, labels: Labels, folds: Sequence[np.ndarray], *, classes: int, on_event: OnEvent = ignore
) -> Probabilities:
    """Probabilities of each example by a logistic regression on the examples of the other folds.

    Args:
        features: float32 [examples, channels].
        labels: int64 [examples].
        folds: places of each; together all examples.
        classes: columns of the result; one that the other folds do not have gets 0.
        on_event: hears `Progress`.
    """
    probabilities = np.zeros((len(labels), classes))
    for number, fold in enumerate(folds):
        learned = np.setdiff1d(np.arange(len(labels)), fold)
        regression = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=200, tol=1e-3))
        regression.fit(features[learned], labels[learned])
        probabilities[np.ix_(fold, regression.classes_)] = regression.predict_proba(features[fold])
        on_event(Progress("doubting labels", number + 1, len(folds), "folds"))
    return probabilities


def _by_networks(
    decoded: DecodedCorpus,
    folds: Sequence[np.ndarray],
    chosen: tuple[Choice, Survey],
    seed: int,
    on_event: OnEvent,
) -> Probabilities:
    choice, survey = chosen
    probabilities = np.zeros((len(decoded.corpus), len(decoded.corpus.class_names)))
    for number, fold in enumerate(folds):
        watched = folds[(number + 1) % len(folds)] if len(folds) > 2 else fold[:0]
        learned = np.setdiff1d(np.arange(len(decoded.corpus)), np.concatenate([fold, watched]))
        watched = watched if len(watched) else learned[:: max(1, len(learned) // 50)]
        splits = Splits(tuple(learned.tolist()), tuple(watched.tolist()), tuple(fold.tolist()))
        epochs = int(np.clip(IMAGES_SEEN // max(1, len(learned)), MIN_EPOCHS, MAX_EPOCHS))
        request = TrainRequest(decoded.corpus, Path(), weights="none", epochs=epochs, seed=seed)
        hear = _as_progress(f"doubting labels, fold {number + 1} of {len(folds)}", on_event)
        work = Work(request, choice, decoded, splits, labels_of(decoded.corpus), survey.grey, time.monotonic(), hear)
        model = fit(work, None).model
        probabilities[fold] = softmax(compute_logits(KerasEngine(model), decoded.images, fold))
    return probabilities


def _as_progress(stage: str, on_event: OnEvent) -> OnEvent:
    """Plans and epochs of a fold's network are of no interest; how far it is, is."""

    def hear(event: Event) -> None:
        match event:
            case TrainingProgress():
                on_event(Progress(stage, round(100 * event.fraction), 100, "%"))
            case PlanMade() | EpochDone() | PhaseDone() | Progress():
                pass
            case _:
                on_event(event)

    return hear


def _describe(corpus: Corpus, labels: Labels, ranking: LabelRanking) -> Suspects:
    findings, rows = [], []
    for place in ranking.order:
        path = corpus.examples[place].path
        given, suggested = corpus.class_names[labels[place]], corpus.class_names[ranking.suggested[place]]
        quality = float(ranking.quality[place])
        rows.append((path, given, suggested, quality))
        if ranking.suspect[place]:
            text = f"Its label is {given!r}; classifiers that never saw it say {suggested!r}."
            findings.append(
                Finding("suspect-label", (path,), quality, text, measurement=round(quality, 4), suggested=suggested)
            )
    return Suspects(tuple(findings), tuple(rows))
