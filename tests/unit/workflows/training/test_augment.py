"""``augment``: training images are changed further than usual, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubel.architectures.catalogue import find_architecture
from hubel.errors import WrongRequest
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.augmentation import Augmentation, EpochDraws, augment
from hubel.runs.request import TrainRequest
from hubel.training.recipe import Recipe
from hubel.workflows.training.choose import Choice, fine_tune_recipe

ASKED = TrainRequest("photos", Path("run"))


def made(augment: str | None, *, side: int, grey: bool) -> Augmentation:
    choice = Choice(find_architecture("residual"), "none", Preprocessing(side, side), chosen_for_user=True)
    return fine_tune_recipe(replace(ASKED, augment=augment), choice, grey=grey).augmentation


@pytest.mark.parametrize(("side", "grey"), [(8, True), (32, False), (224, False), (224, True)])
def test_what_is_asked_for_goes_further_and_all_else_stays(side: int, grey: bool):
    usual = made(None, side=side, grey=grey)
    for names in ("shift", "zoom", "brightness", "shift, brightness"):
        further = made(names, side=side, grey=grey)
        for name, field in {"shift": "shift", "zoom": "widen", "brightness": "brightness"}.items():
            asked = name in names.split(", ")
            assert (getattr(further, field) > getattr(usual, field)) == asked, (names, name)
        assert further.zoom == (max(usual.zoom, 0.25) if "zoom" in names else usual.zoom)
        assert further.mirror == usual.mirror


@pytest.mark.parametrize("wrong", ["blur", "shift,blur", "", ","])
def test_what_training_cannot_imitate_is_refused(wrong: str):
    with pytest.raises(WrongRequest, match="augment takes shift, zoom, brightness, with commas between. Received: "):
        replace(ASKED, augment=wrong)


def test_a_recipe_without_it_is_written_as_it_always_was():
    plain, wide = (
        Recipe(1, augmentation=made(augment, side=8, grey=True)).to_json()["augmentation"] for augment in (None, "zoom")
    )
    assert plain == {"mirror": False, "shift": 0.125, "zoom": 0.0, "brightness": 0.0}
    assert wide == plain | {"zoom": 0.25, "widen": 0.5}


def test_an_image_that_is_made_smaller_shows_what_lies_around_it_mirrored():
    row = np.arange(1, 9, dtype=np.uint8)
    image = np.broadcast_to(row[None, None, :, None], (1, 8, 8, 3))
    draws = EpochDraws(np.array([False]), np.zeros((1, 2)), np.full((1, 2), 1.5), np.ones((1, 3)))
    shown = augment(image, np.array([0]), draws=draws)[0, 0, :, 0]
    assert shown.tolist() == [3, 1, 2, 4, 5, 7, 8, 6]  # pixels -2, 0, 1, 3, 4, 6, 7, 9: every one and a half from -1.25
