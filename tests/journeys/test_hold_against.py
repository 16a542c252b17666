"""A run held against its promises, against other runs, and against strangers, as a user types it."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk
from tests.commands import typed
from tests.conftest import COLOURS, speckled, write_image
from tests.journeys.test_train_and_predict import rows

COUNTS = {"train": 60, "validation": 40, "test": 30}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three colours in given splits."""
    root = tmp_path_factory.mktemp("corpora") / "colours"
    rng = np.random.default_rng(1)
    for split, count in COUNTS.items():
        for name, colour in COLOURS.items():
            for number in range(count):
                pixels = speckled(colour, rng=rng, height=16, width=16)
                write_image(root / split / name / f"{name}-{number:02}.png", pixels)
    return root


def train(corpus: Path, out: Path) -> Path:
    done = typed("train", corpus, "-o", out, "--epochs", 4, "--architecture", "small-cnn")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(corpus, tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def shuffled(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the same files, moved between the class folders of their split at random."""
    root = tmp_path_factory.mktemp("shuffled")
    rng = np.random.default_rng(7)
    for split in COUNTS:
        files = sorted((corpus / split).rglob("*.png"))
        for file, name in zip(files, rng.permutation([file.parent.name for file in files]), strict=True):
            (root / "colours" / split / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, root / "colours" / split / name)
    return train(root / "colours", root / "run")


def test_a_run_with_shuffled_labels_is_called_worse(run: Path, shuffled: Path):
    done = typed("evaluate", run, "--against", shuffled)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{run} against {shuffled} on 90 shared test images"
    assert f"{run} is better than {shuffled}." in lines
    mine, other = ({Path(row["path"]).name: row for row in rows(each / "predictions.csv")} for each in (run, shuffled))
    test = [name for name, row in mine.items() if row["split"] == "test"]
    right = {name: mine[name]["predicted"] == mine[name]["label"] for name in test}
    others = {name: other[name]["predicted"] == mine[name]["label"] for name in test}
    only_mine = sum(right[name] and not others[name] for name in test)
    only_other = sum(others[name] and not right[name] for name in test)
    assert f"Only {run} is right: {only_mine}.   Only {shuffled} is right: {only_other}." in lines
    relabelled = sum(mine[name]["label"] != other[name]["label"] for name in test)
    assert f"{relabelled} of 90 images have a different label in {shuffled}" in done.stderr
    document = json.loads(typed("evaluate", run, "--against", shuffled, "--json").stdout)
    assert (document["verdict"], document["examples"], document["relabelled"]) == ("better", 90, relabelled)
    assert document["run_score"]["accuracy"] == pytest.approx(sum(right.values()) / 90)


def test_the_shuffled_run_is_worse_by_the_labels_of_the_other(run: Path, shuffled: Path):
    told = typed("evaluate", shuffled, "--against", run).stdout
    assert f"By the labels of {run} instead: {shuffled} is worse than {run}." in told


def test_the_same_run_against_itself_cannot_be_told(run: Path):
    document = json.loads(typed("evaluate", run, "--against", run, "--json").stdout)
    assert document["verdict"] == "cannot tell"
    assert document["test"]["first_only"] == document["test"]["second_only"] == 0


def test_on_a_corpus_both_are_run_and_what_they_were_trained_on_is_left_out(run: Path, shuffled: Path, corpus: Path):
    done = typed("evaluate", run, corpus, "--against", shuffled, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["verdict"], document["examples"]) == ("better", 90)
    assert document["left_out"]["seen_in_training"] == 3 * (60 + 40)
    assert "Left out: 300 images" in done.stderr
    alone = json.loads(typed("evaluate", run, "--against", shuffled, "--json").stdout)
    assert document["test"] == alone["test"]


def test_a_corpus_makes_bare_classifiers_comparable(run: Path, shuffled: Path, corpus: Path, tmp_path: Path):
    bad = shutil.copytree(shuffled / "classifier", tmp_path / "bad")
    good = shutil.copytree(run / "classifier", tmp_path / "good")
    done = typed("evaluate", bad, corpus / "test", "--against", good)
    assert done.returncode == 0, done.stderr
    assert f"{bad} is worse than {good}." in done.stdout
    assert f"Cannot tell whether {good} was trained on these images: it has no fingerprints.csv" in done.stderr


def test_a_corpus_without_a_class_that_both_know_cannot_be_used(run: Path, shuffled: Path, tmp_path: Path):
    write_image(tmp_path / "teal/1.png", speckled((0, 128, 128), rng=np.random.default_rng(0)))
    done = typed("evaluate", run, tmp_path, "--against", shuffled)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def stranger_folder(folder: Path) -> Path:
    """Images of noise, and one that is broken."""
    rng = np.random.default_rng(9)
    for number in range(12):
        write_image(folder / f"{number:02}.png", rng.integers(0, 256, (20, 20, 3)).astype(np.uint8))
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    return folder


def test_strangers_are_scored_against_the_runs_own_test_images(run: Path, tmp_path: Path):
    folder = stranger_folder(tmp_path / "strangers/noise")  # one class is enough
    done = typed("evaluate", run, "--strangers", folder.parent, "--json")
    assert done.returncode == 4, done.stderr
    assert "Refused 'noise/broken.png'" in done.stderr
    document = json.loads(done.stdout)
    own = [float(row["score"]) for row in rows(run / "off_corpus.csv") if row["split"] == "test"]
    answers = json.loads(typed("predict", run, folder, "--json").stdout)
    strangers = [answer["off_corpus_score"] for answer in answers if "error" not in answer]
    assert (len(own), len(strangers)) == (90, 12)
    expected = sk.roc_auc_score([0] * 90 + [1] * 12, [*own, *strangers])
    assert document["auroc"] == pytest.approx(expected, abs=1e-3)
    assert document["stranger_pictures"]["examples"] == 12
    assert document["stranger_pictures"]["flagged"] == pytest.approx(np.mean(np.array(strangers) > 1))
    assert document["own_test"]["flagged"] == pytest.approx(np.mean(np.array(own) > 1))
    assert [row["path"] for row in document["refused"]] == ["noise/broken.png"]
    assert all(answer["off_corpus"] == (answer["off_corpus_score"] > 1) for answer in answers if "error" not in answer)
    loose = typed("evaluate", run, "--strangers", folder, "--json")  # and no class folder at all
    assert loose.returncode == 4, loose.stderr
    assert json.loads(loose.stdout)["auroc"] == pytest.approx(document["auroc"], abs=1e-3)


def test_strangers_in_words(run: Path):
    done = typed("evaluate", run, "--strangers", "digits")
    assert done.returncode == 0, done.stderr
    first, _, own, strangers = done.stdout.splitlines()
    assert first.startswith("Off-corpus score: AUROC ")
    assert own.endswith("of 90 own test images")
    assert strangers.endswith("of 1,797 strangers, digits")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--strangers", "digits", "--against", "RUN"), 2, "--strangers is measured alone"),
        (("digits", "--strangers", "digits"), 2, "the corpus 'digits' was given too"),
        (("--strangers", "nowhere"), 3, "There is no file or folder 'nowhere'"),
    ],
)
def test_what_strangers_cannot_be_is_said(run: Path, words: tuple[str, ...], code: int, said: str):
    done = typed("evaluate", run, *(run if word == "RUN" else word for word in words))
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bare_classifier_has_no_test_images_to_hold_strangers_against(run: Path):
    done = typed("evaluate", run / "classifier", "--strangers", "digits")
    assert done.returncode == 3
    assert f"{run / 'classifier'} is the classifier of the run in {run}. Give that folder.\n" in done.stderr


def limit(run: Path, coverage: float) -> float:
    """The probability from which a class is in the set, from the validation rows alone."""
    validation = [row for row in rows(run / "predictions.csv") if row["split"] == "validation"]
    of_true = sorted((float(row[row["label"]]) for row in validation), reverse=True)
    return of_true[math.ceil((len(of_true) + 1) * coverage - 1e-9) - 1]


@pytest.mark.parametrize("coverage", [0.93, 0.95])  # metrics.json has the second only
def test_the_promise_and_what_became_of_it_stand_beside_each_other(shuffled: Path, corpus: Path, coverage: float):
    done = typed("predict", shuffled, corpus / "test/red", "--abstain", coverage, "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    test = [row for row in rows(shuffled / "predictions.csv") if row["split"] == "test"]
    covered = sum(float(row[row["label"]]) >= limit(shuffled, coverage) for row in test)
    told = f"Promised: the true class is in {100 * coverage:.0f} % of the sets; on the run's 90 test images it was in "
    assert f"{told}{100 * covered / 90:.1f} % (" in done.stderr
    by_name = {Path(row["path"]).name: row for row in test}
    for answer in map(json.loads, done.stdout.splitlines()):
        row = by_name[Path(answer["path"]).name]
        assert answer["prediction_set"] == [
            name for name in COLOURS_SORTED if float(row[name]) >= limit(shuffled, coverage)
        ]
        assert answer["abstained"] == (len(answer["prediction_set"]) != 1)


COLOURS_SORTED = sorted(COLOURS)


def test_a_table_of_what_it_may_be(shuffled: Path, corpus: Path):
    done = typed("predict", shuffled, corpus / "test/red/red-00.png", "--abstain", "0.99")
    assert " or " in done.stdout
    assert "(not sure: " in done.stdout
    csv_lines = typed(
        "predict", shuffled, corpus / "test/red/red-00.png", "--abstain", "0.99", "--format", "csv"
    ).stdout
    (row,) = csv.DictReader(csv_lines.splitlines())
    assert len(row["prediction_set"].split(" | ")) > 1
    assert row["abstained"] == "true"


def test_a_bare_classifier_has_no_test_score_beside_its_promise(run: Path, corpus: Path):
    done = typed("predict", run / "classifier", corpus / "test/red/red-00.png", "--abstain", "0.9")
    assert done.returncode == 0
    assert (
        "Promised: the true class is in 90 % of the sets; there is no test score beside this classifier" in done.stderr
    )


@pytest.mark.parametrize("coverage", ["95", "0.4", "0.999", "nan", "inf", "-1"])
def test_another_coverage_is_refused_before_anything_is_loaded(coverage: str, tmp_path: Path):
    (tmp_path / "classifier").mkdir()  # an empty one
    done = typed("predict", tmp_path, "x.png", "--abstain", coverage)
    assert done.returncode == 2
    assert f"A coverage is 0.50, 0.51 and so on up to 0.99. Received: {coverage}." in done.stderr


def test_too_few_validation_images_promise_nothing(corpus: Path, tmp_path: Path):
    for name in COLOURS:
        shutil.copytree(corpus / "test" / name, tmp_path / "few" / name)
        for file in sorted((tmp_path / "few" / name).iterdir())[10:]:
            file.unlink()
    few = train(tmp_path / "few", tmp_path / "run")
    done = typed("predict", few, corpus / "test/red/red-00.png", "--abstain", "0.9")
    assert done.returncode == 2
    assert "no prediction sets: they need at least 20 validation images" in done.stderr
    done = typed("evaluate", few, "--strangers", "digits")
    assert done.returncode == 3
    assert "has no off-corpus score. That needs 50 training and 50 validation images, and it has 2" in done.stderr
