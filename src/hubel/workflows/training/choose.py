"""Architecture and recipes, chosen from the corpus and the user's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hubel.architectures.catalogue import Architecture, find_architecture, make_blueprint
from hubel.architectures.spec import RecipeHints
from hubel.catalogue import Later
from hubel.errors import WrongRequest
from hubel.images.preprocessing import PHOTOGRAPH_SIDE, Preprocessing
from hubel.pipeline.augmentation import Augmentation
from hubel.pipeline.survey import Survey
from hubel.runs.request import FURTHER, TrainRequest
from hubel.training.recipe import DEFAULT_EPOCHS, MOST_EPOCHS, Recipe

if TYPE_CHECKING:
    from hubel.workflows.training.decision import Decision, Tried

on_accelerator = Later("hubel.backends.framework", "on_accelerator")
DEFAULT_TIME_S = 300.0
"""Training without --epochs and --time-limit ends within this, on any machine."""
FINE_TUNE_EPOCHS = 60
"""At most; the time decides how many there are."""
SHORT_S = 45.0
"""Seconds of a time limit up to which batches have 64 images at most on a processor.

On 12,000 images of CIFAR-10 and two slow cores, 35 s are half an epoch: accuracy 0.49 to 0.55 instead of 0.37 with
batches of 256 (0.37 with 128). 100 s, as many steps as a machine three times as fast makes in 45 s: 0.721 instead of
0.738, which chance explains.
"""
MOST_MIRRORED = 20_000
"""Training images up to which features are computed of the mirror images too; more images need it less."""
FINE_TUNE_RATE = 3e-4
FINE_TUNE_AVERAGING = 0.99
"""Of the weights, over about a hundred steps: with it the first epochs are better than the head, and few are thrown
away (benchmarks/bench_recipe.py, docs/decisions/0035-recipe.md)."""
SMALLEST_SHRUNK = 20
"""Pixels of the shorter side of the images that a training may begin with: a half of photographs, three quarters of
smaller ones."""
FULL_SPEED_MACS_PER_S = 2.0e10
"""Multiply-accumulates of training a second that two cores of a laptop reach; only used to choose what is sensible."""


MOST_ELONGATED = 2.0
"""Longer side to the shorter of small images that a network from scratch sees in their own shape."""


@dataclass(frozen=True)
class Choice:
    """What is trained on a corpus.

    Args:
        entry: the architecture.
        weights: ``"imagenet"``, ``"none"`` or the path of a Keras weights file.
        preprocessing: of its images.
        chosen_for_user: the user named no architecture.
        pretrained: weights of the backbone that it begins with; None from scratch.
        begun_from: SHA-256 of the weights of the run that it begins with; None to begin anew.
        alpha: width of its network; None for the usual one.
        tried: what it was chosen from; empty where nothing else was tried.
        decided: what was decided by the time; None where the corpus and the user's words say all.
    """

    entry: Architecture
    weights: str
    preprocessing: Preprocessing
    chosen_for_user: bool
    pretrained: list[np.ndarray] | None = field(default=None, compare=False, repr=False)
    begun_from: str | None = None
    alpha: float | None = None
    tried: tuple[Tried, ...] = ()
    decided: Decision | None = None

    @property
    def architecture(self) -> str:
        """Its name."""
        return self.entry.name


def choose(request: TrainRequest, survey: Survey) -> Choice:
    """Architecture, weights, working size and resize policy, from the request where it names them.

    Args:
        request: the user's words.
        survey: a look at the corpus.
    """
    side = survey.median_side
    entry = find_architecture(request.architecture or _choose_architecture(request, side))
    weights = request.weights or ("imagenet" if entry.pretrained else "none")
    size = _choose_size(request, entry, survey=survey)
    make_blueprint(entry, size, classes=2, alpha=request.alpha)  # refuses a size or an alpha that does not fit
    preprocessing = survey.preprocessing(size, resize=request.resize)
    chosen_for_user = request.architecture is None
    return Choice(entry, weights, preprocessing, chosen_for_user=chosen_for_user, alpha=request.alpha)


def check_classes(choice: Choice, classes: int) -> None:
    """Refuse a spec of the user's own that was made for another number of classes.

    Args:
        choice: the architecture.
        classes: of the corpus.

    Raises:
        WrongRequest: the two numbers differ.
    """
    own = choice.entry.own
    if own is not None and own.classes != classes:
        raise WrongRequest(
            f"The CnnSpec is for {own.classes} classes, the corpus has {classes}: "
            f"use dataclasses.replace(spec, classes={classes})."
        )


def _choose_architecture(request: TrainRequest, side: int) -> str:
    if request.weights not in (None, "none"):
        return "mobilenet"
    if (request.image_size or side) < 16:
        return "small-cnn"
    return "mobilenet" if side >= PHOTOGRAPH_SIDE and request.weights is None else "residual"


def _choose_size(request: TrainRequest, entry: Architecture, *, survey: Survey) -> tuple[int, int]:
    """Height and width: the user's, the network's own, or what the images have, up to what the network is good for."""
    side = survey.median_side
    if request.image_size is not None:
        return request.image_size, request.image_size
    if entry.own is not None:
        return entry.own.image_size
    if entry.pretrained:  # learned at this size; smaller images are enlarged, but not without end
        size = min(entry.image_size, max(96, 32 * -(-side // 32)))
        return size, size
    size = max(entry.smallest, min(entry.image_size, side))
    if size != side or request.resize is not None:  # they are made larger or smaller anyway
        return size, size
    longer = round(size * min(MOST_ELONGATED, max(survey.aspect, 1 / survey.aspect)))
    return (size, longer) if survey.aspect >= 1 else (longer, size)


def scratch_recipe(
    request: TrainRequest, choice: Choice, *, hints: RecipeHints, grey: bool, train_examples: int, macs: int
) -> tuple[Recipe, float | None]:
    """The recipe of training from scratch, and the seconds it may take where the clock decides.

    Without --epochs and --time-limit, 40 epochs if they take a few minutes on a laptop, else five minutes.

    Args:
        request: the user's words.
        choice: architecture and preprocessing.
        hints: of its family.
        grey: the images have no colour.
        train_examples: images of the training split.
        macs: of one image's forward pass.
    """
    expected_s = 3 * macs * train_examples * DEFAULT_EPOCHS / FULL_SPEED_MACS_PER_S
    limit = request.time_limit_s
    if limit is None and request.epochs is None and expected_s > DEFAULT_TIME_S:
        limit = DEFAULT_TIME_S
    side = min(choice.preprocessing.size)
    scale = 0.5 if side >= PHOTOGRAPH_SIDE else 0.75
    small = round(scale * side)
    recipe = Recipe(
        epochs=request.epochs or (DEFAULT_EPOCHS if request.time_limit_s is None else MOST_EPOCHS),
        batch_size=request.batch_size or _batch_size(train_examples, limit_s=request.time_limit_s),
        optimizer=hints.optimizer,
        learning_rate=hints.learning_rate,
        weight_decay=hints.weight_decay,
        small_until=hints.small_until if small >= SMALLEST_SHRUNK else 0.0,
        small_scale=scale,
        augmentation=_augmentation(request, choice, grey=grey),
        seed=request.seed,
    )
    if request.learning_rate is not None:
        scale = request.learning_rate / recipe.learning_rate
        recipe = replace(recipe, learning_rate=request.learning_rate, kernel_step=recipe.kernel_step * scale)
    return recipe, limit


def head_recipe(request: TrainRequest, *, grey: bool, train_examples: int) -> Recipe:
    """The recipe of a head on frozen features; its images may be mirrored, nothing else.

    Args:
        request: the user's words.
        grey: the images have no colour.
        train_examples: images of the training split.
    """
    mirror = request.mirror if request.mirror is not None else not grey and train_examples <= MOST_MIRRORED
    return Recipe(
        epochs=40,
        batch_size=_batch_size(train_examples),
        optimizer="adamw",
        learning_rate=3e-3,
        weight_decay=0.0,
        label_smoothing=0.05,  # with 0.1 the probabilities fit less well, calibrated or not
        phase="head",
        warm_up=0.05,
        patience=1.0,  # its epochs take a tenth of a second
        augmentation=Augmentation(mirror=mirror, shift=0.0),
        seed=request.seed,
    )


def fine_tune_recipe(request: TrainRequest, choice: Choice, *, grey: bool) -> Recipe:
    """The recipe of training a pretrained network as a whole, after its head.

    Args:
        request: the user's words.
        choice: architecture and preprocessing.
        grey: the images have no colour.
    """
    return Recipe(
        epochs=request.epochs or FINE_TUNE_EPOCHS,
        phase="fine-tune",
        batch_size=request.batch_size or 32,
        optimizer="adamw",
        learning_rate=request.learning_rate or FINE_TUNE_RATE,
        weight_decay=0.01,
        label_smoothing=0.0,
        averaging=FINE_TUNE_AVERAGING,
        augmentation=_augmentation(request, choice, grey=grey),
        seed=request.seed,
    )


def _augmentation(request: TrainRequest, choice: Choice, *, grey: bool) -> Augmentation:
    photographs = min(choice.preprocessing.size) >= PHOTOGRAPH_SIDE
    usual = Augmentation(
        mirror=request.mirror if request.mirror is not None else not grey,
        shift=0.125,
        zoom=0.4 if photographs else 0.0,
        brightness=0.2 if photographs and not grey else 0.0,
    )
    further = (part for name in request.augmented for part in FURTHER[name].items())
    return replace(usual, **{field: max(value, getattr(usual, field)) for field, value in further})


def _batch_size(train_examples: int, *, limit_s: float | None = None) -> int:
    """A power of two from 16 to 256, to 512 on a graphics card, that gives at least 40 steps an epoch where it can.

    In a short time a processor may not get through one epoch: then more and smaller steps learn more.
    """
    sizes: Sequence[int] = (*((512,) if on_accelerator() else ()), 256, 128, 64, 32)
    if limit_s is not None and limit_s <= SHORT_S and not on_accelerator():
        sizes = (64, 32)
    return next((size for size in sizes if train_examples >= 40 * size), 16)
