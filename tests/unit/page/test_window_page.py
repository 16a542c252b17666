"""The page of a sliding window: its numbers are Python's, and JavaScript's after an edit are NumPy's."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from tests.node import NEEDS_NODE, run_module

from hubel.arithmetic.kernels import KERNELS
from hubel.arithmetic.windows import Calculation, WindowOptions, calculate_convolution, calculate_pooling
from hubel.errors import HubelError
from hubel.page.window_page import render_page, window_document
from hubel.reports.window_scene import equation, shown

pytestmark = NEEDS_NODE


def calculations(count: int) -> list[Calculation]:
    """Convolutions and poolings of all sorts, by chance; in eighths, so that no order of adding up rounds otherwise."""
    rng, made = np.random.default_rng(7), []
    while len(made) < count:
        channels, size = int(rng.choice([1, 3])), rng.integers(3, 9, 2)
        maps = np.round(rng.normal(0, 1, (*size, channels)) * 8) / rng.choice([1, 2, 8])
        window = tuple(map(int, rng.integers(1, 4, 2)))
        moves = {"stride": tuple(map(int, rng.integers(1, 3, 2))), "padding": str(rng.choice(["valid", "same"]))}
        try:
            if len(made) % 3:
                options = WindowOptions(window, dilation=tuple(map(int, rng.integers(1, 3, 2))), **moves)
                bias = float(rng.choice([0.0, -0.25, 0.125]))
                kernel = np.round(rng.normal(0, 1, window) * 4) / 4
                made.append(calculate_convolution(maps, kernel, options=options, bias=bias, relu=bool(rng.integers(2))))
            else:
                mode = str(rng.choice(["max", "average", "sum"]))
                made.append(calculate_pooling(maps, mode, options=WindowOptions(window, **moves)))
        except HubelError:
            continue  # it does not fit
    return made


def test_results_and_captions_computed_in_the_page_are_pythons():
    made = calculations(60)
    script = """
import { Sliding } from "./views/window_page.js";
console.log(JSON.stringify(given.map((each) => {
  const sliding = new Sliding(each), result = sliding.results(), [rows, columns] = result.shape;
  return { result, captions: Array.from({ length: rows * columns }, (_, at) => sliding.caption(Math.floor(at / columns), at % columns)) };
})));
"""
    answers = run_module(script, given=[window_document(each) for each in made])
    for calculation, answer in zip(made, answers, strict=True):
        assert answer["result"]["shape"] == list(calculation.result.shape)
        np.testing.assert_allclose(answer["result"]["data"], calculation.result.ravel(), rtol=1e-12, atol=1e-14)
        expected = [
            f"result[{step.row}][{step.column}] = {equation(calculation, step)}" for step in calculation.steps()
        ]
        assert answer["captions"] == expected


def test_numbers_are_rounded_as_python_rounds_them():
    numbers = [0.125, 0.375, -0.125, 0.5, 1.5, 2.5, -0.5, 0.615, 1.005, 0.0, -1e-13, -0.001, 1 / 3, 10.075, 0.25, 0.75]
    script = """
import { shownDigits } from "./views/window_equation.js";
console.log(JSON.stringify(given.map((value) => [0, 1, 2, 3].map((digits) => shownDigits(value, digits)))));
"""
    assert run_module(script, given=numbers) == [[shown(value, digits) for digits in range(4)] for value in numbers]


@pytest.mark.parametrize("relu", [False, True])
def test_after_an_edit_the_results_are_numpys(relu: bool):
    rng = np.random.default_rng(2)
    maps, kernel = rng.normal(size=(7, 6, 3)), KERNELS["sobel-x"].weights
    options = WindowOptions((3, 3), padding="same", stride=(2, 1))
    document = window_document(calculate_convolution(maps, kernel, options=options, bias=0.5, relu=relu))
    script = """
import { Sliding } from "./views/window_page.js";
const sliding = new Sliding(given);
sliding.kernel.data[5] = -1.25;
sliding.maps.data[(2 * 6 + 3) * 3 + 1] = 9;
console.log(JSON.stringify(sliding.results()));
"""
    kernel[1, 2] = -1.25
    maps[2, 3, 1] = 9
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    expected = np.array([
        [(padded[row : row + 3, column : column + 3] * kernel[..., None]).sum() + 0.5 for column in range(6)]
        for row in (0, 2, 4, 6)
    ])  # fmt: skip
    expected = np.maximum(expected, 0) if relu else expected
    answer = run_module(script, given=document)
    assert answer["shape"] == [4, 6, 1]
    np.testing.assert_allclose(np.reshape(answer["data"], (4, 6)), expected, rtol=1e-12, atol=1e-14)


def test_a_kernel_in_an_address_is_rows_of_numbers_or_nothing():
    texts = [
        "0,1;2,-3.5",
        "1e3",
        "1,2;3",
        "",
        "a,b",
        "1,,2",
        "NaN",
        "Infinity",
        "<img>",
        "1;" * 12 + "1",
        ",".join("1" * 12),
    ]
    script = """
import { readKernel } from "./views/window_page.js";
console.log(JSON.stringify(given.map(readKernel)));
"""
    assert run_module(script, given=texts) == [[[0, 1], [2, -3.5]], [[1000]], *[None] * 9]


def test_the_page_holds_the_numbers_in_full():
    maps = np.random.default_rng(3).random((4, 5, 1))
    calculation = calculate_convolution(maps, KERNELS["gaussian"].weights, options=WindowOptions((3, 3)))
    found = re.search(r'id="window-data">(.*?)</script>', render_page(calculation), re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    np.testing.assert_array_equal(document["result"]["data"], calculation.result.ravel())
    np.testing.assert_array_equal(document["maps"]["data"], maps.ravel())
    assert {preset["name"] for preset in document["presets"]} == set(KERNELS)
