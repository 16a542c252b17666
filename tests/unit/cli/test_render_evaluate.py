"""The first line of a score: which images are not in it."""

from __future__ import annotations

import pytest

from hubel.cli.show.evaluate import _without
from hubel.workflows.evaluating.evaluate import LeftOut


@pytest.mark.parametrize(
    ("trained", "copies", "said"),
    [
        (0, 0, ""),
        (1, 0, ", without 1 image it was trained on"),
        (144, 0, ", without 144 images it was trained on"),
        (0, 10, ", without 10 copies of images it was trained on"),
        (26, 1, ", without 26 images it was trained on and 1 copy of such"),
    ],
)
def test_a_copy_is_not_called_an_image_that_it_was_trained_on(trained: int, copies: int, said: str):
    names = tuple(f"{number}.png" for number in range(trained + copies))
    assert _without(LeftOut(names[:trained], names[trained:], 0)) == said
