"""Compare: train variants on one split with one budget, and say which is better, or that the data cannot decide."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint
from hubel.architectures.layer_table import count_macs, layer_table
from hubel.architectures.spec import RecipeHints
from hubel.backends.framework import keras, seed_everything
from hubel.classifier.engine import compute_logits
from hubel.corpus.corpus import Corpus, check_trainable
from hubel.corpus.sample import take_part
from hubel.corpus.split import Splits, leak_note
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import StoppedByUser, TrainingDiverged, UnusableCorpus
from hubel.errors.wording import Command, Part, Text
from hubel.evaluation.paired import adjust, compare_hits
from hubel.evaluation.shift_consistency import stays_when_moved
from hubel.events import Message, OnEvent, PlanMade, ignore
from hubel.pipeline.augmentation import NONE
from hubel.pipeline.batches import TrainingBatches, class_weights
from hubel.pipeline.prepare import LEAST, OnlyPreprocessing, Preparation, Prepared, prepare_corpus
from hubel.pipeline.survey import Survey
from hubel.random_streams import stream
from hubel.runs.which_run import check_is_no_run
from hubel.text import counted, have
from hubel.training.fit import OPTIMIZER_BYTES, compile_model, fit_model, measure_step
from hubel.training.history import History, accuracy_and_log_loss
from hubel.training.interruption import Watch
from hubel.training.recipe import Recipe
from hubel.training.schedule import Clock, StepClock, WallClock
from hubel.workflows.comparing.comparison import CompareRequest, Comparison, Pair
from hubel.workflows.comparing.variant_result import VariantResult, still_falling
from hubel.workflows.comparing.variants import CLAIMS
from hubel.workflows.comparing.verdicts import judge

LARGEST_PX = 32
"""Working size where none is asked for and the images are larger: many variants are to train in minutes."""
BATCH = 32
FEWEST_EPOCHS, MOST_EPOCHS = 10, 60
"""Of each variant where no number is asked for; the more training images, the fewer."""
MOST_TRAIN_SCORED, MOST_MOVED = 2000, 1000
"""Training images that are scored for the gap, and test images that are moved; random parts, the same for all."""
TRAINING_SHARE = 0.75
"""Of a time limit; the rest is for building, scoring and moving images."""


@dataclass(frozen=True)
class _Material:
    """What every variant is given."""

    request: CompareRequest
    prepared: Prepared[OnlyPreprocessing]
    recipe: Recipe
    seconds: float | None
    on_event: OnEvent

    def places(self, split: str, most: int | None = None) -> np.ndarray:
        """int64 places of a split, or of a random part of it; ascending."""
        places = self.prepared.indices(split)
        if most is None or len(places) <= most:
            return places
        return np.sort(stream("comparison part", self.request.seed).permutation(places)[:most])

    @property
    def moved_px(self) -> int:
        """A pixel of 8, two of 32, three of 48 and more."""
        return min(3, max(1, min(self.prepared.chosen.preprocessing.size) // 16))

    @property
    def budget(self) -> str:
        if self.seconds is not None:
            return f"{self.seconds:.1f} s of training"
        return counted(self.recipe.epochs, "epoch")


def compare_variants(
    request: CompareRequest, *, started: float | None = None, on_event: OnEvent = ignore
) -> Comparison:
    """Train each variant on the same split with the same recipe and budget, measure it, and judge.

    Args:
        request: corpus, variants and budget.
        started: monotonic seconds from which a time limit counts; now by default.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says what is wrong with the corpus or the request.
        StoppedByUser: Ctrl-C before the first variant was done.
    """
    started = time.monotonic() if started is None else started
    if not isinstance(request.corpus, Corpus):
        check_is_no_run(request.corpus)
    prepared = _prepare(request, on_event)
    _say_notes(prepared.corpus, prepared.splits, on_event=on_event)
    blueprints = request.selection.blueprints(prepared.chosen.preprocessing.size, prepared.classes)
    seconds = _seconds_each(request.time_limit_s, started=started, variants=len(blueprints))
    material = _Material(request, prepared, _recipe(request, prepared), seconds, on_event)
    on_event(_plan(material, blueprints))
    rows, interrupted = _measure_all(material, blueprints)
    return _compared(material, rows, interrupted=interrupted)


def _prepare(request: CompareRequest, on_event: OnEvent) -> Prepared[OnlyPreprocessing]:
    def take(corpus: Corpus) -> Corpus:
        check_trainable(corpus)
        return take_part(corpus, request.max_examples, seed=request.seed, on_event=on_event)

    def choose(survey: Survey, corpus: Corpus) -> OnlyPreprocessing:
        side = request.image_size or max(request.selection.smallest_px, min(LARGEST_PX, survey.median_side))
        request.selection.blueprints((side, side), len(corpus.class_names))  # refuses what cannot be built, early
        return OnlyPreprocessing(survey.preprocessing((side, side)))

    reading = request.reading
    how = Preparation(reading, bands=reading.bands, seed=request.seed, refine=take)
    prepared = prepare_corpus(request.corpus, choose, how=how, on_event=on_event)
    if not prepared.splits.test:
        location = prepared.corpus.location
        raise UnusableCorpus(f"{location} leaves no image to test on: nothing to compare. {LEAST}. Add some.")
    return prepared


def _say_notes(corpus: Corpus, splits: Splits, *, on_event: OnEvent) -> None:
    look: tuple[Part, ...] = (" See them: ", Command("audit", (corpus.location,)))
    notes: list[Text | str] = [*corpus.notes, *(note for note in splits.notes if note != leak_note(splits))]
    leaking, refused = len(splits.leaking_test), len(corpus.refused)
    if leaking:
        notes.append(
            Text(
                f"{leaking:,} of {counted(len(splits.test), 'test image')} {have(leaking)} a copy, or an image of the "
                "same group, in another part: this favours variants that memorise their training images.",
                *look,
            )
        )
    if refused:
        notes.append(
            Text(f"{counted(refused, 'file')} {'was' if refused == 1 else 'were'} refused and left out.", *look)
        )
    for note in notes:
        on_event(Message(note, warning=True))


def _seconds_each(limit_s: float | None, *, started: float, variants: int) -> float | None:
    """Seconds of training of each variant, the same for all; None without a limit."""
    if limit_s is None:
        return None
    return max(1.0, TRAINING_SHARE * (limit_s - (time.monotonic() - started)) / variants)


def _recipe(request: CompareRequest, prepared: Prepared[OnlyPreprocessing]) -> Recipe:
    return Recipe(
        # 60 for a few hundred images, 10 from some thousands on.
        epochs=request.epochs or max(FEWEST_EPOCHS, min(MOST_EPOCHS, 50_000 // len(prepared.splits.train))),
        batch_size=BATCH,
        optimizer="adamw",
        learning_rate=RecipeHints.learning_rate / 2,  # most have no batch normalisation
        weight_decay=0.01,
        patience=1.0,  # each uses all of its budget
        augmentation=NONE,
        seed=request.seed,
    )


def _plan(material: _Material, blueprints: Mapping[str, Blueprint]) -> PlanMade:
    splits, preprocessing = material.prepared.splits, material.prepared.chosen.preprocessing
    return PlanMade(
        (
            ("variants", f"{len(blueprints)}: {', '.join(blueprints)}"),
            ("images", preprocessing.describe()),
            ("split", f"{len(splits.train):,} train, {len(splits.validation):,} validation, {len(splits.test):,} test"),
            ("budget", f"{material.budget} each, batches of {BATCH}, AdamW, no augmentation, nothing pretrained"),
        )
    )


def _measure_all(material: _Material, blueprints: Mapping[str, Blueprint]) -> tuple[list[VariantResult], bool]:
    """Every variant, one after the other; Ctrl-C keeps what is finished."""
    rows: list[VariantResult] = []
    try:
        for number, blueprint in enumerate(blueprints.values(), 1):
            material.on_event(Message(f"Training {blueprint.name}, {number} of {len(blueprints)}."))
            rows.append(_measure(material, blueprint))
    except (KeyboardInterrupt, StoppedByUser):
        if not rows:
            raise StoppedByUser("Stopped before the first variant was done: there is nothing to compare.") from None
        return rows, True
    return rows, False


def _measure(material: _Material, blueprint: Blueprint) -> VariantResult:
    keras.utils.clear_session()
    seed_everything(material.request.seed)
    model = build_model(blueprint)
    measured = _described(blueprint.name, model)
    compile_model(model, material.recipe)
    batches = _batches(material)
    measure_step(model, batches, steps=2)  # compiles what is timed
    try:
        history = _train(material, model, batches=batches)
    except TrainingDiverged as error:
        material.on_event(Message(Text(f"{blueprint.name} diverged: ", error.text), warning=True))
        return replace(measured, diverged=True)
    if history.ended_by == "user":
        raise StoppedByUser(f"{blueprint.name} was not finished.")
    trained = replace(
        measured,
        epochs=history.epochs,
        still_falling=still_falling([row.validation_log_loss for row in history.rows if row.validation_log_loss]),
        epoch_s=_epoch_s(material, history),
    )
    return _score(material, model, measured=trained)


def _described(name: str, model: keras.Model) -> VariantResult:
    """What a model's shapes alone say of it."""
    rows, parameters = layer_table(model), model.count_params()
    # What goes in, and what flattening only renames, takes no memory of its own.
    activations = BATCH * sum(row.activation_bytes for row in rows if row.kind not in ("InputLayer", "Flatten"))
    fields = [row.receptive_field for row in rows if row.kernel is not None and row.macs]
    return VariantResult(
        name,
        parameters=parameters,
        macs=count_macs(model),
        activation_bytes=activations,
        memory_bytes=activations + OPTIMIZER_BYTES * parameters,
        field=fields[-1] if fields else None,
    )


def _batches(material: _Material) -> TrainingBatches:
    train, recipe = material.places("train"), material.recipe
    return TrainingBatches(
        material.prepared.decoded.images,
        material.prepared.labels,
        train,
        recipe.batch_size,
        recipe.augmentation,
        class_weights(material.prepared.labels[train], material.prepared.classes, balance=recipe.balance),
        recipe.seed,
    )


def _train(material: _Material, model: keras.Model, *, batches: TrainingBatches) -> History:
    engine, places = KerasEngine(model), material.places("validation")
    images, labels = material.prepared.decoded.images, material.prepared.labels[places]
    clock: Clock = StepClock(material.recipe.epochs * batches.steps_per_epoch)
    if material.seconds is not None:
        clock = WallClock(material.seconds)

    def validate() -> tuple[float, float] | None:
        return accuracy_and_log_loss(compute_logits(engine, images, places), labels)

    return fit_model(
        model, batches, validate=validate, recipe=material.recipe, clock=clock, watch=Watch(on_event=material.on_event)
    )


def _epoch_s(material: _Material, history: History) -> float:
    """Seconds of one pass over the training split without its validation; the first is left out where there are more.

    That one also warms the machine up.
    """
    rates = [row.images_per_s for row in history.rows]
    return len(material.prepared.splits.train) / float(np.median(rates[1:] or rates))


def _score(material: _Material, model: keras.Model, *, measured: VariantResult) -> VariantResult:
    engine, images = KerasEngine(model), material.prepared.decoded.images

    def hits(places: np.ndarray, stage: str) -> np.ndarray:
        logits = compute_logits(engine, images, places, stage=stage, on_event=material.on_event)
        return logits.argmax(axis=1) == material.prepared.labels[places]

    moved = np.asarray(images[material.places("test", MOST_MOVED)])
    return replace(
        measured,
        train_hits=hits(material.places("train", MOST_TRAIN_SCORED), "scoring train"),
        validation_hits=hits(material.places("validation"), "scoring validation"),
        test_hits=hits(material.places("test"), "scoring test"),
        stays=stays_when_moved(engine.compute_logits, moved, most_px=material.moved_px),
    )


def _compared(material: _Material, rows: list[VariantResult], *, interrupted: bool) -> Comparison:
    by_name = {row.name: row for row in rows}
    request = material.request
    claims = tuple(judge(name, CLAIMS[name], rows=by_name) for name in request.selection.claims)
    return Comparison(
        request=request,
        corpus=material.prepared.corpus,
        image_size=material.prepared.chosen.preprocessing.size,
        splits=material.prepared.splits,
        budget=material.budget,
        moved_px=material.moved_px,
        rows=tuple(rows),
        pairs=_pairs(by_name, [each.name for each in request.selection.architectures]),
        claims=claims,
        interrupted=interrupted,
    )


def _pairs(rows: Mapping[str, VariantResult], names: Sequence[str]) -> tuple[Pair, ...]:
    finished = [rows[name] for name in names if name in rows and not rows[name].diverged]
    both = [(one, other) for place, one in enumerate(finished) for other in finished[place + 1 :]]
    tests = adjust([compare_hits(one.test_hits, other.test_hits) for one, other in both])
    return tuple(Pair(one.name, other.name, test) for (one, other), test in zip(both, tests, strict=True))
