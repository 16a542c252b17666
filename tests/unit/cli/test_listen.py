"""What long work says of itself on standard error."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hubel.cli.show.listen import Listener, print_document
from hubel.events import EpochDone, Event, Message, PhaseDone


def said(event: Event, capsys: pytest.CaptureFixture[str]) -> str:
    with Listener() as listener:
        listener(event)
    return " ".join(capsys.readouterr().err.split())


def test_an_epoch_with_a_validation_score(capsys: pytest.CaptureFixture[str]):
    told = said(EpochDone("train", 1, 0.5, 0.25, 1.5, 100.0, 2.0, best=True), capsys)
    assert told == "epoch 1 loss 0.500 validation log loss 1.500 accuracy 0.250 100 images/s 2.0 s best so far"


def test_an_epoch_without_validation_images_says_nothing_of_them(capsys: pytest.CaptureFixture[str]):
    told = said(EpochDone("train", 1, 0.5, None, None, 100.0, 2.0, best=False), capsys)
    assert told == "epoch 1 loss 0.500 100 images/s 2.0 s"


KEPT = "the lowest validation log loss, 0.512; accuracy 0.833."


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (PhaseDone("train", 12, 12.0, "schedule", 9, 0.833, 0.512), [f"The weights of epoch 9 are kept: {KEPT}"]),
        (
            PhaseDone("train", 40, 29.0, "patience", 8, 0.833, 0.512),
            [
                "Stopped after 29 of 40 epochs: none of the last 21 had a lower validation log loss.",
                f"The weights of epoch 8 are kept: {KEPT}",
            ],
        ),
        (
            PhaseDone("train", 40, 12.43, "schedule", 12, 0.833, 0.512),
            ["Time ran out after 12.4 of at most 40 epochs.", f"The weights of epoch 12 are kept: {KEPT}"],
        ),
        (PhaseDone("head", 40, 40.0, "schedule", 36, 0.833, 0.512), [f"head The weights of epoch 36 are kept: {KEPT}"]),
        (
            PhaseDone("fine-tune", 2, 2.0, "schedule", 0, 0.833, 0.512),
            [f"all No epoch was better than the head on the frozen backbone, which is kept: {KEPT}"],
        ),
        (
            PhaseDone("train", 2, 2.0, "schedule", 2, None, None),
            ["The weights of the last epoch, 2, are kept: there are no validation images to choose by."],
        ),
        (PhaseDone("train", 40, 3.0, "user", 2, 0.833, 0.512), []),  # what is kept is said when it stops
    ],
)
def test_the_end_of_a_phase_says_why_and_which_weights_are_kept(
    event: PhaseDone, lines: list[str], capsys: pytest.CaptureFixture[str]
):
    assert said(event, capsys) == " ".join(lines)


def test_the_document_of_a_command_has_its_warnings_and_no_other_message(capsys: pytest.CaptureFixture[str]):
    with Listener() as listener:
        listener(Message("The corpus is small.", warning=True))
        listener(Message("Training dense, 1 of 2."))
        listener(Message("Refused 'a.png': empty.", warning=True))
    print_document({"accuracy": 0.5}, listener)
    out, err = capsys.readouterr()
    warnings = [{"text": "The corpus is small."}, {"text": "Refused 'a.png': empty."}]
    assert json.loads(out) == {"accuracy": 0.5, "warnings": warnings}
    assert err.splitlines()[::2] == [f"Note: {warning['text']}" for warning in warnings]


def test_its_words_are_seen_while_standard_error_is_held_back(capfd: pytest.CaptureFixture[str]):
    kept = os.dup(2)
    with Listener() as listener, open(os.devnull, "wb") as nothing:  # as while a framework starts
        os.dup2(nothing.fileno(), 2)
        os.write(2, b"noise of a framework")
        listener(Message("The corpus is small.", warning=True))
        os.dup2(kept, 2)
    os.close(kept)
    listener.console.print("and afterwards")
    assert capfd.readouterr().err == "Note: The corpus is small.\nand afterwards\n"


def test_a_reader_that_leaves_ends_nothing():
    code = """
import os, sys
from hubel.cli.show.listen import Listener
from hubel.events import Message
with Listener() as listener:
    os.read(0, 1)
    listener(Message("Nobody reads this."))
print("nor this", file=sys.stderr, flush=True)
print("done")
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stderr is not None
        program.stderr.close()
        program.stdin.write(b"x")
        program.stdin.close()
        assert program.stdout.read() == b"done\n"
    assert program.returncode == 0
