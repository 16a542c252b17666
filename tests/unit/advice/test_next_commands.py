"""What evidence says of a training, and the command that comes next, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from tests.unit.advice.scripted_runs import even, healthy, on_test, phase, score, trained

from hubel.advice.evidence import share_of
from hubel.advice.on_corpus import judge_unequal_classes
from hubel.advice.on_score import images_for_width, judge_new_images
from hubel.advice.on_training import judge_overfitting, judge_underfitting
from hubel.advice.remarks import (
    audit_labels,
    compare,
    ended_by_clock,
    is_brief,
    is_given,
    listed,
    longer,
    resume,
    smaller_steps,
)
from hubel.errors.wording import NOTHING, Option
from hubel.evaluation.proportions import Share
from hubel.shell import in_shell

HEAD = phase(name="head", validation_log_loss=(0.9, 0.5, 0.6))


def test_the_best_epoch_is_the_first_with_the_lowest_loss():
    assert phase(validation_log_loss=(0.9, 0.4, 0.5, 0.4)).best_epoch == 2
    assert phase(validation_log_loss=()).best_epoch == 0


@pytest.mark.parametrize(
    ("phases", "alone"),
    [
        ((phase(),), False),
        ((HEAD,), True),
        ((HEAD, phase(name="fine-tune", validation_log_loss=(0.6, 0.4))), False),
        ((HEAD, phase(name="fine-tune", validation_log_loss=(0.6, 0.51))), True),  # no better than the head
        ((HEAD, phase(name="fine-tune", validation_log_loss=())), True),
        ((replace(HEAD, validation_log_loss=()), phase(name="fine-tune", validation_log_loss=())), False),
    ],
)
def test_a_head_is_alone_where_fine_tuning_was_no_better(phases: Any, alone: bool):
    assert healthy(phases=phases).head_alone is alone


def test_shares_are_whole_images():
    assert share_of({"examples": 300, "accuracy": 0.93}) == Share(279, 300)
    assert share_of({"examples": 0}) == Share(0, 0)
    assert healthy().tested == Share(279, 300)
    assert healthy().validated == Share(141, 150)
    assert healthy().train_images == 1050


@pytest.mark.parametrize(
    ("changes", "ended", "brief"),
    [
        ({}, False, False),
        ({"done": 31.9}, True, False),  # 80 % of 40 are 32
        ({"done": 32.0}, False, False),
        ({"done": 9.9}, True, True),
        ({"done": 9.9, "ended_by": "user"}, False, True),
        ({"done": 9.9, "ended_by": "patience"}, False, False),
        ({"done": 9.9, "name": "fine-tune"}, True, False),
    ],
)
def test_who_ended_a_training_and_whether_it_was_brief(changes: dict[str, Any], ended: bool, brief: bool):
    evidence = healthy(phases=(phase(**changes),))
    assert (ended_by_clock(evidence), is_brief(evidence)) == (ended, brief)
    assert not ended_by_clock(replace(evidence, time_limit_s=None))


@pytest.mark.parametrize(
    ("given_", "changes", "words"),
    [
        # the clock ended it: twice the time
        ({"time_limit": "60s"}, {"phases": (phase(done=10.0),)}, "hubel train x -o run --time-limit 120s --overwrite"),
        # the user ended it: go on
        ({"epochs": 3}, {"phases": (phase(done=2.0, ended_by="user"),)}, "hubel train x -o run --epochs 3 --resume"),
        # it ran to its end: four times the epochs, up to the usual number, at least twice
        ({"epochs": 3}, {"phases": (phase(done=3.0, planned=3),), "time_limit_s": None}, "hubel train x -o run --epochs 12 --overwrite"),
        ({"epochs": 100}, {"phases": (phase(done=100.0, planned=100),), "time_limit_s": None}, "hubel train x -o run --epochs 200 --overwrite"),
        # a limit of the user's grows with them
        ({"time_limit": "60s"}, {"phases": (phase(done=3.0, planned=3),)}, "hubel train x -o run --time-limit 240s --epochs 12 --overwrite"),
    ],
)  # fmt: skip
def test_longer_training_asks_for_what_had_ended_it(given_: dict[str, Any], changes: dict[str, Any], words: str):
    evidence = healthy(command=trained("x", out="run", **given_), **changes)
    assert in_shell(longer(evidence)) == words


def test_a_network_that_no_words_can_say_has_no_command():
    evidence = healthy(command=NOTHING)
    assert (longer(evidence), resume(evidence)) == (NOTHING, NOTHING)
    assert compare(evidence, "dense", "") == NOTHING


def test_steps_become_a_quarter_with_two_digits():
    assert smaller_steps(healthy()) == Option("learning_rate", 0.05)
    assert smaller_steps(healthy(phases=(phase(peak_learning_rate=0.0123),))) == Option("learning_rate", 0.0031)
    assert is_given(healthy(), "time_limit")
    assert not is_given(healthy(), "epochs")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "hubel compare 'my photos' --architectures dense,small-cnn"),
        ({"seed": 4}, "hubel compare 'my photos' --architectures dense,small-cnn --seed 4"),
        ({"image_side": 96}, "hubel compare 'my photos' --architectures dense,small-cnn --image-size 96"),
        ({"reading": (Option("copies", "off"),)}, "hubel compare 'my photos' --copies off --architectures dense,small-cnn"),
        # compare takes no corrected labels: the other network is trained beside the run
        ({"corrections": "fix.csv"}, "hubel train 'my photos' --time-limit 60s -o run-dense --architecture dense"),
    ],
)  # fmt: skip
def test_two_networks_are_compared_as_the_run_was_trained(changes: dict[str, Any], words: str):
    assert in_shell(compare(healthy(**changes), "dense", "small-cnn")) == words


def test_labels_are_looked_at_with_the_corrections_of_the_run():
    evidence = healthy(corrections="fix.csv", run_path="runs/a/")
    assert in_shell(audit_labels(evidence)) == (
        "hubel audit 'my photos' --corrections fix.csv --suspect-labels -o runs/a-audit"
    )


def test_of_many_classes_the_first_are_named():
    assert listed(["a"]) == "'a'"
    assert listed(list("abcdef")) == "'a', 'b', 'c', 'd' and 2 more"
    assert listed(list("abc"), most=1) == "'a' and 2 more"


@settings(deadline=None)
@given(count=st.integers(5, 500), part=st.floats(0, 1), narrower=st.floats(0.2, 0.9))
def test_the_images_for_a_width_are_the_fewest_that_give_it(count: int, part: float, narrower: float):
    share = Share(round(part * count), count)

    def width(images: int) -> float:
        # Wilson's interval at the same share, with SciPy's normal quantile
        z2 = 1.959963984540054**2
        half = (share.value * (1 - share.value) / images + z2 / (4 * images**2)) ** 0.5
        return 2 * half * z2**0.5 / (1 + z2 / images)

    low, high = share.interval
    wanted = (high - low) * narrower
    needed = images_for_width(share, wanted)
    assert width(needed) <= wanted * (1 + 1e-9)
    assert width(needed - 1) > wanted * (1 - 1e-9)


def test_a_small_class_that_fails_is_told_with_both_shares():
    # 2 of 12 against 190 of 200
    evidence = healthy(
        **on_test([[95, 5, 0], [5, 95, 0], [6, 4, 2]]),
        class_counts={"a": 500, "b": 500, "c": 60},
        train_counts={"a": 350, "b": 350, "c": 42},
    )
    remark = judge_unequal_classes(evidence)
    assert remark is not None
    assert remark.evidence == (
        "It classifies 0.17 of 12 test images of 'c' correctly, and 0.95 of the other 200; the largest class has 500 "
        "images, 'c' has 60."
    )
    assert judge_unequal_classes(replace(evidence, class_counts={"a": 500, "b": 500, "c": 100})) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image_side": 96}, "Start from a network that has learned from a million photographs."),
        ({"phases": (HEAD,), "pretrained": True}, "Train the whole network, not only its head."),
        (
            {"phases": (HEAD, phase(name="fine-tune", validation_log_loss=(0.7,))), "pretrained": True},
            "Training the whole network made it worse, so only its new head was kept. Try smaller steps.",
        ),
        (
            {"phases": (phase(ended_by="patience"),)},
            "More epochs would not help: it had stopped improving. Instead, check that the images show what their labels say.",
        ),
        ({}, "Train longer. If that does not help, check that the images show what their labels say."),
    ],
)  # fmt: skip
def test_underfitting_is_answered_by_what_was_not_done_yet(changes: dict[str, Any], said: str):
    poor = {**on_test(even(100, 70)), "validation": score(even(50, 35)), "train": Share(720, 1000)}
    remark = judge_underfitting(healthy(**{**poor, **changes}))
    assert remark is not None
    assert remark.text == f"It underfits: it does not even learn its training images. {said}"
    assert remark.evidence == "It classifies 0.720 of 1,000 of its training images correctly."


def test_overfitting_needs_a_gap_that_chance_does_not_explain():
    # 100 % of 1,000 training images; the interval of 75 of 100 ends at 0.82, of 88 of 100 at 0.93: a gap below 0.1
    few = {"validation": score([[25, 5], [5, 25]]), "train": Share(1000, 1000)}
    assert binomtest(88, 100).proportion_ci(method="wilson").high > 0.9
    assert judge_overfitting(healthy(**few, **on_test([[44, 6], [6, 44]]))) is None
    assert judge_overfitting(healthy(**few, **on_test([[37, 13], [12, 38]]))) is not None


def test_images_without_labels_are_what_comes_next():
    assert in_shell(judge_new_images(healthy(unlabelled=("a", "b c"))).command) == "hubel predict run a 'b c'"
