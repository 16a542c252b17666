"""Killed at any instant and gone on with, a file of answers is the one that was never interrupted, to the byte."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.workflows.predicting.conftest import COUNT, RUN, write

from hubel.classifier.classifier import Classifier
from hubel.errors import StoppedByUser, WrongRequest
from hubel.events import Event, Message, NamingProgress
from hubel.workflows.predicting import to_file
from hubel.workflows.predicting.to_file import FileWishes, predict_to_file

pytestmark = pytest.mark.usefixtures("each_group")


def instants(folder: Path, copies: Path, work: Callable[[], object]) -> list[Path]:
    """Copies of a folder as a kill would leave it, just before whatever brings something to the disk or renames it."""
    made: list[Path] = []
    states: list[dict[str, bytes]] = []

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            state = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            if state not in states:  # before the disk has it, it is as it was
                states.append(state)
                made.append(Path(shutil.copytree(folder, copies / f"{len(made)}")))
            return real(*args, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "replace", "unlink"):
            patch.setattr(os, name, watched(getattr(os, name)))
        work()
    return made


@pytest.mark.parametrize(("ending", "features"), [(".csv", True), (".parquet", False)])
def test_killed_at_any_instant_it_goes_on_to_the_same_bytes(
    ending: str, features: bool, classifier: Classifier, photos: Path, tmp_path: Path
):
    out = tmp_path / "out"
    out.mkdir()
    named, vectors = f"names{ending}", "vectors.npy" if features else None

    def answer(folder: Path, *, resume: bool = True) -> None:
        write(classifier, photos, folder / named, features=folder / vectors if vectors else None, resume=resume)

    copies = instants(out, tmp_path / "instants", lambda: answer(out, resume=False))
    expected = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(expected) == {named, *([vectors] if vectors else [])}
    assert len(copies) > 15
    begun = 0
    for copy in copies:
        begun += (copy / f"{named}.unfinished").is_dir()
        answer(copy)
        assert {path.name: path.read_bytes() for path in copy.iterdir()} == expected
    assert begun > 10


def stopped(classifier: Classifier, photos: Path, out: Path, **wishes) -> Path:
    """What Ctrl-C leaves after two of three groups."""

    def interrupt(event: Event) -> None:
        if isinstance(event, NamingProgress) and event.done > 100:
            raise KeyboardInterrupt

    with pytest.raises(StoppedByUser, match=r"Stopped: 128 images answered, which .*names\.\w+\.unfinished keeps\."):
        predict_to_file(classifier, [str(photos)], wishes=FileWishes(out, **wishes), run=RUN, on_event=interrupt)
    assert not out.exists()
    return out.with_name(f"{out.name}.unfinished")


def test_ctrl_c_keeps_what_was_answered_and_the_rest_is_answered_later(
    classifier: Classifier, photos: Path, tmp_path: Path
):
    stopped(classifier, photos, tmp_path / "names.csv")
    written = write(classifier, photos, tmp_path / "names.csv", resume=True)
    assert (written.point.named, written.point.refused, written.images) == (COUNT - 3, 3, COUNT - 128)
    assert written.point.skipped == {".csv": 1, ".txt": 1}


def test_what_a_kill_left_beyond_the_journal_is_cut_off(classifier: Classifier, photos: Path, tmp_path: Path):
    write(classifier, photos, tmp_path / "whole.csv")
    left = stopped(classifier, photos, tmp_path / "names.csv")
    with (left / "answers").open("ab") as file:
        file.write(b"half of a li")
    write(classifier, photos, tmp_path / "names.csv", resume=True)
    assert (tmp_path / "names.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize("damage", ["no journal", "half a journal", "no part", "a short part", "an altered part"])
def test_what_is_damaged_is_made_anew(damage: str, classifier: Classifier, photos: Path, tmp_path: Path):
    write(classifier, photos, tmp_path / "whole.csv")
    left = stopped(classifier, photos, tmp_path / "names.csv")
    part, journal = left / "answers", left / "journal.json"
    content = part.read_bytes()
    match damage:
        case "no journal":
            journal.unlink()
        case "half a journal":
            journal.write_bytes(journal.read_bytes()[:-20])
        case "no part":
            part.unlink()
        case "a short part":
            part.write_bytes(content[:-1])
        case "an altered part":
            part.write_bytes(content.replace(b"photos", b"photoz", 1))
    told: list[Event] = []
    predict_to_file(
        classifier, [str(photos)], wishes=FileWishes(tmp_path / "names.csv", resume=True), run=RUN, on_event=told.append
    )
    assert (tmp_path / "names.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    said = [event for event in told if isinstance(event, Message)]
    assert [each.warning for each in said] == ([] if damage == "no part" else [True])


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": 3}, {"sha256": ["x"]}, {"inputs": -1}, {"inputs": 10**30}, {"named": "many"}, {"skipped": {"x": None}},
        {"more": 1}, {"complete": True}, {"inputs": True},
    ],
)  # fmt: skip
def test_a_journal_of_a_stranger_costs_the_work_and_nothing_else(
    change: dict[str, object], classifier: Classifier, photos: Path, tmp_path: Path
):
    left = stopped(classifier, photos, tmp_path / "names.csv")
    document = json.loads((left / "journal.json").read_text())
    document["done"] |= change
    (left / "journal.json").write_text(json.dumps(document))
    if "complete" in change:
        (left / "answers").unlink()
    write(classifier, photos, tmp_path / "names.csv", resume=True)
    assert len((tmp_path / "names.csv").read_text().splitlines()) == COUNT + 1


def test_other_settings_are_refused_with_the_reason(classifier: Classifier, photos: Path, tmp_path: Path):
    out = tmp_path / "names.csv"
    left = stopped(classifier, photos, out)
    with pytest.raises(WrongRequest, match=r"begun with other settings \(top: 1, 3; abstain: without, 0\.9\)"):
        write(classifier, photos, out, top=3, coverage=0.9, resume=True)
    with pytest.raises(WrongRequest, match=r"\(features: without, 16\)"):
        write(classifier, photos, out, features=tmp_path / "x.npy", resume=True)
    document = json.loads((left / "journal.json").read_text())
    document["settings"] |= {"classifier": "0" * 64, "onnxruntime": "0.1"}
    (left / "journal.json").write_text(json.dumps(document))
    with pytest.raises(WrongRequest, match=r"\(the classifier is another one; onnxruntime: 0\.1, \d.*\)") as refused:
        write(classifier, photos, out, resume=True)
    assert "Or begin anew: overwrite=True in place of resume=True." in str(refused.value)


@pytest.mark.parametrize("change", ["altered", "removed", "added before", "another folder"])
def test_inputs_that_were_answered_and_have_changed_are_refused(
    change: str, classifier: Classifier, photos: Path, tmp_path: Path
):
    stopped(classifier, photos, tmp_path / "names.csv")
    match change:
        case "altered":
            (photos / "000.png").write_bytes((photos / "003.png").read_bytes())
        case "removed":
            (photos / "more/001.png").unlink()
        case "added before":
            (photos / "0.png").write_bytes(b"")
        case "another folder":
            photos = photos.rename(tmp_path / "others")
    with pytest.raises(WrongRequest, match=r"The inputs have changed: the first 128 files of them"):
        write(classifier, photos, tmp_path / "names.csv", resume=True)


def test_what_comes_behind_may_have_changed(classifier: Classifier, photos: Path, tmp_path: Path):
    stopped(classifier, photos, tmp_path / "names.csv")
    (photos / "z.png").write_bytes((photos / "000.png").read_bytes())
    write(classifier, photos, tmp_path / "names.csv", resume=True)
    write(classifier, photos, tmp_path / "whole.csv")
    assert (tmp_path / "names.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_what_the_user_put_there_stays(classifier: Classifier, photos: Path, tmp_path: Path):
    left = stopped(classifier, photos, tmp_path / "names.csv")
    (left / "answers.txt").write_text("mine")
    write(classifier, photos, tmp_path / "names.csv", resume=True)
    assert [path.name for path in left.iterdir()] == ["answers.txt"]


def test_nothing_stays_where_nothing_was_answered(classifier: Classifier, photos: Path, tmp_path: Path, monkeypatch):
    def fail(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(to_file, "answer_groups", fail)
    with pytest.raises(KeyboardInterrupt):
        write(classifier, photos, tmp_path / "names.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
