"""Which network is trained: each candidate shows what it can do on this corpus, and the best gets the rest of the time.

The rule, in order:

1. A head on the frozen features of the usual backbone, if they take no more than `FEATURES` of the time that is left;
   and of each other one whose weights are on this machine and whose features take no more than `MORE_FEATURES` of it.
2. The network from scratch that would be chosen without weights, on images of half the size, for `TRIAL` of the time
   that is left; its learning rate has fallen to 0 by then.
3. What has the least log loss on the validation split goes on, each at its own best temperature. All will get better: a
   head by fine-tuning, a network from scratch by more time.
4. A network from scratch that goes on gets the width, and images of the size, that suit the time that is left
   (`suited`); so does one where there are no pretrained weights.

The test split plays no part.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hubel.architectures.catalogue import ARCHITECTURES, Architecture
from hubel.architectures.families.backbones import pretrained_weights
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.families.weight_files import find_weight_file
from hubel.architectures.spec import LOGITS
from hubel.backends.framework import keras
from hubel.calibration.temperature import fit_temperature
from hubel.classifier.engine import compute_logits
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import OutOfMemory, StoppedByUser, TrainingDiverged, WeightsNotAvailable
from hubel.errors.wording import Option, Remedy, Text
from hubel.events import Event, Message, OnEvent, Progress, StopHeard, TrainingProgress, ignore
from hubel.pipeline.decoded import decode_corpus
from hubel.pipeline.prepare import Prepared
from hubel.runs.request import TrainRequest
from hubel.training.history import accuracy_and_log_loss
from hubel.training.plan import FINE_TUNE, HEAD, FitPlan, Point
from hubel.training.transfer import Standard
from hubel.workflows.training.choose import Choice, choose
from hubel.workflows.training.decision import Decision, Tried
from hubel.workflows.training.fitting import Entrant, Fitted, Listeners, run_fit
from hubel.workflows.training.network import Network, ready_network
from hubel.workflows.training.plan_fit import plan_fit
from hubel.workflows.training.scale import suited

FEATURES, MORE_FEATURES = 0.3, 0.1
"""Share of the time that is left which the features of the first backbone may take, and of each other."""
TRIAL = 0.12
"""Share of the time that is left in which a network from scratch shows what it can do."""
SMALLEST_TRIAL = 32
"""Pixels of the side of an image in it."""
LEAST_TRIAL_S = 4.0
"""A shorter trial shows nothing."""
SURE = 0.02
"""Log loss of a head from which there is nothing left to look for."""


@dataclass(frozen=True)
class _TriedNetwork:
    """A network that was tried."""

    prepared: Prepared[Choice]
    network: Network
    fitted: Fitted
    tried: Tried


def race(
    request: TrainRequest, prepared: Prepared[Choice], *, started: float, listeners: Listeners | None = None
) -> Entrant:
    """Try what may be trained on a corpus, and choose.

    Args:
        request: the user's words, a time limit among them.
        prepared: the corpus for the first candidate: a head on a pretrained backbone, or a network from scratch where
            that is all there is.
        started: monotonic seconds from which the limit counts.
        listeners: who listens; None for nobody.

    Raises:
        StoppedByUser: before it was known what to train.
    """
    listeners = listeners or Listeners()
    run = _Race(request, started, Listeners(_only_progress(listeners.on_event), stop=listeners.stop))
    begun, network = time.monotonic(), ready_network(request, prepared)
    if prepared.chosen.pretrained is None:
        return run.alone(prepared, network)
    usual = Entrant(_decided(prepared), network)
    if not len(prepared.indices("validation")):
        return usual
    first = run.head(prepared, network, begun=begun)
    if first is None:
        return usual
    heads = [first, *run.other_heads(prepared, first)]
    for each in heads:
        listeners.on_event(Message(each.tried.describe()))
    best = heads[_place_of_best([each.tried for each in heads])]
    scratch = None if best.tried.log_loss < SURE else run.from_scratch(prepared)
    candidates = [*heads, *([] if scratch is None else [scratch])]
    if scratch is not None:
        listeners.on_event(Message(scratch.tried.describe()))
    winner = candidates[_place_of_best([each.tried for each in candidates])]
    if winner is scratch:
        whole = run.scaled(prepared, winner.network)
        shown = (_marked(candidates, winner), winner.fitted)
        return Entrant(_marked(candidates, winner, prepared=whole), fallback=shown)
    return Entrant(_marked(candidates, winner), winner.network, winner.fitted.features, _point_behind(winner.fitted))


def _decided(prepared: Prepared[Choice], *, image_size: int | None = None) -> Prepared[Choice]:
    """The corpus for a choice that is what was decided; with the size of its images where it is not the usual one."""
    choice = prepared.chosen
    decided = choice.decided or Decision(choice.architecture, choice.weights, image_size=image_size)
    return replace(prepared, chosen=replace(choice, decided=decided))


def _place_of_best(rows: Sequence[Tried]) -> int:
    losses = [row.log_loss for row in rows]
    return losses.index(min(losses))


def _point_behind(fitted: Fitted) -> Point:
    """Where fine-tuning goes on from a head that is trained."""
    features = fitted.features
    if features is None:
        return Point()
    standard = Standard.of(features.computed.plain)
    head = (*fitted.model.get_layer(LOGITS).get_weights(), standard.mean, standard.deviation)
    return Point(FINE_TUNE, fitted.histories, head)


def _marked(
    candidates: Sequence[_TriedNetwork], chosen: _TriedNetwork, *, prepared: Prepared[Choice] | None = None
) -> Prepared[Choice]:
    """The corpus for one of the candidates, which says what it was chosen from."""
    prepared = prepared or _decided(chosen.prepared)
    rows = tuple(replace(each.tried, goes_on=each is chosen) for each in candidates)
    return replace(prepared, chosen=replace(prepared.chosen, tried=rows))


def best_of(entrant: Entrant, fitted: Fitted, on_event: OnEvent = ignore) -> tuple[Prepared[Choice], Fitted]:
    """What was trained in the end; or the trial by which it was chosen, where that is better on the validation split.

    Args:
        entrant: of `race`.
        fitted: trained from it.
        on_event: hears a `Message` where the trial is kept.
    """
    if entrant.fallback is None:
        return entrant.prepared, fitted
    prepared, trial = entrant.fallback
    mine, other = (_score(each.model, on)[1] for each, on in ((fitted, entrant.prepared), (trial, prepared)))
    if mine <= other:
        return entrant.prepared, fitted
    text = f"The rest of the time made it no better: validation log loss {mine:.3f}, {other:.3f} when it was tried."
    remedy = Remedy("What was tried is kept. Give it more time: a longer ", Option("time_limit"), ".")
    on_event(Message(Text(text, remedy)))
    return entrant.fallback


@dataclass(frozen=True)
class _Race:
    """What all candidates have in common."""

    request: TrainRequest
    started: float
    listeners: Listeners

    def head(
        self, prepared: Prepared[Choice], network: Network, *, begun: float, share: float = FEATURES
    ) -> _TriedNetwork | None:
        """A head on a backbone; None where its features would take too much of the time."""
        plan = self._plan(prepared, network)
        if plan.expected_s[HEAD] > share * plan.seconds(time.monotonic()):
            return None
        return self._candidate(prepared, network, plan=replace(plan, recipes=plan.recipes[:1]), begun=begun)

    def other_heads(self, prepared: Prepared[Choice], first: _TriedNetwork) -> Iterator[_TriedNetwork]:
        """A head on each other backbone that is here and quick enough; one that looks too slow is not even built."""
        plan, work = self._plan(prepared, first.network), first.network.blueprint.spec.count_work()[0]
        for entry, spec in _other_backbones(prepared.chosen):
            foretold_s = plan.expected_s[HEAD] * spec.count_work()[0] / work
            if foretold_s > MORE_FEATURES * plan.seconds(time.monotonic()):
                continue
            begun = time.monotonic()
            with contextlib.suppress(WeightsNotAvailable):  # a damaged file of a network that nobody asked for
                weights = pretrained_weights(spec.backbone, spec.alpha, source="imagenet")
                on = replace(prepared, chosen=replace(prepared.chosen, entry=entry, pretrained=weights))
                tried = self.head(on, ready_network(self.request, on), begun=begun, share=MORE_FEATURES)
                if tried is not None:
                    yield tried

    def from_scratch(self, prepared: Prepared[Choice]) -> _TriedNetwork | None:
        """The network that is trained where there are no weights; None where there is no time to try it.

        On images of half the size, which take about a quarter of the time, it shows whether it learns.
        """
        begun = time.monotonic()
        whole = choose(replace(self.request, weights="none"), prepared.survey).preprocessing.size
        request = replace(self.request, weights="none", image_size=max(SMALLEST_TRIAL, min(whole) // 2))
        on = _decided(self._prepared(prepared, choose(request, prepared.survey)), image_size=request.image_size)
        network = ready_network(request, on)
        plan = self._plan(on, network)
        trial = plan.scaled(TRIAL, afterwards=plan.afterwards)
        if trial.seconds(time.monotonic()) < max(LEAST_TRIAL_S, network.costs.training_s(1)):
            return None
        try:
            return self._candidate(on, network, plan=trial, begun=begun)
        except (TrainingDiverged, OutOfMemory):  # the user did not ask for it: the head goes on
            return None

    def scaled(self, prepared: Prepared[Choice], measured: Network) -> Prepared[Choice]:
        """The corpus for the network from scratch that suits the time that is left."""
        seconds = self._plan(prepared, measured).seconds(time.monotonic())
        images = len(prepared.splits.train)
        choice = suited(self.request, prepared.survey, images=images, measured=measured, seconds=seconds)
        return self._prepared(prepared, choice)

    def alone(self, prepared: Prepared[Choice], network: Network) -> Entrant:
        """What is trained where there are no pretrained weights; the network that was built, if it suits."""
        scaled, usual = self.scaled(prepared, network), prepared.chosen
        same = (scaled.chosen.alpha, scaled.chosen.preprocessing) == (usual.alpha, usual.preprocessing)
        return Entrant(scaled, network if same else None)

    def _prepared(self, prepared: Prepared[Choice], choice: Choice) -> Prepared[Choice]:
        decoded = prepared.decoded
        if choice.preprocessing != prepared.chosen.preprocessing:
            decoded = decode_corpus(prepared.corpus, choice.preprocessing, on_event=self.listeners.on_event)
        return replace(prepared, chosen=choice, decoded=decoded)

    def _plan(self, prepared: Prepared[Choice], network: Network) -> FitPlan:
        recipes, limit_s, costs = network.recipes, network.limit_s, network.costs
        return plan_fit(
            self.request, prepared.splits, recipes=recipes, limit_s=limit_s, costs=costs, started=self.started
        )

    def _candidate(self, prepared: Prepared[Choice], network: Network, *, plan: FitPlan, begun: float) -> _TriedNetwork:
        fitted = run_fit(plan, network, prepared=prepared, listeners=self.listeners)
        if fitted.interrupted:
            raise StoppedByUser("Stopped before it was known which network to train: there is no classifier yet.")
        accuracy, log_loss = _score(fitted.model, prepared)
        choice, seconds = prepared.chosen, time.monotonic() - begun
        tried = Tried(
            choice.architecture, choice.weights, choice.preprocessing.size, plan.recipes[0].phase, seconds, accuracy,
            log_loss,
        )  # fmt: skip
        return _TriedNetwork(prepared, network, fitted, tried)


def _other_backbones(first: Choice) -> Iterator[tuple[Architecture, PretrainedSpec]]:
    """Other pretrained backbones, of their usual width, whose ImageNet weights are on this machine."""
    for name, entry in ARCHITECTURES.items():
        if not entry.pretrained or name == first.architecture or first.weights != "imagenet":
            continue
        spec = entry.make_spec(first.preprocessing.size, 2)
        if isinstance(spec, PretrainedSpec) and find_weight_file(spec.backbone, spec.alpha) is not None:
            yield entry, spec


def _score(model: keras.Model, prepared: Prepared[Choice]) -> tuple[float, float]:
    """Accuracy on the validation split, and log loss there at the temperature that suits it."""
    indices = prepared.indices("validation")
    logits, labels = compute_logits(KerasEngine(model), prepared.decoded.images, indices), prepared.labels[indices]
    scored = accuracy_and_log_loss(logits / fit_temperature(logits, labels), labels)
    return scored or (0.0, math.inf)


def _only_progress(on_event: OnEvent) -> OnEvent:
    """Epochs of a trial are no epochs of the run."""

    def hear(event: Event) -> None:
        if isinstance(event, (Progress, TrainingProgress, StopHeard)):
            on_event(event)

    return hear
