"""``hubel train --learning-curve``: what it writes and says, and that it leaves the classifier alone."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score
from tests.commands import fresh, typed
from tests.conftest import COLOURS, environment, speckled, write_image
from tests.journeys.test_pretrained import weights_file  # noqa: F401  (a fixture)
from tests.journeys.test_train_and_predict import rows

from hubel.api.training import train
from hubel.errors import UnusableCorpus
from hubel.events import Event, Message, PlanMade
from hubel.workflows.training.write_run import Run


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes that are not easily told: 60 images each."""
    root, rng = tmp_path_factory.mktemp("hard"), np.random.default_rng(1)
    for name, colour in COLOURS.items():
        muddy = tuple(int(110 + (value - 110) / 6) for value in colour)
        for number in range(60):
            write_image(root / name / f"{number:02}.png", speckled(muddy, rng=rng, height=16, width=16))
    return root


@pytest.fixture(scope="module")
def curve(hard: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A run with a learning curve: its folder, standard output and standard error."""
    out = tmp_path_factory.mktemp("runs") / "curve"
    done = typed("train", hard, "-o", out, "--epochs", 2, "--architecture", "small-cnn", "--learning-curve")
    assert done.returncode == 0, done.stderr
    return out, done.stdout, done.stderr


@pytest.mark.backend
def test_the_classifier_is_the_same_to_the_bit_with_and_without(curve: tuple[Path, str, str], hard: Path, tmp_path):
    done = typed("train", hard, "-o", tmp_path / "plain", "--epochs", 2, "--architecture", "small-cnn")
    assert done.returncode == 0, done.stderr
    weights = "classifier/weights.safetensors"
    assert (curve[0] / weights).read_bytes() == (tmp_path / "plain" / weights).read_bytes()
    assert (curve[0] / "predictions.csv").read_bytes() == (tmp_path / "plain/predictions.csv").read_bytes()
    plain, drawn = (json.loads((run / "metrics.json").read_text()) for run in (tmp_path / "plain", curve[0]))
    assert set(drawn) - set(plain) == {"learning_curve"}
    assert drawn["test"] == plain["test"]
    assert not (tmp_path / "plain/learning_curve.csv").exists()
    assert "Learning curve" not in done.stdout


def test_the_plan_says_it_before_and_the_output_after(curve: tuple[Path, str, str]):
    out, said, plan = curve
    assert "the same anew on 25% and 50% of the training images, for the learning curve" in plan
    assert "Learning curve: training on 25% of the training images" in plan
    document = json.loads((out / "metrics.json").read_text())["learning_curve"]
    forecast = document["forecast"]
    low, high = forecast["interval"]
    assert (
        f"Twice the images ({forecast['train_examples']:,}) would give about {forecast['accuracy']:.3f} "
        f"({low:.3f} to {high:.3f})." in said
    )
    assert "it does not account for the luck of a single training" in said
    for point in document["points"]:
        assert re.search(rf"\b{point['train_examples']:,} +{point['accuracy']:.3f} ", said)
    assert "Learning curve" in said


def test_the_curve_is_recomputed_from_its_csv(curve: tuple[Path, str, str]):
    out = curve[0]
    document = json.loads((out / "metrics.json").read_text())["learning_curve"]
    told = rows(out / "learning_curve.csv")
    assert list(told[0]) == ["path", "label", "train_share", "predicted"]
    logs, images = [], []
    for point in document["points"]:
        mine = [row for row in told if float(row["train_share"]) == point["share"]]
        labels, named = [row["label"] for row in mine], [row["predicted"] for row in mine]
        assert point["examples"] == len(mine)
        assert point["accuracy"] == pytest.approx(accuracy_score(labels, named), abs=1e-12)
        wrong = len(mine) - accuracy_score(labels, named, normalize=False)
        logs.append(np.log((wrong + 0.5) / (len(mine) + 1)))
        images.append([np.log(point["train_examples"])])
    line = LinearRegression().fit(images, logs)
    twice = line.predict([[np.log(2) + images[-1][0]]])[0] if line.coef_[0] < 0 else np.mean(logs)
    assert document["forecast"]["accuracy"] == pytest.approx(1 - np.exp(twice), abs=1e-9)
    assert document["forecast"]["train_examples"] == 2 * document["points"][-1]["train_examples"]


def test_the_last_point_is_the_classifier_and_all_see_the_same_test_images(curve: tuple[Path, str, str]):
    out = curve[0]
    test = [row for row in rows(out / "predictions.csv") if row["split"] == "test"]
    told = rows(out / "learning_curve.csv")
    whole = [row for row in told if row["train_share"] == "1.0"]
    assert [(row["path"], row["predicted"]) for row in whole] == [(row["path"], row["predicted"]) for row in test]
    for share in ("0.25", "0.5"):
        assert [row["path"] for row in told if row["train_share"] == share] == [row["path"] for row in test]


def test_the_parts_are_trained_by_the_classifiers_own_recipe(curve: tuple[Path, str, str]):
    document = json.loads((curve[0] / "run.json").read_text())
    train_examples = sum(row["split"] == "train" for row in rows(curve[0] / "split.csv"))
    assert [part["share"] for part in document["learning_curve"]] == [0.25, 0.5]
    for part in document["learning_curve"]:
        assert part["recipe"] == document["recipe"]
        assert part["clock_decided"][0]["epochs"] == 2
        assert part["train_examples"] == pytest.approx(part["share"] * train_examples, abs=2)


@pytest.mark.clock
def test_the_time_limit_holds_for_all_three_trainings(hard: Path, tmp_path: Path):
    done = fresh(
        "train", hard, "-o", tmp_path / "run", "--architecture", "small-cnn", "--learning-curve", "--time-limit", "30s",
        "--epochs", 100_000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert metrics["time"]["total_s"] < 35
    if "learning_curve" in metrics:
        assert 0 < metrics["time"]["learning_curve_s"] < metrics["time"]["total_s"]
    else:  # a machine under heavy load: the limit comes first
        assert "the learning curve is not drawn: no time is left for it" in done.stderr


def trained(corpus: Path, out: Path, said: list[Event], **wishes: object) -> Run:
    return train(
        corpus,
        out,
        **{"architecture": "small-cnn", "epochs": 1, "learning_curve": True, "on_event": said.append, **wishes},
    )  # type: ignore[arg-type]


def test_ctrl_c_while_the_curve_is_drawn_keeps_the_classifier(hard: Path, tmp_path: Path):
    out = tmp_path / "run"
    words = ["train", str(hard), "-o", str(out), "--epochs", "1", "--architecture", "small-cnn", "--learning-curve"]
    with subprocess.Popen(
        [sys.executable, "-m", "hubel", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        # A shell that starts a job in the background has it ignore Ctrl-C; the test wants the terminal's behaviour.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (no thread runs here)
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "training on 50%" in line:
                    process.send_signal(signal.SIGINT)
                    break
            stdout, stderr = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, stderr
    assert "Stopped: the classifier is saved, the learning curve is not drawn." in stderr
    assert "Traceback" not in stderr
    assert "Accuracy" in stdout
    assert "Twice the images" not in stdout
    assert (out / "classifier/weights.safetensors").is_file()
    assert "learning_curve" not in json.loads((out / "metrics.json").read_text())
    assert not (out / "learning_curve.csv").exists()


def test_a_run_that_replaces_another_does_not_keep_its_curve(hard: Path, tmp_path: Path):
    run = trained(hard, tmp_path / "run", [])
    assert run.learning_curve is not None
    assert run.metrics["learning_curve"] == run.learning_curve.to_json()
    assert (tmp_path / "run/learning_curve.csv").is_file()
    again = trained(hard, tmp_path / "run", [], overwrite=True, learning_curve=False)
    assert again.learning_curve is None
    assert not (tmp_path / "run/learning_curve.csv").exists()


def test_time_that_has_run_out_is_said_and_costs_only_the_curve(hard: Path, tmp_path: Path, monkeypatch):
    from hubel.workflows.training import learning_curve

    said: list[Event] = []
    monkeypatch.setattr(learning_curve, "SAVE_S", 10_000.0)  # as if the classifier had taken all of the time
    run = trained(hard, tmp_path / "run", said, time_limit="60s")
    assert run.learning_curve is None
    assert not run.curve_interrupted
    assert any(
        "the learning curve is not drawn: no time is left for it. Use a longer time_limit." in str(event.text)
        for event in said
        if isinstance(event, Message)
    )


def manifest(folder: Path, splits: dict[str, int]) -> Path:
    """A corpus of two classes with so many images of each in each given split."""
    rng, lines = np.random.default_rng(2), []
    for split, count in splits.items():
        for name in ("red", "blue"):
            for number in range(count):
                path = f"{split}-{name}-{number}.png"
                write_image(folder / path, speckled(COLOURS[name], rng=rng))
                lines.append((path, name, split))
    with (folder / "corpus.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *lines])
    return folder / "corpus.csv"


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": 10, "validation": 3, "test": 4}, "at least 10 test images; .* gives 8. Leave learning_curve out"),
        ({"train": 5, "validation": 3, "test": 8}, "at least 4 images in its smallest part, 2 for each class. 25% of"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_any_training(tmp_path: Path, splits: dict[str, int], message: str):
    said: list[Event] = []
    with pytest.raises(UnusableCorpus, match=message):
        trained(manifest(tmp_path / "corpus", splits), tmp_path / "run", said)
    assert not any(isinstance(event, PlanMade) for event in said)
    assert not (tmp_path / "run/classifier").exists()


def test_a_class_with_a_single_image_in_the_smallest_part_is_named(tmp_path: Path):
    from hubel.corpus.formats.catalogue import read_corpus
    from hubel.corpus.split import Splits
    from hubel.workflows.training.learning_curve import check_drawable

    corpus = read_corpus(manifest(tmp_path, {"train": 40, "test": 10}))
    blue = [place for place, example in enumerate(corpus.examples) if "train-blue" in example.path]
    red = [place for place, example in enumerate(corpus.examples) if "train-red" in example.path]
    test = tuple(place for place, example in enumerate(corpus.examples) if example.split == "test")
    said: list[Event] = []
    check_drawable(corpus, Splits((*blue, *red[:3]), (), test), seed=0, on_event=said.append)
    assert [event.text for event in said if isinstance(event, Message)] == [
        "The smallest part of the learning curve holds only one image each of 'red', so the curve begins lower."
    ]


def test_features_of_a_frozen_backbone_are_computed_once(hard: Path, tmp_path: Path, weights_file: Path, monkeypatch):  # noqa: F811
    from hubel.workflows.training import features_in_time

    wishes = {"architecture": "mobilenet", "weights": str(weights_file), "image_size": 32, "epochs": None}
    computed: list[int] = []
    real = features_in_time.compute_features

    def counted(engine: object, images: object, *, indices: np.ndarray, **more: object) -> np.ndarray:
        computed.append(len(indices))
        return real(engine, images, indices=indices, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(features_in_time, "compute_features", counted)
    once = trained(hard, tmp_path / "once", [], **wishes)
    assert len(computed) == 3  # training images plain and mirrored, and validation images
    assert once.fitted.features is None  # not kept in memory with the run
    monkeypatch.setattr("hubel.training.transfer.KnownFeatures.holds", lambda *_: False)
    anew = trained(hard, tmp_path / "anew", [], **wishes)
    assert len(computed) == 3 + 9
    assert once.learning_curve == anew.learning_curve
    assert (tmp_path / "once/learning_curve.csv").read_bytes() == (tmp_path / "anew/learning_curve.csv").read_bytes()
