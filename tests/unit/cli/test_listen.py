"""What long work says of itself on standard error."""

from __future__ import annotations

import json

import pytest

from hubel.cli.listen import Listener, print_document
from hubel.events import EpochDone, Message


def said(event: EpochDone, capsys: pytest.CaptureFixture[str]) -> str:
    with Listener() as listener:
        listener(event)
    return " ".join(capsys.readouterr().err.split())


def test_an_epoch_with_a_validation_score(capsys: pytest.CaptureFixture[str]):
    told = said(EpochDone("train", 1, 0.5, 0.25, 1.5, 100.0, 2.0, best=True), capsys)
    assert told == "epoch 1 loss 0.500 validation accuracy 0.250 100 images/s 2.0 s best so far"


def test_an_epoch_without_validation_images_says_nothing_of_them(capsys: pytest.CaptureFixture[str]):
    told = said(EpochDone("train", 1, 0.5, None, None, 100.0, 2.0, best=False), capsys)
    assert told == "epoch 1 loss 0.500 100 images/s 2.0 s"


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
