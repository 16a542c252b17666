"""When checkpoints are written, what they say, and what becomes of a run that is resumed from them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubel.errors import DamagedArtefact, OutputNotWritable, WrongRequest
from hubel.errors.wording import Command, Option
from hubel.events import Event, Message
from hubel.shell import command_words
from hubel.training.checkpoints import Checkpoint, CheckpointFolder
from hubel.training.history import EpochRow
from hubel.training.plan import BEGUN, Point
from hubel.training.state import LoopState
from hubel.workflows.training.checkpointing import (
    EVERY_EPOCH,
    SHARE,
    CheckpointWriter,
    Origin,
    SoFar,
    check_same,
    open_run,
)

TRAIN = Command("train", ("my photos",))
ORIGIN = Origin(
    {"images": 9, "environment variable OMP_NUM_THREADS": None}, TRAIN, TRAIN.with_(Option("overwrite", value=True))
)
ROW = EpochRow("train", 1, 4, 0.5, 0.75, 0.5, 1e-3, 8, 100.0, 2.0, best=True)


class Scene:
    """A writer, on a machine where a checkpoint takes one second."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
        self.now, self.heard, self.full = 100.0, list[Event](), False
        self.folder = CheckpointFolder(folder / "checkpoints")
        write = CheckpointFolder.write

        def slow(folder: CheckpointFolder, *given: Any, **named: Any) -> int:
            self.now += 1.0
            if self.full:
                raise OutputNotWritable("The disk is full.")
            return write(folder, *given, **named)

        monkeypatch.delenv(EVERY_EPOCH, raising=False)
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(CheckpointFolder, "write", slow)
        known = {"so_far": SoFar(90.0, 2.0, {"cores": 2}), "keep_end": False, **more}
        self.writer = CheckpointWriter(self.folder, ORIGIN, on_event=self.heard.append, **known)

    def offer(self, steps: int, moment: Any) -> None:
        self.writer(lambda: point(steps), moment)

    def steps(self) -> list[int]:
        """Of the checkpoints that are there."""
        return [self.folder.read(number).document["loop"]["steps"] for number in self.folder.numbers()]

    def said(self) -> list[str]:
        return [str(event.text) for event in self.heard if isinstance(event, Message)]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with monkeypatch.context() as patch:
        yield Scene(tmp_path, patch)


def point(steps: int, *, best: int = 1) -> Point:
    state = LoopState(steps, (ROW,), best_epoch=best, tensors={"model/00000": np.zeros(2, np.float32)})
    return Point("train", state=state)


def test_the_next_follows_after_twenty_times_its_own_time(scene: Scene):
    scene.offer(4, "epoch")
    for steps in (8, 12):
        scene.now += SHARE / 2 - 1
        scene.offer(steps, "epoch")
    assert scene.steps() == [4]
    scene.now += 3
    scene.offer(16, "epoch")
    assert scene.steps() == [4, 16]


def test_a_stop_and_a_new_phase_are_always_kept_and_the_end_only_where_much_follows(scene: Scene, tmp_path: Path):
    scene.offer(4, "between")
    scene.offer(8, "stop")
    scene.offer(12, "end")
    assert scene.steps() == [4, 8]
    with pytest.MonkeyPatch.context() as patch:
        other = Scene(tmp_path / "other", patch, keep_end=True)
        other.offer(12, "end")
        assert other.steps() == [12]


def test_the_same_point_is_not_written_twice(scene: Scene):
    scene.offer(4, "epoch")
    scene.offer(4, "stop")
    assert scene.folder.numbers() == (1,)


def test_it_says_what_the_run_is_made_of_and_what_it_has_taken(scene: Scene):
    scene.writer(Point, "between")
    document = scene.folder.read(1).document
    assert document["made_of"] == dict(ORIGIN.made_of)
    assert document["command"] == ["hubel", "train", "my photos"]
    assert (document["phase"], document["loop"], document["done"]) == (BEGUN, None, [])
    assert (document["intake_s"], document["spent_s"]) == (2.0, 10.0)
    assert document["hardware"] == {"cores": 2}


def test_a_full_disk_is_said_once_and_the_last_whole_checkpoint_stays(scene: Scene):
    scene.offer(4, "between")
    scene.full = True
    scene.offer(8, "between")
    scene.offer(12, "stop")
    assert scene.said() == ["The disk is full. The training continues without this checkpoint; number 1 stays."]
    assert scene.steps() == [4]
    scene.full = False
    scene.offer(12, "stop")
    assert scene.steps() == [4, 12]
    assert scene.said()[1].startswith("Stopped after step 12, in epoch 2: a checkpoint is saved.")


@pytest.mark.parametrize(
    ("moment", "best", "text"),
    [
        ("stop", 1, " Epoch 1, the best so far, is scored now; press Ctrl-C again to skip that."),
        ("stop", 0, ""),
        ("leave", 1, ""),
    ],
)
def test_a_stop_says_what_is_saved_and_what_comes_now(scene: Scene, moment: Any, best: int, text: str):
    scene.writer(lambda: point(6, best=best), moment)
    assert scene.said() == [f"Stopped after step 6, in epoch 2: a checkpoint is saved.{text}"]


def checkpoint(**changes: Any) -> Checkpoint:
    document = {
        "made_of": dict(ORIGIN.made_of), "command": list(command_words(ORIGIN.command)), "spent_s": 30.0, "intake_s": 4.0,
        "hardware": {}, "resumed": [{"checkpoint": 1}], "phase": "train", "loop": {"steps": 6}, **changes,
    }  # fmt: skip
    return Checkpoint(7, document, {})


def test_a_run_that_begins_removes_the_checkpoints_of_the_one_it_replaces(scene: Scene):
    scene.offer(4, "between")
    so_far = open_run(scene.folder, ORIGIN, found=None, begun=scene.now - 3, on_event=scene.heard.append)
    assert scene.folder.numbers() == ()
    assert (so_far.started, so_far.intake_s, so_far.resumed, so_far.number) == (scene.now - 3, 3.0, (), None)


def test_a_run_that_goes_on_counts_the_time_of_its_earlier_parts(scene: Scene):
    so_far = open_run(scene.folder, ORIGIN, found=checkpoint(), begun=scene.now - 3, on_event=scene.heard.append)
    assert so_far.started == scene.now - 3 - 30
    assert so_far.intake_s == 3 + 4
    row = {"checkpoint": 7, "phase": "train", "steps": 6, "same_hardware": False}
    assert so_far.resumed == ({"checkpoint": 1}, row)
    (said,) = scene.said()
    assert said == (
        "Continuing from checkpoint 000007: step 6 of phase 'train', after 30 s. It was written on other hardware: the "
        "last bits may differ from those of an uninterrupted run."
    )


def test_another_run_is_refused_with_each_difference_and_what_to_do():
    with pytest.raises(WrongRequest) as told:
        check_same(checkpoint(), replace(ORIGIN, made_of={**ORIGIN.made_of, "images": 10}))
    assert str(told.value) == (
        "The run cannot be resumed: the result would mix two different runs.\n  images: was 9, is 10\n"
        "It was begun with: hubel train 'my photos'\n"
        "Continue with the same options and resume=True, with the corpus and versions as they were; or train anew: "
        "hubel.train('my photos', overwrite=True)"
    )


def test_other_variables_are_refused_with_the_line_that_sets_them():
    now = {**ORIGIN.made_of, "environment variable OMP_NUM_THREADS": "1"}
    with pytest.raises(WrongRequest) as told:
        check_same(checkpoint(), replace(ORIGIN, made_of=now))
    assert "Continue as it was begun: env -u OMP_NUM_THREADS hubel train 'my photos' --resume; or train" in str(
        told.value
    )
    with pytest.raises(WrongRequest, match=r"Continue as it was begun, under: env -u OMP_NUM_THREADS; or train anew"):
        check_same(checkpoint(command=[]), replace(ORIGIN, made_of=now))


def test_a_checkpoint_without_its_origin_is_damaged():
    with pytest.raises(
        DamagedArtefact, match=r"Checkpoint 7 does not record what its run was made from. .*anew: hubel.train"
    ):
        check_same(checkpoint(made_of=None), ORIGIN)
