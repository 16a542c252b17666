"""Each rule on a scripted bad run, and its silence on one that is not quite so bad."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import replace
from typing import Any

import click
import numpy as np
import pytest
from tests.unit.advice.scripted_runs import (
    BAD,
    BORDERLINE,
    COMMAND,
    HEART,
    NO_TEST,
    POOR,
    SHORT,
    even,
    healthy,
    on_test,
    phase,
    score,
    suspects,
    trained,
)

from hubel.advice.advise import NEW_IMAGES, RULES, advise, most_harmful
from hubel.advice.evidence import Evidence
from hubel.advice.on_score import images_for_width
from hubel.advice.remarks import SEVERITIES, Advice, again, beside
from hubel.cli.main import hubel
from hubel.errors.wording import NOTHING, Option
from hubel.evaluation.proportions import Share
from hubel.shell import in_shell

CONTRADICTIONS = (
    ("overfitting", "underfitting"),
    ("network-too-large", "network-too-small"),
    ("network-too-large", "underfitting"),
    ("overfitting", "network-too-small"),
    ("overfitting", "stopped-too-early"),
    ("network-too-large", "stopped-too-early"),
    ("overfitting", "cut-short"),
    ("stopped-by-patience", "stopped-too-early"),
    ("stopped-by-patience", "cut-short"),
)
REPETITIONS = (
    ("network-too-large", "overfitting"),
    ("network-too-small", "underfitting"),
    ("stopped-too-early", "underfitting"),
    ("cut-short", "stopped-too-early"),
    ("interrupted", "stopped-too-early"),
    ("underfitting", "head-alone"),
    ("stopped-too-early", "time-to-spare"),
    ("stopped-by-patience", "time-to-spare"),
    ("collapse", "no-better-than-majority"),
    ("no-better-than-majority", "no-better-than-dense"),
    ("no-better-than-majority", "overfitting"),
    ("leak", "unlucky-split"),
)
HEAD = phase(name="head", patience=1.0)
TUNED = phase(name="fine-tune", done=20.0, planned=20)
VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"pretrained": True, "image_side": 224, "architecture": "mobilenet", "phases": (HEAD,), "time_limit_s": None},
    {"pretrained": True, "image_side": 224, "architecture": "mobilenet", "phases": (HEAD, TUNED)},
    {"image_side": 96, "architecture": "residual", "architecture_word": "residual", "test_given": True},
    {"architecture": "own", "architecture_word": "", "command": NOTHING},
    {"command": trained("o'brien's photos", out="run", epochs=3, learning_rate=9.0, seed=4)},
    {"phases": (SHORT,), "corrections": "my corrections.csv"},
    NO_TEST,
)
"""Ways in which a run can be of another kind."""


def rules(evidence: Evidence) -> list[str]:
    return [each.rule for each in advise(evidence)]


def said(rule: str, **more: Any) -> Advice:
    (advice,) = [each for each in advise(healthy(**{**BAD[rule], **more})) if each.rule == rule]
    return advice


@pytest.fixture(scope="module")
def mixtures() -> list[tuple[Advice, ...]]:
    """What is said of every two bad runs in one, in every way."""
    return [
        advise(healthy(**{**BAD[one], **BAD[other], **variant}))
        for one, other in itertools.product(BAD, BAD)
        for variant in VARIANTS
    ]


def test_a_good_run_only_needs_new_images():
    assert [each.to_json() for each in advise(healthy())] == [
        {
            "rule": "new-images",
            "severity": "next",
            "text": "Classify new images.",
            "evidence": "",
            "command": "hubel predict run IMAGE_OR_FOLDER",
        }
    ]


def test_images_without_labels_are_what_comes_next():
    (advice,) = advise(healthy(unlabelled=("my photos/test", "my photos/extra")))
    assert advice.text == "Classify the images of the corpus that have no labels."
    assert in_shell(advice.command) == "hubel predict run 'my photos/test' 'my photos/extra'"


@pytest.mark.parametrize("rule", ["leak", "no-better-than-dense"])
def test_commands_on_the_corpus_read_it_as_the_run_did(rule: str):
    advice = said(rule, reading=(Option("splits", "train=a,test=b"),))
    assert advice.command.name in ("audit", "compare")
    assert "'my photos' --splits train=a,test=b" in in_shell(advice.command)


def test_folders_without_labels_too_many_for_one_command_are_not_listed():
    (advice,) = advise(healthy(unlabelled=("a", "b", "c", "d")))
    assert in_shell(advice.command) == "hubel predict run IMAGE_OR_FOLDER"


def test_every_rule_has_a_bad_run_and_a_borderline_one():
    assert [*BAD, NEW_IMAGES] == [*BORDERLINE, NEW_IMAGES] == list(RULES)


@pytest.mark.parametrize("rule", BAD)
def test_a_bad_run_is_told_so(rule: str):
    assert rule in rules(healthy(**BAD[rule]))


@pytest.mark.parametrize("rule", BORDERLINE)
def test_a_borderline_run_is_left_in_peace(rule: str):
    assert rule not in rules(healthy(**BORDERLINE[rule]))


@pytest.mark.parametrize("rule", BAD)
def test_the_fault_itself_comes_first_and_few_others_follow(rule: str):
    told = rules(healthy(**BAD[rule]))
    assert told[0] == rule
    assert len(told) <= 3


def test_a_rule_silences_known_rules_behind_it_only_and_severity_falls():
    order = list(RULES)
    for place, rule in enumerate(RULES.values()):
        assert all(order.index(name) > place for name in rule.instead_of)
    ranks = [list(SEVERITIES).index(rule.severity) for rule in RULES.values()]
    assert ranks == sorted(ranks)
    assert set(ranks) == set(range(len(SEVERITIES)))


def test_no_contradiction_is_ever_said_and_the_last_entry_names_new_images(mixtures: list[tuple[Advice, ...]]):
    spoke: set[str] = set()
    for advice in mixtures:
        told = [each.rule for each in advice]
        spoke |= set(told)
        assert told[-1] == NEW_IMAGES
        assert told == [name for name in RULES if name in told]
        for pair in (*CONTRADICTIONS, *REPETITIONS):
            assert not set(pair) <= set(told), told
    assert spoke == set(RULES)


def test_every_command_can_be_typed(mixtures: list[tuple[Advice, ...]]):
    commands = {in_shell(each.command) for advice in mixtures for each in advice} - {""}
    assert len(commands) > 20
    top = click.Context(hubel, **hubel.context_settings)
    for command in commands:
        words = shlex.split(command)
        assert words[0] == "hubel"
        entry = hubel.get_command(top, words[1])
        assert entry is not None
        with entry.make_context(words[1], words[2:], parent=top) as context:
            assert context.params


def test_every_text_is_made_of_sentences(mixtures: list[tuple[Advice, ...]]):
    for each in itertools.chain(*mixtures):
        assert each.text.endswith("."), each
        assert each.evidence.endswith(".") or each.rule == NEW_IMAGES, each
        assert "\n" not in each.text + each.evidence + in_shell(each.command)


def test_a_network_made_in_python_gets_no_command_that_would_train_another():
    for name, changes in BAD.items():
        for each in advise(healthy(**{**changes, "command": NOTHING, "architecture_word": ""})):
            assert each.command.name not in ("train", "compare"), name


def test_a_run_cut_short_gets_its_own_command_with_twice_the_time():
    advice = said("cut-short")
    assert advice.text == "The time limit of 60 s cut the training short. Twice the time may help."
    assert advice.evidence == "10 of at most 40 epochs were done."
    assert in_shell(advice.command) == "hubel train 'my photos' -o run --time-limit 120s --overwrite"


def test_an_interrupted_run_gets_its_own_command():
    advice = said("interrupted")
    assert in_shell(advice.command) == "hubel train 'my photos' -o run --time-limit 60s --resume"
    assert advice.evidence == "7 of at most 40 epochs were done."


def test_stopping_too_early_is_shown_by_the_log_loss():
    advice = said("stopped-too-early")
    assert advice.text == "It was still learning when the training ended. Train longer."
    assert advice.evidence == "In the last epoch of 3 the validation log loss fell from 0.700 to 0.500."
    assert in_shell(advice.command).endswith("--epochs 12 --overwrite")
    only = said("stopped-too-early", phases=(phase(validation_log_loss=(0.6,), done=1.0, planned=1),))
    assert only.evidence == "In the only epoch the validation log loss fell from 1.099, which is guessing, to 0.600."


def test_patience_is_to_blame_only_where_the_steps_were_large():
    shown = said("stopped-by-patience")
    assert shown.evidence == "Epoch 2 of at most 40 was the best, at 0.95 of the peak learning rate."
    assert in_shell(shown.command).endswith("-o run-epochs-5 --epochs 5")
    small = replace(BAD["stopped-by-patience"]["phases"][0], learning_rates=(0.09,) * 22)
    assert "stopped-by-patience" not in rules(healthy(phases=(small,)))


def test_a_leaking_test_split_leads_to_the_audit():
    advice = said("leak", corrections="fixed.csv")
    assert in_shell(advice.command) == "hubel audit 'my photos' --corrections fixed.csv"
    assert advice.evidence.startswith(
        "40 of 300 test images have a copy, or an image of the same group, in another part; "
    )
    assert "accuracy 0.930 with them, 0.814" in advice.evidence
    assert said("leak", without_leaks={"examples": 0}).evidence.endswith("none is left without them.")


def test_a_collapsed_run_is_told_which_class_it_names():
    advice = said("collapse")
    assert advice.text.startswith("It classifies nearly every image as 'a'.")
    assert advice.evidence == "It classifies 195 of 200 test images of other classes as 'a'."
    assert in_shell(advice.command) == "hubel audit 'my photos' --suspect-labels -o run-audit"
    own_rate = said("collapse", command=COMMAND.with_(Option("learning_rate", 0.2)))
    assert own_rate.command.value_of("learning_rate") == 0.05
    assert in_shell(said("collapse", phases=(SHORT,), time_limit_s=None).command).endswith("--epochs 12 --overwrite")


def test_the_largest_class_and_better_by_chance_are_told_apart():
    worse = said("no-better-than-majority", **on_test(even(100, 30), dense=0.3))
    assert worse.text.startswith("It is no better than always predicting the largest class.")
    unsure = said("no-better-than-majority")
    assert unsure.text.startswith("It has not been shown to be better than always predicting the largest class.")


def test_a_dense_network_that_is_better_or_as_good_is_told_apart():
    assert "may be as good" in said("no-better-than-dense").text
    worse = said("no-better-than-dense", **on_test(even(100, 80), dense=0.95))
    assert worse.text == (
        "A small dense network, trained in seconds, does better. The convolutions learned too little, or local "
        "patterns do not matter for these classes. Compare the two."
    )
    assert in_shell(worse.command) == "hubel compare 'my photos' --architectures dense,small-cnn"
    assert "no-better-than-dense" not in rules(healthy(**{**BAD["no-better-than-dense"], "architecture": "dense"}))


def test_overfitting_names_both_shares_and_the_gap():
    advice = said("overfitting")
    assert advice.evidence == (
        "It classifies 1.000 of its training images correctly and 0.700 of the 300 test images: a gap of 0.25 to 0.35 "
        "(95 % interval)."
    )
    assert in_shell(advice.command) == (
        "hubel train 'my photos' --time-limit 60s -o run-pretrained --architecture mobilenet --weights imagenet"
    )
    assert said("overfitting", image_side=32).command == NOTHING


def test_a_poor_test_alone_is_no_overfitting():
    assert "overfitting" not in rules(healthy(**{**HEART, "image_side": 96, "validation": score(even(50, 48))}))


def test_an_unlucky_split_is_cut_anew_and_a_given_one_is_looked_at():
    cut, given = said("unlucky-split"), said("unlucky-split", test_given=True)
    assert in_shell(cut.command) == "hubel train 'my photos' --time-limit 60s -o run-seed-1 --seed 1"
    assert "may come from another source" in given.text
    assert in_shell(given.command) == "hubel audit 'my photos'"


def test_the_test_images_that_halve_an_interval():
    needed = images_for_width(Share(27, 30), 0.1)
    low, high = Share(round(0.9 * needed), needed).interval
    assert high - low == pytest.approx(0.1, abs=0.002)
    assert said("test-too-small", **NO_TEST).evidence == "There are no test images."


def test_few_images_are_counted_the_fewest_first():
    assert said("few-images").evidence == "Images: 7 of 'b', 5 to train on; 12 of 'c', 9 to train on."


def test_suspicious_labels_come_with_three_examples():
    advice = said("suspicious-labels")
    assert advice.evidence.startswith(
        "Of 450 validation and test images, 20 have labels worth checking. About 8 of these (40 %) are expected to be wrong: "
        "'a/0.jpg' is labelled 'a' but looks like 'b'; "
    )
    assert advice.evidence.count("looks like") == 3


def test_a_poor_classifier_does_not_doubt_labels():
    poor = {**on_test(even(100, 65)), "validation": score(even(50, 33)), "train": Share(700, 1000)}
    assert "suspicious-labels" not in rules(healthy(**poor, suspects=suspects(90)))


def test_what_is_printed_is_the_worst_and_what_comes_next():
    everything = tuple(Advice(name, "", "", "", NOTHING) for name in RULES)
    assert [each.rule for each in most_harmful(everything)] == [*list(RULES)[:4], NEW_IMAGES]
    assert most_harmful(everything[-1:]) == everything[-1:]


def test_chance_gives_no_advice():
    rng, told = np.random.default_rng(0), []
    for _ in range(300):
        test, validation = (
            np.array([np.roll(rng.multinomial(each, (0.9, 0.05, 0.05)), place) for place in range(3)])
            for each in (100, 50)
        )
        sound = {**on_test(test), "validation": score(validation)}
        told += rules(healthy(**sound, train=Share(int(rng.binomial(1000, 0.9)), 1000)))
    assert set(told) <= {NEW_IMAGES, "unlucky-split"}
    assert told.count("unlucky-split") <= 6  # 1 % of 300 are 3


def test_a_command_keeps_the_options_of_the_user():
    given = trained("a b", out="run", epochs=3, time_limit="9s", from_run="old")
    evidence = replace(healthy(), command=given, run_path="run/")
    assert again(evidence, Option("epochs", 6)) == given.with_(Option("epochs", 6), Option("overwrite", True))
    assert beside(evidence, "two", without=("time_limit",)) == trained("a b", epochs=3, from_run="old", out="run-two")
    other = beside(evidence, "dense", Option("architecture", "dense"))
    assert other.value_of("from_run") is None  # a network of another architecture begins anew


def test_advice_is_plain_data_with_a_line_to_type_and_in_python_a_call():
    advice = said("interrupted")
    assert advice.to_json() == {
        "rule": "interrupted",
        "severity": "worthwhile",
        "text": "You stopped the training; the best epoch so far is saved. Continue where it stopped.",
        "evidence": "7 of at most 40 epochs were done.",
        "command": "hubel train 'my photos' -o run --time-limit 60s --resume",
    }
    assert repr(advice).endswith("\n  hubel.train('my photos', out='run', time_limit='60s', resume=True)")


def test_poor_everywhere_is_underfitting_whatever_the_network():
    assert rules(healthy(**POOR, train=Share(720, 1000))) == ["underfitting", NEW_IMAGES]
