"""What cannot be resumed is refused before any training, and the message says what to type."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_image
from tests.journeys.storm import WISHES, Killed, last_number

import hubel
from hubel.errors import OutputNotWritable, UnusableInput, WrongRequest
from hubel.events import Event, PlanMade
from hubel.runs.machine import describe_machine
from hubel.runs.run_folder import RunFolder, locked
from hubel.training.checkpoints import CHECKPOINTS, STATE, CheckpointFolder
from hubel.workflows.reproducing.differences import compare_machine


def refusal(photos: Path, run: Path, **wishes: object) -> str:
    before = sorted(path for path in run.rglob("*"))
    heard: list[Event] = []
    with pytest.raises(WrongRequest) as caught:
        hubel.train(photos, run, resume=True, on_event=heard.append, **{**WISHES, **wishes})  # type: ignore[arg-type]
    assert not any(isinstance(event, PlanMade) for event in heard)  # before any training
    assert sorted(path for path in run.rglob("*")) == before
    return str(caught.value)


def test_other_words_are_refused_and_each_difference_is_named(photos: Path, run: Path):
    """T13."""
    text = refusal(photos, run, epochs=6, seed=1)
    assert "  epochs: was 5, is 6\n" in text
    assert "  seed: was 0, is 1\n" in text
    assert "learning_curve" not in text.split("It was begun with")[0]
    assert f"hubel train {photos} -o " in text
    assert "--architecture small-cnn --image-size 8 --epochs 5" in text
    assert "overwrite=True" in text
    assert "image size: was [8, 8], is [16, 16]" in refusal(photos, run, image_size=16)
    assert "architecture: was small-cnn, is dense" in refusal(photos, run, architecture="dense")


def test_another_corpus_is_refused_and_said(photos: Path, run: Path, tmp_path: Path):
    """T13: one image more, one image changed, one class renamed, one label corrected."""
    other = Path(shutil.copytree(photos, tmp_path / "photos"))
    assert other.name == photos.name
    write_image(other / "red/00.png", speckled((140, 110, 110), rng=np.random.default_rng(9)))
    text = refusal(other, run)
    assert "its corpus has changed since it was begun. 1 image changed: 'red/00.png'. Train on the images" in text
    assert f"hubel.train('{other}', out='{run}', " in text
    assert "overwrite=True). Or put them back as they were, and continue: hubel.train(" in text
    assert text.endswith(", resume=True)")
    write_image(other / "red/99.png", speckled((140, 110, 110), rng=np.random.default_rng(8)))
    assert "1 image added: 'red/99.png'. 1 image changed: 'red/00.png'." in refusal(other, run)
    (other / "red").rename(other / "amber")
    text = refusal(other, run)
    assert "21 images added: 'amber/00.png', 'amber/01.png', 'amber/02.png' and 18 more." in text
    assert "20 images removed: 'red/00.png', 'red/01.png', 'red/02.png' and 17 more." in text
    (run / "checkpoints/images.csv").unlink()  # as in a run that an older version began
    assert "class names: was ['blue', 'green', 'red'], is ['amber', 'blue', 'green']" in refusal(other, run)
    corrections = tmp_path / "corrections.csv"
    corrections.write_text("path,label\nred/00.png,blue\n")
    assert "labels and split: was " in refusal(photos, run, corrections=corrections)


def test_other_versions_are_refused_and_named(photos: Path, run: Path):
    """T15."""
    folder = CheckpointFolder(run / CHECKPOINTS)
    found = folder.latest()
    assert found is not None
    then = {**found.document["made_of"], "version of keras": "3.0.1", "version of hubel": "0.0.1"}
    folder.write({**found.document, "made_of": then}, found.tensors, beside=found.number)
    text = refusal(photos, run)
    assert f"version of keras: was 3.0.1, is {found.document['made_of']['version of keras']}" in text
    assert "version of hubel: was 0.0.1, is 0." in text
    assert {"backend", "version of numpy", "version of pillow"} < set(found.document["made_of"])


def test_an_unfinished_run_is_not_lost_by_a_command_without_resume(photos: Path, run: Path):
    with pytest.raises(
        OutputNotWritable, match="holds a run that is not finished.*plus resume=True.*replace it with overwrite=True"
    ):
        hubel.train(photos, run, **WISHES)
    assert last_number(run) == 4
    hubel.train(photos, run, overwrite=True, **{**WISHES, "epochs": 1})
    assert not (run / CHECKPOINTS).exists()


def test_other_variables_of_the_environment_that_change_rounding_are_refused_and_the_command_is_given(
    photos: Path, run: Path, monkeypatch: pytest.MonkeyPatch
):
    """The same variables that ``hubel reproduce`` compares; those that choose hardware are said as hardware is."""
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"  # as Hubel sets it
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    text = refusal(photos, run)
    assert "environment variable TF_ENABLE_ONEDNN_OPTS: was 1, is 0\n" in text
    assert "environment variable OMP_NUM_THREADS: was not set, is 1\n" in text
    assert f"env -u OMP_NUM_THREADS TF_ENABLE_ONEDNN_OPTS=1 hubel train {photos} -o " in text
    assert " --resume; or train anew: " in text
    found, machine = CheckpointFolder(run / CHECKPOINTS).latest(), describe_machine()
    assert found is not None
    others = {name: value for name, value in machine["environment"].items() if name != "OMP_NUM_THREADS"}
    then = {**machine, "environment": {**others, "TF_ENABLE_ONEDNN_OPTS": "1"}}
    named = {each.text.split(":")[0] for each in compare_machine(then, machine)}
    assert (
        named
        == {"TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS"}
        == {line.split(":")[0].removeprefix("  environment variable ") for line in text.splitlines()[1:3]}
    )


def test_what_cannot_be_resumed_says_what_to_type(photos: Path, whole: Path, tmp_path: Path):
    with pytest.raises(WrongRequest, match="is finished: there is nothing to resume.*hubel.evaluate.*overwrite"):
        hubel.train(photos, whole, resume=True, **WISHES)
    with pytest.raises(WrongRequest, match="holds no checkpoint.*Leave out resume to begin one"):
        hubel.train(photos, tmp_path / "new", resume=True, **WISHES)
    with pytest.raises(WrongRequest, match="overwrite replaces it. Leave out one"):
        hubel.train(photos, tmp_path / "new", resume=True, overwrite=True, **WISHES)
    assert list((tmp_path / "new").iterdir()) == []
    old = Path(shutil.copytree(whole, tmp_path / "old"))
    document = json.loads((old / "run.json").read_text())
    (old / "run.json").write_text(json.dumps({**document, "status": "interrupted"}))
    with pytest.raises(WrongRequest, match="a run without a checkpoint.*overwrite"):
        hubel.train(photos, old, resume=True, **WISHES)


def test_where_every_checkpoint_is_damaged_it_says_so(photos: Path, run: Path):
    for number in (3, 4):
        (run / CHECKPOINTS / f"{number:06}" / STATE).write_text("{}")
    with pytest.raises(UnusableInput, match="Every checkpoint in .* is damaged"):
        hubel.train(photos, run, resume=True, **WISHES)


def test_a_second_training_into_the_folder_is_refused_before_it_reads_anything(photos: Path, tmp_path: Path):
    """T12."""
    with locked(tmp_path / "run"), pytest.raises(OutputNotWritable, match=f"process {os.getpid()} on .*since 2"):
        hubel.train(tmp_path / "no corpus", tmp_path / "run")


def test_killed_at_any_unlink_after_all_is_written_it_is_finished(
    photos: Path, killed: Path, whole: Path, tmp_path: Path
):
    for at in range(1, 100):
        run = Path(shutil.copytree(whole, tmp_path / str(at)))
        shutil.copytree(killed / CHECKPOINTS, run / CHECKPOINTS)  # as they lie when the last word is written
        unlink, left = Path.unlink, [at]

        def dying(self: Path, *, missing_ok: bool = False, unlink=unlink, left=left) -> None:
            left[0] -= 1
            if not left[0]:
                raise Killed
            unlink(self, missing_ok=missing_ok)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "unlink", dying)
            try:
                RunFolder(run).checkpoints.remove()
            except Killed:
                pass
            else:
                break
        with pytest.raises(WrongRequest, match="is finished: there is nothing to resume"):
            hubel.train(photos, run, resume=True, **WISHES)
        assert not (run / CHECKPOINTS).exists()
    assert at == 7  # two files of each of the two, the images, and what says that they are being removed
