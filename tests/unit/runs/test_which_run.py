"""What was given as a run and is none: what it is instead is said, with the command that would do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hubel.errors import UnusableCorpus, UnusableInput, WrongRequest
from hubel.errors.wording import Command, Text
from hubel.runs.is_run import can_be_run, is_run_or_model
from hubel.runs.which_run import check_is_no_run, check_run
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder


def ask(run: str, *others: str) -> Command:
    """As predict asks it."""
    return Command("predict", (run, *(others or ("IMAGE",))))


def make_run(folder: Path) -> Path:
    (folder / "classifier").mkdir(parents=True)
    (folder / "classifier/manifest.json").write_text("{}")
    return folder


def begin_run(folder: Path, document: dict[str, object]) -> Path:
    CheckpointFolder(folder / CHECKPOINTS).write(document, {"weights": np.zeros(2, np.float32)}, beside=None)
    return folder


def refused(run: Path, *others: str | Path, kind: type[Exception] = UnusableInput) -> str:
    with pytest.raises(kind) as stopped:
        check_run(run, ask=ask, others=others)
    return str(stopped.value)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("mark", ["classifier", "manifest.json", "run.json", "metrics.json", "predictions.csv"])
def test_one_file_of_a_run_is_enough(mark: str):
    run = Path("run")
    run.mkdir()
    (run / mark).mkdir() if mark == "classifier" else (run / mark).write_text("damaged")
    check_run(run, ask=ask)
    assert is_run_or_model(run)


def test_a_model_file_is_taken_in_the_place_of_a_run():
    Path("model.keras").write_bytes(b"PK")
    check_run(Path("model.keras"), ask=ask)
    assert can_be_run(Path("model.keras"))
    assert not is_run_or_model(Path("gone.keras"))


def test_a_run_that_stands_behind_the_image_is_put_in_front():
    make_run(Path("runs/photos"))
    assert refused(Path("new.jpg"), "runs/photos", kind=WrongRequest) == (
        "The run comes first, and runs/photos is one. Type: hubel.load('runs/photos').predict('new.jpg')"
    )
    several = refused(Path("a.jpg"), "b.jpg", Path("runs/photos"), "c.jpg", kind=WrongRequest)
    assert several.endswith("hubel.load('runs/photos').predict('b.jpg', 'a.jpg', 'c.jpg')")


def test_a_name_that_nearly_is_a_run_is_asked_about():
    make_run(Path("runs/photos"))
    assert refused(Path("runs/photo"), "new.jpg") == (
        "There is no file or folder 'runs/photo', so it holds no classifier. "
        "Did you mean hubel.load('runs/photos').predict('new.jpg')?"
    )


def test_runs_that_lie_beside_a_wrong_name_are_listed_five_at_most():
    for number in range(7):
        make_run(Path(f"runs/{number}"))
    (Path("runs") / "notes").mkdir()
    assert refused(Path("runs/wholly-different")).endswith(
        "runs has these runs: runs/0, runs/1, runs/2, runs/3, runs/4 and 2 more."
    )


def test_runs_in_the_current_folder_are_here():
    make_run(Path("zebra"))
    assert refused(Path("wholly-different")).endswith("so it holds no classifier. Here are these runs: zebra.")


def test_where_there_is_no_run_at_all_one_can_be_trained():
    assert refused(Path("photos")) == (
        "There is no file or folder 'photos', so it holds no classifier. A run is a folder that hubel.train(CORPUS) has "
        "written. Train one: hubel.train(CORPUS, out='photos')"
    )


def test_a_model_file_that_is_not_there_is_no_run_that_could_be_trained():
    assert refused(Path("model.keras")) == "There is no file 'model.keras'. Check the name."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("https://example.org/run", "That is a web address, and Hubel downloads nothing"),
        ("RUN", "RUN stands for the folder of one of your runs: type a path in its place."),
        ("runs/*", "No file name matches the *: give the folder itself."),
        ("“photos”", "It has typographic quotes"),
        ("C:\\runs\\photos", "That is a Windows path, but this is not Windows"),
    ],
)
def test_what_is_no_path_here_is_named(typed: str, said: str):
    assert said in refused(Path(typed))


def test_a_path_with_backslashes_is_turned_where_that_helps():
    make_run(Path("runs/photos"))
    assert refused(Path("runs\\photos")).endswith("are separated by / here. Type: runs/photos")


def test_the_home_folder_inside_quotes_is_spelled_out(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(here))
    assert f"Without quotes it is {here}/gone, and nothing is there either." in refused(Path("~/gone"))
    make_run(here / "run")
    assert f"Without quotes it is {here}/run, which is there." in refused(Path("~/run"))


def test_a_file_is_no_run():
    Path("new.jpg").write_bytes(b"jpeg")
    assert refused(Path("new.jpg"), "other.jpg") == (
        "new.jpg is a file but not a Keras model file, so it holds no classifier. The run comes first: "
        "hubel.load(RUN).predict('other.jpg'). A run is a folder that hubel.train(CORPUS) has written."
    )


def test_a_folder_of_runs_names_them():
    make_run(Path("runs/a"))
    assert refused(Path("runs")) == (
        "runs holds no classifier itself, but a run. Name that: hubel.load('runs/a').predict(IMAGE)"
    )
    make_run(Path("runs/b"))
    assert refused(Path("runs")).startswith(
        "runs holds no classifier itself, but these runs: runs/a, runs/b. Name one of them: hubel.load('runs/a')"
    )


def test_a_folder_of_images_is_no_run():
    Path("photos").mkdir()
    assert refused(Path("photos")) == (
        "photos holds no classifier: it is not a run folder. A run is a folder that hubel.train(CORPUS) has written."
    )


def test_an_unfinished_run_is_gone_on_with_as_it_was_typed():
    words = ["hubel", "train", "my photos", "-o", "run", "--overwrite", "--epochs", "3"]
    begin_run(Path("run"), {"command": words})
    assert refused(Path("run")) == (
        "The run in run is unfinished, so it holds no classifier yet. Continue it: "
        "hubel train 'my photos' -o run --epochs 3 --resume"
    )


@pytest.mark.parametrize("document", [{}, {"command": None}, {"command": []}])
def test_an_unfinished_run_from_python_is_gone_on_with_in_python(document: dict[str, object]):
    begin_run(Path("run"), document)
    assert refused(Path("run")).endswith("Continue it: hubel.train(..., resume=True)")


def test_a_checkpoint_that_cannot_be_read_does_not_hide_that_the_run_is_unfinished():
    run = begin_run(Path("run"), {"command": ["hubel", "train"]})
    (state,) = run.rglob("state.json")
    state.write_text("{")
    assert refused(run).endswith("Continue it: hubel.train(..., resume=True)")
    state.write_text(json.dumps({"command": 7}))
    assert refused(run).endswith("Continue it: hubel.train(..., resume=True)")


def test_a_run_is_no_corpus():
    run = make_run(Path("run"))
    with pytest.raises(
        UnusableCorpus, match="run is a run, not a corpus. Name the folder that holds the class folders"
    ):
        check_is_no_run(run)
    with pytest.raises(UnusableCorpus, match="run is a run, not a corpus. Look into it"):
        check_is_no_run(str(run), cure=Text("Look into it."))
    Path("photos").mkdir()
    check_is_no_run("photos")
    check_is_no_run("digits")


def test_a_bare_artefact_can_be_run_and_half_of_one_cannot():
    bare = Path("bare")
    bare.mkdir()
    (bare / "manifest.json").write_text("{}")
    assert not can_be_run(bare)
    (bare / "weights.safetensors").write_bytes(b"")
    assert can_be_run(bare)
