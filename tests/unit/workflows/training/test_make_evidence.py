"""What a run shows, as plain numbers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hubel.architectures.families.small_cnn import small_cnn_spec
from hubel.cli.commands.train import command
from hubel.corpus.corpus import Example, IntakeRow
from hubel.errors.wording import NOTHING
from hubel.evaluation.report import EvaluationReport
from hubel.runs.request import TrainRequest, train_command
from hubel.shell import command_words
from hubel.workflows.training.collect_evidence import find_suspects_held_out, find_unlabelled_folders


def test_a_request_made_in_python_has_a_command_that_asks_for_the_same():
    request = TrainRequest(
        "my photos", Path("runs/x"), architecture="residual", epochs=7, time_limit_s=90.0, mirror=False, seed=3,
        corrections=Path("fixed.csv"), image_size=32,
    )  # fmt: skip
    words = command_words(train_command(request))
    assert words[:2] == ("hubel", "train")
    with command.make_context("train", list(words[2:])) as context:
        told = context.params
    wishes = ("corpus", "out", "architecture", "epochs", "time_limit", "mirror", "seed", "corrections", "image_size")
    assert [told[name] for name in wishes] == [
        "my photos", Path("runs/x"), "residual", 7, "90s", False, 3, Path("fixed.csv"), 32,
    ]  # fmt: skip


def test_a_network_made_in_python_has_no_command():
    assert train_command(TrainRequest("photos", Path("run"), architecture=small_cnn_spec((32, 32), 3))) == NOTHING


def report(labels: list[int], probabilities: np.ndarray) -> EvaluationReport:
    return EvaluationReport(("a", "b", "c"), probabilities, probabilities, np.array(labels), 0.0)


def sure(named: list[int]) -> np.ndarray:
    return np.eye(3)[named] * 0.94 + 0.02


def test_a_label_that_all_else_speaks_against_is_suspected_also_where_a_class_has_no_example():
    named = [0] * 20 + [1] * 20
    labels = [0] * 20 + [1] * 19 + [0]  # the last is a b among the a; c is neither in validation nor in test
    corpus = SimpleNamespace(
        examples=[Example(f"{number}.jpg", label) for number, label in enumerate(labels)], class_names=("a", "b", "c")
    )
    scored = [
        (tuple(range(0, 40, 2)), report(labels[::2], sure(named[::2]))),
        (tuple(range(1, 40, 2)), report(labels[1::2], sure(named[1::2]))),
    ]
    (suspect,) = find_suspects_held_out(corpus, scored)  # type: ignore[arg-type]
    assert suspect[:3] == ("39.jpg", "a", "b")
    assert suspect.chance > 0.5


@pytest.mark.parametrize("labels", [[], [1, 1, 1]])
def test_without_two_classes_nothing_is_suspected(labels: list[int]):
    corpus = SimpleNamespace(examples=[Example("x.jpg", 1)] * 3, class_names=("a", "b", "c"))
    scored = [(tuple(range(len(labels))), report(labels, sure([0] * len(labels))))]
    assert find_suspects_held_out(corpus, scored) == ()  # type: ignore[arg-type]


def test_folders_of_images_without_labels_are_named_as_the_user_would():
    rows = [
        IntakeRow("x/test/2.png", "ignored", "unlabelled"),
        IntakeRow("x/test/1.png", "ignored", "unlabelled"),
        IntakeRow("docs/1.png", "ignored", "left-out"),
    ]
    folder = SimpleNamespace(format="folders", location="my photos", left_out=rows)
    assert find_unlabelled_folders(folder) == ("my photos/x/test",)  # type: ignore[arg-type]
    archive = SimpleNamespace(format="archive", location="photos.zip", left_out=rows)
    assert find_unlabelled_folders(archive) == ()  # type: ignore[arg-type]
