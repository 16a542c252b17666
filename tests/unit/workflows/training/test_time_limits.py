"""A time limit on a machine that becomes three times slower midway: a simulated machine, on which nobody waits."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from hubel.architectures.catalogue import find_architecture
from hubel.architectures.families.backbones import feature_model
from hubel.architectures.families.pretrained import FEATURES
from hubel.architectures.spec import LOGITS
from hubel.backends import arithmetic as arithmetics
from hubel.backends.arithmetic import BFLOAT16, FUSED, KERAS
from hubel.backends.framework import keras
from hubel.corpus.corpus import Corpus, Example
from hubel.corpus.split import Splits
from hubel.engines import keras_engine
from hubel.events import Event, Message, PlanMade
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.decoded import DecodedCorpus
from hubel.pipeline.prepare import Kept, Prepared
from hubel.pipeline.survey import Survey
from hubel.runs.request import TrainRequest
from hubel.training import fit as fit_module
from hubel.training import transfer
from hubel.training.recipe import Recipe
from hubel.training.schedule import ReplanningClock, WallClock
from hubel.workflows.evaluating.page_images import MISTAKES_SHOWN
from hubel.workflows.training import features_in_time, fitting, network
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.features_in_time import LEAST_PER_CLASS
from hubel.workflows.training.fitting import Fitted
from hubel.workflows.training.plan_fit import describe_lateness, describe_plan, plan_fit
from hubel.workflows.training.scoring import as_many_as_fit
from hubel.workflows.training.time_budget import BASELINE_S, OCCLUDED, SAVE_S, Deadline

SIDE, CLASSES, TRAIN, OTHERS = 32, 10, 1010, 216
SLOWER = 3.0
IN_TIME = 1.25
"""Of the limit, of a machine that keeps its speed."""
LATE = 0.5
"""Share of the limit by which such a machine may be late."""


@dataclass
class Machine:
    """Seconds that work takes: ``rate`` images a second forward; from ``slow_at`` on all takes three times as long."""

    rate: float
    slow_at: float = float("inf")
    compile_s: float = 4.0
    now: float = 0.0
    compiled: set[object] = field(default_factory=set)

    def spend(self, seconds: float) -> None:
        """Work that takes these seconds at full speed."""
        before = min(seconds, max(0.0, self.slow_at - self.now))
        self.now += before + SLOWER * (seconds - before)

    def compile(self, what: object, seconds: float) -> None:
        if what not in self.compiled:
            self.compiled.add(what)
            self.spend(seconds)

    def follow(self, splits: Splits, limit_s: float | None) -> None:
        """What is done after the fit: scoring, the baseline, covered copies, writing."""
        begun, deadline = self.now, Deadline(0.0, limit_s)
        self.spend(OTHERS / self.rate)
        self.spend(as_many_as_fit(splits, deadline, image_s=(self.now - begun) / OTHERS) / self.rate)
        self.spend(OTHERS / self.rate + BASELINE_S * TRAIN)
        ends_at, last_s = deadline.ends_at, 0.0
        for _ in range(MISTAKES_SHOWN):  # as `worst_mistakes` does
            begun = self.now
            if begun + last_s <= ends_at:
                self.spend(OCCLUDED / MISTAKES_SHOWN / self.rate)
                last_s = self.now - begun
        self.spend(SAVE_S)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    simulated, real_run, real_step = Machine(rate=200.0), keras_engine._run_batch, fit_module._train_on_batch

    def run(model: keras.Model, images: np.ndarray, *, size: int) -> list[np.ndarray]:
        simulated.compile((id(model), size), simulated.compile_s)
        simulated.spend(size / simulated.rate)
        return real_run(model, images, size=size)

    def step(model: keras.Model, images: np.ndarray, *, one_hot: np.ndarray, weights: np.ndarray) -> float:
        if images.ndim == 4:
            simulated.compile(id(model), 2 * simulated.compile_s)
            simulated.spend(network.FINE_TUNING_COST * len(images) / simulated.rate)
        else:
            simulated.spend(0.002)
        return real_step(model, images, one_hot=one_hot, weights=weights)

    monkeypatch.setattr(time, "monotonic", lambda: simulated.now)
    monkeypatch.setattr(keras_engine, "_run_batch", run)
    monkeypatch.setattr(fit_module, "_train_on_batch", step)
    for module in (fitting, transfer):  # the clock's default is the real one
        monkeypatch.setattr(module, "WallClock", lambda seconds, **more: WallClock(seconds, time.monotonic, **more))
    monkeypatch.setattr(network, "build_model", lambda blueprint: small_network())
    monkeypatch.setattr(network, "set_backbone_weights", lambda model, weights: None)
    monkeypatch.setattr(
        features_in_time, "describe_by", lambda model: keras_engine.KerasEngine(feature_model(model)).compute_logits
    )
    return simulated


def small_network() -> keras.Model:
    """Stands for a backbone and its head; its real work is nothing."""
    keras.utils.set_random_seed(0)
    image = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name=FEATURES)(keras.layers.AveragePooling2D(8)(image))
    return keras.Model(image, keras.layers.Dense(CLASSES, name=LOGITS)(pooled))


@dataclass
class Job:
    """A training that is asked for, and what it says."""

    request: TrainRequest
    prepared: Prepared[Choice]
    heard: list[Event]


def job(
    heard: list[Event], *, limit_s: float | None, architecture: str = "mobilenet", scratch: bool = False, **wishes: Any
) -> Job:
    rng, count = np.random.default_rng(0), TRAIN + 2 * OTHERS
    labels = rng.integers(0, CLASSES, count)
    images = np.broadcast_to((20 * labels).astype(np.uint8)[:, None, None, None], (count, SIDE, SIDE, 3))
    names = tuple(map(str, range(CLASSES)))
    examples = tuple(Example(f"{place}.png", int(label)) for place, label in enumerate(labels))
    corpus = Corpus("photos", "folder", names, examples, (), cast("Any", None), ())
    preprocessing = Preprocessing(SIDE, SIDE, "squash")
    entry = find_architecture(architecture)
    choice = Choice(entry, "imagenet", preprocessing, chosen_for_user=False, pretrained=None if scratch else [])
    places = np.arange(count)
    splits = Splits(*(tuple(map(int, part)) for part in np.split(places, [TRAIN, TRAIN + OTHERS])))
    request = TrainRequest("photos", Path("run"), time_limit_s=limit_s, **wishes)
    decoded = DecodedCorpus(corpus, cast("Any", images), (), preprocessing)
    survey, none = Survey(((SIDE, SIDE),), grey=False), cast("Any", None)
    return Job(request, Prepared(choice, survey, decoded, none, splits, Kept(decoded)), heard)


def fitted(machine: Machine, mine: Job, *, intake_s: float = 5.0) -> Fitted:
    machine.spend(intake_s)
    request, splits = mine.request, mine.prepared.splits
    ready = network.ready_network(request, mine.prepared)
    plan = plan_fit(
        request, splits, recipes=ready.recipes, limit_s=ready.limit_s, costs=ready.costs, started=0.0
    )  # fmt: skip
    mine.heard.append(describe_plan(plan, mine.prepared.chosen, splits=splits, parameters=ready.model.count_params()))
    late = describe_lateness(plan)
    mine.heard += [] if late is None else [late]
    done = fitting.run_fit(plan, ready, prepared=mine.prepared, listeners=fitting.Listeners(mine.heard.append))
    machine.follow(splits, request.time_limit_s)
    return done


@pytest.mark.parametrize(
    ("architecture", "limit_s", "wishes", "arithmetic"),
    [
        ("residual", 60.0, {}, BFLOAT16), ("small-cnn", 60.0, {}, BFLOAT16), ("residual", None, {"epochs": 1}, KERAS),
        ("residual", None, {"epochs": 1, "planned": {"train": Recipe(1, arithmetic=FUSED).to_json()}}, FUSED),
        ("lenet5", 60.0, {}, KERAS), ("mobilenet", 60.0, {}, KERAS),
    ],
    ids=str,
)  # fmt: skip
def test_where_the_clock_decides_a_network_from_scratch_computes_as_is_quickest(
    architecture: str, limit_s: float | None, wishes: dict[str, Any], arithmetic: str, monkeypatch: pytest.MonkeyPatch
):
    """Not a backbone: depthwise convolutions are slower so. And not by epochs: their result is to be that of Keras."""
    monkeypatch.setattr(arithmetics, "quickest_arithmetic", lambda: BFLOAT16)
    mine = job([], limit_s=limit_s, architecture=architecture, scratch=True, **wishes)
    kinds: list[str] = []
    monkeypatch.setattr(network, "measure_step", lambda *_, recipe: kinds.append(recipe.arithmetic) or 0.01)
    ready = network.ready_network(mine.request, mine.prepared)
    assert [each.arithmetic for each in ready.recipes] == kinds == [arithmetic]


def said(heard: list[Event]) -> str:
    return "\n".join(str(event.text) for event in heard if isinstance(event, Message))


def compiled_steps(machine: Machine) -> list[object]:
    """Models of which a step of training was compiled."""
    return [what for what in machine.compiled if isinstance(what, int)]


@pytest.mark.parametrize(
    ("limit_s", "rate"), [(60.0, 1000.0), (60.0, 200.0), (60.0, 60.0), (60.0, 40.0), (60.0, 30.0), (120.0, 15.0)]
)
def test_a_machine_that_keeps_its_speed_is_in_time(machine: Machine, limit_s: float, rate: float):
    machine.rate = rate
    fitted(machine, job([], limit_s=limit_s))
    assert machine.now <= IN_TIME * limit_s


def test_on_a_slow_machine_half_of_the_time_is_for_training(machine: Machine):
    machine.rate, heard = 60.0, []
    fitted(machine, job(heard, limit_s=60.0))
    found = re.search("The time limit allows the features of ([0-9]+) of 1,010 training images", said(heard))
    assert found is not None
    assert int(found[1]) > 300  # 128 where all that could follow is kept free


@pytest.mark.parametrize(
    ("limit_s", "rate", "slow_at"),
    [(60.0, 200.0, 6.0), (60.0, 200.0, 30.0), (90.0, 200.0, 22.5), (120.0, 60.0, 60.0), (60.0, 60.0, 30.0)],
)
def test_a_machine_that_becomes_three_times_slower_is_late_by_half_at_most(
    machine: Machine, limit_s: float, rate: float, slow_at: float
):
    machine.rate, machine.slow_at = rate, slow_at
    fitted(machine, job([], limit_s=limit_s))
    assert machine.now <= (1 + LATE) * limit_s


def test_from_scratch_too(machine: Machine):
    machine.rate, machine.slow_at = 1000.0, 40.0
    done = fitted(machine, job([], limit_s=80.0, architecture="small-cnn", scratch=True))
    assert 3 < done.histories[0].epochs < 10  # an epoch takes 5 s, then 15 s
    assert machine.now <= 1.15 * 80


def test_features_are_planned_anew_while_they_are_computed(machine: Machine):
    """At full speed all are computed, and their mirror images; it becomes slower once the forward pass is measured."""
    quick, slow = [], []
    for heard, slow_at in ((quick, float("inf")), (slow, 15.0)):
        machine.now, machine.slow_at, machine.compiled = 0.0, slow_at, set()
        fitted(machine, job(heard, limit_s=50.0))
    assert "features of" not in said(quick)
    assert "The time limit allows the features of" in said(slow)
    assert machine.now <= (1 + LATE) * 50


def test_nothing_is_compiled_for_which_there_is_no_time(machine: Machine):
    machine.rate, heard = 60.0, []
    done = fitted(machine, job(heard, limit_s=60.0))
    assert compiled_steps(machine) == []
    assert "No time is left to fine-tune the backbone: compiling it and one epoch take about" in said(heard)
    assert list(done.recipes) == ["head"]


def test_where_there_is_time_the_whole_network_is_trained(machine: Machine):
    machine.rate = 1000.0
    done = fitted(machine, job([], limit_s=60.0))
    assert len(compiled_steps(machine)) == 1
    assert list(done.recipes) == ["head", "fine-tune"]
    assert 40 < machine.now <= 1.05 * 60


def test_below_a_floor_the_features_are_not_cut_and_it_is_said_to_be_late(machine: Machine):
    """Of ten images of 1,443 a head learned next to nothing, and it was late all the same."""
    machine.rate, heard = 5.0, []
    done = fitted(machine, job(heard, limit_s=60.0))
    floor = LEAST_PER_CLASS * CLASSES
    count = 64 * -(-floor // 64)
    assert f"No time is left: the training will end late, and learn from {count} of 1,010 training images." in said(
        heard
    )
    assert re.search(
        "Reading the corpus took .* of the 60 s: the training will end late. Use a longer time_limit.", said(heard)
    )
    (plan,) = [event for event in heard if isinstance(event, PlanMade)]
    assert "-" not in dict(plan.lines)["expected end"]
    assert done.histories[0].epochs == 40
    assert "no time for the mirror images of 128 training images" in said(heard)


def test_a_moment_of_slow_steps_ends_no_training():
    now = [0.0]
    clock = ReplanningClock(WallClock(20.0, now=lambda: now[0]), lambda slowness: 7.0 * (slowness - 1), step_s=0.002)
    for steps, pace in enumerate([0.002] * 50 + [0.05] * 12 + [0.002] * 2000):
        assert clock.fraction(steps) == pytest.approx(now[0] / 20)
        now[0] += pace


def test_a_clock_that_plans_anew_ends_sooner_where_steps_take_longer_and_never_goes_back():
    now = [0.0]
    clock = ReplanningClock(WallClock(100.0, now=lambda: now[0]), lambda slowness: 20.0 * (slowness - 1), step_s=1.0)
    shares = []
    for steps, pace in enumerate([1.0] * 30 + [3.0] * 9 + [1.0] * 20):
        shares.append(clock.fraction(steps))
        now[0] += pace
    assert shares[:31] == pytest.approx([step / 100 for step in range(31)])
    assert shares[38] == pytest.approx((30 + 8 * 3) / (100 - 2 * 20))  # what follows takes 60 s instead of 20 s by now
    assert shares == sorted(shares)
    assert clock.fraction(1000) <= 1.0
