"""Images that are changed and painted on in the page: as `hubel.images.changes` does it, to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.node import NEEDS_NODE, run_module

from hubel.images.changes import light, moves, quality

pytestmark = NEEDS_NODE
SIZES = ((8, 8), (12, 17), (33, 20), (1, 5), (51, 70))
CASES = {
    "turnedPixels": [-170, -40, -13.5, 5, 20, 45, 90, 180],
    "litPixels": [-100, -60, -33, 10, 40, 100],
    "blurredPixels": [0.5, 0.7, 1, 1.9, 2.5, 4, 10, 17, 30],
    "movedPixels": [[0, 3], [2, -1], [-5, 40], [-1, 0]],
}
EXPECTED = {
    "turnedPixels": lambda image, level: moves.rotation(image, abs(level), turn=int(level < 0)),
    "litPixels": lambda image, level: light.brightness(image, abs(level), turn=int(level < 0)),
    "blurredPixels": lambda image, level: quality.blur(image, level, turn=0),
    "movedPixels": lambda image, level: moves.moved(np.asarray(image)[None], *level)[0],
}


def varied(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Slopes above, noise below: uint8 [height, width, 3]."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    half = height // 2
    pixels[:half] = np.clip(np.cumsum(pixels[:half].astype(int) // 40, axis=1), 0, 255)
    return pixels


def plain(pixels: np.ndarray) -> list[int]:
    return pixels.ravel().tolist()


@pytest.mark.parametrize("name", CASES)
def test_a_change_gives_the_pixels_that_hubels_own_gives(name: str):
    cases = [(varied(*size, seed=number), level) for number, level in enumerate(CASES[name]) for size in SIZES]
    found = run_module(
        """
        import * as changes from "./views/paint_changes.js";
        const rest = (size, level) => given.name === "litPixels" ? [level] : [size, given.name === "movedPixels" ? { down: level[0], right: level[1] } : level];
        console.log(JSON.stringify(given.cases.map(([pixels, size, level]) => Array.from(changes[given.name](Uint8Array.from(pixels), ...rest(size, level))))));
        """,
        given={"name": name, "cases": [(plain(pixels), pixels.shape[:2], level) for pixels, level in cases]},
    )
    for (pixels, level), made in zip(cases, found, strict=True):
        expected = np.asarray(EXPECTED[name](Image.fromarray(pixels), level))
        np.testing.assert_array_equal(np.reshape(made, pixels.shape), expected, err_msg=f"{pixels.shape} {level}")


def test_the_square_in_front_has_the_size_that_hubels_has_and_the_place_that_was_chosen():
    found = run_module("""
        import { UNCHANGED, changedPixels, coverOf } from "./views/paint_changes.js";
        const covers = given.map(([size, side]) => coverOf(size, { side, across: 25, below: 100 }));
        const made = changedPixels(new Uint8Array(5 * 8 * 3), [5, 8], { ...UNCHANGED, side: 50, across: 100, below: 0 });
        console.log(JSON.stringify({ covers, made: Array.from(made) }));
    """, given=[[size, side] for size in SIZES for side in (10, 20, 35, 50)])  # fmt: skip
    cases = [(size, side) for size in SIZES for side in (10, 20, 35, 50)]
    for ((height, width), percent), cover in zip(cases, found["covers"], strict=True):
        side = round(percent / 100 * min(height, width))
        assert cover == {"side": side, "left": round(0.25 * (width - side)), "top": height - side}
    covered = quality.occlusion(Image.new("RGB", (8, 5)), 50, turn=0)
    made = np.reshape(found["made"], (5, 8, 3))
    assert (np.asarray(covered) == quality.GREY).sum() == (made == quality.GREY).sum() == 2 * 2 * 3
    assert (made[:2, 6:] == 128).all()


def painted(script: str) -> dict[str, Any]:
    pixels = varied(9, 11)
    return {"original": plain(pixels)} | run_module(
        """
        import { Painting } from "./views/paint_state.js";
        const image = { name: "a", label: "cat", pixels: Uint8Array.from(given) }, painting = new Painting(image, [9, 11]);
        const red = { size: 1, colour: [255, 0, 0] }, now = () => Array.from(painting.asImage().pixels);
        """
        + script,
        given=plain(pixels),
    )


def test_a_stroke_dyes_the_line_and_what_erases_it_brings_the_original_back():
    found = painted("""
        painting.stroke([4.5, 1.5], [4.5, 8.5], red);
        const line = now(), shown = painting.asImage(), { note, name, label } = shown;
        painting.stroke([4.5, 0], [4.5, 11], { size: 3, colour: null });
        console.log(JSON.stringify({ line, note, name, label, original: shown.original === image, back: painting.asImage() === image }));
    """)
    pixels = varied(9, 11)
    pixels[4, 1:9] = (255, 0, 0)
    assert found["line"] == plain(pixels)
    assert (found["note"], found["name"], found["label"], found["original"]) == ("painted", "a", "cat", True)
    assert found["back"] is True


def test_a_stroke_lies_under_the_pointer_also_where_the_image_was_moved_or_turned():
    found = painted("""
        painting.change({ down: 2, right: -3 }, "move");
        painting.stroke([6.5, 4.5], [6.5, 4.5], red);
        const moved = now().slice((6 * 11 + 4) * 3, (6 * 11 + 5) * 3);
        painting.change({ degrees: 90 }, "turn");
        painting.stroke([2.5, 7.5], [2.5, 7.5], { size: 1, colour: [0, 255, 0] });
        console.log(JSON.stringify({ moved, turned: now().slice((2 * 11 + 7) * 3, (2 * 11 + 8) * 3) }));
    """)
    assert found["moved"] == [255, 0, 0]
    assert found["turned"] == [0, 255, 0]


def test_painting_goes_back_and_forth_step_by_step():
    found = painted("""
        const kept = [];
        const step = (act) => { act(); kept.push(now().join()); };
        step(() => {});
        step(() => { painting.beginStep("stroke"); painting.stroke([1, 1], [5, 5], red); painting.stroke([5, 5], [7, 2], red); painting.endStep(); });
        step(() => { painting.change({ percent: 10 }, "percent"); painting.change({ percent: 20 }, "percent"); painting.endStep(); });
        step(() => painting.reset());
        for (let back = 0; back < 4; back++) step(() => painting.undo());
        for (let forth = 0; forth < 4; forth++) step(() => painting.redo());
        console.log(JSON.stringify({ kept: kept.map((each) => kept.indexOf(each)) }));
    """)
    assert found["kept"] == [0, 1, 2, 0, 2, 1, 0, 0, 1, 2, 0, 0]
