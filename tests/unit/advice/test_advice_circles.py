"""No advice leads in a circle: its command, typed, does something else than what was done, and is not advised again."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from tests.unit.advice.scripted_runs import BAD, HEART, POOR, SHORT, healthy, on_test, phase, trained

from hubel.advice.advise import RULES, advise
from hubel.advice.evidence import Evidence
from hubel.advice.on_training import LARGE, LARGER, SMALL, SMALLER
from hubel.advice.remarks import COMPARED_AT, Advice
from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.spec import RecipeHints
from hubel.cli.main import hubel
from hubel.errors.wording import NOTHING, Command
from hubel.evaluation.paired import compare_hits
from hubel.evaluation.proportions import Share
from hubel.pipeline.survey import Survey
from hubel.runs.request import TrainRequest
from hubel.shell import in_shell
from hubel.text import parse_duration
from hubel.workflows.comparing.compare import LARGEST_PX
from hubel.workflows.training.choose import choose, fine_tune_recipe, head_recipe, scratch_recipe

HEAD = phase(name="head", patience=1.0, validation_log_loss=(0.9, 0.5, 0.6))
TUNED = phase(name="fine-tune", done=3.0, planned=3, validation_log_loss=(0.8, 0.45, 0.4), peak_learning_rate=3e-4)
WORSE = replace(TUNED, validation_log_loss=(2.0, 0.7, 0.7))
MOBILENET = {"pretrained": True, "image_side": 224, "architecture": "mobilenet", "architecture_word": "mobilenet"}
HEAD_ONLY = {**MOBILENET, "phases": (HEAD,), "time_limit_s": None, "command": trained("photos", out="run")}
HEAD_KEPT = {**HEAD_ONLY, "phases": (HEAD, WORSE), "command": trained("photos", out="run", epochs=3)}
FINE_TUNED = {**HEAD_KEPT, "phases": (HEAD, TUNED)}
NO_TIME_LEFT = {**HEAD_ONLY, "time_limit_s": 20.0, "command": trained("photos", out="run", time_limit="20s")}
KINDS: dict[str, dict[str, Any]] = {
    "from scratch": {},
    "of photographs": {"image_side": 96, "architecture": "residual", "architecture_word": "residual"},
    "a head": HEAD_ONLY,
    "a head, with a learning rate": {**HEAD_ONLY, "command": trained("photos", out="run", learning_rate=3.0)},
    "a head, no time for more": NO_TIME_LEFT,
    "fine-tuned for nothing": HEAD_KEPT,
    "fine-tuned": FINE_TUNED,
    "short": {
        "phases": (SHORT,),
        "time_limit_s": None,
        "command": trained("x", out="run", epochs=3),
    },
    "short of 60 s": {"phases": (SHORT,), "command": trained("x", out="run", time_limit="60s")},
    "impatient": BAD["stopped-by-patience"],
}
AFTER_SOMETHING_ELSE = {"few-images": "images are added", "unequal-classes": "images are added"}
"""Rules whose text asks for something that comes before the command."""


@dataclass(frozen=True)
class Typed:
    """A command line, parsed."""

    name: str
    values: dict[str, Any]

    def request(self) -> TrainRequest:
        taken = {name: self.values[name] for name in ("architecture", "weights", "alpha", "image_size", "epochs")}
        limit = self.values["time_limit"]
        rest = {name: self.values[name] for name in ("batch_size", "learning_rate", "learning_curve", "seed", "resume")}
        seconds = None if limit is None else parse_duration(limit)
        return TrainRequest(self.values["corpus"], self.values["out"], **taken, **rest, time_limit_s=seconds)


def typed(command: Command) -> Typed:
    top, words = click.Context(hubel), shlex.split(in_shell(command))
    entry = hubel.get_command(top, words[1])
    assert entry is not None
    with entry.make_context(words[1], words[2:], parent=top) as context:
        return Typed(words[1], dict(context.params))


def what_is_trained(request: TrainRequest, evidence: Evidence) -> tuple[Any, ...]:
    """Everything that decides the result, as the plan makes it of these words for this corpus."""
    survey = Survey(((evidence.image_side, evidence.image_side),), grey=False)
    named = replace(request, architecture=request.architecture or evidence.architecture)
    choice, count = choose(named, survey), evidence.train_images
    if choice.weights == "none":
        return (
            choice,
            named.learning_curve,
            *scratch_recipe(named, choice, hints=RecipeHints(), grey=False, train_examples=count, macs=1_000),
        )
    head = head_recipe(named, grey=False, train_examples=count)
    tunes = named.epochs is not None or named.time_limit_s is not None
    out_of_time = evidence.last_phase.name == "head" and named.time_limit_s == evidence.time_limit_s is not None
    tuning = fine_tune_recipe(named, choice, grey=False) if tunes and not out_of_time else None
    return choice, named.learning_curve, head, tuning, None if tuning is None else named.time_limit_s


def cases() -> list[tuple[str, str, Evidence]]:
    return [
        (f"{rule}, {kind}", rule, consistent(healthy(**{**BAD[rule], **changes, **more})))
        for (rule, (kind, changes)) in itertools.product(BAD, KINDS.items())
        for more in ({}, {"corrections": "fixed.csv"})
    ]


def consistent(evidence: Evidence) -> Evidence:
    return replace(evidence, architecture_word=evidence.architecture)


def after(request: TrainRequest, evidence: Evidence, command: Command) -> Evidence:
    """The run of the advised command, where it shows the same as the one before."""
    last, pretrained = evidence.last_phase, evidence.pretrained or request.weights == "imagenet"
    tunes = request.epochs is not None or request.time_limit_s is not None
    planned, rate = request.epochs or last.planned, request.learning_rate or last.peak_learning_rate
    phases = (*evidence.phases[:-1], replace(last, planned=planned, peak_learning_rate=rate))
    if pretrained:
        tuned = phases[-1] if last.name == "fine-tune" else replace(TUNED, planned=planned)
        phases = (HEAD, tuned) if tunes else (HEAD,)
    return replace(
        evidence,
        command=command,
        seed=request.seed,
        time_limit_s=request.time_limit_s,
        architecture=request.architecture or evidence.architecture,
        architecture_word=request.architecture or evidence.architecture_word,
        pretrained=pretrained,
        phases=phases,
    )


def trainings() -> list[tuple[str, Evidence, Advice]]:
    return [
        (case, evidence, each)
        for case, _, evidence in cases()
        for each in advise(evidence)
        if each.command.name == "train" and each.rule not in AFTER_SOMETHING_ELSE
    ]


def test_every_advised_training_trains_something_else_or_goes_on():
    said = trainings()
    assert len(said) > 50
    for case, evidence, advice in said:
        before, after = typed(evidence.command).request(), typed(advice.command).request()
        if after.resume:
            assert evidence.interrupted, case
            continue
        same = what_is_trained(before, evidence) == what_is_trained(after, evidence)
        assert not same, (case, advice)


def test_no_advice_is_repeated_with_the_same_command_after_it_was_followed():
    for case, evidence, advice in trainings():
        command = advice.command.without("overwrite")
        request = typed(command).request()
        if request.resume:
            continue
        followed = after(request, evidence, command)
        again = {(each.rule, each.command.without("overwrite")) for each in advise(followed)}
        assert (advice.rule, command) not in again, case


def test_every_rule_with_a_command_was_tried_by_one_of_the_two_tests_above_or_needs_no_training():
    others = {each.rule for _, _, evidence in cases() for each in advise(evidence)} - {
        advice.rule for _, _, advice in trainings()
    }
    commands = {
        each.command.name
        for _, _, evidence in cases()
        for each in advise(evidence)
        if each.rule in others and each.command
    }
    assert commands <= {"audit", "compare", "evaluate", "predict", "train"}
    assert {name for name in others if name in AFTER_SOMETHING_ELSE} == set(AFTER_SOMETHING_ELSE)
    assert others <= set(RULES)


def overfitting(**changes: Any) -> Advice:
    (advice,) = [each for each in advise(healthy(**{**HEART, **changes})) if each.rule == "overfitting"]
    return advice


def underfitting(**changes: Any) -> Advice:
    evidence = healthy(**{**POOR, "train": Share(720, 1000), **changes})
    (advice,) = [each for each in advise(evidence) if each.rule == "underfitting"]
    return advice


def test_a_head_is_advised_only_where_it_is_not_what_was_kept():
    assert in_shell(overfitting(**FINE_TUNED).command) == "hubel train photos -o run-head"
    for kind in (HEAD_ONLY, HEAD_KEPT, NO_TIME_LEFT):
        advice = overfitting(**kind)
        assert advice.command == NOTHING
        assert advice.text.endswith("More images help most.")


def test_a_head_that_underfits_is_fine_tuned_without_the_clock_that_left_no_time_for_it():
    assert in_shell(underfitting(**HEAD_ONLY).command) == "hubel train photos -o run-fine-tuned --epochs 10"
    assert in_shell(underfitting(**NO_TIME_LEFT).command) == "hubel train photos -o run-fine-tuned --epochs 10"


def test_fine_tuning_that_made_it_worse_is_tried_with_smaller_steps():
    advice = underfitting(**HEAD_KEPT)
    assert "made it worse, so only its new head was kept. Try smaller steps." in advice.text
    assert in_shell(advice.command) == "hubel train photos --epochs 3 -o run-smaller-steps --learning-rate 7.5e-05"


def test_who_stopped_because_nothing_got_better_is_not_told_to_train_longer():
    advice = underfitting(phases=(phase(ended_by="patience", done=30.0),))
    assert "More epochs would not help" in advice.text
    assert in_shell(advice.command) == "hubel audit 'my photos' --suspect-labels -o run-audit"


def test_more_epochs_get_more_time_where_the_clock_was_set():
    advice = underfitting(phases=(phase(done=39.0),))
    assert in_shell(advice.command) == "hubel train 'my photos' -o run --time-limit 120s --epochs 80 --overwrite"


def test_options_of_a_training_from_nothing_are_not_carried_to_a_pretrained_network():
    command = trained("photos", out="run", epochs=3, learning_rate=0.2, batch_size=512)
    advice = overfitting(image_side=96, command=command, time_limit_s=None)
    assert (
        in_shell(advice.command) == "hubel train photos -o run-pretrained --architecture mobilenet --weights imagenet"
    )


def test_a_comparison_sees_what_the_run_saw():
    compared = {**BAD["no-better-than-dense"], "image_side": 48, "seed": 3}
    (advice,) = [each for each in advise(healthy(**compared)) if each.rule == "no-better-than-dense"]
    words = "hubel compare 'my photos' --architectures dense,small-cnn --image-size 48 --seed 3"
    assert in_shell(advice.command) == words
    corrected = healthy(**compared, corrections="fixed.csv", command=trained("x", corrections="fixed.csv"))
    (advice,) = [each for each in advise(corrected) if each.rule == "no-better-than-dense"]
    assert in_shell(advice.command) == "hubel train x --corrections fixed.csv -o run-dense --architecture dense"
    assert COMPARED_AT == LARGEST_PX


def test_two_networks_that_answer_alike_are_called_so():
    changes = on_test([[100, 0, 0], [0, 100, 0], [0, 0, 100]], dense=1.0)
    (advice,) = [each for each in advise(healthy(**changes)) if each.rule == "no-better-than-dense"]
    assert advice.text == (
        "A small dense network, trained in seconds, is right on the same images. The classes are easy to tell apart, "
        "even without convolutions."
    )
    assert advice.command == NOTHING
    right = np.ones(20, bool)
    assert compare_hits(right, right).alike
    assert not compare_hits(right, np.arange(20) > 0).alike


@pytest.mark.parametrize("side", [8, 12, 16, 24, 32, 64, 96])
def test_no_network_is_too_small_where_the_one_advised_instead_is_too_large(side: int):
    pairs = [(small, large) for small, large in LARGER.items() if SMALLER.get(large) == small]
    assert pairs
    for classes, (small, large) in itertools.product((2, 100), pairs):
        counts = [
            build_model(make_blueprint(name, (side, side), classes=classes)).count_params() for name in (small, large)
        ]
        images = counts[0] / SMALL  # from so many on the small one is called too small
        assert counts[1] < LARGE * images, (small, large)


def test_the_folder_is_named_beside_the_run():
    assert Path(typed(underfitting(**HEAD_ONLY).command).values["out"]) == Path("run-fine-tuned")
