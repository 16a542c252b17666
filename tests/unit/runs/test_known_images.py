"""What a run has learned from is no part of its score: told by content, whatever it is called and wherever it lies."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.cli.main import main
from hubel.errors import UnusableCorpus, UnusableInput
from hubel.events import Event, Message
from hubel.files import read_csv
from hubel.runs.request import TrainRequest
from hubel.workflows.evaluating.compare_on_corpus import compare_on_corpus
from hubel.workflows.evaluating.evaluate import Evaluation, evaluate_run
from hubel.workflows.evaluating.off_corpus_test import score_strangers
from hubel.workflows.training.train import train_classifier

pytestmark = pytest.mark.backend

COUNT = 15
"""Images of each class in the corpus that is trained on."""


def made(seed: int, name: str) -> Image.Image:
    """An image of its own: blocks of chance, red or blue on the whole."""
    rng = np.random.default_rng([seed, len(name)])
    blocks = rng.integers(0, 200, (6, 6, 3)).astype(np.uint8)
    blocks[..., 0 if name == "red" else 2] += 55
    return Image.fromarray(blocks.repeat(8, axis=0).repeat(8, axis=1))


def write_images(folder: Path, seeds: Sequence[int]) -> Path:
    for name in ("red", "blue"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            made(seed, name).save(folder / name / f"{seed:03}.png")
    return folder


def trained(location: object, out: Path) -> Path:
    train_classifier(TrainRequest(str(location), out, architecture="dense", epochs=1, image_size=8))
    return out


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("corpus") / "photos", range(COUNT))


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(photos, tmp_path_factory.mktemp("runs") / "run")


def paths(run: Path, *splits: str) -> set[str]:
    return {row["path"] for row in read_csv(run / "split.csv") if row["split"] in splits}


def scored(run: Path, corpus: Path | str) -> tuple[Evaluation, str]:
    """The score, and the warnings in one text."""
    told: list[Event] = []
    evaluation = evaluate_run(run, str(corpus), on_event=told.append)
    return evaluation, " ".join(event.text for event in told if isinstance(event, Message) and event.warning)


def left_out(evaluation: Evaluation) -> tuple[int, int, int]:
    """Images trained on, copies of them, and own test images among those that are scored."""
    document = evaluation.to_json()
    return (*document["left_out"].values(), document["own_test_images"])


def test_of_its_own_corpus_only_the_test_images_are_scored_as_without_naming_it(run: Path, photos: Path):
    evaluation, told = scored(run, photos)
    learned, tested = paths(run, "train", "validation"), paths(run, "test")
    assert evaluation.left_out is not None
    assert set(evaluation.left_out.trained_on) == learned
    assert set(evaluation.paths) == tested
    assert left_out(evaluation) == (len(learned), 0, len(tested))
    assert (
        told == f"Left out of the score of {run}, of 30 images in {photos}: {len(learned)} that it was trained on "
        f"(training and validation images). Scored: {len(tested)} images, all of its own test split."
    )
    assert evaluation.report.to_json()["accuracy"] == evaluate_run(run).report.to_json()["accuracy"]


def renamed(photos: Path, folder: Path) -> Path:
    """The same bytes under other names."""
    for place, file in enumerate(sorted(photos.rglob("*.png"))):
        (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / file.parent.name / f"copy-{place}.png")
    return folder


def zipped(photos: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for file in photos.rglob("*.png"):
            archive.write(file, file.relative_to(photos))
    return folder / "photos.zip"


@pytest.mark.parametrize("copied", [renamed, zipped])
def test_so_it_is_with_a_copy_of_it_elsewhere(run: Path, photos: Path, tmp_path: Path, copied):
    evaluation, _ = scored(run, copied(photos, tmp_path / "elsewhere"))
    assert left_out(evaluation) == (len(paths(run, "train", "validation")), 0, len(paths(run, "test")))


def test_a_corpus_that_holds_half_of_it_is_scored_on_the_rest(run: Path, photos: Path, tmp_path: Path):
    half = tmp_path / "half"
    write_images(half, range(100, 110))
    taken = sorted(paths(run, "train", "validation", "test"))[::2]
    for path in taken:
        shutil.copy(photos / path, half / path)
    evaluation, told = scored(run, half)
    learned = set(taken) & paths(run, "train", "validation")
    mine = set(taken) & paths(run, "test")
    assert left_out(evaluation) == (len(learned), 0, len(mine))
    assert len(evaluation.paths) == 20 + len(mine)
    assert not set(evaluation.paths) & learned
    assert f"Scored: {20 + len(mine)} images, {len(mine)} of its own test split." in told


def test_of_a_corpus_with_none_of_it_nothing_is_left_out_or_said(run: Path, tmp_path: Path):
    evaluation, told = scored(run, write_images(tmp_path / "new", range(200, 206)))
    assert left_out(evaluation) == (0, 0, 0)
    assert len(evaluation.paths) == 12
    assert told == ""


def saved_again(source: Path, target: Path) -> None:
    """As JPEG, at half the size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(source) as image:
        image.resize((32, 32), Image.Resampling.LANCZOS).save(target.with_suffix(".jpg"), quality=85)


def test_images_that_were_saved_again_are_told_too(run: Path, photos: Path, tmp_path: Path):
    for path in paths(run, "train", "validation", "test"):
        saved_again(photos / path, tmp_path / "again" / path)
    evaluation, told = scored(run, tmp_path / "again")
    learned = paths(run, "train", "validation")
    assert {path.replace(".jpg", ".png") for path in evaluation.paths} == paths(run, "test")
    assert left_out(evaluation) == (0, len(learned), 0)
    assert f"{len(learned)} that are copies of such images" in told


def test_without_the_corpus_it_is_said_that_such_copies_cannot_be_told(tmp_path: Path):
    photos = write_images(tmp_path / "photos", range(COUNT))
    run = trained(photos, tmp_path / "run")
    for path in paths(run, "train", "validation"):
        saved_again(photos / path, tmp_path / "again" / path)
    photos.rename(tmp_path / "moved")
    evaluation, told = scored(run, tmp_path / "again")
    learned = len(paths(run, "train", "validation"))
    assert left_out(evaluation) == (0, 0, 0)
    assert told.startswith(f"Gone: {learned} images that {run} was trained on. A copy")
    evaluation, told = scored(run, tmp_path / "moved")  # the same bytes are known all the same, and nothing is said
    assert left_out(evaluation)[0] == learned
    assert "no longer" not in told


def test_a_classifier_without_its_run_cannot_tell_and_says_so(run: Path, photos: Path, tmp_path: Path):
    alone = shutil.copytree(run / "classifier", tmp_path / "classifier")
    evaluation, told = scored(alone, photos)
    assert len(evaluation.paths) == 2 * COUNT
    assert evaluation.to_json()["left_out"] is None
    assert told.startswith(f"Cannot tell whether {alone} was trained on these images: it has no fingerprints.csv")
    inside, told = scored(run / "classifier", photos)  # its run lies around it
    assert left_out(inside)[0] == len(paths(run, "train", "validation"))


def test_if_nothing_is_new_there_is_no_score(
    run: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    known = tmp_path / "known"
    learned = sorted(paths(run, "train", "validation"))
    for path in learned:
        (known / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / path, known / path)
    with pytest.raises(
        UnusableCorpus, match=f"has no image that is new to {run}. Left out of its {len(learned)} images: "
    ):
        evaluate_run(run, str(known))
    with pytest.raises(SystemExit) as end:
        main(["evaluate", str(run), str(known)])
    assert end.value.code == 3
    said = " ".join(capsys.readouterr().err.split())
    assert f"Score it on its own test images: hubel evaluate {run}. Or name a corpus of other images." in said


def test_images_of_a_group_that_was_trained_on_are_left_out(tmp_path: Path):
    """One list for training; later a longer one, in which two groups have new images, and one is new."""
    write_images(tmp_path / "images", range(30))

    def rows(seeds: Sequence[int]) -> list[str]:
        return [f"images/{name}/{seed:03}.png,{name},g{seed % 10}" for name in ("red", "blue") for seed in seeds]

    (tmp_path / "list.csv").write_text("\n".join(["path,label,group", *rows(range(9))]))
    run = trained(tmp_path / "list.csv", tmp_path / "run")
    (tmp_path / "later.csv").write_text("\n".join(["path,label,group", *rows([0, *range(9), *range(10, 20)])]))
    evaluation, _ = scored(run, tmp_path / "later.csv")
    groups = {row["group"] for row in read_csv(run / "split.csv") if row["split"] != "test"}
    expected = {
        f"images/{name}/{seed:03}.png"
        for name in ("red", "blue") for seed in range(10, 20) if f"g{seed % 10}" in groups
    }  # fmt: skip
    assert evaluation.left_out is not None
    assert set(evaluation.left_out.copies) == expected
    assert {"images/red/019.png", "images/blue/019.png"} <= set(evaluation.paths)


def test_groups_of_two_corpora_that_share_no_image_have_nothing_to_do_with_each_other(tmp_path: Path):
    write_images(tmp_path / "images", range(30))
    for name, seeds in (("list", range(9)), ("other", range(20, 29))):
        rows = [f"images/{label}/{seed:03}.png,{label},{seed % 10}" for label in ("red", "blue") for seed in seeds]
        (tmp_path / f"{name}.csv").write_text("\n".join(["path,label,group", *rows]))
    run = trained(tmp_path / "list.csv", tmp_path / "run")
    evaluation, told = scored(run, tmp_path / "other.csv")
    assert left_out(evaluation) == (0, 0, 0)
    assert told == ""


def test_images_too_small_for_near_copies_are_told_by_their_pixels(tmp_path: Path):
    for seed in range(COUNT):
        for name in ("red", "blue"):
            (tmp_path / "small" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "saved" / name).mkdir(parents=True, exist_ok=True)
            pixels = np.asarray(made(seed, name))[::6, ::6]  # 8 x 8
            Image.fromarray(pixels).save(tmp_path / "small" / name / f"{seed}.png")
            Image.fromarray(pixels).save(tmp_path / "saved" / name / f"{seed}.bmp")
    run = trained(tmp_path / "small", tmp_path / "run")
    evaluation, _ = scored(run, tmp_path / "saved")
    assert left_out(evaluation)[:2] == (0, len(paths(run, "train", "validation")))
    assert {path.replace(".bmp", ".png") for path in evaluation.paths} == paths(run, "test")


def test_held_against_another_run_what_either_has_learned_from_is_left_out(run: Path, photos: Path, tmp_path: Path):
    other = trained(write_images(tmp_path / "others", range(300, 300 + COUNT)), tmp_path / "other")
    both = tmp_path / "both"
    for folder, of in ((photos, run), (tmp_path / "others", other)):
        for path in paths(of, "train", "validation", "test"):
            saved_again(folder / path, both / path)
    compared = compare_on_corpus(run, other, corpus=str(both))
    assert len(compared.labels) == len(paths(run, "test")) + len(paths(other, "test"))
    assert compared.seen == len(paths(run, "train", "validation")) + len(paths(other, "train", "validation"))
    with pytest.raises(UnusableInput, match="has no image to compare .* on. Left out: .* has seen in training"):
        known = tmp_path / "known"
        for path in paths(run, "train"):
            (known / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(photos / path, known / path)
        compare_on_corpus(run, other, corpus=str(known))


def test_strangers_that_are_the_runs_own_images_are_no_strangers(tmp_path: Path):
    photos = tmp_path / "photos"
    for split, seeds in (("train", range(26)), ("validation", range(26, 52)), ("test", range(52, 57))):
        write_images(photos / split, seeds)
    run = trained(photos, tmp_path / "run")
    strangers = write_images(tmp_path / "strangers", range(400, 406))
    for split in ("train", "test"):  # the same bytes of one, saved again of the other
        source = next((photos / split / "red").iterdir())
        shutil.copy(source, strangers / "red" / source.name)
        saved_again(next((photos / split / "blue").iterdir()), strangers / "blue" / f"{split}.jpg")
    told: list[Event] = []
    score = score_strangers(run, str(strangers), on_event=told.append)
    assert (len(score.strangers), score.known) == (13, 3)  # a test image, saved again, was never learned from
    assert score.to_json()["left_out"] == {"own_images": 3}
    expected = f"Left out: 3 images of {strangers}, from the corpus of {run} or copied from it."
    assert any(isinstance(event, Message) and event.text.startswith(expected) for event in told)
    loose = tmp_path / "loose"
    loose.mkdir()
    for place, file in enumerate(sorted([*(photos / "train/red").iterdir(), *(strangers / "red").iterdir()])):
        shutil.copy(file, loose / f"{place}.png")
    score = score_strangers(run, str(loose))
    assert (len(score.strangers), score.known) == (6, 28)
    with pytest.raises(UnusableInput, match=rf"Every image in .*train \(52\) is from the corpus of {run} or a copy"):
        score_strangers(run, str(photos / "train"))
