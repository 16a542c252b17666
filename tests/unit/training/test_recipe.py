"""A recipe that was written down is read as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubel.errors import WrongRequest
from hubel.pipeline.augmentation import Augmentation
from hubel.training.recipe import ARITHMETICS, OPTIMIZERS, Recipe, recipes_from

SHARES = st.floats(0, 0.9)
RECIPES = st.builds(
    Recipe,
    epochs=st.integers(1, 1000),
    phase=st.sampled_from(["train", "warm-start", "head", "fine-tune"]),
    batch_size=st.integers(1, 1024),
    optimizer=st.sampled_from(OPTIMIZERS),
    learning_rate=st.floats(1e-5, 10),
    averaging=SHARES,
    arithmetic=st.sampled_from(ARITHMETICS),
    small_until=SHARES,
    augmentation=st.builds(
        Augmentation, mirror=st.booleans(), shift=st.floats(0, 0.5), zoom=SHARES, brightness=SHARES, widen=SHARES
    ),
    seed=st.integers(0, 2**31 - 1),
)


@given(RECIPES)
def test_what_was_written_is_read(recipe: Recipe):
    assert recipes_from(json.loads(json.dumps({recipe.phase: recipe.to_json()}))) == (recipe,)


def test_what_an_older_version_did_not_write_is_as_usual():
    assert Recipe.from_json({"epochs": 7}) == Recipe(epochs=7)


@pytest.mark.parametrize(
    "described",
    [
        None, 7, "train", [], {}, {"epochs": 0}, {"epochs": "7"}, {"epochs": 7.5}, {"epochs": True},
        {"epochs": 7, "learning_rate": "fast"}, {"epochs": 7, "kernel_step": True}, {"epochs": 7, "phase": 1},
        {"epochs": 7, "optimizer": "sgd"}, {"epochs": 7, "small_scale": [0.5]}, {"epochs": 7, "augmentation": 7},
        {"epochs": 7, "augmentation": {"shift": "far"}}, {"epochs": 7, "augmentation": {"spin": 0.1}},
        {"epochs": 7, "augmentation": {"shift": 7}}, {"epochs": 7, "arithmetic": "float8"}, {"epochs": 7, "arithmetic": 16},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_recipe_is_refused(described: Any):
    with pytest.raises(WrongRequest):
        recipes_from({"train": described})
