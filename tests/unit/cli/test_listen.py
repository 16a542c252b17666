"""What long work says of itself on standard error."""

from __future__ import annotations

import pytest

from hubel.cli.listen import Listener
from hubel.events import EpochDone


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
