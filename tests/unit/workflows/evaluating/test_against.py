"""Two runs held against each other: written by hand, counted by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from scipy.stats import binomtest

from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Option
from hubel.events import Event, Message
from hubel.files import write_csv
from hubel.workflows.evaluating.compare_runs import compare_runs

Row = tuple[str, str, str, str]
"""(path, content, label, predicted)"""


def write_run(
    folder: Path, rows: list[Row], *, classes: tuple[str, ...] = ("a", "b"), train: dict[str, str] | None = None
) -> Path:
    """A run folder with these test images, and training images path → content."""
    folder.mkdir()
    answers = [
        (path, "test", label, named, 1.0, "false", *(float(each == named) for each in classes))
        for path, _, label, named in rows
    ]
    header = ("path", "split", "label", "predicted", "probability", "abstained", *classes)
    write_csv(folder / "predictions.csv", header, rows=answers)
    contents = {**{path: content for path, content, _, _ in rows}, **(train or {})}
    write_csv(folder / "fingerprints.csv", ("path", "sha256"), rows=contents.items())
    splits = [(path, "a", "train" if path in (train or {}) else "test", "") for path in contents]
    write_csv(folder / "split.csv", ("path", "label", "split", "group"), rows=splits)
    return folder


def said(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Message))


def test_images_are_joined_by_content_and_judged_by_the_labels_of_the_first(tmp_path: Path):
    # Ten images that only the first names rightly, one that only the second does, three that both do.
    ours = [(f"x/{n}", f"c{n}", "a", "a" if n != 10 else "b") for n in range(14)]
    theirs = [(f"y/{n}", f"c{n}", "a", "a" if n >= 10 else "b") for n in range(14)]
    first = write_run(tmp_path / "first", [*ours, ("x/own", "of the first alone", "b", "b")])
    second = write_run(tmp_path / "second", [*reversed(theirs), ("x/0", "other content, same path", "a", "a")])
    compared = compare_runs(first, second)
    document = compared.to_json()
    assert document["verdict"] == "better"
    assert (document["examples"], document["test"]["first_only"], document["test"]["second_only"]) == (14, 10, 1)
    assert document["test"]["p_value"] == pytest.approx(binomtest(10, 11).pvalue)
    assert document["run_score"]["accuracy"] == pytest.approx(13 / 14)
    assert document["against_score"]["accuracy"] == pytest.approx(4 / 14)
    assert document["per_class"] == {"a": {"examples": 14, "run_right": 13, "against_right": 4}}
    assert compare_runs(second, first).test.verdict == "worse"


def test_classes_are_matched_by_name_not_by_place(tmp_path: Path):
    rows: list[Row] = [(f"{n}", f"c{n}", "b", "b") for n in range(8)]
    first = write_run(tmp_path / "first", rows)
    second = write_run(tmp_path / "second", rows, classes=("b", "a"))
    assert compare_runs(first, second).test.first_only == 0
    assert compare_runs(first, second).to_json()["against_score"]["accuracy"] == 1.0


def test_the_classes_where_they_differ_most_come_first(tmp_path: Path):
    ours: list[Row] = [(f"{n}", f"c{n}", "a" if n < 6 else "b", "a" if n < 6 else "b") for n in range(9)]
    theirs: list[Row] = [(path, content, label, "a") for path, content, label, _ in ours]
    compared = compare_runs(write_run(tmp_path / "first", ours), write_run(tmp_path / "second", theirs))
    assert [(pair.name, pair.examples, pair.first_right, pair.second_right) for pair in compared.classes] == [
        ("b", 3, 3, 0),
        ("a", 6, 6, 6),
    ]


def test_other_labels_in_the_second_are_counted_and_judged_too(tmp_path: Path):
    # The first is right by its own labels; by those of the second, it is wrong on the twelve that are swapped.
    ours: list[Row] = [(f"{n}", f"c{n}", "a", "a") for n in range(15)]
    theirs: list[Row] = [(f"{n}", f"c{n}", "b" if n < 12 else "a", "b" if n < 12 else "a") for n in range(15)]
    first, second = write_run(tmp_path / "first", ours), write_run(tmp_path / "second", theirs)
    events: list[Event] = []
    document = compare_runs(first, second, on_event=events.append).to_json()
    assert document["relabelled"] == 12
    assert f"12 of 15 images have a different label in {second}; both are judged by the labels of {first}" in said(
        events
    )
    assert document["verdict"] == "better"
    assert document["by_other_labels"]["verdict"] == "worse"
    assert document["by_other_labels"]["second_only"] == 12
    assert compare_runs(first, first).to_json()["by_other_labels"] is None


def test_classes_that_the_second_does_not_know_are_left_out_and_named(tmp_path: Path):
    known: list[Row] = [(f"{n}", f"c{n}", "a", "a") for n in range(4)]
    first = write_run(tmp_path / "first", [*known, ("hat", "h", "hat", "hat")], classes=("a", "b", "hat"))
    second = write_run(tmp_path / "second", [*known, ("hat", "h", "b", "b")])
    events: list[Event] = []
    document = compare_runs(first, second, on_event=events.append).to_json()
    assert document["examples"] == 4
    assert document["left_out"] == {"unknown_classes": {"hat": 1}, "seen_in_training": 0}
    assert f"1 image of classes that {second} does not know: hat" in said(events)


def test_images_that_either_has_seen_in_training_are_left_out(tmp_path: Path):
    rows: list[Row] = [(f"{n}", f"c{n}", "a", "a") for n in range(6)]
    first = write_run(tmp_path / "first", rows, train={"t": "c1"})
    second = write_run(tmp_path / "second", rows, train={"u": "c2"})
    write_csv(
        second / "leaks.csv", ("set", "path", "split", "label"), rows=[(1, "3", "test", "a"), (1, "u", "train", "a")]
    )
    events: list[Event] = []
    document = compare_runs(first, second, on_event=events.append).to_json()
    assert (document["examples"], document["left_out"]["seen_in_training"]) == (3, 3)
    assert "Left out: 3 images" in said(events)


def test_copies_of_one_file_are_one_image(tmp_path: Path):
    rows: list[Row] = [("1", "same", "a", "a"), ("2", "same", "a", "a"), ("3", "other", "b", "a")]
    run = write_run(tmp_path / "run", rows)
    assert compare_runs(run, run).test.examples == 2


def test_a_run_against_itself_cannot_be_told(tmp_path: Path):
    run = write_run(tmp_path / "run", [(f"{n}", f"c{n}", "a", "ab"[n % 2]) for n in range(40)])
    assert compare_runs(run, run).test.verdict == "cannot tell"


def test_no_common_test_image_asks_for_a_corpus(tmp_path: Path):
    first = write_run(tmp_path / "one run", [("1", "c1", "a", "a")])
    second = write_run(tmp_path / "second", [("1", "c2", "a", "a")], train={"t": "c1"})
    with pytest.raises(UnusableInput, match="no test image in common") as raised:
        compare_runs(first, second)
    assert raised.value.text.parts[-1] == Command("evaluate", (str(first), "CORPUS"), (Option("against", str(second)),))


def test_a_run_of_an_older_version_asks_for_a_corpus(tmp_path: Path):
    rows: list[Row] = [("1", "c1", "a", "a")]
    first, second = write_run(tmp_path / "first", rows), write_run(tmp_path / "second", rows)
    (second / "fingerprints.csv").unlink()
    with pytest.raises(
        UnusableInput,
        match=rf"{second} has no fingerprints.csv.*hubel.evaluate\('{first}', CORPUS, against='{second}'\)",
    ):
        compare_runs(first, second)


def test_what_is_no_run_folder_is_named(tmp_path: Path):
    run = write_run(tmp_path / "run", [("1", "c1", "a", "a")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusableInput, match=r"empty is not a run folder: it has no predictions\.csv"):
        compare_runs(run, tmp_path / "empty")
    with pytest.raises(UnusableInput, match="There is no folder '.*gone'"):
        compare_runs(tmp_path / "gone", run)


def test_a_damaged_file_is_named(tmp_path: Path):
    run = write_run(tmp_path / "run", [("1", "c1", "a", "a")])
    (run / "split.csv").write_text("path,label\n1,a\n")
    with pytest.raises(UnusableInput, match=r"split\.csv cannot be read .*Copy the run folder again"):
        compare_runs(run, run)
    (run / "predictions.csv").write_text("path,split,label,predicted,probability,abstained,a\n1,test,a,a,1,false,x\n")
    with pytest.raises(UnusableInput, match=r"predictions\.csv cannot be read"):
        compare_runs(run, run)


def test_comparing_two_runs_loads_no_framework(tmp_path: Path):
    run = write_run(tmp_path / "run", [("1", "c1", "a", "a")])
    code = (
        "import sys; from hubel.cli.main import main\n"
        f"try: main(['evaluate', {str(run)!r}, '--against', {str(run)!r}])\n"
        "except SystemExit as end: assert end.code in (0, None), end.code\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "There is no difference: " in done.stdout
