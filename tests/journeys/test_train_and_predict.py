"""From a folder of images to a name for a new one, through the command line as a user types it."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk
from tests.commands import fresh, typed
from tests.conftest import speckled, write_image

from hubel.images.preprocessing import Preprocessing, read_pixels

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes that are easy to tell, one broken file, some debris."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(1)
    for name, colour in (("red", (190, 60, 60)), ("green", (60, 170, 70)), ("blue", (60, 70, 190))):
        for number in range(24):
            write_image(root / name / f"{number:02}.png", speckled(colour, rng=rng))
    (root / "red/broken.jpg").write_bytes(b"<html>not found</html>")
    (root / "red/Thumbs.db").write_bytes(b"x")
    return root


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "photos"
    done = fresh("train", photos, "-o", out, "--epochs", 6, "--architecture", "small-cnn")
    assert done.returncode == 4, done.stderr  # done, but one image was refused
    assert "Refused 'red/broken.jpg': it is a web page" in done.stderr
    assert "Plan" in done.stderr
    assert "Accuracy" in done.stdout
    assert "hubel predict" in done.stdout
    assert "Traceback" not in done.stderr
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_run_folder_holds_what_it_promises(run: Path):
    assert sorted(path.name for path in run.iterdir()) == [
        "classifier", "dense_baseline.csv", "fingerprints.csv", "history.csv", "intake.csv", "metrics.json", "predictions.csv", "report.html", "run.json", "split.csv",
    ]  # fmt: skip
    assert sorted(path.name for path in (run / "classifier").iterdir()) == [
        "manifest.json", "model.onnx", "weights.safetensors",
    ]  # fmt: skip


def test_intake_and_split_account_for_every_file(run: Path, photos: Path):
    intake = rows(run / "intake.csv")
    assert {row["path"] for row in intake} == {
        path.relative_to(photos).as_posix() for path in photos.rglob("*") if path.is_file()
    }
    assert [row for row in intake if row["status"] == "refused"] == [
        {
            "path": "red/broken.jpg",
            "status": "refused",
            "code": "not-an-image",
            "reason": "it is a web page, probably an error page saved as an image: download it again",
        }
    ]
    counts = json.loads((run / "metrics.json").read_text())["intake"]
    assert counts == {"found": 74, "read": 72, "refused": 1, "ignored": 1}
    split = rows(run / "split.csv")
    assert {row["path"] for row in split} == {row["path"] for row in intake if row["status"] == "read"}
    assert all(row["path"].split("/")[0] == row["label"] for row in split)


def test_every_score_can_be_recomputed_from_predictions_csv(run: Path):
    document = json.loads((run / "metrics.json").read_text())
    for split in ("validation", "test"):
        told = document[split]
        mine = [row for row in rows(run / "predictions.csv") if row["split"] == split]
        labels = [row["label"] for row in mine]
        predicted = [row["predicted"] for row in mine]
        table = np.array([[float(row[name]) for name in document["classes"]] for row in mine])
        confidence = table.max(axis=1)
        assert told["examples"] == len(mine)
        assert told["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted), abs=1e-9)
        assert told["macro_f1"] == pytest.approx(sk.f1_score(labels, predicted, average="macro"), abs=1e-9)
        assert told["log_loss"] == pytest.approx(sk.log_loss(labels, table, labels=document["classes"]), abs=1e-9)
        assert [float(row["probability"]) for row in mine] == confidence.tolist()
        assert [row["abstained"] == "true" for row in mine] == (confidence < told["abstention"]["threshold"]).tolist()
        assert told["abstention"]["coverage"] == pytest.approx((confidence >= told["abstention"]["threshold"]).mean())
        low, high = told["accuracy_interval"]
        assert low <= told["accuracy"] <= high


def test_it_learned_the_colours(run: Path):
    assert json.loads((run / "metrics.json").read_text())["test"]["accuracy"] > 0.9


def test_metrics_have_the_documented_keys(run: Path):
    document = json.loads((run / "metrics.json").read_text())
    assert list(document) == [
        "format",
        "classes",
        "test",
        "validation",
        "train",
        "accuracy_interval_method",
        "calibration",
        "intake",
        "model",
        "time",
        "advice",
    ]
    contract = {
        "examples", "accuracy", "accuracy_interval", "macro_f1", "log_loss", "ece", "ece_uncalibrated", "majority_baseline",
        "top5_accuracy", "abstention", "per_class",
    }  # fmt: skip
    more = {"balanced_accuracy", "macro_roc_auc", "ece_of_chance", "top_k_accuracy", "prediction_sets", "suitability"}
    assert set(document["validation"]) == contract | more
    assert set(document["test"]) == contract | more | {"dense_baseline", "against_dense_baseline"}
    assert set(document["train"]) == {"examples", "accuracy"}
    assert all(set(each) == {"rule", "severity", "text", "evidence", "command"} for each in document["advice"])
    assert set(document["model"]) == {"architecture", "parameters", "macs", "image_size"}
    assert set(document["time"]) == {"total_s", "intake_s", "training_s", "epochs", "examples_per_s"}
    assert set(document["test"]["per_class"]["red"]) == {"precision", "recall", "f1", "support"}


def test_run_json_says_how_to_repeat_it(run: Path, photos: Path):
    document = json.loads((run / "run.json").read_text())
    assert document["status"] == "done"
    assert document["corpus"]["location"] == str(photos)
    assert document["recipe"]["train"]["epochs"] == 6
    assert document["recipe"]["train"]["seed"] == 0
    assert document["clock_decided"][0]["epochs"] == 6
    assert {"python", "keras", "numpy", "hubel"} < set(document["versions"])


def test_history_has_one_row_for_each_epoch(run: Path):
    history = rows(run / "history.csv")
    assert [int(row["epoch"]) for row in history] == [1, 2, 3, 4, 5, 6]
    assert float(history[-1]["loss"]) < float(history[0]["loss"])


def predictions(run: Path, *inputs: object, here: bool = True) -> list[dict[str, object]]:
    done = (typed if here else fresh)("predict", run, *inputs, "--format", "jsonl")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_predicting_the_test_files_gives_the_scores_of_the_run(run: Path, photos: Path):
    told = {row["path"]: row for row in rows(run / "predictions.csv") if row["split"] == "test"}
    answers = predictions(run, *(photos / path for path in told))
    assert len(answers) == len(told)
    for path, answer in zip(told, answers, strict=True):
        assert answer["path"] == str(photos / path)
        assert answer["class_name"] == told[path]["predicted"]
        assert answer["probability"] == pytest.approx(float(told[path]["probability"]), rel=1e-5)
    hits = [answer["class_name"] == told[path]["label"] for path, answer in zip(told, answers, strict=True)]
    assert np.mean(hits) == json.loads((run / "metrics.json").read_text())["test"]["accuracy"]


def test_predict_and_evaluate_see_the_same_pixels_to_the_bit(run: Path, photos: Path):
    from hubel.corpus.formats.catalogue import read_corpus
    from hubel.pipeline.decoded import decode_corpus
    from hubel.workflows.predicting.answers import predict_files

    described = json.loads((run / "run.json").read_text())["preprocessing"]
    decoded = decode_corpus(read_corpus(photos), Preprocessing(**described))

    class Recorder:
        preprocessing = Preprocessing(**described)
        seen: list[np.ndarray] = []

        def predict_pixels(self, pixels: np.ndarray, *, coverage: float | None = None) -> list[None]:
            self.seen.extend(pixels)
            return [None] * len(pixels)

    paths = [str(photos / example.path) for example in decoded.corpus.examples]
    list(predict_files(Recorder(), paths))  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.stack(Recorder.seen), decoded.images)
    np.testing.assert_array_equal(read_pixels(Path(paths[0]).read_bytes(), Recorder.preprocessing), decoded.images[0])


def test_a_folder_is_read_in_order_and_a_bad_file_does_not_stop_it(run: Path, photos: Path):
    done = typed("predict", run, photos / "red", "--format", "jsonl")
    assert done.returncode == 4
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    names = [Path(answer["path"]).name for answer in answers]
    assert names == sorted(names)
    assert len(answers) == 25  # debris is no input
    (bad,) = [answer for answer in answers if "error" in answer]
    assert bad == {
        "path": str(photos / "red/broken.jpg"),
        "error": {"code": "not-an-image", "message": bad["error"]["message"]},
    }
    assert set(answers[0]) == {"path", "class_name", "probability", "abstained", "probabilities"}
    assert math.isclose(sum(answers[0]["probabilities"].values()), 1)


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_images_in_an_archive_are_named_as_those_in_a_folder(run: Path, photos: Path, tmp_path: Path, kind: str):
    archive = shutil.make_archive(str(tmp_path / "new"), kind, photos, "red")
    packed = typed("predict", run, archive, "--format", "jsonl")
    assert packed.returncode == 4
    answers = [json.loads(line) for line in packed.stdout.splitlines()]
    with zipfile.ZipFile(archive) if kind == "zip" else tarfile.open(archive) as opened:
        members = opened.namelist() if isinstance(opened, zipfile.ZipFile) else opened.getnames()
    came = [answer["path"] for answer in answers]
    assert came == [f"{archive}/{name}" for name in members if f"{archive}/{name}" in came]
    answers.sort(key=lambda answer: answer["path"])
    folder = typed("predict", run, photos / "red", "--format", "jsonl")
    for packed_answer, answer in zip(answers, map(json.loads, folder.stdout.splitlines()), strict=True):
        assert {**packed_answer, "path": ""} == {**answer, "path": ""}


def test_a_broken_archive_is_answered_with_the_reason(run: Path, photos: Path, tmp_path: Path):
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and no more")
    done = typed("predict", run, tmp_path / "cut.zip", photos / "blue/00.png", "--json")
    assert done.returncode == 4
    broken, blue = json.loads(done.stdout)
    assert broken["error"]["code"] == "corrupt"
    assert "cut.zip" in broken["error"]["message"]
    assert blue["class_name"] == "blue"


def test_paths_may_come_from_standard_input(run: Path, photos: Path):
    paths = [str(photos / "blue/00.png"), str(photos / "red/00.png")]
    done = typed("predict", run, "-", "--format", "csv", "--top", "2", stdin="\n".join(paths) + "\n")
    assert done.returncode == 0
    told = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["path"] for row in told] == paths
    assert [row["predicted"] for row in told] == ["blue", "red"]
    assert [row["class_1"] for row in told] == ["blue", "red"]
    assert float(told[0]["probability_1"]) >= float(told[0]["probability_2"])


def test_inputs_that_are_not_there_are_named_and_the_others_answered(run: Path, photos: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    done = typed("predict", run, tmp_path / "gone.png", photos / "blue/00.png", tmp_path / "empty", "--json")
    assert done.returncode == 4
    gone, blue, empty = json.loads(done.stdout)
    assert gone["error"] == {"code": "vanished", "message": "there is no such file: check the name"}
    assert blue["class_name"] == "blue"
    assert empty["error"]["code"] == "no-images"
    assert "2 of 3 inputs could not be read." in done.stderr


def test_a_table_for_people_and_one_json_document_for_programs(run: Path, photos: Path):
    table = typed("predict", run, photos / "green/00.png")
    assert re.fullmatch(rf"{re.escape(str(photos))}/green/00\.png  green [01]\.\d\d\d( .*)?\n", table.stdout)
    (answer,) = json.loads(typed("predict", run, photos / "green/00.png", "--json").stdout)
    assert answer["class_name"] == "green"


def test_a_copied_classifier_predicts_the_same_in_a_fresh_process(run: Path, photos: Path, tmp_path: Path):
    shutil.copytree(run / "classifier", tmp_path / "copy")
    inputs: Sequence[Path] = [photos / "red/01.png", photos / "blue/02.png"]
    assert predictions(tmp_path / "copy", *inputs, here=False) == predictions(run, *inputs)


def flat(document: dict[str, object], above: str = "") -> dict[str, float]:
    """Every number of a nested document by its path."""
    numbers: dict[str, float] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            numbers |= flat(value, f"{above}{name}.")
        elif isinstance(value, list):
            numbers |= {f"{above}{name}.{place}": each for place, each in enumerate(value)}
        elif not isinstance(value, str):
            numbers[above + name] = value  # type: ignore[assignment]
    return numbers


def test_evaluate_gives_the_runs_own_score_again(run: Path):
    done = fresh("evaluate", run, "--json")
    assert done.returncode == 4, done.stderr  # the broken file is still there
    assert "Refused 'red/broken.jpg': it is a web page" in done.stderr
    document = json.loads(done.stdout)
    told = json.loads((run / "metrics.json").read_text())["test"]
    assert document["test"].pop("suitability") == told.pop("suitability")
    assert flat(document["test"]) == pytest.approx(flat(told), rel=1e-4)
    assert document["split"] == "test"


def test_evaluate_matches_another_corpus_by_class_name(run: Path, tmp_path: Path):
    rng = np.random.default_rng(5)
    for number in range(6):
        write_image(tmp_path / "blue" / f"{number}.png", speckled((60, 70, 190), rng=rng))
        write_image(tmp_path / "teal" / f"{number}.png", speckled((0, 128, 128), rng=rng))
    done = typed("evaluate", run, tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    assert "Not scored: 6 images of classes that the classifier does not know: teal" in done.stderr
    assert "Not tested, for lack of images: green, red." in done.stderr
    score = json.loads(done.stdout)["all"]
    assert (score["examples"], score["accuracy"]) == (6, 1.0)
    assert score["per_class"]["red"]["recall"] is None


def test_two_runs_with_the_same_seed_and_epochs_are_identical(run: Path, photos: Path, tmp_path: Path):
    again = typed("train", photos, "-o", tmp_path / "again", "--epochs", 6, "--architecture", "small-cnn", "--json")
    assert again.returncode == 4
    document = json.loads(again.stdout)
    assert document.pop("run") == str(tmp_path / "again")
    assert any("Refused 'red/broken.jpg'" in warning["text"] for warning in document.pop("warnings"))
    first = json.loads((run / "metrics.json").read_text())
    for each in (first, document):
        del each["time"]
        for advice in each["advice"]:
            del advice["command"]  # it names the run folder
    assert document == first
    assert (tmp_path / "again/classifier/weights.safetensors").read_bytes() == (
        run / "classifier/weights.safetensors"
    ).read_bytes()


@pytest.mark.clock
def test_a_residual_network_learns_too_with_a_time_limit(photos: Path, tmp_path: Path):
    done = fresh("train", photos, "-o", tmp_path / "run", "--architecture", "residual", "--time-limit", "40s")
    assert done.returncode == 4, done.stderr
    document = json.loads((tmp_path / "run/run.json").read_text())
    metrics = json.loads((tmp_path / "run/metrics.json").read_text())
    assert document["time_limit_s"] == 40
    assert metrics["time"]["total_s"] < 44
    assert metrics["test"]["accuracy"] > 0.9
    last = document["clock_decided"][0]["last"]
    assert (
        last["learning_rate"] < 0.2 * document["recipe"]["train"]["learning_rate"]
        or document["clock_decided"][0]["ended_by"] == "patience"
    )


def test_a_second_run_into_the_same_folder_is_refused_and_nothing_is_lost(run: Path, photos: Path):
    before = (run / "metrics.json").read_bytes()
    done = typed("train", photos, "-o", run)
    assert done.returncode == 3
    assert "holds a run already" in done.stderr
    assert "--overwrite" in done.stderr
    assert (run / "metrics.json").read_bytes() == before
