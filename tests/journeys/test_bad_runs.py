"""Bad runs that really took place, and what they are told."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from tests.commands import typed
from tests.conftest import COLOURS, speckled, write_image

from hubel.api.training import train
from hubel.cli.main import main
from hubel.shell import in_shell
from hubel.workflows.training.write_run import Run

DIGITS = load_digits()
PIXELS = (DIGITS.images * 15.9375).astype(np.uint8)


def rules(run: Run) -> list[str]:
    return [each.rule for each in run.advice]


def test_shuffled_labels_are_no_better_than_the_largest_class(tmp_path: Path):
    labels = np.random.default_rng(0).permutation(DIGITS.target[:900])
    np.savez(tmp_path / "shuffled.npz", x=PIXELS[:900], y=labels)
    run = train(tmp_path / "shuffled.npz", tmp_path / "run", epochs=12)
    assert rules(run)[0] in ("collapse", "no-better-than-majority")
    assert in_shell(run.advice[0].command) == shlex.join(
        ["hubel", "audit", str(tmp_path / "shuffled.npz"), "--suspect-labels", "-o", str(tmp_path / "run-audit")]
    )
    assert not {"overfitting", "underfitting", "suspicious-labels"} & set(rules(run))


def test_a_few_wrong_labels_are_found_by_name(tmp_path: Path):
    rng = np.random.default_rng(3)
    labels = DIGITS.target.copy()
    wrong = rng.random(len(labels)) < 0.08
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    np.savez(tmp_path / "noisy.npz", x=PIXELS, y=labels)
    run = train(tmp_path / "noisy.npz", tmp_path / "run", epochs=12)
    (advice,) = [each for each in run.advice if each.rule == "suspicious-labels"]
    named = [int(part.split("]")[0]) for part in advice.evidence.split("x[")[1:]]
    assert len(named) == 3
    assert all(wrong[place] for place in named)


def test_one_epoch_without_a_place_is_told_to_train_longer_and_the_command_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    words = ["train", "digits", "--epochs", "1"]
    first, again = tmp_path / "runs/digits/metrics.json", None
    for _ in range(2):
        done = typed(*words, COLUMNS="200")
        assert done.returncode == 0, done.stderr
        goes_to = "The run goes to runs/digits. Choose another folder with -o.\n"
        assert (goes_to in done.stderr) == (again is None)  # the command that is advised names the folder
        assert done.stdout.endswith("\n    hubel predict runs/digits IMAGE_OR_FOLDER\n")
        before, again = again, json.loads(first.read_text())
        if before is None:
            assert "It was still learning when the training ended. Train longer. In the only epoch" in done.stdout
            assert "\n    hubel train digits -o runs/digits --epochs 4 --overwrite\n" in done.stdout
            assert again["advice"][0]["rule"] == "stopped-too-early"
            words = shlex.split(again["advice"][0]["command"])[1:]
    assert again["test"]["accuracy"] > before["test"]["accuracy"]
    assert [each["command"] for each in again["advice"]] != [each["command"] for each in before["advice"]]


def test_a_class_of_three_images_is_named_and_the_command_trains_again(tmp_path: Path, capsys: pytest.CaptureFixture):
    rng = np.random.default_rng(1)
    for name, count in (("red", 40), ("green", 40), ("blue", 3)):
        for number in range(count):
            write_image(tmp_path / "photos" / name / f"{number:02}.png", speckled(COLOURS[name], rng=rng))
    run = train(tmp_path / "photos", tmp_path / "run", epochs=3, architecture="small-cnn")
    (advice,) = [each for each in run.advice if each.rule == "few-images"]
    assert advice.evidence == "Images: 3 of 'blue', 1 to train on."
    words = shlex.split(in_shell(advice.command))[1:]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "'blue'" in capsys.readouterr().out


def test_a_given_test_split_that_leaks_is_told_first(tmp_path: Path):
    rng = np.random.default_rng(2)
    for name, colour in COLOURS.items():
        for number in range(40):
            pixels = speckled(colour, rng=rng)
            write_image(tmp_path / "photos/train" / name / f"{number:02}.png", pixels)
            if number < 8:
                write_image(tmp_path / "photos/test" / name / f"copy{number}.png", pixels)
        for number in range(8):
            write_image(tmp_path / "photos/test" / name / f"new{number}.png", speckled(colour, rng=rng))
    run = train(tmp_path / "photos", tmp_path / "run", epochs=4, architecture="small-cnn")
    assert run.advice[0].rule == "leak"
    assert run.advice[0].evidence.startswith("24 of 48 test images have a copy")
    assert run.metrics["advice"] == [each.to_json() for each in run.advice]
    assert run.metrics["train"]["examples"] > 100
