"""Training that survives: killed at any instant and resumed, it ends as the run in one go."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.storm import (
    EPOCHS,
    WISHES,
    Killed,
    assert_same_result,
    kill_once,
    killed_in,
    last_number,
    result_of,
    said,
    training,
)
from tests.journeys.test_pretrained import weights_file  # noqa: F401  (a fixture)

import hubel
from hubel.errors import OutputNotWritable, StoppedByUser
from hubel.events import EpochDone, Event, Message, PlanMade
from hubel.pipeline.augmentation import Augmentation
from hubel.runs.request import TrainRequest, go_on_command
from hubel.runs.run_folder import LOCK
from hubel.shell import in_shell
from hubel.training.checkpoints import CHECKPOINTS, TENSORS, CheckpointFolder


def test_killed_and_resumed_it_is_the_same_to_the_bit_and_files_of_the_user_stay(photos: Path, run: Path, whole: Path):
    """T01, T18."""
    for place in (run / "thesis.txt", run / CHECKPOINTS / "thesis.txt"):
        place.write_text("mine")
    (run / LOCK).write_text("left by a program that was killed")
    assert CheckpointFolder(run / CHECKPOINTS).numbers() == (3, 4)  # before the first step, and of three epochs
    heard: list[Event] = []
    done = hubel.train(photos, run, resume=True, on_event=heard.append, **WISHES)
    assert_same_result(run, whole)
    assert "Continuing from checkpoint 000004: step 6 of phase 'train'" in said(heard)
    assert [event.epoch for event in heard if isinstance(event, EpochDone)] == [4, 5]
    document = json.loads((run / "run.json").read_text())
    assert document["resumed"] == [{"checkpoint": 4, "phase": "train", "steps": 6, "same_hardware": True}]
    assert json.loads((whole / "run.json").read_text())["resumed"] == []
    assert document["same_to_the_bit"].startswith("on this machine with these versions")
    assert done.metrics["time"]["training_s"] > 0
    assert sorted(path.name for path in (run / CHECKPOINTS).iterdir()) == ["thesis.txt"]
    assert (run / "thesis.txt").read_text() == "mine"
    assert not (run / LOCK).exists()


def test_a_damaged_checkpoint_is_named_and_the_one_before_gives_the_same_result(photos: Path, run: Path, whole: Path):
    """T14."""
    path = run / CHECKPOINTS / "000004" / TENSORS
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    heard: list[Event] = []
    hubel.train(photos, run, resume=True, on_event=heard.append, **WISHES)
    assert "000004 is damaged: state.safetensors has changed since it was written" in said(heard)
    assert "step 4 of phase" in said(heard)
    assert_same_result(run, whole)


def test_other_hardware_is_said_and_written_down(photos: Path, run: Path):
    """T19."""
    folder = CheckpointFolder(run / CHECKPOINTS)
    found = folder.latest()
    assert found is not None
    then = {**found.document["hardware"], "cores": 1024}
    folder.write({**found.document, "hardware": then}, found.tensors, beside=found.number)
    heard: list[Event] = []
    hubel.train(photos, run, resume=True, on_event=heard.append, **WISHES)
    assert "on other hardware: the last bits may differ" in said(heard)
    document = json.loads((run / "run.json").read_text())
    assert document["same_to_the_bit"] == "nowhere: the run was resumed on other hardware"


def test_a_full_disk_is_said_once_and_the_training_goes_on(
    photos: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """T10."""
    write, calls = CheckpointFolder.write, []

    def full(self: CheckpointFolder, *given, **more) -> int:
        calls.append(1)
        if len(calls) > 2:
            raise OutputNotWritable("Cannot write it: the disk is full. It needs 1.0 MB; 0.1 MB are free there.")
        return write(self, *given, **more)

    monkeypatch.setattr(CheckpointFolder, "write", full)
    heard: list[Event] = []
    hubel.train(photos, tmp_path / "run", on_event=heard.append, **WISHES)
    assert said(heard).count("It needs 1.0 MB; 0.1 MB are free there.") == 1
    assert "The training continues without this checkpoint; number 2 stays." in said(heard)
    assert len(calls) == 1 + EPOCHS
    assert_same_result(tmp_path / "run", whole)


@pytest.mark.clock
def test_the_seconds_that_are_spent_count(photos: Path, tmp_path: Path):
    """A limit of 60 s of which 59 are used up leaves about one; and the recipe stays that of the first plan."""
    wishes = {**WISHES, "epochs": 100_000, "time_limit": "60s"}
    with pytest.raises(Killed):
        hubel.train(photos, tmp_path / "run", on_event=killed_in(3), **wishes)
    folder = CheckpointFolder(tmp_path / "run" / CHECKPOINTS)
    found = folder.latest()
    assert found is not None
    loop = {**found.document["loop"], "elapsed_s": 50.0}
    recipe = {"train": {**found.document["recipe"]["train"], "augmentation": {"shift": 0.3}}}
    document = {**found.document, "spent_s": 59.0, "loop": loop, "recipe": recipe}
    folder.write(document, found.tensors, beside=None)
    heard: list[Event] = []
    run = hubel.train(photos, tmp_path / "run", resume=True, on_event=heard.append, **wishes)
    assert re.search("Reading the corpus and the training so far took (59|6.) s of the 60 s", said(heard))
    assert 59 < run.metrics["time"]["total_s"] < 80
    assert run.fitted.histories[0].rows[-1].elapsed_s > 50
    assert run.fitted.recipes["train"].augmentation == Augmentation(shift=0.3)
    assert run.fitted.histories[0].rows[-1].learning_rate < 0.1 * run.fitted.recipes["train"].learning_rate


def test_a_pretrained_network_goes_on_in_its_fine_tuning(
    photos: Path,
    tmp_path: Path,
    weights_file: Path,  # noqa: F811
):
    """T01."""
    wishes = {"architecture": "mobilenet", "weights": str(weights_file), "image_size": 32, "epochs": 2}
    hubel.train(photos, tmp_path / "whole", **wishes)

    def listen(event: Event) -> None:
        if isinstance(event, EpochDone) and (event.phase, event.epoch) == ("fine-tune", 2):
            raise Killed

    with pytest.raises(Killed):
        hubel.train(photos, tmp_path / "run", on_event=listen, **wishes)
    heard: list[Event] = []
    hubel.train(photos, tmp_path / "run", resume=True, on_event=heard.append, **wishes)
    assert [(event.phase, event.epoch) for event in heard if isinstance(event, EpochDone)] == [("fine-tune", 2)]
    assert_same_result(tmp_path / "run", tmp_path / "whole")
    assert json.loads((tmp_path / "run/run.json").read_text())["resumed"][0]["phase"] == "fine-tune"


def test_killed_while_the_learning_curve_is_drawn_only_the_curve_is_drawn_again(photos: Path, tmp_path: Path):
    wishes, out = {**WISHES, "epochs": 1, "learning_curve": True}, tmp_path / "run"

    def listen(event: Event) -> None:
        if isinstance(event, Message) and "training on 50%" in str(event.text):
            raise Killed

    with pytest.raises(Killed):
        hubel.train(photos, out, on_event=listen, **wishes)
    first = result_of(out)
    heard: list[Event] = []
    run = hubel.train(photos, out, resume=True, on_event=heard.append, **wishes)
    assert [event.epoch for event in heard if isinstance(event, EpochDone)] == [1, 1]  # of the two parts
    assert run.metrics["learning_curve"]
    again = result_of(out)
    del again["metrics"]["learning_curve"]  # type: ignore[attr-defined]
    assert again == first
    assert (out / "learning_curve.csv").is_file()
    assert not (out / CHECKPOINTS).exists()


def test_ctrl_c_in_python_before_the_first_epoch_says_how_to_go_on(photos: Path, tmp_path: Path):
    def interrupt(event: Event) -> None:
        if isinstance(event, PlanMade):
            return
        if type(event).__name__ == "TrainingProgress":
            raise KeyboardInterrupt

    with pytest.raises(
        StoppedByUser, match=r"no classifier yet\. Continue where it stopped: hubel\.train\(.*resume=True\)"
    ):
        hubel.train(photos, tmp_path / "run", on_event=interrupt, **WISHES)
    assert last_number(tmp_path / "run") == 1


def test_a_storm_of_signals_and_the_same_result_to_the_bit(photos: Path, tmp_path: Path):
    """T01, T02, T05, T06 with real signals to real processes, at random moments."""
    seed = random.randrange(10**6)
    rng, out, epochs = random.Random(seed), tmp_path / "run", 40
    words = [photos, "-o", out, "--architecture", "small-cnn", "--image-size", 8, "--epochs", epochs]
    again = in_shell(go_on_command(TrainRequest(str(photos), out, **{**WISHES, "epochs": epochs})))
    assert sorted(again.split()) == sorted(["hubel", "train", *map(str, words), "--resume"])
    hubel.train(photos, tmp_path / "whole", **{**WISHES, "epochs": epochs})
    assert kill_once(words, out, rng, epochs=8, writing=False) != "finished", seed
    assert kill_once(words, out, rng, epochs=8, writing=True) != "finished", seed

    begun = last_number(out)
    with training(*words, "--resume") as child:
        assert child.wait_for(lambda: last_number(out) > begun + 1)
        assert child.kill(signal.SIGTERM) == 130, child.text
    assert f"Continue where it stopped: {again}\r\n" in child.text
    assert "Traceback" not in child.text
    assert not (out / "metrics.json").exists()  # it leaves at once
    assert not (out / LOCK).exists()

    begun = last_number(out)
    with training(*words, "--resume") as child:
        assert child.wait_for(lambda: last_number(out) > begun + 1)
        child.process.send_signal(signal.SIGINT)
        assert child.wait_for(lambda: "is scored now" in child.text), child.text
        at = last_number(out)
        assert child.kill(signal.SIGINT) == 130, child.text
    assert f"Continue where it stopped: {again}\r\n" in child.text
    assert "Traceback" not in child.text
    assert child.text.rindex("\x1b[?25h") > child.text.rindex("\x1b[?25l")  # the cursor is back
    assert last_number(out) == at

    hubel.train(photos, out, resume=True, **{**WISHES, "epochs": epochs})
    assert_same_result(out, tmp_path / "whole")
    assert len(json.loads((out / "run.json").read_text())["resumed"]) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_reader_that_has_left_and_a_full_disk_behind_the_output_cost_no_run(photos: Path, tmp_path: Path):
    """T22: messages into a closed pipe, the result onto a full disk."""
    words = ["-o", str(tmp_path / "run"), "--architecture", "small-cnn", "--image-size", "8", "--epochs", "2"]
    with (
        open("/dev/full", "w") as full,
        subprocess.Popen(
            [sys.executable, "-m", "hubel", "train", str(photos), *words], stdout=full, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stderr is not None
        assert process.stderr.readline()
        process.stderr.close()
        assert process.wait(timeout=120) == 3
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "done"
    assert not (tmp_path / "run" / CHECKPOINTS).exists()
