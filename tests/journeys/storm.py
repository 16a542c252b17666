"""Trainings that are killed, and what must be the same afterwards. Also run by ``benchmarks/torture_resume.py``."""

from __future__ import annotations

import csv
import json
import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hubel.events import EpochDone, Event, Message
from hubel.files import TEMPORARY_PREFIX
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder
from hubel.workflows.training.checkpointing import EVERY_EPOCH

TIMES = ("images_per_s", "elapsed_s")
SAME = ("classifier/weights.safetensors", "classifier/manifest.json", "predictions.csv", "split.csv", "intake.csv", "dense_baseline.csv")  # fmt: skip
EPOCHS = 5
WISHES = {"architecture": "small-cnn", "image_size": 8, "epochs": EPOCHS}
"""Of the trainings that are killed from within."""


class Killed(BaseException):
    """The program ends here."""


def killed_in(epoch: int) -> Callable[[Event], None]:
    """Kills in so many epochs, before the checkpoint of the last of them."""

    def listen(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == epoch:
            raise Killed

    return listen


def said(heard: list[Event]) -> str:
    return "\n".join(str(event.text) for event in heard if isinstance(event, Message))


def result_of(run: Path) -> dict[str, object]:
    """Everything of a run folder that must not depend on how often it was interrupted."""
    metrics = json.loads((run / "metrics.json").read_text())
    del metrics["time"]
    for advice in metrics["advice"]:
        advice["command"] = advice["command"].replace(str(run), "RUN")
    with (run / "history.csv").open(newline="") as file:
        history = [{name: value for name, value in row.items() if name not in TIMES} for row in csv.DictReader(file)]
    document = json.loads((run / "run.json").read_text())
    for phase in document["clock_decided"]:
        for name in TIMES:
            del phase["last"][name]
    kept = {name: document[name] for name in ("status", "recipe", "clock_decided", "architecture", "same_to_the_bit")}
    return {**{name: (run / name).read_bytes() for name in SAME}, "metrics": metrics, "history": history, "run": kept}


def assert_same_result(run: Path, whole: Path) -> None:
    one, other = result_of(run), result_of(whole)
    assert [name for name in other if one[name] != other[name]] == []


@dataclass
class Training:
    """A training in a process of its own, on a terminal of its own."""

    process: subprocess.Popen[bytes]
    said: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        return b"".join(self.said).decode()

    def wait_for(self, condition: Callable[[], bool], *, limit_s: float = 120) -> bool:
        """False if the process ended first."""
        end = time.monotonic() + limit_s
        while not condition():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < end, self.text
            time.sleep(0.0005)
        return True

    def kill(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        return self.process.wait(timeout=120)


@contextmanager
def training(*words: object) -> Iterator[Training]:
    """``hubel train`` with its messages on a pseudo-terminal, keeping a checkpoint of every epoch."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "hubel", "train", *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, EVERY_EPOCH: "1", "TERM": "xterm"},
        # A shell that starts a job in the background has it ignore Ctrl-C; this wants the terminal's behaviour.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as process:
        os.close(theirs)
        begun = Training(process)

        def listen() -> None:
            while True:
                try:
                    begun.said.append(os.read(ours, 4096))
                except OSError:  # the other end is closed
                    return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield begun
        finally:
            process.kill()
            process.wait()
            thread.join()
            os.close(ours)


def last_number(run: Path) -> int:
    return max(CheckpointFolder(run / CHECKPOINTS).numbers(), default=0)


def is_writing(run: Path) -> bool:
    return any((run / CHECKPOINTS).glob(f"{TEMPORARY_PREFIX}*"))


def kill_once(words: list[object], run: Path, rng: random.Random, *, epochs: int, writing: bool) -> str:
    """Start, wait a random while, ``kill -9``; says what happened."""
    begun = last_number(run)
    with training(*words, *(["--resume"] if begun else [])) as child:
        after = begun + rng.randint(1, epochs)
        if not child.wait_for(lambda: last_number(run) >= after):
            assert child.ended() == 0, child.text
            return "finished"
        if writing:
            child.wait_for(lambda: is_writing(run))
        else:
            time.sleep(rng.random() * 0.1)
        if child.kill(signal.SIGKILL) == 0:
            return "finished"
        assert child.process.returncode == -signal.SIGKILL
        return "in the middle of a checkpoint" if is_writing(run) else "between two checkpoints"
