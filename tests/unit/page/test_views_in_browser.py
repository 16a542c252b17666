"""The page's shell and its first views in Chromium: names as text, keys, addresses, contrast, room on every screen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.browser import AXE, CUT, FAINT, NEEDS_AXE, NEEDS_BROWSER, SCROLLS, WIDTHS, Browser
from tests.made.pages import tiny_images, tiny_page, tiny_parts, tiny_weights

from hubel.page.render import render_page

pytestmark = NEEDS_BROWSER

VIEWS = ("volumes", "maps", "filters", "parameters")
OWN_CUT = CUT.replace("body *:not(svg *)", ":is(.page-head, #menu, #images-bar, #stage, #page-foot) *:not(svg *)")
"""Without the images' panel, whose names are shortened on purpose."""
OTHERS = ("window", "edit", "paint", "course")
READY = "!!document.querySelector('.view:not([hidden])') && !!window.hubel && document.getElementById('state').hidden"
CLICK = "document.querySelector({!r}).click()"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_page(tmp_path_factory.mktemp("page"))


def opened(browser: Browser, page: Path, *, width: int = 1400, dark: bool = False, view: str = "volumes") -> None:
    browser.open(page, width=width, dark=dark, offline=True)
    browser.until(READY, seconds=40)
    shown(browser, view)


def shown(browser: Browser, view: str) -> None:
    browser.run(f"location.hash = '#{view}'")
    browser.until(f"!document.getElementById('view-{view}').hidden")
    browser.until(
        "document.querySelector('.volume-answer div, .large-value strong, .weights, .parameters') !== null && "
        f"document.getElementById('view-{view}').textContent.length > 80"
    )


def test_every_view_opens_without_a_fault_and_asks_for_nothing(browser: Browser, page: Path):
    opened(browser, page)
    for view in VIEWS:
        shown(browser, view)
        assert browser.run("document.querySelectorAll('.view:not([hidden])').length") == 1
        assert browser.run("document.querySelector('[aria-current=page]').hash").startswith(f"#{view}")
    assert browser.run("document.querySelectorAll('#stage img[src=x]').length") == 0
    assert browser.troubles() == []
    assert {each for each in browser.asked_for() if not each.startswith("blob:")} == {page.as_uri()}


@pytest.mark.parametrize("dark", [False, True])
def test_there_is_room_and_contrast_on_every_screen(browser: Browser, page: Path, dark: bool):
    opened(browser, page, width=1920, dark=dark)
    for width in reversed(WIDTHS):
        browser.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
        )
        for view in VIEWS:
            shown(browser, view)
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), (width, view)
            assert browser.run(OWN_CUT) == [], (width, view)
            assert browser.run(FAINT) == [], (width, view)
            browser.until(f"{SCROLLS}.every(([, stop]) => stop === 0)")


def test_the_convolution_of_a_pixel_is_fewer_than_three_clicks_away(browser: Browser, page: Path):
    browser.open(page, offline=True)
    browser.until(READY, seconds=40)
    browser.until("document.querySelector('.volume-unit[data-layer=conv1]') !== null")
    browser.run(CLICK.format("a[href='#maps']"))
    browser.until("document.querySelector('.large-canvas canvas')?.width === 14")
    browser.run(
        "(() => { const box = document.querySelector('.large-canvas canvas').getBoundingClientRect();"
        " document.querySelector('.large-canvas').dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1,"
        " clientX: box.x + box.width * 5.5 / 14, clientY: box.y + box.height * 3.5 / 12 })); })()"
    )
    browser.until("!document.getElementById('view-window').hidden")
    browser.until("document.getElementById('view-window').textContent.includes('row 3, column 5')")
    browser.run("location.hash = '#maps'")
    browser.until("location.hash === '#maps/conv1/0/3/5'")


def test_the_address_holds_the_place_and_the_back_button_returns(browser: Browser, page: Path):
    opened(browser, page)
    browser.run("location.hash = '#maps/conv2/4/1/2'")
    browser.until("document.querySelector('.large-map h3').textContent.startsWith('conv2')")
    assert browser.run("document.querySelector('.large-value').textContent").startswith("row 1, column 2")
    assert "map 4 of 6" in browser.run("document.querySelector('.large-map h3').textContent")
    browser.run(CLICK.format("a[href='#parameters']"))
    browser.until("!document.getElementById('view-parameters').hidden")
    browser.until("location.hash === '#parameters/conv2/4/1/2'")
    browser.run("history.back()")
    browser.until("!document.getElementById('view-maps').hidden")
    assert browser.run("location.hash") == "#maps/conv2/4/1/2"
    browser.run("location.hash = '#nonsense/of/4'")
    browser.until("!document.getElementById('view-volumes').hidden")
    assert browser.troubles() == []


def test_a_map_shows_its_value_and_keys_move_the_place(browser: Browser, page: Path):
    opened(browser, page, view=["maps", "conv2", "1", "0", "0"][0])
    browser.run("location.hash = '#maps/conv2/1/0/0'")
    browser.until("document.querySelector('.large-map h3').textContent.startsWith('conv2')")
    press = "document.querySelector('.large-canvas').dispatchEvent(new KeyboardEvent('keydown', {{ key: '{}', bubbles: true }}))"
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        browser.run(press.format(key))
    browser.until("location.hash === '#maps/conv2/1/1/1'")
    browser.run("window.kept = null; hubel.layer('conv2').then((value) => { window.kept = value; })")
    browser.until("window.kept !== null")
    expected = browser.run("window.kept.data[(1 * window.kept.shape[1] + 1) * 6 + 1]")
    browser.until(f"Number(document.querySelector('.large-value').dataset.value) === {expected!r}")


def test_keys_choose_views_and_show_their_list(browser: Browser, page: Path):
    opened(browser, page)
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{}', bubbles: true }}))"
    browser.run(press.format("2"))
    browser.until("!document.getElementById('view-maps').hidden")
    browser.run(press.format("ArrowRight"))
    browser.until("location.hash === '#maps/conv1/1/0/0'")
    browser.run(press.format("?"))
    assert browser.run("document.getElementById('keys').open")


def test_a_damaged_page_says_so(browser: Browser, page: Path, tmp_path: Path):
    damaged = tmp_path / "damaged.html"
    damaged.write_text(page.read_text(encoding="utf-8").replace('"format":1,', '"format":1', 1), encoding="utf-8")
    browser.open(damaged, offline=True)
    browser.until("document.getElementById('page-fault') !== null")
    assert "damaged" in browser.run("document.getElementById('page-fault').textContent")


def test_pointing_at_a_map_lights_its_neighbours_and_a_click_shows_it(browser: Browser, page: Path):
    opened(browser, page)
    browser.until("document.querySelector('[data-layer=conv1]').dataset.near === 'yes'")
    x, y = browser.run(
        "(() => { const box = document.querySelector('[data-layer=conv1] canvas').getBoundingClientRect();"
        " return [box.right - 10, box.y + box.height / 2]; })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    browser.until("document.querySelector('.volume-note').textContent.startsWith('conv1, map 3 of 4')")
    lit = "Object.fromEntries([...document.querySelectorAll('.volume-unit')].map((each) => [each.dataset.layer, each.dataset.lit]))"
    found = browser.run(lit)
    assert {found.pop(each) for each in ("conv2", "depthwise", "sum", "pool2", "dense1", "logits")} == {"dim"}
    assert found == {"image": "before", "conv1": "self", "pool1": "after"}
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.until("location.hash === '#maps/conv1/3/0/0'")
    browser.until("document.querySelector('.large-map h3').textContent.startsWith('conv1 map 3 of 4')")


def test_an_address_with_a_place_opens_there(browser: Browser, page: Path):
    browser.open(page, offline=True)
    browser.until(READY, seconds=40)
    browser.run("window.before = true; location.hash = '#maps/depthwise/5/2/3'; location.reload()")
    browser.until(
        "!window.before && document.querySelector('.large-map h3')?.textContent.startsWith('depthwise') && "
        "document.querySelector('.large-value').textContent.startsWith('row 2, column 3')",
        seconds=40,
    )
    assert browser.troubles() == []


def test_the_examples_that_excite_a_filter_most_are_found(browser: Browser, page: Path):
    opened(browser, page, view="filters")
    browser.run("location.hash = '#filters/conv1/2/0/0'")
    browser.until("document.querySelector('.one-filter h3')?.textContent.includes('filter 2 of 4')")
    browser.run(CLICK.format(".exciting .controls button"))
    browser.until("document.querySelectorAll('.exciting-images button').length === 4")
    found = browser.run("[...document.querySelectorAll('.exciting-images button')].map((each) => each.title)")
    kernel = tiny_weights(tiny_parts()[0]["tensors"])["conv1/kernel"][..., 2]
    images = np.pad(tiny_images() / 127.5 - 1, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))  # [n, h, w, 3, 3, 3]
    most = np.einsum("nhwcij,ijc->nhw", windows, kernel).max(axis=(1, 2))
    paths = [each["path"] for each in tiny_parts()[0]["examples"]]
    assert found == [paths[place] for place in np.argsort(-most)[:4]]


def test_a_page_without_images_waits_for_one(browser: Browser, tmp_path: Path):
    data, weights = tiny_parts()
    (tmp_path / "none.html").write_text(render_page(data | {"examples": []}, weights, title="none"), encoding="utf-8")
    browser.open(tmp_path / "none.html", offline=True)
    browser.until(READY, seconds=40)
    shown(browser, "volumes")
    browser.run("location.hash = '#maps'")
    browser.until("document.querySelector('.layer-words').textContent === 'Choose an image to see its maps.'")
    assert browser.troubles() == []


def test_nothing_jumps_while_the_page_loads_and_the_pointer_moves(browser: Browser, page: Path):
    opened(browser, page)
    for view in VIEWS:
        shown(browser, view)
    browser.run(
        "window.jumps = 0; new PerformanceObserver((list) => { for (const each of list.getEntries())"
        " if (!each.hadRecentInput) window.jumps += each.value; }).observe({ type: 'layout-shift', buffered: true })"
    )
    shown(browser, "volumes")
    for name in ("conv1", "conv2", "sum", "logits"):
        browser.run(f"document.querySelector('[data-layer={name}] button').dispatchEvent(new Event('focus'))")
    browser.until("document.querySelector('.volume-note').textContent.startsWith('logits')")
    browser.run("new Promise((done) => setTimeout(done, 300))")
    assert browser.run("window.jumps") < 0.02


@NEEDS_AXE
def test_axe_finds_nothing_serious(browser: Browser, page: Path):
    for dark in (False, True):
        opened(browser, page, dark=dark)
        browser.run(AXE.read_text(encoding="utf-8") + ";0")
        for view in VIEWS:
            shown(browser, view)
            browser.run(
                "window.found = null; axe.run(document).then((result) => { window.found = result.violations; })"
            )
            browser.until("window.found !== null", seconds=60)
            serious = "window.found.filter((each) => ['serious', 'critical'].includes(each.impact))"
            told = browser.run(
                f"{serious}.map((each) => [each.id, each.nodes.map((node) => node.target.join()).slice(0, 5)])"
            )
            assert told == [], view
