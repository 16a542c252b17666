"""Request and material → a trained model: from scratch, or a head on a pretrained backbone and then all of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.architectures.families.backbones import feature_model, set_backbone_weights
from hubel.architectures.layer_table import count_macs
from hubel.architectures.spec import PretrainedSpec, ResidualSpec
from hubel.architectures.whitening import whitening_kernel
from hubel.arrays import Labels
from hubel.backends.framework import keras
from hubel.classifier.engine import LARGE_BATCH, KerasEngine
from hubel.corpus.split import Splits
from hubel.errors import StoppedByUser
from hubel.evaluation.baseline import MOST_EXAMPLES
from hubel.evaluation.evaluate import compute_logits
from hubel.events import Message, OnEvent
from hubel.pipeline.batches import TrainingBatches, class_weights
from hubel.pipeline.decoded import DecodedCorpus
from hubel.training.fit import Validate, compile_model, fit_model, measure_step
from hubel.training.history import History
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, FirstOf, StepClock, WallClock
from hubel.training.score import accuracy_and_log_loss
from hubel.training.transfer import SplitFeatures, compute_features, fit_head
from hubel.workflows.plan import (
    Choice,
    PlanWords,
    TrainRequest,
    describe_plan,
    fine_tune_recipe,
    head_recipe,
    scratch_recipe,
)

WHITENING_IMAGES = 1000
SAVE_S = 5.0
"""Seconds kept for writing the run folder and its report."""
BASELINE_S = 6e-4
"""Of one training image of the dense baseline, on a slow processor."""
HEAD_EPOCH_S = 0.1
MOST_TRAIN_SCORED = 4000
"""Training images that are looked at again, to learn what is usual and how well they are remembered."""
OCCLUDED = 600
"""Covered copies of the worst mistakes, for the report."""
FINE_TUNING_COST = 5.0
"""A step of fine-tuning costs about as much as so many forward passes; only used to say when it will end."""


@dataclass(frozen=True)
class Deadline:
    """When everything must be done.

    Args:
        started: monotonic seconds at which the user pressed Enter.
        limit_s: seconds for everything; None without a limit.
    """

    started: float
    limit_s: float | None

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def left(self, reserve_s: float) -> float:
        """Seconds until the limit, less a reserve; infinite without a limit."""
        return float("inf") if self.limit_s is None else self.limit_s - self.elapsed() - reserve_s


@dataclass(frozen=True)
class Work:
    """What a model is fitted to, and by which rules.

    Args:
        request: the user's words.
        choice: architecture and preprocessing.
        decoded: corpus and pixels.
        splits: places of train, validation and test.
        labels: int64 [examples].
        grey: the images have no colour.
        started: monotonic seconds at which the user pressed Enter.
        on_event: hears what goes on.
    """

    request: TrainRequest
    choice: Choice
    decoded: DecodedCorpus
    splits: Splits
    labels: Labels
    grey: bool
    started: float
    on_event: OnEvent

    def indices(self, split: str) -> np.ndarray:
        """int64 places of a split."""
        return np.array(self.splits.of(split), np.int64)

    @property
    def classes(self) -> int:
        """How many logits."""
        return len(self.decoded.corpus.class_names)

    def blueprint(self) -> Blueprint:
        """The architecture at the chosen size."""
        size = self.choice.preprocessing.size
        return make_blueprint(self.choice.entry, size, self.classes, alpha=self.request.alpha)

    def class_weights(self, balance: float) -> np.ndarray:
        """Weight of each class in the loss."""
        return class_weights(self.labels[self.indices("train")], self.classes, balance=balance)

    def batches(self, recipe: Recipe) -> TrainingBatches:
        """The training split by a recipe."""
        return TrainingBatches(
            self.decoded.images,
            self.labels,
            self.indices("train"),
            recipe.batch_size,
            recipe.augmentation,
            self.class_weights(recipe.balance),
            recipe.seed,
        )

    def validation(self, model: keras.Model) -> Validate:
        """Scores the model on the validation split as it is."""
        engine, indices = KerasEngine(model), self.indices("validation")
        images, labels = self.decoded.images, self.labels[indices]
        return lambda: accuracy_and_log_loss(compute_logits(engine, images, indices), labels)


@dataclass(frozen=True)
class Fitted:
    """A trained model and how it came about."""

    model: keras.Model
    blueprint: Blueprint
    recipes: dict[str, Recipe]
    histories: tuple[History, ...]
    time_limit_s: float | None

    @property
    def interrupted(self) -> bool:
        """The user stopped it."""
        return any(history.ended_by == "user" for history in self.histories)


def fit(work: Work, pretrained: list[np.ndarray] | None) -> Fitted:
    """Train the chosen architecture.

    Args:
        work: everything it needs.
        pretrained: weights of the backbone; None to begin with random ones.
    """
    return fit_from_scratch(work) if pretrained is None else fit_pretrained(work, pretrained)


def fit_from_scratch(work: Work) -> Fitted:
    """Train every weight, beginning from random ones."""
    blueprint = work.blueprint()
    if isinstance(blueprint.spec, PretrainedSpec):
        blueprint = replace(blueprint, spec=replace(blueprint.spec, fixed_statistics=False))
    model = build_model(blueprint)
    train = work.indices("train")
    recipe, limit_s = scratch_recipe(
        work.request, work.choice, grey=work.grey, train_examples=len(train), macs=count_macs(model)
    )
    if isinstance(blueprint.spec, ResidualSpec):
        _whiten_stem(model, blueprint.spec, work, train)
    compile_model(model, recipe)
    batches = work.batches(recipe)
    rate = _forward_rate(model, work)
    deadline, reserve_s = Deadline(work.started, limit_s), _reserve(work, rate)
    clock: Clock = StepClock(recipe.epochs * batches.steps_per_epoch)
    epoch_s = measure_step(model, batches) * batches.steps_per_epoch + len(work.splits.validation) / rate
    training_s = min(recipe.epochs * epoch_s, max(1.0, deadline.left(reserve_s)))
    training = f"{recipe.epochs} epochs"
    if limit_s is not None:
        training = f"about {training_s / epoch_s:.1f} of at most {training}, ended by the clock after {limit_s:.0f} s"
    work.on_event(
        describe_plan(
            work.choice,
            work.splits,
            recipe,
            PlanWords(f"{model.count_params():,} parameters", training, training_s + reserve_s),
        )
    )
    if limit_s is not None:
        if deadline.left(reserve_s) < 1:
            text = f"Reading the corpus took {deadline.elapsed():.0f} s of the {limit_s:.0f} s: it will end late."
            work.on_event(Message(f"{text} Use a longer --time-limit.", warning=True))
        clock = FirstOf(WallClock(max(1.0, deadline.left(reserve_s))), clock)
    history = fit_model(model, batches, work.validation(model), recipe, clock, on_event=work.on_event)
    return Fitted(model, blueprint, {"train": recipe}, (history,), limit_s)


def fit_pretrained(work: Work, weights: list[np.ndarray]) -> Fitted:
    """Train a head on the frozen backbone's features; with --epochs or --time-limit, then the whole network."""
    blueprint = work.blueprint()
    model = build_model(blueprint)
    set_backbone_weights(model, weights)
    recipe = head_recipe(work.request, grey=work.grey, train_examples=len(work.splits.train))
    tuning = fine_tune_recipe(work.request, work.choice, grey=work.grey)
    compile_model(model, tuning)
    rate = _forward_rate(model, work)
    deadline, reserve_s = Deadline(work.started, work.request.time_limit_s), _reserve(work, rate)
    expected_s = _head_s(work, recipe, rate) + _tuning_s(work, tuning, rate) + reserve_s
    work.on_event(
        describe_plan(
            work.choice,
            work.splits,
            recipe,
            PlanWords(
                f"{model.count_params():,} parameters, pretrained",
                _what_pretrained_does(work.request, tuning),
                min(expected_s, deadline.left(0)),
            ),
        )
    )
    chosen = _as_many_as_fit(work, recipe, rate, deadline.left(reserve_s))
    head = _fit_head(work, model, recipe, chosen)
    recipes, histories = {"head": recipe}, [head]
    if head.ended_by != "user" and (work.request.epochs is not None or deadline.limit_s is not None):
        tuned = _fine_tune(work, model, tuning, deadline.left(reserve_s))
        if tuned is not None:
            recipes["fine-tune"] = tuning
            histories.append(tuned)
    return Fitted(model, blueprint, recipes, tuple(histories), deadline.limit_s)


def _what_pretrained_does(request: TrainRequest, tuning: Recipe) -> str:
    head = "a head on frozen features"
    if request.time_limit_s is not None:
        end = f"ended by the clock after {request.time_limit_s:.0f} s"
        return f"{head}, then at most {tuning.epochs} epochs of all of the network, {end}"
    return head if request.epochs is None else f"{head}, then {tuning.epochs} epochs of all of the network"


def _head_s(work: Work, recipe: Recipe, rate: float) -> float:
    """Seconds that the features and the head are expected to take."""
    passes = 2 if recipe.augmentation.mirror else 1
    return (len(work.splits.train) * passes + len(work.splits.validation)) / rate + recipe.epochs * HEAD_EPOCH_S


def _tuning_s(work: Work, recipe: Recipe, rate: float) -> float:
    """Seconds that fine-tuning is expected to take: none, unless the user asked for it by epochs or time."""
    if work.request.time_limit_s is None and work.request.epochs is None:
        return 0.0
    return recipe.epochs * len(work.splits.train) * FINE_TUNING_COST / rate


def _as_many_as_fit(work: Work, recipe: Recipe, rate: float, seconds: float) -> np.ndarray:
    """The training images whose features can be computed in the time that is left: all of them, or a random part."""
    train = work.indices("train")
    expected_s = _head_s(work, recipe, rate)
    if expected_s <= seconds:
        return train
    count = max(work.classes, int(len(train) * seconds / expected_s)) if seconds > 0 else work.classes
    text = f"The time limit allows the features of {count:,} of {len(train):,} training images."
    work.on_event(Message(f"{text} A longer --time-limit uses more.", warning=True))
    return np.sort(np.random.default_rng([work.request.seed, 5]).permutation(train)[:count])


def _fit_head(work: Work, model: keras.Model, recipe: Recipe, train: np.ndarray) -> History:
    validation = work.indices("validation")
    engine, images = KerasEngine(feature_model(model)), work.decoded.images

    def features(indices: np.ndarray, stage: str, *, mirrored: bool = False) -> np.ndarray:
        return compute_features(engine, images, indices, mirrored=mirrored, stage=stage, on_event=work.on_event)

    plain = features(train, "computing features")
    mirrored = features(train, "computing mirrored features", mirrored=True) if recipe.augmentation.mirror else plain
    computed = SplitFeatures(plain, mirrored, features(validation, "computing validation features"))
    labels = work.labels[train], work.labels[validation]
    return fit_head(model, computed, labels, recipe, work.class_weights(recipe.balance), on_event=work.on_event)


def _fine_tune(work: Work, model: keras.Model, recipe: Recipe, seconds: float) -> History | None:
    """Train the whole network; the head alone stays where that is no better on the validation split."""
    batches, validate = work.batches(recipe), work.validation(model)
    begun = time.monotonic()
    epoch_s = measure_step(model, batches) * batches.steps_per_epoch
    seconds -= time.monotonic() - begun
    if seconds < epoch_s:
        text = f"No time is left to fine-tune the backbone: one epoch takes about {epoch_s:.0f} s."
        work.on_event(Message(f"{text} A longer --time-limit allows it."))
        return None
    head_only, (_, head_log_loss) = model.get_weights(), validate()
    epochs = recipe.epochs if work.request.epochs is not None else max(1, min(recipe.epochs, int(seconds / epoch_s)))
    clock: Clock = StepClock(epochs * batches.steps_per_epoch)
    if np.isfinite(seconds):
        clock = FirstOf(WallClock(seconds), clock)
    try:
        history = fit_model(model, batches, validate, recipe, clock, on_event=work.on_event)
    except StoppedByUser:
        model.set_weights(head_only)
        return History((), "user", 0.0)
    if min(row.validation_log_loss for row in history.rows) > head_log_loss:
        model.set_weights(head_only)
        work.on_event(
            Message("Fine-tuning did not improve the validation score: the head on the frozen backbone is kept.")
        )
    return history


def _whiten_stem(model: keras.Model, spec: ResidualSpec, work: Work, train: np.ndarray) -> None:
    chosen = np.random.default_rng([work.request.seed, 4]).permutation(train)[:WHITENING_IMAGES]
    images = work.decoded.images[np.sort(chosen)]
    kernel = whitening_kernel(images, kernel_size=spec.stem_kernel, filters=spec.stem_filters)
    model.get_layer("stem").set_weights([kernel, np.zeros(spec.stem_filters, np.float32)])


def _forward_rate(model: keras.Model, work: Work) -> float:
    """Images per second forward, measured on some training images; it also compiles what validation needs."""
    engine = KerasEngine(model)
    images = np.asarray(work.decoded.images[work.indices("train")[:LARGE_BATCH]])
    batch = np.resize(images, (LARGE_BATCH, *images.shape[1:]))
    engine.compute_logits(batch)
    start = time.monotonic()
    for _ in range(3):
        engine.compute_logits(batch)
    return 3 * LARGE_BATCH / (time.monotonic() - start)


def _reserve(work: Work, rate: float) -> float:
    """Seconds that remain to be spent after training: a validation, scoring all splits, the baseline, writing."""
    train = len(work.splits.train)
    images = 2 * len(work.splits.validation) + len(work.splits.test) + min(train, MOST_TRAIN_SCORED) + OCCLUDED
    return SAVE_S + 1.2 * images / rate + BASELINE_S * min(train, MOST_EXAMPLES)
