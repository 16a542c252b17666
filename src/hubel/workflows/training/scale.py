"""How large a network from scratch, and its images, for the time that is left.

A larger network learns more from each image, and sees fewer of them. The largest one is taken that still sees the
training images often enough; of the choices below, that is what was best on four corpora (docs/concepts/plan.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.spec import Spec
from hubel.errors import WrongRequest
from hubel.images.preprocessing import PHOTOGRAPH_SIDE
from hubel.pipeline.survey import Survey
from hubel.runs.request import TrainRequest
from hubel.workflows.training.choose import Choice, choose
from hubel.workflows.training.decision import Decision
from hubel.workflows.training.network import Network

ENOUGH = 16.0
"""Epochs that a larger network must have time for."""
ALPHAS = (1.5, 2.0)
"""Widths beside the usual one."""


def suited(request: TrainRequest, survey: Survey, *, measured: Network, seconds: float) -> Choice:
    """The network from scratch that suits a time, and the decision for it.

    Args:
        request: the user's words, which name no network.
        survey: a look at the corpus.
        measured: such a network, of any size: what it takes tells what the others take.
        seconds: that are left for building and training.
    """
    classes, per_work = measured.blueprint.spec.classes, measured.costs.training_s(1) / _work(measured.blueprint.spec)
    left_s = seconds - measured.costs.beside_s
    sized = [(each, _work(_spec(each, classes))) for each in _choices(request, survey)]
    fitting = [(choice, work) for choice, work in sized if left_s >= ENOUGH * work * per_work]
    if fitting:
        return max(fitting, key=lambda each: each[1])[0]
    return min(sized, key=lambda each: each[1])[0]


def _choices(request: TrainRequest, survey: Survey) -> Iterator[Choice]:
    """The usual network, wider ones, and the usual one on images of half the size."""
    usual = choose(replace(request, weights="none"), survey)
    sizes = [None]
    if request.image_size is None and min(usual.preprocessing.size) >= PHOTOGRAPH_SIDE:
        sizes.append(min(usual.preprocessing.size) // 2)
    for size in sizes:
        for alpha in (None, *ALPHAS):
            decided = Decision(usual.architecture, "none", alpha, size)
            try:
                choice = choose(decided.applied(request), survey)
            except WrongRequest:  # it comes in one width
                continue
            yield replace(choice, chosen_for_user=True, decided=decided)


def _spec(choice: Choice, classes: int) -> Spec:
    return make_blueprint(choice.entry, choice.preprocessing.size, classes=classes, alpha=choice.alpha).spec


def _work(spec: Spec) -> int:
    return spec.count_work()[0]
