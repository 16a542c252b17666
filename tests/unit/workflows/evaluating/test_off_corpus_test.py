"""Strangers told from the run's own test images: counted by hand, with a classifier that flags what is bright."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.conftest import write_image
from tests.unit.workflows.evaluating.colour_runs import (
    NAMES,
    colour_classifier,
    write_colour_run,
    write_colours,
)

from hubel.errors import UnusableCorpus, UnusableInput
from hubel.events import Event, Message
from hubel.files import write_csv
from hubel.workflows.evaluating.off_corpus_test import StrangerScore, score_strangers

TESTED = ("red/0.png", "green/0.png", "blue/0.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "photos", {f"{name}/{number}.png": name for name in NAMES for number in range(3)})


@pytest.fixture
def run(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    classifier = colour_classifier(off_corpus=True)
    monkeypatch.setattr("hubel.workflows.evaluating.off_corpus_test.load_classifier", lambda folder, **_: classifier)
    return write_colour_run(tmp_path / "run", photos, tested=TESTED)


def white(shade: int) -> np.ndarray:
    return np.full((8, 8, 3), 255 - shade, np.uint8)


def write_white(folder: Path, names: list[str]) -> Path:
    for shade, name in enumerate(names):
        write_image(folder / name, white(shade))
    return folder


def heard(run: Path, location: Path) -> tuple[StrangerScore, list[str]]:
    told: list[Event] = []
    found = score_strangers(run, str(location), on_event=told.append)
    return found, [str(event.text) for event in told if isinstance(event, Message) and event.warning]


def test_bright_images_are_flagged_and_the_own_ones_are_not(run: Path, tmp_path: Path):
    found, said = heard(run, write_white(tmp_path / "white", ["a/1.png", "a/2.png", "b/3.png", "b/4.png"]))
    document = found.to_json()
    assert said == []
    # the light of a white image is 1, twice the limit
    np.testing.assert_allclose(found.strangers, [2, 2 * 254 / 255, 2 * 253 / 255, 2 * 252 / 255], rtol=1e-6)
    assert found.own.tolist() == [0.4, 0.4, 0.4]
    assert (document["auroc"], document["stranger_pictures"]["flagged"], document["own_test"]["flagged"]) == (1, 1, 0)
    assert document["stranger_pictures"]["examples"] == 4


def test_the_chance_that_a_stranger_scores_higher_is_the_area_under_the_curve():
    own, strangers = np.array([0.1, 0.5, 0.9, 1.2]), np.array([0.5, 0.95, 2.0])
    score = StrangerScore("x", own, strangers, ())
    expected = roc_auc_score([0] * 4 + [1] * 3, np.concatenate([own, strangers]))
    assert score.auroc == pytest.approx(expected)
    assert score.to_json()["own_test"]["flagged"] == 0.25
    assert score.to_json()["stranger_pictures"]["flagged"] == pytest.approx(1 / 3)


def test_images_without_classes_are_looked_at_in_a_folder_and_in_an_archive(run: Path, photos: Path, tmp_path: Path):
    loose = write_white(tmp_path / "loose", ["1.png", "2.png"])
    shutil.copy(photos / "red/0.png", loose / "own.png")
    found, said = heard(run, loose)
    assert len(found.strangers) == 2
    assert said == [
        f"Left out: 1 image of {loose}, from the corpus of {run} or copied from it. Strangers: the other 2."
    ]
    with zipfile.ZipFile(tmp_path / "loose.zip", "w") as archive:
        for file in loose.iterdir():
            archive.write(file, file.name)
    packed, _ = heard(run, tmp_path / "loose.zip")
    np.testing.assert_allclose(np.sort(packed.strangers), np.sort(found.strangers))
    assert packed.known == 1


def test_images_of_the_run_in_another_corpus_are_no_strangers(run: Path, photos: Path, tmp_path: Path):
    others = write_white(tmp_path / "others", ["a/1.png", "b/2.png"])
    shutil.copy(photos / "red/0.png", others / "a" / "tested.png")
    shutil.copy(photos / "red/1.png", others / "a" / "trained.png")
    found, said = heard(run, others)
    assert (found.known, len(found.strangers)) == (2, 2)
    assert said[-1].endswith("from the corpus of " + f"{run} or copied from it. Strangers: the other 2.")
    assert found.to_json()["left_out"] == {"own_images": 2}


def test_the_corpus_of_the_run_holds_no_stranger(run: Path, photos: Path):
    with pytest.raises(UnusableInput) as refused:
        score_strangers(run, str(photos))
    assert str(refused.value) == (
        f"Every image in {photos} (9) is from the corpus of {run} or a copy of one of its images, so none is a "
        "stranger. Name images of something else."
    )


def test_what_cannot_be_read_is_named_and_the_rest_is_measured(run: Path, tmp_path: Path):
    loose = write_white(tmp_path / "loose", ["1.png"])
    (loose / "2.png").write_bytes(b"broken")
    found, said = heard(run, loose)
    assert [path for path, _ in found.refused] == [f"{loose}/2.png"]
    assert said[0].startswith(f"Refused '{loose}/2.png': ")
    assert found.to_json()["refused"][0]["path"] == f"{loose}/2.png"
    (loose / "1.png").write_bytes(b"broken too")
    with pytest.raises(UnusableInput, match="None of the 2 images in .* can be read. Name another corpus"):
        score_strangers(run, str(loose))


def test_a_folder_without_images_is_no_corpus_of_strangers(run: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusableInput, match="it holds no images|can be read"):
        score_strangers(run, str(tmp_path / "empty"))


def test_a_location_that_is_no_folder_is_refused_as_a_corpus(run: Path, tmp_path: Path):
    (tmp_path / "list.csv").write_text("path,label\n")
    with pytest.raises(UnusableCorpus):
        score_strangers(run, str(tmp_path / "list.csv"))


def test_a_run_without_the_score_says_how_many_images_it_needs(run: Path, tmp_path: Path):
    (run / "off_corpus.csv").unlink()
    header = ("path", "split", "label", "predicted", "probability", "abstained", *NAMES)
    write_csv(run / "predictions.csv", header, rows=[])
    white_images = write_white(tmp_path / "white", ["1.png"])
    with pytest.raises(UnusableInput, match="and it has 6 and 0. Train again, with more images."):
        score_strangers(run, str(white_images))
    rows = [(f"{split}/{number}.png", "red", split, "") for split in ("train", "validation") for number in range(500)]
    write_csv(run / "split.csv", ("path", "label", "split", "group"), rows=rows)
    with pytest.raises(UnusableInput, match="it has 500 and 500. A version before 0.4 made it: train again."):
        score_strangers(run, str(white_images))
    (run / "predictions.csv").unlink()
    with pytest.raises(UnusableInput, match="is not a run folder: it has no predictions.csv"):
        score_strangers(run, str(white_images))


def test_a_run_without_test_images_has_nothing_to_compare_with(run: Path, tmp_path: Path):
    write_csv(run / "off_corpus.csv", ("path", "split", "score"), rows=[("red/0.png", "validation", 0.4)])
    with pytest.raises(UnusableInput, match="has no test images to compare the others with. Train again, with more"):
        score_strangers(run, str(write_white(tmp_path / "white", ["1.png"])))


def test_a_classifier_of_another_run_is_found_out(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "hubel.workflows.evaluating.off_corpus_test.load_classifier", lambda folder, **_: colour_classifier()
    )
    with pytest.raises(UnusableInput, match="has no off-corpus score: it does not belong to this run. Train again."):
        score_strangers(run, str(write_white(tmp_path / "white", ["1.png"])))


def test_python_shows_the_share_that_is_flagged():
    score = StrangerScore("photos of cats", np.array([0.5, 1.5]), np.array([2.0, 3.0, 0.5]), ())
    assert repr(score).splitlines() == [
        "StrangerScore of photos of cats: 3 strangers",
        "  flagged: 0.667 of the strangers, 0.500 of the run's own test images",
    ]


def test_one_stranger_beside_own_images_is_called_the_other_one(run: Path, photos: Path, tmp_path: Path):
    loose = write_white(tmp_path / "loose", ["1.png"])
    for number in range(2):
        shutil.copy(photos / f"red/{number}.png", loose / f"own-{number}.png")
    _, said = heard(run, loose)
    assert said == [
        f"Left out: 2 images of {loose}, from the corpus of {run} or copied from it. Strangers: the other one."
    ]
