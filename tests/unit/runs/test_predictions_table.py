"""The predictions on disk: what is written is read back to the bit, however many classes there are."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hubel.errors import UnusableInput
from hubel.evaluation.report import EvaluationReport
from hubel.runs.recorded_run import weights_digest
from hubel.runs.tables.predictions import MOST_COLUMNS, read_predictions, write_predictions
from hubel.workflows.reproducing.same_result import compare_results

HEADER = ["path", "split", "label", "predicted", "probability", "abstained"]
TOP = [
    "label_probability", "class_1", "probability_1", "class_2", "probability_2", "class_3", "probability_3", "class_4",
    "probability_4", "class_5", "probability_5",
]  # fmt: skip


def written(folder: Path, classes: int, *, count: int = 7) -> EvaluationReport:
    """A run of some classes: the first is called like a column, the second has a byte that is not UTF-8."""
    rng = np.random.default_rng(classes)
    names = ("path", "caf\udce9", *(f"class {number}" for number in range(2, classes)))
    probabilities = rng.dirichlet(np.full(classes, 0.1), count)
    report = EvaluationReport(names, probabilities, probabilities, rng.integers(0, classes, count), 0.3)
    folder.mkdir(exist_ok=True)
    paths = [f"=a/\udce9 {place}.png" for place in range(count)]
    write_predictions(folder, names, parts={"validation": (report, paths), "test": (report, paths)})
    return report


def rows_of(folder: Path) -> list[list[str]]:
    with (folder / "predictions.csv").open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("classes", [3, MOST_COLUMNS, MOST_COLUMNS + 1])
def test_every_digit_of_every_probability_is_read_back(tmp_path: Path, classes: int):
    report = written(tmp_path, classes)
    table = read_predictions(tmp_path)
    assert table.class_names == report.class_names
    assert table.splits == ("validation",) * 7 + ("test",) * 7
    np.testing.assert_array_equal(table.probabilities, np.tile(report.probabilities, (2, 1)))
    answers = table.of("test")
    assert answers.paths == tuple(f"=a/\udce9 {place}.png" for place in range(7))
    assert answers.labels == tuple(report.class_names[label] for label in report.labels)
    assert answers.predicted == tuple(report.class_names[place] for place in report.probabilities.argmax(axis=1))
    np.testing.assert_array_equal(answers.probabilities, report.probabilities)


def test_up_to_200_classes_have_a_column_each_and_no_other_file(tmp_path: Path):
    report = written(tmp_path, 200)
    assert rows_of(tmp_path)[0] == [*HEADER, *report.class_names]
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.csv"]


def test_beyond_200_classes_the_csv_has_the_five_most_probable_and_parquet_has_all(tmp_path: Path):
    report = written(tmp_path, 300)
    header, *rows = rows_of(tmp_path)
    assert header == [*HEADER, *TOP]
    for place, row in enumerate(rows[:7]):
        order = np.argsort(-report.probabilities[place])[:5]
        assert row[2] == report.class_names[report.labels[place]]
        assert float(row[6]) == report.probabilities[place, report.labels[place]]
        assert row[7::2] == [report.class_names[index] for index in order]
        assert [float(cell) for cell in row[8::2]] == report.probabilities[place, order].tolist()
    table = pq.read_table(tmp_path / "predictions.parquet")  # as another program reads it
    assert table.column_names == [*HEADER, "probabilities"]
    np.testing.assert_array_equal(np.stack(table["probabilities"].to_pylist()[7:]), report.probabilities)
    assert json.loads(table.schema.metadata[b"class_names"]) == list(report.class_names)


def test_a_run_that_replaces_one_of_many_classes_leaves_nothing_of_it(tmp_path: Path):
    written(tmp_path, 300)
    report = written(tmp_path, 3)
    assert read_predictions(tmp_path).class_names == report.class_names


def test_a_run_of_many_classes_without_its_parquet_file_says_what_is_missing(tmp_path: Path):
    written(tmp_path, 201)
    (tmp_path / "predictions.parquet").unlink()
    with pytest.raises(UnusableInput, match=r"no predictions\.parquet, which holds .* Copy the run folder again"):
        read_predictions(tmp_path)


def test_a_parquet_file_of_another_run_or_a_cut_one_is_refused(tmp_path: Path):
    written(tmp_path, 201)
    written(tmp_path / "other", 201, count=6)
    whole = (tmp_path / "predictions.parquet").read_bytes()
    (tmp_path / "predictions.parquet").write_bytes((tmp_path / "other/predictions.parquet").read_bytes())
    with pytest.raises(UnusableInput, match=r"its rows are not those of predictions\.csv.*Copy the run folder again"):
        read_predictions(tmp_path)
    (tmp_path / "predictions.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnusableInput, match=r"cannot be read \(.*Copy the run folder again"):
        read_predictions(tmp_path)


def test_two_runs_of_many_classes_are_held_against_each_other_to_the_last_digit(tmp_path: Path):
    for name in ("then", "now"):
        report = written(tmp_path / name, 201)
        (tmp_path / name / "metrics.json").write_text("{}")
        (tmp_path / name / "classifier").mkdir()
        (tmp_path / name / "classifier/weights.safetensors").write_bytes(b"weights")
        (tmp_path / name / "classifier/manifest.json").write_text('{"weights": {"sha256": "1"}}')
    assert compare_results(tmp_path / "then", tmp_path / "now").same_predictions
    report.probabilities[0, 0] = np.nextafter(report.probabilities[0, 0], 1)
    paths = [f"=a/\udce9 {place}.png" for place in range(7)]
    write_predictions(
        tmp_path / "now", report.class_names, parts={"validation": (report, paths), "test": (report, paths)}
    )
    result = compare_results(tmp_path / "then", tmp_path / "now")
    assert (result.predictions, result.another_class, result.another_probability) == (14, 0, 2)
    assert weights_digest(tmp_path / "then") == weights_digest(tmp_path / "now")
