"""What an audit offers to type next can be typed, and carries what was given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.cli.show.audit import show_audit
from hubel.corpus.audit.finding import Finding
from hubel.errors.wording import Option
from hubel.shell import in_shell
from hubel.workflows.auditing.audit import Audit, audit_corpus
from hubel.workflows.auditing.audit_words import Given


def made(folder: Path, each: int) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return audit_corpus(made(tmp_path / "photos", 3))


def test_of_too_few_images_no_training_is_offered(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    show_audit(audit_corpus(made(tmp_path / "few", 2)), Given("few"), out=None)
    said = capsys.readouterr().out
    assert "See the images: hubel audit few -o audits/few" in said
    assert "Class 'cat': 2 images, none to be tested on." in said
    assert "hubel train" not in said
    assert "--suspect-labels" not in said


def test_of_enough_images_it_is(audit: Audit, capsys: pytest.CaptureFixture[str]):
    show_audit(audit, Given("photos"), out=None)
    said = capsys.readouterr().out
    assert "Train: hubel train photos -o runs/photos" in said
    assert "Look for wrong labels: hubel audit photos --suspect-labels -o audits/photos" in said


def test_the_time_limit_of_the_search_is_carried_to_the_next_search_and_not_to_a_training():
    given = Given("photos", (Option("images", "my photos"),), Path("fixes.csv"), "none", 3, "5m")
    assert in_shell(given.audit(Path("audits/photos"), Option("suspect_labels", True))) == (
        "hubel audit photos --images 'my photos' --suspect-labels --time-limit 5m --weights none --seed 3 "
        "--corrections fixes.csv -o audits/photos"
    )
    assert in_shell(given.train()) == (
        "hubel train photos --images 'my photos' --weights none --seed 3 --corrections fixes.csv -o runs/photos"
    )


@pytest.mark.parametrize(
    ("share", "listed", "said"),
    [
        (1.0, 3, "About 3 of these 3 (above 99 %) are expected to be wrong"),
        (0.76, 4, "About 3 of these 4 (76 %) are expected to be wrong"),
        (0.001, 20, "Fewer than one of these 20 (below 1 %) is expected to be wrong"),
        (1.0, 1, "Its estimated chance of being wrong is above 99 %"),
    ],
)
def test_an_estimate_is_never_said_to_be_certain(share: float, listed: int, said: str, audit: Audit):
    doubts = tuple(Finding("suspect-label", (f"{place}.png",), 0.1, "?") for place in range(listed))
    assert said in replace(audit, findings=doubts, expected_share=share).expected
