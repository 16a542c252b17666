"""Any number of images → one file with their answers, in the order of the inputs."""

from __future__ import annotations

import csv
import json
import os
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.unit.workflows.predicting.conftest import COUNT, RUN, write

from hubel.classifier.classifier import Classifier
from hubel.classifier.foreign_classifier import ForeignClassifier
from hubel.classifier.read_ahead import group_size, read_ahead
from hubel.errors import OutputNotWritable, WrongRequest
from hubel.images.preprocessing import Preprocessing
from hubel.runs.run_folder import locked
from hubel.workflows.predicting.answers import answer_groups, predict_files
from hubel.workflows.predicting.inputs import Input, Inputs
from hubel.workflows.predicting.place import check_place
from hubel.workflows.predicting.to_file import FileWishes, predict_to_file


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_every_ending_holds_the_same_answers_in_the_order_of_the_inputs(
    classifier: Classifier, photos: Path, tmp_path: Path
):
    for ending in ("csv", "jsonl", "parquet"):
        write(classifier, photos, tmp_path / f"names.{ending}", top=2, coverage=0.9)
    documents = [json.loads(line) for line in (tmp_path / "names.jsonl").read_text().splitlines()]
    rows = rows_of(tmp_path / "names.csv")
    table = pq.read_table(tmp_path / "names.parquet")
    paths = sorted(str(path) for path in photos.rglob("*.png"))
    assert [each["path"] for each in documents] == [row["path"] for row in rows] == table["path"].to_pylist() == paths
    assert table.column_names == list(rows[0])
    for document, row, cells in zip(documents, rows, table.to_pylist(), strict=True):
        if "error" in document:
            assert (row["error_code"], row["error"]) == tuple(document["error"].values())
            assert {name for name, cell in cells.items() if cell is not None} == {"path", "error_code", "error"}
            continue
        ranked = sorted(document["probabilities"].values(), reverse=True)
        assert row["predicted"] == row["class_1"] == cells["class_1"] == document["class_name"]
        assert [float(row["probability"]), float(row["probability_2"])] == ranked[:2]
        assert [cells["probability"], cells["probability_2"]] == ranked[:2]
        assert row["prediction_set"].split(" | ") == (document["prediction_set"] or [""])
        assert cells["prediction_set"] == document["prediction_set"]
        assert (row["abstained"] == "true") is cells["abstained"] is document["abstained"]
        assert cells["off_corpus_score"] == float(row["off_corpus_score"]) == document["off_corpus_score"]
    assert sum("error" in document for document in documents) == 3


def test_the_answers_are_those_of_each_image_alone(classifier: Classifier, photos: Path, tmp_path: Path):
    write(classifier, photos, tmp_path / "names.jsonl")
    documents = [json.loads(line) for line in (tmp_path / "names.jsonl").read_text().splitlines()]
    for document in documents[::17]:
        if "error" not in document:
            expected = classifier.predict(document["path"])
            assert document["class_name"] == expected.class_name
            assert document["probability"] == pytest.approx(expected.probability, abs=1e-6)


def test_feature_vectors_are_those_that_embed_gives(classifier: Classifier, photos: Path, tmp_path: Path):
    write(classifier, photos, tmp_path / "names.csv", features=tmp_path / "vectors.npy")
    named = [row["path"] for row in rows_of(tmp_path / "names.csv") if not row["error_code"]]
    vectors = np.load(tmp_path / "vectors.npy")
    assert vectors.dtype == np.float32
    assert vectors.shape == (COUNT - 3, 16)
    np.testing.assert_allclose(vectors, classifier.embed(named), rtol=1e-5, atol=1e-5)
    (tmp_path / "none.png").write_bytes(b"")
    predict_to_file(
        classifier, [str(tmp_path / "none.png")], wishes=FileWishes(tmp_path / "n.csv", tmp_path / "n.npy"), run=RUN
    )
    assert np.load(tmp_path / "n.npy").shape == (0, 16)


def test_a_model_file_has_no_known_features(tmp_path: Path):
    foreign = object.__new__(ForeignClassifier)
    object.__setattr__(foreign, "path", tmp_path / "model.keras")
    with pytest.raises(WrongRequest, match="is a model file, whose feature vectors Hubel does not know. Give a run"):
        foreign.count_features()


def test_a_name_that_is_not_utf_8_keeps_its_bytes(classifier: Classifier, photos: Path, tmp_path: Path):
    os.rename(photos / "000.png", os.fsencode(photos) + b"/caf\xe9.png")
    for ending in ("csv", "parquet"):
        write(classifier, photos, tmp_path / f"names.{ending}")
    assert b"/caf\xe9.png," in (tmp_path / "names.csv").read_bytes()
    assert str(photos / r"caf\udce9.png") in pq.read_table(tmp_path / "names.parquet")["path"].to_pylist()


def test_images_are_read_while_those_before_them_are_computed(classifier: Classifier, photos: Path):
    later = threading.Event()
    paths = sorted(str(path) for path in photos.rglob("*.png"))
    computed: list[bool] = []

    class Waiting:
        preprocessing = classifier.preprocessing

        def predict_pixels(self, pixels: np.ndarray, *, coverage: float | None = None) -> list[None]:
            computed.append(later.wait(10) if not computed else True)
            return [None] * len(pixels)

    def items():
        for number, path in enumerate(paths):
            yield Input(path, mark=later.set if number >= 64 else str)  # type: ignore[arg-type]

    assert sum(len(group.answers) for group in answer_groups(Waiting(), items())) == len(paths)  # type: ignore[arg-type]
    assert computed == [True, True, True]


def test_few_images_wait_however_many_there_are():
    pulled, most, used = 0, 0, 0

    def groups():
        nonlocal pulled
        for number in range(500):
            pulled += 1
            yield [number] * 10

    for group, results in read_ahead(groups(), lambda number: number + 1):
        assert results == [number + 1 for number in group]
        used += 1
        most = max(most, pulled - used)
    assert (used, pulled) == (500, 500)
    assert most == 2


def test_a_fault_of_the_program_comes_where_its_group_does():
    def read(number: int) -> int:
        if number == 25:
            raise RuntimeError(number)
        return number

    came = []
    with pytest.raises(RuntimeError, match="25"):
        came += [results for _, results in read_ahead(([n, n] for n in range(100)), read)]
    stream = read_ahead(([n, n] for n in range(100)), read)
    assert [next(stream)[1] for _ in range(25)] == [[n, n] for n in range(25)]
    with pytest.raises(RuntimeError, match="25"):
        next(stream)


def test_groups_are_smaller_where_images_are_large():
    assert [group_size(Preprocessing(side, side)) for side in (8, 224, 512, 1024)] == [64, 64, 40, 10]


def test_arrays_of_a_generator_that_uses_its_memory_again_are_read_at_once(classifier: Classifier):
    chance = np.random.default_rng(1)
    images = chance.integers(0, 256, (150, 8, 8, 3), np.uint8)
    frame = np.empty((8, 8, 3), np.uint8)

    def frames():
        for image in images:
            frame[:] = image
            yield frame

    expected = classifier.predict(list(images))
    assert list(classifier.predict_stream(frames())) == expected


@pytest.mark.parametrize("name", ["names.txt", "names", "names.csv.gz"])
def test_another_ending_is_refused_by_name(name: str, tmp_path: Path):
    with pytest.raises(WrongRequest, match=rf"out takes a file that ends in \.csv, \.jsonl or \.parquet\. .*'{name}'"):
        check_place(tmp_path / name, None, inputs=[])
    with pytest.raises(WrongRequest, match=rf"Feature vectors go into a file that ends in \.npy\. .*'{name}'"):
        check_place(tmp_path / "names.csv", tmp_path / name, inputs=[])


def test_what_is_there_is_replaced_only_when_that_is_said(classifier: Classifier, photos: Path, tmp_path: Path):
    out = tmp_path / "names.csv"
    out.write_text("mine")
    with pytest.raises(OutputNotWritable, match=r"is there already\. Replace it with overwrite.*names-2\.csv"):
        check_place(out, None, inputs=[str(photos)])
    assert not check_place(out, None, inputs=[str(photos)], resume=True)
    with pytest.raises(
        OutputNotWritable, match=r"is finished, but .*x\.npy is not there: nothing is left to go on with"
    ):
        check_place(out, tmp_path / "x.npy", inputs=[str(photos)], resume=True)
    with pytest.raises(WrongRequest, match=r"goes on with what is there, and overwrite replaces it\. Leave one out"):
        check_place(out, None, inputs=[str(photos)], resume=True, overwrite=True)
    assert check_place(out, None, inputs=[str(photos)], overwrite=True)
    assert out.read_text() == "mine"
    write(classifier, photos, out, overwrite=True)
    assert len(out.read_text().splitlines()) == COUNT + 1


def test_nothing_is_written_among_the_images(photos: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(photos)
    for place in (photos / "names.csv", photos / "more" / "names.csv", tmp_path / "link" / "names.csv"):
        with pytest.raises(WrongRequest, match=r"lies inside .*photos, which is read\. Choose a file beside it: out="):
            check_place(place, None, inputs=[str(photos)])


def test_two_programs_do_not_write_one_file(classifier: Classifier, photos: Path, tmp_path: Path):
    with (
        locked(tmp_path / "names.csv.unfinished", doing="writing into it", what="file"),
        pytest.raises(OutputNotWritable, match=r"is in use: .* is writing into it.*another file with out"),
    ):
        write(classifier, photos, tmp_path / "names.csv")


def test_how_many_there_are_is_known_once_the_last_folder_was_opened(photos: Path):
    inputs = Inputs([str(photos), str(photos / "000.png"), "gone.png"])
    seen = [(inputs.expected, each.path) for each in inputs]
    assert Inputs(iter([str(photos)])).expected == 0
    assert len(seen) == COUNT + 2 + 2  # and two files that are no images
    assert seen[-1][0] == inputs.expected == len(seen)


def test_the_answers_on_standard_output_are_those_of_the_file(classifier: Classifier, photos: Path, tmp_path: Path):
    write(classifier, photos, tmp_path / "names.jsonl")
    printed = [each for each in predict_files(classifier, [str(photos)]) if not each.passed_over]
    documents = [json.loads(line) for line in (tmp_path / "names.jsonl").read_text().splitlines()]
    assert [each.path for each in printed] == [each["path"] for each in documents]
    told = [each.prediction.probabilities if each.prediction else None for each in printed]
    assert told == [each.get("probabilities") for each in documents]
