"""Two results held against each other: written by hand, counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.runs.recorded_runs import ROWS, write_results

from hubel.cli.show.reproduce import show_reproduction
from hubel.workflows.reproducing.differences import Difference
from hubel.workflows.reproducing.same_result import Reproduction, SameResult, compare_results

KEYS = {
    "weights_then", "weights_now", "predictions", "only_then", "only_now", "another_class", "another_probability",
    "largest_difference", "accuracy_then", "accuracy_now", "scores",
}  # fmt: skip


def shown(result: SameResult, capsys: pytest.CaptureFixture[str], *differences: Difference) -> list[str]:
    show_reproduction(Reproduction(Path("runs/old"), None, "photos", result, differences))
    return capsys.readouterr().out.splitlines()


@pytest.fixture
def then(tmp_path: Path) -> Path:
    return write_results(tmp_path / "then")


def test_the_same_is_the_same_whatever_the_time(then: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    now = write_results(tmp_path / "now", time={"total_s": 99.0}, advice=[{"command": "other"}])
    result = compare_results(then, now)
    assert result.same
    assert shown(result, capsys)[0] == "The same: weights to the bit, all 3 predictions, every score."
    assert set(result.to_json()) == KEYS
    differs = Difference("versions", "keras: 3.0.0 then, 3.15.1 now")
    assert shown(result, capsys, differs)[2:] == [
        "Also different, without effect:",
        "  versions     keras: 3.0.0 then, 3.15.1 now",
    ]


def test_everything_that_differs_is_counted(then: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = [("a/0.png", "test", "b", 0.3, 0.7), ROWS[1], ("b/0.png", "validation", "b", 0.1, 0.9 - 1e-12)]
    rows.append(("b/1.png", "test", "b", 0.0, 1.0))
    test = {"accuracy": 0.5, "log_loss": 0.5, "ece": 0.1}
    result = compare_results(then, write_results(tmp_path / "now", weights=b"other", rows=rows, test=test))
    assert (result.predictions, result.only_then, result.only_now) == (3, 0, 1)
    assert (result.another_class, result.another_probability) == (1, 2)
    assert result.largest_difference == pytest.approx(0.5)
    assert (result.accuracy_then, result.accuracy_now) == (0.75, 0.5)
    assert result.scores == ("test.accuracy", "test.ece")
    lines = shown(result, capsys, Difference("clock", "the clock decided"))
    assert lines[0] == "Not the same: different weights, 1 of 3 predictions name a different class, different scores."
    assert lines[2] == (
        "  predictions  1 of 3 name a different class; largest difference of a probability 0.5; 0 only then, 1 only now"
    )
    assert lines[3] == "  accuracy     0.7500 then, 0.5000 now, on the test images"
    assert lines[4] == "  scores       2 numbers differ: test.accuracy, test.ece"
    assert lines[5:] == ["Likely reasons:", "  clock        the clock decided"]


def test_one_digit_of_one_probability_is_not_the_same(then: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    rows = [*ROWS[:2], ("b/0.png", "validation", "b", 0.1, 0.9 - 1e-16)]
    result = compare_results(then, write_results(tmp_path / "now", rows=rows))
    assert (result.another_class, result.same) == (0, False)
    lines = shown(result, capsys)
    assert lines[0] == "Not the same: different probabilities, but the same classes."
    assert "predictions.csv or metrics.json in runs/old may have been changed since" in lines[-1]


def test_a_run_of_a_version_that_had_no_verdict_in_words_is_still_the_same(then: Path, tmp_path: Path):
    document = json.loads((then / "metrics.json").read_text())
    test = {**document["test"], "suitability": {"sentence": "Good for both classes."}}
    assert compare_results(then, write_results(tmp_path / "now", test=test)).same


def test_one_score_is_enough_to_be_not_the_same(then: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    result = compare_results(then, write_results(tmp_path / "now", test={"accuracy": 0.75, "log_loss": 0.6}))
    assert (result.same_weights, result.same_predictions, result.same) == (True, True, False)
    assert shown(result, capsys)[0] == "Not the same: different scores."


def test_where_nothing_explains_it_the_machine_is_to_be_reported(
    then: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    result = compare_results(then, write_results(tmp_path / "now", weights=b"other"))
    assert not result.same
    lines = shown(result, capsys)
    assert lines[0] == "Not the same: different weights."
    assert lines[1].startswith("  weights      SHA-256 ")
    assert lines[-1].startswith(
        "No known difference explains this: the same computation gave another result on this machine. Please report it"
    )
    left_out = Difference("corpus", "1 image is new, and left out", explains=False)
    assert shown(result, capsys, left_out)[-3:] == [
        lines[-1], "Also different, without effect:", "  corpus       1 image is new, and left out",
    ]  # fmt: skip


def test_a_class_that_only_one_of_them_knows_counts_as_improbable_in_the_other(then: Path, tmp_path: Path):
    now = write_results(tmp_path / "now")
    (now / "predictions.csv").write_text((now / "predictions.csv").read_text().replace(",a,b\n", ",a,c\n", 1))
    result = compare_results(then, now)
    assert result.largest_difference == pytest.approx(0.9)
