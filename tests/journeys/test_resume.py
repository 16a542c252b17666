"""Training that survives: killed at any instant and resumed, it ends as the run in one go."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_picture
from tests.journeys.storm import assert_same_result, kill_once, last_number, result_of, training
from tests.journeys.test_pretrained import weights_file  # noqa: F401  (a fixture)

import hubel
from hubel.errors import OutputNotWritable, StoppedByUser, UnusableInput, WrongRequest
from hubel.events import EpochDone, Event, Message, PlanMade
from hubel.training.checkpoints import CHECKPOINTS, STATE, TENSORS, CheckpointFolder
from hubel.workflows.differences import compare_machine
from hubel.workflows.keeper import EVERY_EPOCH
from hubel.workflows.machine import describe_machine
from hubel.workflows.run_folder import RunFolder
from hubel.workflows.run_lock import LOCK, locked

EPOCHS = 5
WISHES = {"architecture": "small-cnn", "image_size": 8, "epochs": EPOCHS}


class Killed(BaseException):
    """The program ends here."""


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EVERY_EPOCH, "1")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes that are not told apart at once."""
    root, rng = tmp_path_factory.mktemp("corpus") / "photos", np.random.default_rng(1)
    for name, colour in (("red", (140, 110, 110)), ("green", (110, 130, 110)), ("blue", (110, 110, 140))):
        for number in range(20):
            write_picture(root / name / f"{number:02}.png", speckled(colour, rng=rng))
    return root


@pytest.fixture(scope="module")
def whole(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run in one go."""
    out = tmp_path_factory.mktemp("whole") / "run"
    hubel.train(photos, out, **WISHES)
    return out


def killed_in(epoch: int) -> Callable[[Event], None]:
    """Kills in so many epochs, before the checkpoint of the last of them."""

    def listen(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == epoch:
            raise Killed

    return listen


@pytest.fixture(scope="module")
def killed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed in its fourth epoch."""
    out = tmp_path_factory.mktemp("killed") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(EVERY_EPOCH, "1")
        with pytest.raises(Killed):
            hubel.train(photos, out, on_event=killed_in(4), **WISHES)
    return out


@pytest.fixture
def run(killed: Path, tmp_path: Path) -> Path:
    """A copy of the killed run."""
    return Path(shutil.copytree(killed, tmp_path / "run"))


def said(heard: list[Event]) -> str:
    return "\n".join(event.text for event in heard if isinstance(event, Message))


def test_killed_and_resumed_it_is_the_same_to_the_bit_and_files_of_the_user_stay(photos: Path, run: Path, whole: Path):
    """T01, T18."""
    for place in (run / "thesis.txt", run / CHECKPOINTS / "thesis.txt"):
        place.write_text("mine")
    (run / LOCK).write_text("left by a program that was killed")
    assert CheckpointFolder(run / CHECKPOINTS).numbers() == (3, 4)  # before the first step, and of three epochs
    heard: list[Event] = []
    done = hubel.train(photos, run, resume=True, on_event=heard.append, **WISHES)
    assert_same_result(run, whole)
    assert "Going on from checkpoint 000004: step 6 of phase 'train'" in said(heard)
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
    assert "000004 is damaged: state.safetensors is not as it was written" in said(heard)
    assert "step 4 of phase" in said(heard)
    assert_same_result(run, whole)


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
    assert "--epochs: was 5, is 6" in text
    assert "--seed: was 0, is 1" in text
    assert "--learning-curve" not in text.split("It was begun with")[0]
    assert f"hubel train {photos} -o " in text
    assert "--architecture small-cnn --image-size 8 --epochs 5" in text
    assert "--overwrite" in text
    assert "image size: was [8, 8], is [16, 16]" in refusal(photos, run, image_size=16)
    assert "architecture: was small-cnn, is dense" in refusal(photos, run, architecture="dense")


def test_another_corpus_is_refused_and_said(photos: Path, run: Path, tmp_path: Path):
    """T13: one image more, one image changed, one class renamed, one label corrected."""
    other = Path(shutil.copytree(photos, tmp_path / "photos"))
    assert other.name == photos.name
    write_picture(other / "red/00.png", speckled((140, 110, 110), rng=np.random.default_rng(9)))
    text = refusal(other, run)
    assert "its corpus has changed since it was begun. 1 image changed: 'red/00.png'. Train on the images" in text
    assert f"hubel train {other} -o {run} " in text
    assert "--overwrite. Or put them back as they were, and go on: hubel train " in text
    assert text.endswith(" --resume")
    write_picture(other / "red/99.png", speckled((140, 110, 110), rng=np.random.default_rng(8)))
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


def test_an_unfinished_run_is_not_lost_by_a_command_without_resume(photos: Path, run: Path):
    with pytest.raises(OutputNotWritable, match="holds a run that is not finished.*--resume.*--overwrite"):
        hubel.train(photos, run, **WISHES)
    assert last_number(run) == 4
    hubel.train(photos, run, overwrite=True, **{**WISHES, "epochs": 1})
    assert not (run / CHECKPOINTS).exists()


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
    assert "--epochs 5 --resume; or train anew: " in text
    found, machine = CheckpointFolder(run / CHECKPOINTS).latest(), describe_machine()
    assert found is not None
    then = {**machine, "environment": {"TF_ENABLE_ONEDNN_OPTS": "1"}}
    named = {each.text.split(":")[0] for each in compare_machine(then, machine)}
    assert (
        named
        == {"TF_ENABLE_ONEDNN_OPTS", "OMP_NUM_THREADS"}
        == {line.split(":")[0].removeprefix("  environment variable ") for line in text.splitlines()[1:3]}
    )


def test_what_cannot_be_resumed_says_what_to_type(photos: Path, whole: Path, tmp_path: Path):
    with pytest.raises(WrongRequest, match="is finished: there is nothing to resume.*hubel evaluate.*--overwrite"):
        hubel.train(photos, whole, resume=True, **WISHES)
    with pytest.raises(WrongRequest, match="holds no checkpoint.*Type the same command without --resume"):
        hubel.train(photos, tmp_path / "new", resume=True, **WISHES)
    with pytest.raises(WrongRequest, match="Received both: leave out one of them"):
        hubel.train(photos, tmp_path / "new", resume=True, overwrite=True, **WISHES)
    assert list((tmp_path / "new").iterdir()) == []
    old = Path(shutil.copytree(whole, tmp_path / "old"))
    document = json.loads((old / "run.json").read_text())
    (old / "run.json").write_text(json.dumps({**document, "status": "interrupted"}))
    with pytest.raises(WrongRequest, match="a run without a checkpoint.*--overwrite"):
        hubel.train(photos, old, resume=True, **WISHES)


def test_where_every_checkpoint_is_damaged_it_says_so(photos: Path, run: Path):
    for number in (3, 4):
        (run / CHECKPOINTS / f"{number:06}" / STATE).write_text("{}")
    with pytest.raises(UnusableInput, match="no whole checkpoint"):
        hubel.train(photos, run, resume=True, **WISHES)


def test_a_second_training_into_the_folder_is_refused_before_it_reads_anything(photos: Path, tmp_path: Path):
    """T12."""
    with locked(tmp_path / "run"), pytest.raises(OutputNotWritable, match=f"process {os.getpid()} on .*since 2"):
        hubel.train(tmp_path / "no corpus", tmp_path / "run")


def test_a_full_disk_is_said_once_and_the_training_goes_on(
    photos: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """T10."""
    write, calls = CheckpointFolder.write, []

    def full(self: CheckpointFolder, *given, **more) -> int:
        calls.append(1)
        if len(calls) > 2:
            raise OutputNotWritable("Cannot write it: the disk is full. It needs 1.0 MB, 0.1 MB are free there.")
        return write(self, *given, **more)

    monkeypatch.setattr(CheckpointFolder, "write", full)
    heard: list[Event] = []
    hubel.train(photos, tmp_path / "run", on_event=heard.append, **WISHES)
    assert said(heard).count("It needs 1.0 MB, 0.1 MB are free there.") == 1
    assert "The training goes on without this checkpoint; number 2 stays." in said(heard)
    assert len(calls) == 1 + EPOCHS
    assert_same_result(tmp_path / "run", whole)


def test_the_seconds_that_are_spent_count(photos: Path, tmp_path: Path):
    """A limit of 60 s of which 59 are used up leaves about one."""
    wishes = {**WISHES, "epochs": 100_000, "time_limit": "60s"}
    with pytest.raises(Killed):
        hubel.train(photos, tmp_path / "run", on_event=killed_in(3), **wishes)
    folder = CheckpointFolder(tmp_path / "run" / CHECKPOINTS)
    found = folder.latest()
    assert found is not None
    loop = {**found.document["loop"], "elapsed_s": 50.0}
    folder.write({**found.document, "spent_s": 59.0, "loop": loop}, found.tensors, beside=None)
    heard: list[Event] = []
    run = hubel.train(photos, tmp_path / "run", resume=True, on_event=heard.append, **wishes)
    assert re.search("Reading the corpus and the training so far took (59|6.) s of the 60 s", said(heard))
    assert 59 < run.metrics["time"]["total_s"] < 80
    assert run.fitted.histories[0].rows[-1].elapsed_s > 50
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
        if isinstance(event, Message) and "training on 50%" in event.text:
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

    with pytest.raises(StoppedByUser, match=r"no classifier yet\. Go on where it stopped: hubel train .* --resume"):
        hubel.train(photos, tmp_path / "run", on_event=interrupt, **WISHES)
    assert last_number(tmp_path / "run") == 1


def test_a_storm_of_signals_and_the_same_result_to_the_bit(photos: Path, tmp_path: Path):
    """T01, T02, T05, T06 with real signals to real processes, at random moments."""
    seed = random.randrange(10**6)
    rng, out, epochs = random.Random(seed), tmp_path / "run", 40
    words = [photos, "-o", out, "--architecture", "small-cnn", "--image-size", 8, "--epochs", epochs]
    command = "hubel train " + " ".join(map(str, words))
    hubel.train(photos, tmp_path / "whole", **{**WISHES, "epochs": epochs})
    assert kill_once(words, out, rng, epochs=8, writing=False) != "finished", seed
    assert kill_once(words, out, rng, epochs=8, writing=True) != "finished", seed

    begun = last_number(out)
    with training(*words, "--resume") as child:
        assert child.wait_for(lambda: last_number(out) > begun + 1)
        assert child.kill(signal.SIGTERM) == 130, child.text
    assert f"Go on where it stopped: {command} --resume\r\n" in child.text
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
    assert f"Go on where it stopped: {command} --resume\r\n" in child.text
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
