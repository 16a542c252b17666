"""A GIF has a frame for each step, and shows in each what a group says."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from hubel.drawing.gif import WIDEST, render_gif
from hubel.drawing.shapes import Box, Drawing, ShapeGroup

RED, GREEN, BLUE = (255, 0, 0), (0, 128, 0), (0, 0, 255)


def frames(drawing: Drawing) -> list[np.ndarray]:
    with Image.open(io.BytesIO(render_gif(drawing))) as gif:
        made = []
        for step in range(gif.n_frames):
            gif.seek(step)
            made.append(np.asarray(gif.convert("RGB")))
        return made


def test_groups_come_stay_go_and_move():
    drawing = Drawing(
        60, 20,
        [
            Box(0, 0, 9, 19, RED),
            ShapeGroup([Box(10, 0, 9, 19, GREEN)], shown=(1, 3)),
            ShapeGroup([Box(20, 0, 9, 19, BLUE)], shown=(1, 2)),
            ShapeGroup([Box(30, 0, 5, 19, BLUE)], moves=((0, 0), (10, 0), (20, 0))),
        ],
        "t", steps=3, step_s=0.5,
    )  # fmt: skip
    made = frames(drawing)
    assert len(made) == 3
    seen = [[tuple(map(int, frame[10, x])) for x in (5, 15, 25, 32, 42, 52)] for frame in made]
    white = (255, 255, 255)
    assert seen == [
        [RED, white, white, BLUE, white, white],
        [RED, GREEN, BLUE, white, BLUE, white],
        [RED, GREEN, white, white, white, BLUE],
    ]


def test_a_wide_drawing_is_made_smaller_as_a_whole():
    (frame, _) = frames(Drawing(2 * WIDEST, 100, [Box(WIDEST, 0, WIDEST, 100, RED), ShapeGroup([Box(0, 0, 9, 9, BLUE)], shown=(1, 2))], "t", steps=2, step_s=1))  # fmt: skip
    assert frame.shape == (50, WIDEST, 3)
    assert tuple(frame[25, WIDEST // 2 + 2]) == RED
    assert tuple(frame[25, WIDEST // 2 - 2]) == (255, 255, 255)


@pytest.mark.parametrize("shades", [10, 400])
def test_lines_keep_their_colour_beside_any_number_of_fills(shades: int):
    rng = np.random.default_rng(0)
    cells = [Box(x, 0, 1, 8, tuple(map(int, rng.integers(0, 256, 3)))) for x in range(shades)]
    mark = ShapeGroup([Box(0, 10, 20, 8, None, (217, 72, 15), 3)], moves=((0, 0), (30, 0)))
    made = frames(Drawing(max(60, shades), 20, [*cells, mark], "t", steps=2, step_s=1))
    assert [tuple(map(int, frame[10, x])) for frame, x in zip(made, (5, 35), strict=True)] == [(217, 72, 15)] * 2
