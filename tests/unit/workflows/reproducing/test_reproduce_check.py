"""What is not as it was before a run is repeated: scripted runs, nothing is trained."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.unit.runs.recorded_runs import REQUEST, write_corpus, write_run

from hubel.errors import DamagedArtefact, UnusableInput
from hubel.events import Event, Message
from hubel.files import write_csv
from hubel.runs.machine import describe_machine
from hubel.runs.recorded_run import Placed, RecordedRun, read_recorded
from hubel.workflows.reproducing.differences import (
    ListedExample,
    compare_choices,
    compare_corpus,
    compare_splits,
    name_some,
)
from hubel.workflows.reproducing.reproduce_check import check_repeatable


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "photos")


def differences(run: Path, *more: Any, **options: Any) -> list[tuple[str, str]]:
    heard: list[Event] = []
    checked = check_repeatable(run, *more, **options, on_event=heard.append)
    said = [event.text for event in heard if isinstance(event, Message)]
    assert [text.removeprefix("Changed since the run: ").lower() for text in said] == [
        f"{each.text}.".lower() for each in checked.differences
    ]
    assert all(text.startswith("Changed since the run: ") for text in said if "bits" not in text)
    return [(each.about, each.text) for each in checked.differences]


def test_nothing_differs_where_nothing_has_changed(corpus: Path, tmp_path: Path):
    assert differences(write_run(tmp_path / "run", corpus)) == []


def test_missing_and_changed_images_stop_it_by_name_and_new_ones_are_left_out(corpus: Path, tmp_path: Path):
    run = write_run(tmp_path / "run", corpus)
    (corpus / "a/1.png").unlink()
    (corpus / "b/0.png").write_bytes(b"another content, same name")
    (corpus / "b/new.png").write_bytes(b"new")
    with pytest.raises(UnusableInput) as stopped:
        check_repeatable(run)
    assert stopped.value.exit_code == 3
    lines = str(stopped.value).splitlines()
    assert lines[0] == f"{run} cannot be repeated with {corpus}, because this has changed:"
    assert lines[1:3] == ["  1 image is missing: a/1.png", "  1 image is changed: b/0.png"]
    assert lines[3].endswith(f"repeat the run all the same: hubel.reproduce('{run}', anyway=True)")
    assert differences(run, anyway=True) == [
        ("corpus", "1 image is missing: a/1.png"),
        ("corpus", "1 image is changed: b/0.png"),
        ("corpus", "1 image is new, and left out when the run is repeated: b/new.png"),
    ]


def test_a_new_image_alone_does_not_stop_it(corpus: Path, tmp_path: Path):
    run = write_run(tmp_path / "run", corpus)
    (corpus / "c").mkdir()
    (corpus / "c/new.png").write_bytes(b"new")
    checked = check_repeatable(run)
    assert [each.explains for each in checked.differences] == [False]
    assert checked.corpus.class_names == ("a", "b")
    assert [example.path for example in checked.corpus.examples] == [
        f"{name}/{n}.png" for name in "ab" for n in range(3)
    ]
    assert [(row.path, row.status, row.code) for row in checked.corpus.left_out] == [("c/new.png", "ignored", "new")]


def test_a_file_that_was_refused_then_is_not_new(corpus: Path, tmp_path: Path):
    run = write_run(tmp_path / "run", corpus)
    (corpus / "a/broken.png").write_bytes(b"broken")
    rows = [("a/broken.png", "refused", "not-an-image", "")]
    write_csv(run / "intake.csv", ("path", "status", "code", "reason"), rows=rows)
    checked = check_repeatable(run)
    assert checked.differences == ()
    assert "a/broken.png" in {example.path for example in checked.corpus.examples}  # the survey looks at it as it did


def test_of_many_paths_ten_are_named_and_all_are_counted():
    assert name_some(f"{n}" for n in range(10)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert name_some(f"{n}" for n in range(13)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 3 more"
    assert name_some(["a\nb"]) == "a\\nb"


def recorded(placed: dict[str, Placed]) -> RecordedRun:
    return RecordedRun(Path("run"), {}, dict.fromkeys(placed, "0"), placed, frozenset())


def test_labels_groups_and_given_splits_are_compared():
    placed = {
        "1": Placed("a", "train", ""), "2": Placed("a", "test", "x"), "3": Placed("b", "validation", ""),
        "4": Placed("b", "train", ""),
    }  # fmt: skip
    listed = {
        "1": ListedExample("0", "b", "train", ""), "2": ListedExample("0", "a", "test", "y"),
        "3": ListedExample("0", "b", "train", ""),  # cut from the training part, then as now
        "4": ListedExample("0", "b", "test", ""),
    }  # fmt: skip
    found = compare_corpus(recorded(placed), listed)
    assert [each.text for each in found] == [
        "1 image is labelled differently: 1 (a then, b now)",
        "1 image is in another given split: 4",
        "1 image is in another group: 2",
    ]
    assert all(each.stops for each in found)


def test_another_split_of_the_same_images_is_named():
    then = {"1": Placed("a", "train", ""), "2": Placed("a", "test", "")}
    (found,) = compare_splits(then, {"1": Placed("a", "test", ""), "2": Placed("a", "test", "")})
    assert found.text == "1 image is in another part of the split: 1 (train then, test now)"
    assert compare_splits(then, then) == []


def test_variables_that_change_the_rounding_are_compared(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    run = write_run(tmp_path / "run", corpus)
    assert differences(run) == []
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    monkeypatch.setenv("XLA_FLAGS", "--xla")
    assert differences(run) == [
        ("environment", "OMP_NUM_THREADS: 7 then, 8 now"), ("environment", "XLA_FLAGS: not set then, --xla now"),
    ]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux limits a process to some cores")
def test_cores_that_a_process_may_use_are_compared(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = write_run(tmp_path / "run", corpus)
    usable = len(os.sched_getaffinity(0))
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(usable + 3)))
    assert differences(run) == [("hardware", f"usable_cores: {usable} then, {usable + 3} now")]


def test_versions_backend_and_hardware_are_compared(corpus: Path, tmp_path: Path):
    machine = describe_machine()
    versions = {**machine["versions"], "keras": "3.0.0", "gone": "1"}
    hardware = {**machine["hardware"], "cores": 96, "processor": "Z80"}
    run = write_run(tmp_path / "run", corpus, versions=versions, hardware=hardware, backend="theano")
    found = differences(run)
    now = machine["versions"]["keras"]
    assert found[0][1].startswith(f"Keras ran on theano then, {machine['backend']} now")
    assert found[1] == ("versions", f"keras: 3.0.0 then, {now} now")
    assert found[2][1] == f"processor: Z80 then, {machine['hardware']['processor']} now"
    assert found[3] == ("hardware", f"cores: 96 then, {machine['hardware']['cores']} now")
    assert len(found) == 4


def test_that_the_clock_or_the_user_decided_is_said_before(corpus: Path, tmp_path: Path):
    request = {**REQUEST, "epochs": None, "time_limit_s": 90.0}
    run = write_run(tmp_path / "run", corpus, request=request, time_limit_s=90.0, status="interrupted")
    limit = "there was a time limit of 90 s: the clock decided the learning rate of each step and when training ended"
    assert differences(run) == [
        ("clock", f"{limit}, so the same bits cannot be expected"),
        ("clock", "the user ended the training early, so the same bits cannot be expected"),
    ]
    run = write_run(tmp_path / "default", corpus, time_limit_s=300.0)
    ((_, text),) = differences(run)
    assert "neither epochs nor a time limit were given, so Hubel took a limit of 300 s: the clock decided" in text


def test_another_plan_of_the_same_request_is_named():
    then = {"recipe": {"train": {"learning_rate": 0.1, "epochs": 2}}, "clock_decided": [{"steps": 5}]}
    now = {"recipe": {"train": {"learning_rate": 0.2, "epochs": 2}}, "clock_decided": [{"steps": 6}]}
    assert [(each.about, each.text) for each in compare_choices(then, now)] == [
        ("choice", "recipe.train.learning_rate: 0.1 then, 0.2 now"),
        ("clock", "train: 5 steps then, 6 now"),
    ]
    assert compare_choices(then, then) == []


def test_a_corpus_that_has_moved_is_named_by_the_user(corpus: Path, tmp_path: Path):
    run = write_run(tmp_path / "run", corpus)
    moved = corpus.rename(tmp_path / "elsewhere")
    with pytest.raises(
        UnusableInput, match=rf"was '{corpus}', which is no longer there.*hubel.reproduce\('{run}', CORPUS\)"
    ):
        check_repeatable(run)
    assert differences(run, moved) == []


def test_corrections_and_weights_are_told_by_content(corpus: Path, tmp_path: Path):
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("path,correction\na/0.png,b\n")
    digest = hashlib.sha256(corrections.read_bytes()).hexdigest()
    request = {**REQUEST, "corrections": {"file": str(corrections), "sha256": digest}}
    run = write_run(tmp_path / "run", corpus, request=request)
    placed = [
        (f"{name}/{n}.png", "b" if (name, n) == ("a", 0) else name, "train", "") for name in "ab" for n in range(3)
    ]
    write_csv(run / "split.csv", ("path", "label", "split", "group"), rows=placed)
    assert differences(run) == []  # labels are compared as corrected
    corrections.write_text("path,correction\na/1.png,b\n")
    with pytest.raises(UnusableInput) as stopped:
        check_repeatable(run)
    assert "2 images are labelled differently: a/0.png (b then, a now), a/1.png (a then, b now)" in str(stopped.value)
    assert f"the corrections in {corrections} have changed" in str(stopped.value)
    corrections.unlink()
    with pytest.raises(UnusableInput, match="can no longer be read. Put that file back"):
        check_repeatable(run, anyway=True)


def test_a_run_of_an_older_version_says_what_is_missing_and_what_to_type(corpus: Path, tmp_path: Path):
    run = write_run(tmp_path / "run", corpus)
    document = json.loads((run / "run.json").read_text())
    del document["request"]
    for words, said in (
        (document["command"], "What was typed: hubel train photos -o runs/old --epochs 2. Train again"),
        (["hubel", "train", "my photos", "--out=x"], "What was typed: hubel train 'my photos' --out=x. Train again"),
        ([], "was asked. Train again with the same options, into another folder: hubel.train(..., out=NEW)"),
    ):
        versions = {"hubel": "0.3.0"}
        (run / "run.json").write_text(json.dumps({**document, "command": words, "versions": versions}))
        with pytest.raises(UnusableInput) as stopped:
            check_repeatable(run)
        assert "run.json has no 'request': Hubel 0.3.0, which made it, did not record" in str(stopped.value)
        assert said in str(stopped.value)


@pytest.mark.parametrize("name", ["fingerprints.csv", "split.csv", "intake.csv", "predictions.csv", "metrics.json"])
def test_a_file_that_is_gone_is_named(corpus: Path, tmp_path: Path, name: str):
    run = write_run(tmp_path / "run", corpus)
    (run / name).unlink()
    with pytest.raises(UnusableInput, match=f"is incomplete: it has no {name}"):
        check_repeatable(run)


def test_weights_that_are_not_those_of_the_run_accuse_no_machine(corpus: Path, tmp_path: Path):
    run = write_run(tmp_path / "run", corpus)
    (run / "classifier/weights.safetensors").write_bytes(b"other weights")
    with pytest.raises(DamagedArtefact, match="its checksum does not match"):
        check_repeatable(run)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": None}, "'request' has an impossible seed, None"),
        ({"epochs": "2"}, "'request' has an impossible epochs, '2'"),
        ({"mirror": 1}, "'request' has an impossible mirror, 1"),
        ({"weights": "FILE"}, "'request' has an impossible weights, 'FILE'"),
        ({"architecture": []}, "'request' has an impossible architecture"),
        ({"temperature": 1}, "'request' has 'temperature', which this version of Hubel does not know"),
    ],
)
def test_a_request_that_cannot_be_is_refused_by_its_field(
    corpus: Path, tmp_path: Path, change: dict[str, Any], said: str
):
    run = write_run(tmp_path / "run", corpus, request={**REQUEST, **change})
    with pytest.raises(UnusableInput) as refused:
        read_recorded(run)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"epochs": 2, "learning_rate": "fast"}, "A recipe has an impossible learning_rate: 'fast'"),
        ("fast", "This is no recipe of a training: 'fast'"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(corpus: Path, tmp_path: Path, recipe: Any, said: str):
    run = write_run(tmp_path / "run", corpus)
    document = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**document, "recipe": {"train": recipe}}))
    with pytest.raises(UnusableInput) as error:
        check_repeatable(run)
    assert f"run.json has changed since it was written. {said}." in str(error.value)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"request": 1, "corpus": 2}', "[" * 100_000])
def test_a_damaged_run_json_is_refused(corpus: Path, tmp_path: Path, content: str):
    run = write_run(tmp_path / "run", corpus)
    (run / "run.json").write_text(content)
    with pytest.raises(UnusableInput, match="run.json"):
        read_recorded(run)


def test_what_is_no_run_folder_is_said(tmp_path: Path):
    with pytest.raises(UnusableInput, match="is not a run folder: it has no run.json"):
        check_repeatable(tmp_path)
    with pytest.raises(UnusableInput, match="There is no folder"):
        check_repeatable(tmp_path / "nowhere")


def test_checking_loads_no_framework():
    code = "import sys, hubel.workflows.reproducing.reproduce_check; print([m for m in ('keras', 'tensorflow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
