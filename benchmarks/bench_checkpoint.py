"""What do checkpoints cost, as a share of the time that is trained? And what would one after each epoch cost?

python benchmarks/bench_checkpoint.py [CORPUS] [EPOCHS]

Without words: the built-in digits, whose epochs are so short that most are skipped. The share is of the seconds between
the first step and the last; a checkpoint waits until 20 times its own time has passed since the last one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from hubel.runs.machine import describe_machine
from hubel.runs.request import TrainRequest
from hubel.training.checkpoints import CheckpointFolder
from hubel.workflows.training.checkpointing import EVERY_EPOCH, CheckpointWriter
from hubel.workflows.training.train import train_classifier


def measure(corpus: str, epochs: int, *, every_epoch: bool) -> str:
    """Train once; say how often a checkpoint was written and what all of them took."""
    costs, sizes = [], []
    keep, write = CheckpointWriter.__call__, CheckpointFolder.write

    def timed(self: CheckpointWriter, *given: Any) -> None:
        start, before = time.perf_counter(), len(sizes)
        keep(self, *given)
        if len(sizes) > before:  # it was due
            costs.append(time.perf_counter() - start)

    def weighed(self: CheckpointFolder, document: Any, tensors: Any, **more: Any) -> int:
        sizes.append(sum(tensor.nbytes for tensor in tensors.values()))
        return write(self, document, tensors, **more)

    environment = {EVERY_EPOCH: "1"} if every_epoch else {}
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(CheckpointWriter, "__call__", timed),
        mock.patch.object(CheckpointFolder, "write", weighed),
        mock.patch.dict("os.environ", environment),
    ):
        request = TrainRequest(corpus, Path(folder) / "run", architecture="residual", epochs=epochs)
        run = train_classifier(request)
    training_s = run.fitted.histories[0].rows[-1].elapsed_s
    done = len(run.fitted.histories[0].rows)
    return (
        f"{len(costs)} checkpoints in {done} epochs of {training_s / done:.2f} s, {max(sizes) / 1e6:.1f} MB each: "
        f"{sum(costs):.2f} s of {training_s:.1f} s, {sum(costs) / training_s:.2%}"
    )


def main(words: list[str]) -> None:
    """Measure by the rule, and against it."""
    corpus, epochs = (words[0] if words else "digits"), int(words[1]) if len(words) > 1 else 40
    print(f"{describe_machine()['hardware']} {describe_machine()['versions']}")
    print("by the rule:    ", measure(corpus, epochs, every_epoch=False))
    print("after each epoch:", measure(corpus, epochs, every_epoch=True))


if __name__ == "__main__":
    main(sys.argv[1:])
