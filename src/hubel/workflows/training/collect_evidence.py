"""A trained and scored classifier → the evidence that its run gives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from hubel.advice.evidence import Evidence, Phase, Suspect
from hubel.architectures.catalogue import ARCHITECTURES, Architecture
from hubel.architectures.families.cnn import CnnSpec
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.corpus.corpus import Corpus
from hubel.evaluation.label_quality import rank_labels
from hubel.evaluation.proportions import Share
from hubel.evaluation.report import EvaluationReport
from hubel.runs.request import TrainRequest, train_command
from hubel.training.history import History
from hubel.training.recipe import Recipe
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.finished import Finished


def make_evidence(finished: Finished) -> Evidence:
    """What a run shows, from everything that is known at its end."""
    request, prepared, fitted, scored = finished.request, finished.prepared, finished.fitted, finished.scored
    corpus, splits, choice = prepared.corpus, prepared.splits, prepared.chosen
    test = scored.reports["test"]
    named = np.bincount(test.predicted, minlength=len(corpus.class_names)) if len(test.labels) else None
    trained = Counter(corpus.class_names[corpus.examples[place].label] for place in splits.train)
    return Evidence(
        test=test.to_json(),
        validation=scored.reports["validation"].to_json(),
        train=Share(int(scored.train_hits.sum()), len(scored.train_hits)),
        named={} if named is None else {name: int(named[place]) for place, name in enumerate(corpus.class_names)},
        phases=tuple(map(_phase, fitted.histories, fitted.recipes.values())),
        time_limit_s=fitted.plan.limit_s,
        class_counts=corpus.class_counts,
        train_counts={name: trained[name] for name in corpus.class_names},
        test_given=any(example.split == "test" for example in corpus.examples),
        architecture=choice.architecture,
        architecture_word=_architecture_word(request, choice),
        pretrained=choice.weights != "none" and isinstance(fitted.blueprint.spec, PretrainedSpec),
        parameters=fitted.model.count_params(),
        image_side=min(choice.preprocessing.size),
        leaking_test=len(splits.leaking_test),
        without_leaks=None if scored.without_leaks is None else scored.without_leaks.to_json(),
        suspects=find_suspects_held_out(corpus, [(splits.of(name), scored.reports[name]) for name in scored.reports]),
        location=corpus.location,
        corrections="" if request.corrections is None else str(request.corrections),
        seed=request.seed,
        run_path=str(request.out),
        command=train_command(request),
        reading=request.reading.options,
        unlabelled=find_unlabelled_folders(corpus),
        looks=None if finished.looks is None else finished.looks.to_json(),
    )


def _phase(history: History, recipe: Recipe) -> Phase:
    return Phase(
        name=recipe.phase,
        validation_log_loss=tuple(
            row.validation_log_loss for row in history.rows if row.validation_log_loss is not None
        ),
        learning_rates=tuple(row.learning_rate for row in history.rows),
        peak_learning_rate=recipe.learning_rate,
        ended_by=history.ended_by,
        done=history.epochs,
        planned=recipe.epochs,
        patience=recipe.patience,
    )


def find_unlabelled_folders(corpus: Corpus) -> tuple[str, ...]:
    """Folders whose images have no labels; none in an archive, of which no part can be named."""
    if corpus.format != "folders":
        return ()
    folders = {row.path.rpartition("/")[0] for row in corpus.left_out if row.code == "unlabelled"}
    return tuple(str(Path(corpus.location) / folder) for folder in sorted(folders))


def _architecture_word(request: TrainRequest, choice: Choice) -> str:
    word = request.architecture
    if isinstance(word, CnnSpec | Architecture):
        return ""
    if word is not None:
        return str(word)
    return choice.architecture if choice.architecture in ARCHITECTURES else ""


def find_suspects_held_out(
    corpus: Corpus, scored: list[tuple[tuple[int, ...], EvaluationReport]]
) -> tuple[Suspect, ...]:
    """Labels to look at, the most doubtful first, among the images that a classifier was not trained on.

    Args:
        corpus: of all images.
        scored: places in it and their score, of each split that was not trained on.
    """
    places = np.array([place for split, _ in scored for place in split], np.int64)
    labels = np.concatenate([report.labels for _, report in scored])
    probabilities = np.concatenate([report.probabilities for _, report in scored])
    present = np.unique(labels)  # confident learning needs an example of every class
    if len(present) < 2:
        return ()
    among = probabilities[:, present]
    among = among / np.maximum(among.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    ranking = rank_labels(np.searchsorted(present, labels), among)
    names = [corpus.class_names[label] for label in present]
    return tuple(
        Suspect(
            corpus.examples[places[place]].path,
            corpus.class_names[labels[place]],
            names[ranking.suggested[place]],
            float(ranking.chance[place]),
        )
        for place in ranking.order
        if ranking.suspect[place]
    )
