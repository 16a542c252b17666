"""A run is scored on its own test images, or on others: by hand, with a classifier that needs no framework."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from tests.unit.workflows.evaluating.colour_runs import (
    NAMES,
    colour,
    colour_classifier,
    write_colour_run,
    write_colours,
)

from hubel.errors import UnusableCorpus, UnusableInput
from hubel.events import Event, Message
from hubel.files import write_csv
from hubel.pipeline.decoded import decode_corpus
from hubel.workflows.evaluating import page_images
from hubel.workflows.evaluating.evaluate import MOST_REFUSED_NAMED, Evaluation, evaluate_run, say_refused
from hubel.workflows.evaluating.page_images import CLASS_IMAGES, some_of_each_class, worst_mistakes

OWN = {f"{name}/{number}.png": name for name in NAMES for number in range(6)} | {"red/7.png": "green"}
"""18 images that show what their folder says, and one that does not."""
TESTED = ("red/0.png", "red/7.png", "green/0.png", "green/1.png", "blue/0.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "photos", OWN)


@pytest.fixture
def run(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("hubel.workflows.evaluating.evaluate.load_classifier", lambda folder, **_: colour_classifier())
    return write_colour_run(tmp_path / "run", photos, tested=TESTED)


def scored(run: Path, corpus: Path | None = None, **more: Any) -> tuple[Evaluation, list[str]]:
    """The score, and the warnings."""
    told: list[Event] = []
    evaluation = evaluate_run(run, None if corpus is None else str(corpus), on_event=told.append, **more)
    return evaluation, [str(event.text) for event in told if isinstance(event, Message) and event.warning]


def test_the_test_images_of_a_run_are_counted_one_by_one(run: Path):
    evaluation, said = scored(run)
    document = evaluation.to_json()
    assert said == []
    assert sorted(evaluation.paths) == sorted(TESTED)
    assert (evaluation.split, document["test"]["examples"], document["test"]["accuracy"]) == ("test", 5, 0.8)
    interval = binomtest(4, 5).proportion_ci(method="wilson")
    assert document["test"]["accuracy_interval"] == pytest.approx([interval.low, interval.high])
    # rows are true classes, columns what was named: one red image shows green
    assert evaluation.report.confusion.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 1]]
    assert (document["classes"], document["format"]) == (["red", "green", "blue"], 1)
    assert "left_out" not in document
    assert "leakage" not in document


def test_python_shows_the_headline_of_a_score(run: Path):
    evaluation, _ = scored(run)
    first, second = repr(evaluation).splitlines()
    assert first.endswith("photos: 5 images (test)")
    assert second.strip().startswith("accuracy 0.800 (")
    html = evaluation._repr_html_()
    assert "<td" in html
    assert html.count("<img ") == 1  # the one mistake


def test_labels_are_those_that_it_was_scored_with(photos: Path, run: Path, tmp_path: Path):
    corrected = write_colour_run(tmp_path / "again", photos, tested=TESTED, labels={"red/7.png": "green"})
    assert scored(corrected)[0].report.accuracy == 1.0


def test_test_images_with_a_copy_elsewhere_are_counted_apart(run: Path):
    rows = [(1, "red/7.png", "test", "red"), (1, "red/1.png", "train", "red")]
    write_csv(run / "leaks.csv", ("set", "path", "split", "label"), rows=rows)
    document = scored(run)[0].to_json()
    assert document["leakage"]["test_examples"] == 1
    assert document["leakage"]["test_without"]["accuracy"] == 1.0
    assert document["test"]["accuracy"] == 0.8


def test_the_dense_network_of_the_run_stands_beside_the_score(run: Path):
    header = ("path", "split", "label", "predicted")
    rows = [(path, "test", path.split("/")[0], "red") for path in TESTED]
    write_csv(run / "dense_baseline.csv", header, rows=rows)
    document = scored(run)[0].to_json()["test"]
    assert document["dense_baseline"] == pytest.approx(2 / 5)
    # right alone: green twice and blue; wrong alone: the red one that shows green
    test = document["against_dense_baseline"]
    assert (test["first_only"], test["second_only"], test["verdict"]) == (3, 1, "cannot tell")
    write_csv(run / "dense_baseline.csv", header, rows=rows[:-1])  # one is missing: no comparison on the same images
    assert "dense_baseline" not in scored(run)[0].to_json()["test"]


def test_test_images_that_are_gone_are_said_and_the_others_scored(photos: Path, run: Path):
    (photos / "green/0.png").unlink()
    (photos / "blue/0.png").unlink()
    evaluation, said = scored(run)
    assert said == ["Missing: 2 test images of the run, such as 'blue/0.png'. The score is that of the others."]
    assert evaluation.report.accuracy == pytest.approx(2 / 3)


def test_a_test_image_that_cannot_be_read_is_named(photos: Path, run: Path):
    (photos / "green/0.png").write_bytes(b"no image")
    _, said = scored(run)
    assert said[0].startswith("Refused 'green/0.png': ")
    assert said[1].startswith("Missing: 1 test image of the run, such as 'green/0.png'.")


def test_where_no_test_image_is_left_a_corpus_is_asked_for(photos: Path, run: Path):
    for path in TESTED:
        (photos / path).unlink()
    with pytest.raises(UnusableCorpus) as refused:
        scored(run)
    assert str(refused.value) == (
        f"None of the test images of the run (5) can be read in {photos}. Put them back, or name a corpus to score it "
        "on: hubel.evaluate(RUN, CORPUS)"
    )


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("no run.json", r"is not a run folder: it has no run.json.* Without it, a corpus can be scored: hubel.evaluate\("),
        ("corpus gone", "which is no longer there. Say where it is now: hubel.evaluate"),
        ("corpus empty", "The corpus of this run has changed: .* Name another one: hubel.evaluate"),
        ("no test split", "has no test images, so it has no score. Name a corpus of images that it was not trained on"),
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_scored_says_what_can(photos: Path, run: Path, damage: str, said: str):
    if damage == "no run.json":
        (run / "run.json").unlink()
    elif damage == "corpus gone":
        photos.rename(photos.with_name("elsewhere"))
    elif damage == "corpus empty":
        for file in photos.rglob("*.png"):
            file.unlink()
    else:
        text = (run / "split.csv").read_text().replace(",test,", ",train,")
        (run / "split.csv").write_text(text)
    with pytest.raises(UnusableInput, match=said):
        scored(run)


def test_another_corpus_is_matched_by_the_names_of_its_folders(run: Path, tmp_path: Path):
    others = {
        "green/a.png": "green",
        "green/b.png": "red",
        "red/c.png": "red",
        "zebra/d.png": "blue",
        "zebra/e.png": "red",
    }
    evaluation, said = scored(run, write_colours(tmp_path / "others", others, first=30))
    assert said[:2] == [
        "Not scored: 2 images of classes that the classifier does not know: zebra.",
        "Not tested, for lack of images: blue.",
    ]
    assert evaluation.split == "all"
    assert evaluation.report.confusion.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    document = evaluation.to_json()
    assert document["left_out"] == {"trained_on": 0, "copies_of_trained_on": 0}
    assert document["own_test_images"] == 0


def test_what_the_run_was_trained_on_is_left_out_and_counted(photos: Path, run: Path):
    evaluation, said = scored(run, photos)
    assert sorted(evaluation.paths) == sorted(TESTED)
    assert evaluation.left_out is not None
    assert len(evaluation.left_out.trained_on) == len(OWN) - len(TESTED)
    (left_out,) = said
    assert left_out == (
        f"Left out of the score of {run}, of 19 images in {photos}: 14 that it was trained on (training and validation "
        "images). Scored: 5 images, all of its own test split."
    )
    kept, _ = scored(run, photos, keep_known=True)
    assert len(kept.paths) == 19
    assert kept.left_out == evaluation.left_out


def test_a_corpus_of_known_images_alone_says_nothing_of_others(photos: Path, run: Path):
    for path in TESTED:
        (photos / path).unlink()
    with pytest.raises(UnusableCorpus) as refused:
        scored(run, photos)
    assert str(refused.value) == (
        f"{photos} has no image that is new to {run}. Left out of its 14 images: 14 that it was trained on (training "
        "and validation images). A score on these would say nothing about other images. Score it on its own test "
        f"images: hubel.evaluate('{run}'). Or name a corpus of other images."
    )


def test_a_corpus_of_other_classes_names_both_sides(run: Path, tmp_path: Path):
    with pytest.raises(UnusableCorpus) as refused:
        scored(run, write_colours(tmp_path / "others", {"ape/1.png": "red", "cow/1.png": "red"}, first=30))
    assert str(refused.value).endswith(
        "has no image to score: the classifier knows red, green, blue, the corpus has ape, cow. Class folders are "
        "matched by name."
    )


def test_a_corpus_that_cannot_be_read_is_no_corpus_of_other_classes(run: Path, tmp_path: Path):
    for number in range(2):
        (tmp_path / "others/red").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"others/red/{number}.png").write_bytes(b"broken")
    with pytest.raises(UnusableCorpus, match="None of the 2 images in .*others can be read. Name another corpus"):
        scored(run, tmp_path / "others")


def test_of_many_refused_files_twenty_are_named():
    told: list[Event] = []
    say_refused([(f"{number}.png", "it is broken") for number in range(MOST_REFUSED_NAMED + 3)], told.append)
    texts = [str(event.text) for event in told if isinstance(event, Message)]
    assert texts[0] == "Refused '0.png': it is broken."
    assert (len(texts), texts[-1]) == (21, "Refused 3 more files.")


def test_the_worst_mistakes_are_those_it_was_surest_of(run: Path, photos: Path):
    evaluation, _ = scored(run)
    classifier = colour_classifier()
    decoded = decode_corpus(evaluation.corpus, classifier.preprocessing)
    (mistake,) = worst_mistakes(
        page_images.Tested(decoded, evaluation.places, evaluation.report, classifier), ends_at=0.0
    )
    assert (mistake.path, mistake.true, mistake.named) == ("red/7.png", "red", "green")
    row = evaluation.report.probabilities[evaluation.paths.index("red/7.png")]
    assert (mistake.probability, mistake.true_probability) == (row[1], row[0])
    assert mistake.heat == b""  # no time was left for it
    assert mistake.image.startswith(b"\x89PNG")  # smaller than its place: not a pixel is lost


def test_some_images_of_each_class_are_spread_over_it(run: Path, photos: Path):
    evaluation, _ = scored(run)
    decoded = decode_corpus(evaluation.corpus, colour_classifier().preprocessing)
    labels = np.array([example.label for example in decoded.corpus.examples])
    names = decoded.corpus.class_names
    found = some_of_each_class(decoded, np.arange(len(labels)), labels=labels, class_names=names)
    assert {name: len(images) for name, images in found.items()} == dict.fromkeys(names, CLASS_IMAGES)
    few = some_of_each_class(decoded, np.flatnonzero(labels == 0)[:2], labels=np.zeros(2, int), class_names=names)
    assert {name: len(images) for name, images in few.items()} == {"blue": 2, "green": 0, "red": 0}
    many = tuple(f"class {number}" for number in range(200))
    assert some_of_each_class(decoded, np.arange(2), labels=np.zeros(2, int), class_names=many) == {}


def test_a_colour_is_what_it_shows():
    logits = colour_classifier().engine.compute(np.stack([colour(name, 1) for name in NAMES])).logits
    assert logits.argmax(axis=1).tolist() == [0, 1, 2]
