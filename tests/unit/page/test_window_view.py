"""The view of one value in a browser: what it shows as a sum is the map's value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import FAINT, NEEDS_BROWSER, Browser
from tests.made.every_kind import CLASS_NAMES, STEPS, every_kind_page

from hubel.graphs.network_graph import KINDS
from hubel.page import render
from hubel.page.bundle import bundle

pytestmark = NEEDS_BROWSER

HELPERS = """
window.root = document.getElementById("view-window");
window.fields = () => { const [layer, step] = root.querySelectorAll("select"); const [channel, row, column] = root.querySelectorAll("input[type=number]"); return { layer, step, channel, row, column }; };
window.pause = () => new Promise((go) => setTimeout(go, 2));
window.put = (name, value) => { const field = fields()[name]; field.value = value; field.dispatchEvent(new Event("change")); };
window.shown = async (words) => { for (let count = 0; root.dataset.shown !== words && count < 5000; count++) await pause(); return root.dataset.shown; };
window.goTo = async (layer, step, index) => {
  const [channel, at] = index.length === 3 ? [index[2], index.slice(0, 2)] : [index[0], [0, 0]];
  location.hash = `#window/${[layer, channel, ...at].map(encodeURIComponent).join("/")}`;
  if (step !== layer) {
    while (!root.dataset.shown.startsWith(`${layer} `)) await pause();
    put("step", step);
  }
  const found = await shown([step, ...index].join(" ")), { sum, value, size, kind, agrees } = root.querySelector("article").dataset;
  return { found, sum: Number(sum), value: Number(value), size: Number(size), kind, agrees };
};
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_kind_page(tmp_path_factory.mktemp("page"))


def opened(browser: Browser, page: Path, **how: Any) -> Browser:
    browser.open(page, offline=True, **how)
    browser.until("document.getElementById('view-window') !== null")
    browser.run("location.hash = '#window'")
    browser.until("document.getElementById('view-window')?.dataset.shown !== undefined")
    browser.run(HELPERS)
    return browser


def told(browser: Browser, script: str) -> Any:
    answer = browser.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


def test_at_200_places_over_all_kinds_the_sum_is_the_value_of_the_map(browser: Browser, page: Path):
    opened(browser, page)
    rng, asked = np.random.default_rng(6), []
    for number in range(200):
        name, _, _, shape, *_ = STEPS[number % len(STEPS)]
        layer = "normed" if name == "normed/relu" else name
        asked.append([layer, name, [int(rng.integers(side)) for side in shape]])
    found = told(
        browser,
        f"(async () => {{ const made = []; for (const each of {json.dumps(asked)}) made.push(await goTo(...each)); return made; }})()",
    )
    assert {each["kind"] for each in found} == set(KINDS)
    maps = told(browser, "(async () => { const all = {}; for (const { name } of "
                f"{json.dumps([{'name': name} for name, *_ in STEPS if '/' not in name])}"
                ") { const { shape, data } = await hubel.layer(name); all[name] = Array.from(data); } return all; })()")  # fmt: skip
    shapes = {name: shape for name, _, _, shape, *_ in STEPS}
    for (layer, step, index), each in zip(asked, found, strict=True):
        assert each["found"] == " ".join(map(str, [step, *index]))
        if layer == step != "normed":
            assert each["value"] == maps[step][int(np.ravel_multi_index(index, shapes[step]))]
        assert abs(each["sum"] - each["value"]) <= 1e-5 * each["size"] + 1e-37, (step, index)
        assert each["agrees"] == "true"
    assert len({each["value"] for each in found}) > 100
    assert not browser.run("root.querySelectorAll('.warning').length")
    assert not browser.troubles()


def test_an_address_that_is_called_up_is_not_lost_to_what_is_written_down_at_the_same_moment(
    browser: Browser, page: Path
):
    opened(browser, page)
    told(browser, "goTo('padded', 'padded', [5, 7, 0])")
    called = "location.hash = '#window/strided/1/2/3'; put('channel', 1); return shown('strided 2 3 1');"
    assert told(browser, f"(async () => {{ {called} }})()") == "strided 2 3 1"
    assert browser.run("location.hash") == "#window/strided/1/2/3"


def test_the_probabilities_are_worked_out_with_the_temperature(browser: Browser, page: Path):
    opened(browser, page)
    told(
        browser,
        "(async () => { put('layer', 'probabilities'); for (let count = 0; !root.dataset.shown.startsWith('probabilities') && count < 5000; count++) await pause(); })()",
    )
    probabilities = (
        told(browser, "hubel.predict(new ImageData(10, 9)).then((each) => each.probabilities).catch(() => null)") or {}
    )
    browser.until("root.querySelector('article').dataset.step === 'probabilities'")
    sums = []
    for unit in range(3):
        told(browser, f"(async () => {{ put('channel', {unit}); await shown('probabilities {unit}'); }})()")
        data = browser.run("({ ...root.querySelector('article').dataset })")
        assert data["agrees"] == "true"
        sums.append(float(data["sum"]))
    assert sum(sums) == pytest.approx(1, abs=1e-12)
    if probabilities:
        assert sums == pytest.approx([probabilities[name] for name in CLASS_NAMES], abs=1e-9)
    assert browser.run("root.querySelectorAll('img').length") == 0
    assert CLASS_NAMES[1] in browser.run("root.textContent")


def test_an_input_leads_to_the_layer_that_made_it_and_back(browser: Browser, page: Path):
    opened(browser, page)
    told(browser, "goTo('strided', 'strided', [2, 3, 1])")
    browser.run("root.querySelectorAll('article .window-grid')[0].querySelectorAll('button')[4].click()")
    assert told(browser, "shown('padded 5 7 0')") == "padded 5 7 0"
    browser.run("root.querySelector('article dd button').click()")
    assert told(browser, "shown('scaled 4 6 0')") == "scaled 4 6 0"
    assert browser.run("root.querySelector('article dd button')") is None
    browser.run("root.querySelector('.window-back').click()")
    assert told(browser, "shown('padded 5 7 0')") == "padded 5 7 0"
    browser.run("root.querySelector('.window-back').click()")
    assert told(browser, "shown('strided 2 3 1')") == "strided 2 3 1"


def test_keys_and_play_move_the_window_and_the_map_fills_up(browser: Browser, page: Path):
    opened(browser, page)
    told(browser, "goTo('strided', 'strided', [2, 3, 1])")
    for key, shown in (("ArrowDown", "3 3 1"), ("ArrowLeft", "3 2 1"), ("ArrowUp", "2 2 1"), ("End", "4 4 1")):
        browser.run(f"root.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))")
        assert told(browser, f"shown('strided {shown}')") == f"strided {shown}"
    assert browser.run("[...root.querySelectorAll('.window-frame')].map((each) => each.dataset.place)") == [
        "7 7 2 3", "8 8 3 3", "4 4 1 1",
    ]  # fmt: skip
    browser.run("root.querySelector('.window-player select').value = 'fast'")
    browser.run("root.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true }))")
    assert told(browser, "shown('strided 0 2 1')") == "strided 0 2 1"
    empty = "(() => { const canvas = [...root.querySelectorAll('canvas')].at(-1); return canvas.getContext('2d').getImageData(0, 0, 5, 5).data.filter((each, at) => at % 4 === 3 && each === 0).length; })()"
    assert browser.run("root.querySelector('.main').textContent") == "Pause"
    assert 10 < browser.run(empty) <= 22
    browser.run("root.querySelector('.main').click()")
    assert browser.run("root.querySelector('.main').textContent") == "Play"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_every_form_can_be_read_and_nothing_is_cut(browser: Browser, page: Path, width: int, dark: bool):
    opened(browser, page, width=width, dark=dark)
    for layer in ("strided", "local", "normed", "gelu", "largest", "logits", "most"):
        told(
            browser,
            f"(async () => {{ put('layer', '{layer}'); for (let count = 0; !root.dataset.shown.startsWith('{layer} ') && count < 5000; count++) await pause(); }})()",
        )
        assert browser.run("root.scrollWidth <= root.clientWidth"), layer
        small = browser.run(
            "Math.min(...[...root.querySelectorAll('.window-cell')].map((each) => parseFloat(getComputedStyle(each).fontSize)), 99)"
        )
        assert small > 9, layer
        assert browser.run(FAINT.replace("body *:not", "#view-window *:not")) == [], layer
    assert not browser.troubles()


def test_a_filter_that_is_switched_off_is_said_and_what_follows_is_worked_out_again(browser: Browser, page: Path):
    opened(browser, page)
    before = told(browser, "goTo('spread', 'spread', [2, 2, 4])")
    told(browser, "goTo('strided', 'strided', [1, 1, 3])")
    browser.run("location.hash = '#edit/strided/3/1/1'")
    browser.until("document.querySelector('[data-filter=\"3\"]') !== null")
    browser.run("document.querySelector('[data-filter=\"3\"]').click()")
    browser.until("document.querySelector('[data-filter=\"3\"]').getAttribute('aria-pressed') === 'true'")
    off = told(browser, "goTo('strided', 'strided', [1, 1, 3])")
    browser.until("root.textContent.includes('switched off')")
    off = browser.run("({ ...root.querySelector('article').dataset })")
    assert off["value"] == "0"
    assert off["agrees"] == "true"
    after = told(browser, "goTo('spread', 'spread', [2, 2, 4])")
    assert after["agrees"] == "true"
    assert after["value"] != before["value"]
    assert abs(after["sum"] - after["value"]) <= 1e-5 * after["size"]
    assert not browser.run("root.querySelectorAll('.warning').length")
    assert not browser.troubles()


def test_the_window_is_dragged_over_what_goes_in(browser: Browser, page: Path):
    opened(browser, page)
    told(browser, "goTo('strided', 'strided', [0, 0, 1])")
    figures = "root.querySelectorAll('.window-overview canvas')"
    for figure, share, shown in ((1, (0.5, 0.79), "2 4 1"), (2, (0.7, 0.1), "3 0 1"), (0, (0.01, 0.01), "0 0 1")):
        box = browser.run(
            f"(() => {{ const each = {figures}[{figure}]; each.scrollIntoView({{ block: 'center', behavior: 'instant' }}); "
            "const { x, y, width, height } = each.getBoundingClientRect(); return [x, y, width, height]; })()"
        )
        x, y = box[0] + box[2] * share[1], box[1] + box[3] * share[0]
        for kind in ("mousePressed", "mouseReleased"):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)
        assert told(browser, f"shown('strided {shown}')") == f"strided {shown}"


def test_a_sum_that_is_not_the_value_is_said_aloud(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A page in which every difference counts: those of rounding stand for a defect of ours."""
    tolerance = "1e-5 * worked.size + 1e-37"
    assert bundle("main.js").count(tolerance) == 1
    monkeypatch.setattr(render, "bundle", lambda entry: bundle(entry).replace(tolerance, "0"))
    opened(browser, every_kind_page(tmp_path))
    found = told(browser, "goTo('strided', 'strided', [2, 3, 1])")
    assert found["sum"] != found["value"]
    assert found["agrees"] == "false"
    warning = browser.run("root.querySelector('article .warning[role=alert]').textContent")
    assert f"The network computed {found['value']}" in warning
