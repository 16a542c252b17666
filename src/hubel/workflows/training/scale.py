"""How large a network from scratch, and its images, for the time that is left.

A wider network learns more from each image, and sees fewer of them in the same time; so does one that sees larger
images. Where there are many images, the widest is taken that still sees them often enough (measured in
docs/decisions/0034-width-by-time.md).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.spec import Spec
from hubel.backends.framework import on_accelerator
from hubel.errors import WrongRequest
from hubel.images.preprocessing import PHOTOGRAPH_SIDE
from hubel.pipeline.survey import Survey
from hubel.runs.request import TrainRequest
from hubel.workflows.training.choose import Choice, choose
from hubel.workflows.training.decision import Decision
from hubel.workflows.training.network import Network

ENOUGH = 9.0
"""Epochs that a wider network must have time for, as expected from its first steps."""
MANY = 5000
"""Training images from which a wider network is better: fewer are too few for it."""
FEW = 8.0
"""Epochs of the usual network below which photographs are taken at half their size, and so four times as often."""
ALPHAS = (2.0, 1.5)
"""Widths beside the usual one, the largest first."""
EFFICIENCY = 0.85
"""Exponent of the multiply-accumulates: a wider network computes more of them in a second."""
ON_ACCELERATORS, CARD_ENOUGH, CARD_EFFICIENCY = (4.0, *ALPHAS), 12.0, 0.35
"""All three on a graphics card, which multiplies large matrices as quickly as small ones: on an NVIDIA H200 a step of a
network with 15 times as many multiply-accumulates took 2.3 times as long (docs/how-to/graphics-card.md)."""


def suited(request: TrainRequest, survey: Survey, *, images: int, measured: Network, seconds: float) -> Choice:
    """The network from scratch that suits a time, and the decision for it.

    Args:
        request: the user's words, which name no network.
        survey: a look at the corpus.
        images: of the training split.
        measured: such a network, of any size: what it takes tells what the others take.
        seconds: that are left for building and training.
    """
    classes, left_s = measured.blueprint.spec.classes, seconds - measured.costs.beside_s
    per_work = measured.costs.training_s(1) / _work(measured.blueprint.spec)

    def epochs(choice: Choice) -> float:
        return left_s / (per_work * _work(_spec(choice, classes)))

    usual, *wider = _widths(request, survey)
    side = min(usual.preprocessing.size)
    if epochs(usual) < FEW and request.image_size is None and side >= PHOTOGRAPH_SIDE:
        return next(_widths(replace(request, image_size=side // 2), survey))
    enough = CARD_ENOUGH if on_accelerator() else ENOUGH
    return next((each for each in wider if images >= MANY and epochs(each) >= enough), usual)


def _widths(request: TrainRequest, survey: Survey) -> Iterator[Choice]:
    """The usual network, then wider ones, the widest first."""
    usual = choose(replace(request, weights="none"), survey)
    for alpha in (None, *(ON_ACCELERATORS if on_accelerator() else ALPHAS)):
        decided = Decision(usual.architecture, "none", alpha, request.image_size)
        with contextlib.suppress(WrongRequest):  # it comes in one width
            choice = choose(decided.applied(request), survey)
            yield replace(choice, chosen_for_user=True, decided=decided)


def _spec(choice: Choice, classes: int) -> Spec:
    return make_blueprint(choice.entry, choice.preprocessing.size, classes=classes, alpha=choice.alpha).spec


def _work(spec: Spec) -> float:
    """Of a training step, up to a factor."""
    return spec.count_work()[0] ** (CARD_EFFICIENCY if on_accelerator() else EFFICIENCY)
