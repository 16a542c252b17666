"""Answers by the mirror image, where the network learned from none, are doubted with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubel.errors.wording import in_python
from hubel.runs.request import TrainRequest
from hubel.shell import in_shell
from hubel.workflows.training.intake import doubt_of_tta


def test_it_says_that_mirrored_signs_are_others_and_what_to_change():
    doubt = doubt_of_tta(TrainRequest("photos", Path("run"), tta="mirror"), grey=True)
    assert doubt is not None
    assert doubt.warning
    assert "learns from no mirror images: images without colour are often signs, such as digits" in str(doubt.text)
    assert "add --mirror." in doubt.text.render(in_shell)
    assert "add mirror=True." in in_python(doubt.text)


@pytest.mark.parametrize(
    ("wishes", "grey"),
    [({"tta": "mirror"}, False), ({"tta": "mirror", "mirror": True}, True), ({}, True), ({"mirror": False}, True)],
)
def test_nothing_is_doubted_where_training_mirrored_or_nobody_asked(wishes: dict[str, Any], *, grey: bool):
    assert doubt_of_tta(TrainRequest("photos", Path("run"), **wishes), grey=grey) is None
