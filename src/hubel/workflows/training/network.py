"""A network that is ready for its first step: built, given the weights it begins with, compiled, and measured."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import Blueprint, make_blueprint
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.spec import RecipeHints
from hubel.backends.framework import keras
from hubel.catalogue import Later
from hubel.classifier.engine import batch_of
from hubel.engines.keras_engine import KerasEngine
from hubel.pipeline.batches import TrainingBatches, class_weights
from hubel.pipeline.prepare import Prepared
from hubel.random_streams import stream
from hubel.runs.request import TrainRequest
from hubel.training.fit import compile_model, measure_step
from hubel.training.plan import MARGIN, Costs
from hubel.training.recipe import Recipe, as_planned, recipes_from
from hubel.workflows.training.choose import Choice, fine_tune_recipe, head_recipe, scratch_recipe

if TYPE_CHECKING:
    from hubel.workflows.training.warm_start import WarmStart

set_backbone_weights = Later("hubel.architectures.families.backbones", "set_backbone_weights")
count_macs = Later("hubel.architectures.layer_table", "count_macs")
whiten = Later("hubel.architectures.whitening", "whiten")
quickest_arithmetic = Later("hubel.backends.arithmetic", "quickest_arithmetic")

WHITENING_IMAGES = 1000
MEASURING_S = 1.0
"""Seconds after which the forward pass is measured no more."""
FINE_TUNING_COST = 3.0
"""A step of fine-tuning costs about as much as so many forward passes; only used to foretell how long it takes."""


@dataclass(frozen=True)
class Network:
    """A compiled model before its first step.

    Args:
        model: with the weights that it begins with.
        blueprint: its architecture.
        recipes: of the phases of its training, in order.
        limit_s: seconds for everything, where the clock decides; None where only epochs do.
        costs: measured on this machine.
    """

    model: keras.Model
    blueprint: Blueprint
    recipes: tuple[Recipe, ...]
    limit_s: float | None
    costs: Costs


def ready_network(
    request: TrainRequest,
    prepared: Prepared[Choice],
    *,
    warm: WarmStart | None = None,
    recipes: tuple[Recipe, ...] = (),
) -> Network:
    """Build, compile and measure the network that was chosen for a corpus.

    Args:
        request: the user's words.
        prepared: the corpus.
        warm: the run whose weights it begins with; None to begin anew.
        recipes: of another training, which this one repeats on other images; none to choose them.
    """
    begun = time.monotonic()
    choice, names = prepared.chosen, prepared.corpus.class_names
    blueprint = make_blueprint(choice.entry, choice.preprocessing.size, classes=len(names), alpha=choice.alpha)
    spec = blueprint.spec
    if choice.pretrained is None and isinstance(spec, PretrainedSpec):
        spec = replace(spec, fixed_statistics=False)
        blueprint = replace(blueprint, spec=spec)
    model = build_model(blueprint)
    if choice.pretrained is not None:
        set_backbone_weights(model, choice.pretrained)
    macs = count_macs(model) if isinstance(spec, PretrainedSpec) else spec.count_work()[0]
    chosen, limit_s = _choose_recipes(request, prepared, hints=spec.hints, macs=macs, warm=warm)
    if limit_s is not None and spec.gains_by_fusing:
        chosen = (replace(chosen[0], arithmetic=quickest_arithmetic()),)
    recipes = recipes or as_planned(chosen, recipes_from(request.planned or {}))
    if warm is not None:
        warm.put_into(model, names)
    elif spec.hints.whitened_layer:
        _whiten(model.get_layer(spec.hints.whitened_layer), prepared, seed=recipes[0].seed)
    if choice.pretrained is None:  # one on a pretrained backbone is compiled when its head is trained
        compile_model(model, recipes[0])
    costs = _measure(model, prepared, recipe=recipes[0], begun=begun)
    return Network(model, blueprint, recipes, limit_s, costs)


def _choose_recipes(
    request: TrainRequest, prepared: Prepared[Choice], *, hints: RecipeHints, macs: int, warm: WarmStart | None
) -> tuple[tuple[Recipe, ...], float | None]:
    """The recipe of each phase, and the seconds for everything where the clock decides."""
    choice, grey, count = prepared.chosen, prepared.survey.grey, len(prepared.splits.train)
    if choice.pretrained is None:
        recipe, limit_s = scratch_recipe(request, choice, hints=hints, grey=grey, train_examples=count, macs=macs)
        return (recipe if warm is None else replace(recipe, phase="warm-start"),), limit_s
    head = head_recipe(request, grey=grey, train_examples=count)
    if request.epochs is None and request.time_limit_s is None:
        return (head,), None
    return (head, fine_tune_recipe(request, choice, grey=grey)), request.time_limit_s


def _measure(model: keras.Model, prepared: Prepared[Choice], *, recipe: Recipe, begun: float) -> Costs:
    """What the network takes; of a pretrained one a step is only foretold, for compiling it takes long."""
    rate = forward_rate(model, prepared)
    splits, compiling_s = prepared.splits, 0.0
    if prepared.chosen.pretrained is None:
        batches, compiling = batches_of(prepared, recipe), time.monotonic()
        step_s = measure_step(model, batches, recipe=recipe)
        compiling_s = time.monotonic() - compiling
        epoch_s = step_s * batches.steps_per_epoch
    else:
        epoch_s = len(splits.train) * FINE_TUNING_COST / rate
    beside_s = time.monotonic() - begun + MARGIN * len(splits.test) / rate
    smaller = 1 - recipe.small_until * (1 - recipe.small_scale**2)
    return Costs(rate, epoch_s, len(splits.validation) / rate, beside_s, smaller, compiling_s)


def forward_rate(model: keras.Model, prepared: Prepared[Choice]) -> float:
    """Images per second forward, measured on some training images; it also compiles what validation needs.

    A slow machine is measured on one batch instead of three.

    Args:
        model: compiled or not.
        prepared: the corpus.
    """
    engine = KerasEngine(model)
    size = batch_of(engine)
    images = np.asarray(prepared.decoded.images[prepared.indices("train")[:size]])
    batch = np.resize(images, (size, *images.shape[1:]))
    engine.compute_logits(batch)
    start, batches = time.monotonic(), 0
    while batches < 3 and (not batches or time.monotonic() - start < MEASURING_S):
        engine.compute_logits(batch)
        batches += 1
    return batches * size / max(time.monotonic() - start, 1e-9)


def weights_of_classes(prepared: Prepared[Choice], recipe: Recipe) -> np.ndarray:
    """Weight of each class in the loss, float32 [classes].

    Args:
        prepared: the corpus.
        recipe: how far they balance the classes.
    """
    return class_weights(prepared.labels[prepared.indices("train")], prepared.classes, balance=recipe.balance)


def batches_of(prepared: Prepared[Choice], recipe: Recipe) -> TrainingBatches:
    """The training split by a recipe.

    Args:
        prepared: the corpus.
        recipe: batch size, augmentation and seed.
    """
    return TrainingBatches(
        prepared.decoded.images,
        prepared.labels,
        prepared.indices("train"),
        recipe.batch_size,
        recipe.augmentation,
        weights_of_classes(prepared, recipe),
        recipe.seed,
    )


def _whiten(layer: keras.layers.Conv2D, prepared: Prepared[Choice], *, seed: int) -> None:
    chosen = stream("whitening", seed).permutation(prepared.indices("train"))[:WHITENING_IMAGES]
    whiten(layer, prepared.decoded.images[np.sort(chosen)])
