"""The README's own example: a classifier of digits is shown what is no digit."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from tests.made.strangers import MADE, make_strangers
from tests.made.unseen_strangers import UNSEEN

from hubel.cli.main import main

KINDS = ("white noise", "grey noise", "blank", "text page", "screenshot", "drawing")
NEVER_CHOSEN_ON = ("code of squares", "pieces of photographs", "slide", "bar chart", "marble", "vignette")


def test_a_classifier_of_digits_flags_noise_blanks_text_and_kinds_nothing_was_chosen_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run, others = tmp_path / "run", tmp_path / "others"
    with pytest.raises(SystemExit) as end:
        main(["train", "digits", "-o", str(run), "--architecture", "small-cnn", "--epochs", "1"])
    assert not end.value.code
    kinds = (*KINDS, *NEVER_CHOSEN_ON)
    for kind in kinds:
        (others / kind).mkdir(parents=True)
        for number, image in enumerate(make_strangers(kind, 20, 64, makers={**MADE, **UNSEEN})):
            Image.fromarray(image).save(others / kind / f"{number}.png")
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main(["evaluate", str(run), "--strangers", str(others), "--json"])
    assert not end.value.code
    found = json.loads(capsys.readouterr().out)
    assert found["stranger_pictures"]["flagged"] >= 0.95
    assert found["auroc"] > 0.99
    assert found["own_test"]["flagged"] <= 0.04
    with pytest.raises(SystemExit):
        main(["predict", str(run), *(str(others / kind) for kind in kinds), "--json"])
    answers = json.loads(capsys.readouterr().out)
    flagged = Counter(Path(answer["path"]).parent.name for answer in answers if answer["off_corpus"])
    assert min(flagged[kind] for kind in kinds) >= 18
