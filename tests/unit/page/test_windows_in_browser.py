"""The page of a sliding window in a browser: on a phone and on a screen, light and dark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.browser import AXE, FAINT, NEEDS_AXE, NEEDS_BROWSER, Browser

from hubel.arithmetic.kernels import KERNELS
from hubel.arithmetic.windows import WindowOptions, calculate_convolution, convolve
from hubel.page.window_steps import write_steps
from hubel.workflows.looking.matrices import read_kernel, read_matrix

pytestmark = NEEDS_BROWSER
CALCULATION = calculate_convolution(
    read_matrix("digits:8"), read_kernel("sobel-x"), options=WindowOptions((3, 3), padding="same")
)
TAPS = "[...document.querySelectorAll('.sheet .window-cell:not(button)')].flatMap((each, at) => each.classList.contains('tap') ? [at] : [])"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "convolution.html"
    write_steps(path, CALCULATION)
    return path


def press(browser: Browser, text: str) -> None:
    browser.run(f"[...document.querySelectorAll('button')].find((each) => each.textContent === '{text}').click()")


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_and_every_number_can_be_read(browser: Browser, page: Path, width: int, dark: bool):
    browser.open(page, width=width, dark=dark)
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    sizes = "[...document.querySelectorAll('#scenes .window-cell')].map(each => parseFloat(getComputedStyle(each).fontSize))"
    assert (
        browser.run(
            "Math.max(...[...document.querySelectorAll('.scroll')].map(each => each.scrollWidth - each.clientWidth))"
        )
        <= 0
    )
    assert min(browser.run(sizes)) > 9
    press(browser, "Next")
    browser.run("document.querySelector('.window-player input').value = 63")
    browser.run(
        "document.querySelector('.window-player input').dispatchEvent(new Event('input'))"
    )  # all results are there
    browser.until("document.querySelector('.window-where').textContent === 'window 64 of 64'")
    assert browser.run(FAINT) == []
    assert browser.run("document.querySelector('h1').textContent") == "Convolution, window by window"
    assert (np.mean(browser.mean_colour("small")) < 100) == dark
    assert not browser.troubles()


def test_a_step_moves_the_window_and_writes_the_arithmetic_below(browser: Browser, page: Path):
    browser.open(page, width=360)
    press(browser, "Next")
    assert browser.run("document.querySelector('.window-where').textContent") == "window 2 of 64"
    assert browser.run("document.getElementById('caption').textContent").startswith("result[0][1] = ")
    assert browser.run(TAPS) == [1, 2, 3, 11, 12, 13, 21, 22, 23]
    assert browser.run("location.hash") == "#0/1"
    browser.run("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))")
    assert browser.run("document.querySelector('.window-where').textContent") == "window 10 of 64"
    browser.run("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'End', bubbles: true }))")
    browser.until("document.querySelector('.window-where').textContent === 'window 64 of 64'")
    assert not browser.troubles()


def test_every_result_that_is_shown_is_the_one_of_python(browser: Browser, page: Path):
    browser.open(page)
    shown = browser.run("[...document.querySelectorAll('#scenes button')].map(each => Number(each.dataset.full))")
    np.testing.assert_array_equal(shown, CALCULATION.result.ravel())
    for place in (0, 9, 63):
        browser.run(f"document.querySelectorAll('#scenes button')[{place}].click()")
        browser.until(f"document.querySelector('.window-where').textContent === 'window {place + 1} of 64'")
        assert float(browser.run("document.querySelector('article').dataset.sum")) == CALCULATION.result.ravel()[place]


def test_a_weight_or_a_pixel_that_is_changed_changes_the_results(browser: Browser, page: Path):
    browser.open(page, width=360, dark=True)
    press(browser, "Next")
    fields = "document.querySelectorAll('article input')"
    browser.run(
        f"[...{fields}].forEach((each, at) => at === 8 && (each.value = '3', each.dispatchEvent(new Event('change'))))"
    )
    kernel = np.array(KERNELS["sobel-x"].weights)
    kernel[0, 2] = 3.0  # of the six pixels that lie on the matrix, and then the kernel
    expected = convolve(CALCULATION.maps, kernel[..., None, None], options=CALCULATION.options)
    shown = browser.run("[...document.querySelectorAll('#scenes button')].map(each => Number(each.dataset.full))")
    np.testing.assert_allclose(shown, expected.ravel(), rtol=1e-12, atol=1e-14)
    assert not browser.run("document.getElementById('edited').hidden")
    assert browser.run("location.hash") == "#0/1/-1,0,3;-2,0,2;-1,0,1"
    browser.run(
        "(() => { const choice = document.querySelector('#kernels select'); choice.value = '1'; choice.dispatchEvent(new Event('change')); })()"
    )
    shown = browser.run("[...document.querySelectorAll('#scenes button')].map(each => Number(each.dataset.full))")
    np.testing.assert_array_equal(shown, CALCULATION.maps.ravel())
    press(browser, "As it was")
    shown = browser.run("[...document.querySelectorAll('#scenes button')].map(each => Number(each.dataset.full))")
    np.testing.assert_array_equal(shown, CALCULATION.result.ravel())
    assert not browser.troubles()


def test_the_window_follows_the_pointer(browser: Browser, page: Path):
    browser.open(page)
    box = browser.run(
        "(() => { const { x, y, width, height } = document.querySelector('.sheet-grid').getBoundingClientRect(); return [x, y, width, height]; })()"
    )
    for kind, share in (("mousePressed", 0.15), ("mouseMoved", 0.55), ("mouseReleased", 0.55)):
        x, y = box[0] + box[2] * share, box[1] + box[3] * 0.35
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
    assert browser.run("document.querySelector('.window-where').textContent") == "window 21 of 64"


@NEEDS_AXE
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious(browser: Browser, page: Path, dark: bool):
    browser.open(page, dark=dark)
    browser.run(AXE.read_text(encoding="utf-8") + ";0")
    browser.run("window.found = null; axe.run(document).then((result) => { window.found = result.violations; })")
    browser.until("window.found !== null", seconds=60)
    assert browser.run("window.found.map((each) => each.id)") == []


def test_a_matrix_that_is_wider_than_a_phone_follows_the_window(browser: Browser, tmp_path: Path):
    maps = np.random.default_rng(0).random((6, 24, 1))
    write_steps(
        tmp_path / "wide.html",
        calculate_convolution(maps, read_kernel("sobel-x"), options=WindowOptions((3, 3))),
    )
    browser.open(tmp_path / "wide.html", width=360)
    for place in (0, 21):
        browser.run(f"location.hash = '#1/{place}'")
        browser.until(f"document.querySelector('.window-where').textContent.startsWith('window {22 + place + 1} ')")
        outside = """[...document.querySelectorAll('.tap')].filter((each) => {
            const [own, field] = [each, each.closest('.scroll')].map((one) => one.getBoundingClientRect());
            return own.left < field.left - 1 || own.right > field.right + 1;
        }).length"""
        assert browser.run(outside) == 0
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
