"""What two runs, strangers, a learning curve, layers and the checks of an artefact look like in a terminal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from hubel.cli.show.evaluate import show_against, show_strangers
from hubel.cli.show.layers import show_layers
from hubel.cli.show.learning_curve import show_learning_curve
from hubel.cli.show.results import console, show_without_leaks
from hubel.cli.show.verify import show_verification
from hubel.errors.wording import Command, Text
from hubel.evaluation.learning_curve import CurvePoint, Forecast, LearningCurve
from hubel.evaluation.paired import compare_hits
from hubel.evaluation.report import EvaluationReport
from hubel.workflows.evaluating.compare_runs import Against
from hubel.workflows.evaluating.off_corpus_test import StrangerScore
from hubel.workflows.looking.layer_images import LayerChoice
from hubel.workflows.verify import ABSENT, FAILS, HOLDS, SKIPPED, ArtefactCheck, Verification

Printed = pytest.CaptureFixture[str]


def first(count: int, of: int = 20) -> np.ndarray:
    return np.arange(of) < count


def against(one: np.ndarray, other: np.ndarray, *, corpus: str | None = None, second: str = "runs/b") -> Against:
    labels = tuple("cat" if place % 2 else "dog" for place in range(len(one)))
    return Against("runs/a", second, corpus, labels, one, other, 0, None, {}, 0)


def shown(compared: Against, printed: Printed) -> list[str]:
    show_against(compared)
    return [line.rstrip() for line in printed.readouterr().out.splitlines()]


def test_two_runs_are_shown_with_accuracies_difference_and_verdict(capsys: Printed):
    lines = shown(against(first(18), first(8)), capsys)
    low, high = binomtest(18, 20).proportion_ci(method="wilson")
    assert lines[0] == "runs/a against runs/b on 20 shared test images"
    assert lines[1] == f"  runs/a  accuracy 0.900   95 % interval {low:.3f} to {high:.3f}"
    assert lines[3] == "Only runs/a is right: 10.   Only runs/b is right: 0."
    # ten that only one names rightly: p is twice 2 ** -10
    assert lines[4].startswith("Difference +50.0 points   95 % interval +")
    assert lines[4].endswith(f"p = {2 / 1024:.4f} (exact McNemar test)")
    assert lines[5] == "runs/a is better than runs/b."
    rows = [line.split() for line in lines if line.split()[:1] in (["cat"], ["dog"])]
    assert sorted(rows) == [["cat", "10", "9", "4"], ["dog", "10", "9", "4"]]


def test_a_worse_run_and_one_that_cannot_be_told_are_said_so(capsys: Printed):
    assert "runs/a is worse than runs/b." in shown(against(first(8), first(18)), capsys)
    undecided = shown(against(first(9), first(8)), capsys)
    assert "Cannot tell whether runs/a or runs/b is better: the difference may be due to chance." in undecided


def test_a_run_against_itself_has_no_table(capsys: Printed):
    lines = shown(against(first(8), first(8), second="runs/a"), capsys)
    assert lines[3] == "Only runs/a is right: 0.   Only runs/a (the same run) is right: 0."
    assert lines[5] == "There is no difference: runs/a and runs/a (the same run) are right on the same images."
    assert lines[6] == "They do equally well on every class."


def test_on_a_corpus_its_name_is_said(capsys: Printed):
    assert shown(against(first(8), first(9), corpus="photos"), capsys)[0].endswith("on 20 images of photos")


def test_what_other_labels_would_say_stands_beside_the_verdict(capsys: Printed):
    other = compare_hits(first(2), first(20))
    compared = Against("a", "b", None, ("x",) * 20, first(20), first(2), 18, other, {}, 0)
    lines = shown(compared, capsys)
    assert lines[5] == "a is better than b."
    assert lines[6] == "By the labels of b instead: a is worse than b. (-90.0 points, p < 0.0001)"


def test_of_many_classes_those_where_they_differ_most_are_shown(capsys: Printed):
    labels = tuple(f"class {place // 4}" for place in range(32))
    compared = Against("a", "b", None, labels, first(32, 32), np.arange(32) % 4 < np.arange(32) // 4, 0, None, {}, 0)
    out = "\n".join(shown(compared, capsys))
    # of class 0 the second knows none, of class 1 one of four, ...; from class 4 on they are equal
    assert [name for name in (f"class {number}" for number in range(8)) if name in out] == [
        f"class {n}" for n in range(4)
    ]
    few = Against("a", "b", None, labels, first(32, 32), first(0, 32), 0, None, {}, 0)
    assert "5 of the 8 classes on which they differ" in " ".join(" ".join(shown(few, capsys)).split())


def test_strangers_are_shown_with_the_share_on_either_side(capsys: Printed):
    show_strangers(StrangerScore("cats", np.array([0.2, 0.4, 1.5, 0.1]), np.array([2.0, 3.0]), ()))
    lines = capsys.readouterr().out.splitlines()
    low, high = binomtest(1, 4).proportion_ci(method="wilson")
    assert lines[0] == "Off-corpus score: AUROC 1.000"
    assert lines[2] == f"  flagged 25.0% ({low:.1%} to {high:.1%}) of 4 own test images"
    assert lines[3].endswith("of 2 strangers, cats")


def curve(*accuracies: float) -> LearningCurve:
    points = tuple(
        CurvePoint(share, round(400 * share), 200, accuracy, (accuracy - 0.05, accuracy + 0.05))
        for share, accuracy in zip((0.25, 0.5, 1.0), accuracies, strict=True)
    )
    return LearningCurve(points, Forecast(800, 0.875, (0.8, 0.92)))


def test_a_learning_curve_is_a_table_with_its_forecast(capsys: Printed):
    show_learning_curve(console(), curve(0.7, 0.78, 0.84))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "Learning curve"
    assert "25%               100      0.700   0.650 to 0.750" in lines
    assert "100%               400      0.840   0.790 to 0.890" in lines
    assert "Twice the images (800) would give about 0.875 (0.800 to 0.920)." in lines
    assert any(line.startswith("The bar reaches down to today's 0.840") for line in lines)


def test_layers_are_aligned_and_the_last_can_be_typed(capsys: Printed):
    layers = [LayerChoice(1, "conv", "Conv2D", (8, 8, 16)), LayerChoice(12, "a-longer-name", "Conv2D", (4, 4, 32))]
    show_layers(layers, "hubel maps run image.png")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["1", "conv", "Conv2D", "8", "x", "8", "x", "16"]
    assert lines[0].index("Conv2D") == lines[1].index("Conv2D")
    assert lines[-1] == "  hubel maps run image.png --layer last -o last.png"


def test_a_network_without_such_layers_says_where_others_are(capsys: Printed):
    show_layers([], "hubel filters run")
    assert capsys.readouterr().out == "It has no such layer. hubel anatomy RUN shows those it has.\n"


def verified(*results: str, text: str | Text = "as it was") -> Verification:
    names = ("files", "structure", "self-test")
    checks = tuple(
        ArtefactCheck(name, result, text, of_answers=name == "self-test")
        for name, result in zip(names, results, strict=True)
    )
    return Verification(Path("runs/a/classifier"), "hubel 0.7.0", checks, None)


def test_damage_and_other_answers_are_told_apart(capsys: Printed):
    show_verification(verified(FAILS, SKIPPED, SKIPPED))
    assert capsys.readouterr().out.endswith("This classifier is damaged: do not use it.\n")
    show_verification(verified(HOLDS, HOLDS, FAILS))
    assert capsys.readouterr().out.endswith("gives different answers here: do not rely on it.\n")
    show_verification(verified(HOLDS, HOLDS, ABSENT))
    out = capsys.readouterr().out
    assert out.startswith("runs/a/classifier, made by hubel 0.7.0\n  files     holds   as it was\n")
    assert "No damage found; its answers cannot be checked here.\nChecksums reveal damage, not origin:" in out


def test_a_check_is_worded_as_it_is_typed_and_cannot_steer_the_terminal(capsys: Printed):
    show_verification(verified(FAILS, SKIPPED, SKIPPED, text=Text("\x1b[2J Train: ", Command("train", ("CORPUS",)))))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "Train: hubel train CORPUS" in out


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((HOLDS, HOLDS, ABSENT), "holds"),
        ((FAILS, SKIPPED, SKIPPED), "damaged"),
        ((HOLDS, HOLDS, FAILS), "other answers"),
    ],
)
def test_python_shows_the_verdict_first(results: tuple[str, ...], verdict: str):
    assert repr(verified(*results)).splitlines()[0] == f"Verification of runs/a/classifier: {verdict}"
    assert verified(*results).to_json()["holds"] is (verdict == "holds")


def test_a_score_without_its_leaks_stands_below_it(capsys: Printed):
    probabilities = np.eye(2)[np.array([0, 1, 1, 0])]
    whole = EvaluationReport(("a", "b"), probabilities, probabilities, np.array([0, 1, 0, 0]), 0.0)
    show_without_leaks(console(), whole, without=None)
    assert capsys.readouterr().out == ""
    show_without_leaks(console(), whole, without=whole.take(np.array([0, 1, 3])))
    out = capsys.readouterr().out
    assert out.startswith("Leaks 1 of these 4 has a copy, or an image of the same group, in another part. ")
    assert "Without them: accuracy 1.000, " in out
    show_without_leaks(console(), whole, without=whole.take(np.zeros(0, np.int64)))
    assert capsys.readouterr().out.endswith("None is left without them, so this score says nothing.\n")
