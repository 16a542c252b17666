"""Every part of a corpus empty or of size 1, through everything that takes a corpus: sense, or a refusal in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.commands import typed
from tests.conftest import write_image

from hubel.corpus.corpus import check_trainable
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import HubelError, UnusableCorpus, UnusableInput
from hubel.events import Event, Message
from hubel.files import read_csv
from hubel.pipeline.prepare import NO_VALIDATION, divide
from hubel.runs.request import TrainRequest
from hubel.workflows.auditing.audit import audit_corpus, write_audit
from hubel.workflows.comparing.compare import compare_variants
from hubel.workflows.comparing.compare_folder import describe_columns, write_comparison
from hubel.workflows.comparing.comparison import CompareRequest
from hubel.workflows.comparing.variants import select
from hubel.workflows.evaluating.compare_runs import compare_runs
from hubel.workflows.evaluating.evaluate import evaluate_run
from hubel.workflows.evaluating.off_corpus_test import score_strangers
from hubel.workflows.looking.layer_images import image_of_excitement
from hubel.workflows.reproducing.reproduce import reproduce_run
from hubel.workflows.reproducing.reproduce_check import check_repeatable
from hubel.workflows.training import fitting, intake, plan_fit
from hubel.workflows.training.train import train_classifier
from hubel.workflows.training.write_run import Run
from hubel.workflows.verify import verify_artefact

COLOURS = {"a": (200, 40, 40), "b": (40, 60, 200)}


@dataclass(frozen=True)
class Tiny:
    """A corpus by its rows (class, split, group), what its training says, and the sizes of its parts.

    ``refused`` is what it is refused with; then there are no parts.
    """

    rows: tuple[tuple[str, str, str], ...]
    refused: str = ""
    parts: tuple[int, int, int] = (0, 0, 0)


def each(
    count: int, *splits: str, names: str = "ab", group: Callable[[str, int], str] = lambda name, place: ""
) -> tuple:
    return tuple((name, split, group(name, place)) for split in splits for name in names for place in range(count))


TOO_FEW = "at most {} image.? in a class. Training, validation and testing each need .* a class needs 3;"
ONE_CLASS = "images of at least two classes; the training split of .* holds {}.* Move some images of each class into"
CORPORA = {
    "one image": Tiny((("a", "", ""),), "at least two classes; .* has only 'a'"),
    "one class": Tiny(each(9, "", names="a"), "at least two classes; .* has only 'a'"),
    "one image of each class": Tiny(each(1, ""), TOO_FEW.format(1)),
    "two images of each class": Tiny(each(2, ""), TOO_FEW.format(2)),
    "train and test of one of each": Tiny(each(1, "train", "test"), TOO_FEW.format(2)),
    "train and validation of one of each": Tiny(each(1, "train", "validation"), TOO_FEW.format(2)),
    "one image to train on": Tiny((("a", "train", ""), *each(3, "validation", "test")), ONE_CLASS.format("1 of 'a'")),
    "one class to train on": Tiny(
        (*each(6, "train", names="a"), *each(3, "validation", "test")), ONE_CLASS.format("6 of 'a'")
    ),
    "every part of one of each": Tiny(each(1, "train", "validation", "test"), parts=(2, 2, 2)),
    "three images of each class": Tiny(each(3, ""), parts=(2, 2, 2)),
    "a class of one": Tiny((*each(9, "", names="a"), ("b", "", "")), parts=(7, 1, 2)),
    "a test of one": Tiny((*each(8, "train"), ("a", "test", "")), parts=(14, 2, 1)),
    "a validation of one": Tiny((*each(8, "train", "test"), ("a", "validation", "")), parts=(16, 1, 16)),
    "groups of one": Tiny(each(4, "", group=lambda name, place: f"{name}{place}"), parts=(4, 2, 2)),
}

COMPARED = ("every part of one of each",)
"""The corpora that two more networks are compiled for."""


@pytest.fixture(scope="module")
def pixels() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.fixture
def corpus(tmp_path: Path, pixels: np.random.Generator) -> Callable[[Iterable[tuple[str, str, str]]], str]:
    """Rows → the path of a list of images, each unlike every other."""

    def make(rows: Iterable[tuple[str, str, str]]) -> str:
        lines = ["path,label,split,group"]
        for place, (name, split, group) in enumerate(rows):
            blocks = pixels.integers(-60, 61, (6, 6, 3)).repeat(4, axis=0).repeat(4, axis=1)
            write_image(
                tmp_path / f"images/{place}.png", np.clip(np.array(COLOURS[name]) + blocks, 0, 255).astype(np.uint8)
            )
            lines.append(f"images/{place}.png,{name},{split},{group}")
        (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
        return str(tmp_path / "list.csv")

    return make


@dataclass
class Heard:
    """What was said."""

    notes: list[str] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Message):
            self.notes.append(str(event.text))


def trained(location: str, out: Path, heard: Heard | None = None, **wishes: Any) -> Run:
    given = {"architecture": "dense", "epochs": 2, "image_size": 8, **wishes}  # compiled in no time
    return train_classifier(TrainRequest(location, out, **given), on_event=heard or Heard())


def compared(location: str, heard: Heard | None = None):
    request = CompareRequest(location, select("dense,lenet5", None), epochs=1, image_size=32)
    return compare_variants(request, on_event=heard or Heard())


def strict(path: Path) -> Any:
    """JSON without NaN, which is none."""

    def fail(word: str) -> None:
        raise AssertionError(f"{path} holds {word}")

    return json.loads(path.read_text(), parse_constant=fail)


@pytest.mark.parametrize("name", [name for name, tiny in CORPORA.items() if tiny.refused])
def test_too_little_is_refused_with_what_is_needed(name: str, corpus, tmp_path: Path):
    tiny, location = CORPORA[name], corpus(CORPORA[name].rows)
    for refuse in (lambda: trained(location, tmp_path / "run"), lambda: compared(location)):
        with pytest.raises(UnusableCorpus, match=tiny.refused):
            refuse()
    assert not (tmp_path / "run/metrics.json").exists()
    audit = audit_corpus(location)  # is of any corpus
    (tmp_path / "audit").mkdir()
    write_audit(audit, tmp_path / "audit")
    assert strict(tmp_path / "audit/audit.json")["read"] == len(tiny.rows)


@pytest.mark.parametrize("name", [name for name, tiny in CORPORA.items() if not tiny.refused])
def test_what_can_be_learned_from_goes_through_everything(name: str, corpus, tmp_path: Path):
    tiny, location = CORPORA[name], corpus(CORPORA[name].rows)
    run = trained(location, tmp_path / "run")
    metrics = strict(tmp_path / "run/metrics.json")
    assert tuple(metrics[part]["examples"] for part in ("train", "validation", "test")) == tiny.parts
    assert "nan" not in (tmp_path / "run/history.csv").read_text()
    assert evaluate_run(run.path).report.to_json()["examples"] == tiny.parts[2]
    assert len(evaluate_run(run.path, location).report.labels) == tiny.parts[2]  # the rest it has learned from
    assert compare_runs(run.path, run.path).to_json()["examples"] == tiny.parts[2]
    if name not in COMPARED:
        return
    comparison = compared(location)
    (tmp_path / "compared").mkdir()
    write_comparison(comparison, tmp_path / "compared")
    assert len(strict(tmp_path / "compared/compare.json")["variants"]) == 2


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Move parts of the split that is made into its training part, as if groups had left nothing for them."""

    def empty(*parts: str) -> None:
        def emptied(corpus, together, **more):
            from dataclasses import replace

            from hubel.corpus.split import split_corpus

            splits = split_corpus(corpus, together, **more)
            moved = [place for part in parts for place in splits.of(part)]
            return replace(splits, train=tuple(sorted([*splits.train, *moved])), **dict.fromkeys(parts, ()))

        monkeypatch.setattr("hubel.pipeline.prepare.split_corpus", emptied)

    return empty


def test_without_validation_the_last_epoch_is_kept_and_nothing_is_calibrated(corpus, without, tmp_path: Path):
    without("validation")
    location, heard = corpus(each(10, "")), Heard()
    run = trained(location, tmp_path / "run", heard)
    assert NO_VALIDATION in heard.notes
    assert "the temperature stays 1" in NO_VALIDATION
    assert "at least 3 groups" in NO_VALIDATION
    metrics, written = strict(tmp_path / "run/metrics.json"), strict(tmp_path / "run/run.json")
    assert metrics["validation"] == {"examples": 0}
    assert metrics["calibration"] == {"method": "temperature", "temperature": 1.0, "fitted_on": 0}
    assert metrics["test"]["examples"] == 4
    assert written["clock_decided"][0]["best_epoch"] is None
    assert written["clock_decided"][0]["epochs"] == 2
    rows = read_csv(tmp_path / "run/history.csv")
    assert [(row["validation_accuracy"], row["validation_log_loss"], row["best"]) for row in rows] == [
        ("", "", "False")
    ] * 2
    assert NO_VALIDATION in written["corpus"]["notes"]
    assert run.classifier.sets is None
    assert run.classifier.off_corpus is None
    assert verify_artefact(run.path).holds
    with pytest.raises(UnusableInput, match="needs 50 training and 50 validation"):
        score_strangers(run.path, location)


def test_without_validation_a_repetition_is_the_same(corpus, without, tmp_path: Path):
    without("validation")
    run = trained(corpus(each(6, "")), tmp_path / "run", epochs=1)
    assert reproduce_run(check_repeatable(run.path)).result.same


def test_without_validation_a_pretrained_network_is_trained_too(corpus, without, tmp_path: Path, monkeypatch):
    # Weights that no one had to download: the backbone as it is made.
    def weights(backbone: str, alpha: float, source: str, **_: object) -> list[np.ndarray]:
        from hubel.architectures.build import build_model
        from hubel.architectures.catalogue import make_blueprint
        from hubel.architectures.families.backbones import feature_model

        return feature_model(build_model(make_blueprint("mobilenet", (32, 32), classes=2))).get_weights()

    monkeypatch.setattr(intake, "pretrained_weights", weights)
    for module in (fitting, plan_fit):
        monkeypatch.setattr(module, "HEAD_EPOCH_S", 0.0)
    without("validation")
    heard = Heard()
    run = trained(corpus(each(6, "")), tmp_path / "run", heard, architecture="mobilenet", epochs=1, image_size=32)
    assert NO_VALIDATION in heard.notes
    assert [history.rows[-1].validation_log_loss for history in run.fitted.histories] == [None, None]
    assert [history.rows[-1].phase for history in run.fitted.histories] == ["head", "fine-tune"]
    assert not any("did not improve" in note for note in heard.notes)  # nobody can tell


def test_without_a_test_there_is_no_score_and_it_is_said(corpus, without, tmp_path: Path):
    without("test")
    location = corpus(each(6, ""))
    words = ("--architecture", "small-cnn", "--epochs", 1, "--image-size", 16)
    done = typed("train", location, "-o", tmp_path / "run", *words)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert "There are no test images: the classifier has no score. A class has images in every part if" in said
    metrics = strict(tmp_path / "run/metrics.json")
    assert metrics["test"] == {"examples": 0}
    with pytest.raises(UnusableInput, match="has no test images, so it has no score. Name a corpus of images"):
        evaluate_run(tmp_path / "run")
    with pytest.raises(
        UnusableCorpus, match="Left out of its 12 images: 12 that it was trained on .*other images. Name a corpus of"
    ):
        evaluate_run(tmp_path / "run", location)
    with pytest.raises(UnusableInput, match="has no test images to compare on. Compare the two on one corpus"):
        compare_runs(tmp_path / "run", tmp_path / "run")
    with pytest.raises(
        UnusableCorpus, match="leaves no image to test on: nothing to compare. A class has images .* 3 groups"
    ):
        compared(location)
    with pytest.raises(UnusableCorpus, match="at least 10 test images; .* gives 0"):
        trained(location, tmp_path / "curve", learning_curve=True)


def test_a_comparison_without_validation_says_which_epoch_counts(corpus, without):
    without("validation")
    heard = Heard()
    comparison = compared(corpus(each(6, "")), heard)
    assert NO_VALIDATION in heard.notes
    assert [row.to_json()["validation_accuracy"] for row in comparison.rows] == [None, None]
    assert "last epoch, because there are no validation images" in describe_columns(comparison)[0]


def test_a_learning_curve_without_validation_is_drawn(corpus, without, tmp_path: Path):
    without("validation")
    run = trained(corpus(each(40, "")), tmp_path / "run", epochs=1, learning_curve=True)
    assert run.learning_curve is not None
    assert [point.train_examples for point in run.learning_curve.points] == [16, 32, 64]


def test_test_images_that_are_gone_are_not_called_a_matter_of_class_names(corpus, tmp_path: Path):
    location = corpus(each(3, ""))
    run = trained(location, tmp_path / "run", epochs=1)
    for row in read_csv(run.path / "split.csv"):
        if row["split"] == "test":
            (tmp_path / row["path"]).unlink()
    with pytest.raises(
        UnusableCorpus, match=r"None of the test images of the run \(2\) can be read in .* Put them back"
    ):
        evaluate_run(run.path)


def test_a_corpus_without_one_readable_image_is_refused_by_all_that_take_one(corpus, tmp_path: Path):
    run = trained(corpus(each(3, "")), tmp_path / "run", architecture="small-cnn", epochs=1, image_size=16)
    for name in ("a", "b"):
        (tmp_path / "bad" / name).mkdir(parents=True)
        (tmp_path / "bad" / name / "1.png").write_bytes(b"x")
    bad = str(tmp_path / "bad")
    takers: list[Callable[[], object]] = [
        lambda: evaluate_run(run.path, bad),
        lambda: image_of_excitement(run.path, "group_1_1_convolution", corpus=bad, filters=[0]),
        lambda: check_trainable(audit_corpus(bad).corpus),
    ]
    for take in takers:
        with pytest.raises(HubelError, match="None of the 2 images in .*bad can be read"):
            take()


def test_the_split_that_is_divided_keeps_its_notes(corpus):
    read = read_corpus(corpus(CORPORA["a class of one"].rows))
    splits = divide(read, range(len(read)), seed=0)
    assert splits.validation
    assert NO_VALIDATION not in splits.notes
    assert any("No test example of 'b'" in note for note in splits.notes)
