"""The page of a sliding window in a browser: on a phone and on a screen, light and dark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.browser import NEEDS_BROWSER, Browser

from hubel.arithmetic.windows import WindowOptions, calculate_convolution
from hubel.reports.window_steps import write_steps
from hubel.workflows.looking.matrices import read_kernel, read_matrix

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "convolution.html"
    options = WindowOptions((3, 3), padding="same")
    write_steps(path, calculate_convolution(read_matrix("digits:8"), read_kernel("sobel-x"), options=options))
    return path


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_and_every_number_can_be_read(browser: Browser, page: Path, width: int, dark: bool):
    browser.open(page, width=width, dark=dark)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    assert browser.run("scenes.scrollWidth <= scenes.clientWidth")
    shown = "wide" if width > 900 else "narrow"
    scale = f"document.querySelector('#{shown} svg').getScreenCTM().a"
    assert (
        browser.run(f"parseFloat(getComputedStyle(document.querySelector('#{shown} .number')).fontSize) * {scale}") > 9
    )
    assert browser.run("document.querySelector('h1').textContent") == "Convolution, window by window"
    assert (np.mean(browser.mean_colour("small")) < 100) == dark
    assert not browser.troubles()


def test_a_step_moves_both_drawings_and_writes_the_arithmetic_below(browser: Browser, page: Path):
    browser.open(page, width=360)
    browser.run("document.getElementById('next').onclick()")
    assert browser.run("document.getElementById('where').textContent") == "window 2 of 64"
    assert browser.run("document.getElementById('caption').textContent").startswith("result[0][1] = ")
    moves = browser.run("[...document.querySelectorAll('.window')].map(each => each.getAttribute('transform'))")
    assert len(moves) == 2
    assert all(move != "translate(0,0)" for move in moves)
