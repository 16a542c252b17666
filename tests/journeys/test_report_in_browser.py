"""The report of a real run in a real browser: a cell shows exactly its images, and no name of the corpus is markup."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import CUT, FAINT, NEEDS_BROWSER, SCROLLS, WIDTHS, Browser
from tests.commands import typed
from tests.conftest import speckled, write_image
from tests.unit.reports.run_pages import page_of, png

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.layer_table import layer_table
from hubel.backends.shapes_only import without_weights
from hubel.corpus.corpus import IntakeRow
from hubel.reports.run_page import Mistake, Stranger, render_run_page

pytestmark = NEEDS_BROWSER

HOSTILE = "<img src=x onerror=alert(1)>"
CLASSES = {HOSTILE: (150, 90, 90), "{{ 7*7 }}": (150, 90, 90), "__proto__": (60, 70, 190)}
"""The first two look the same, so that some are taken for the other."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, rng = tmp_path_factory.mktemp("hostile") / "images", np.random.default_rng(3)
    for name, colour in CLASSES.items():
        for number in range(60):
            write_image(root / name / f"{number:02} \u202egnp.<b>.png", speckled(colour, rng=rng))
    (root / HOSTILE / "broken<script>alert(2).jpg").write_bytes(b"<html>not found</html>")
    out = root.parent / "run"
    done = typed("train", root, "-o", out, "--epochs", 3, "--architecture", "small-cnn")
    assert done.returncode == 4, done.stderr
    return out


def predictions(run: Path) -> list[dict[str, str]]:
    with (run / "predictions.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "test"]


def cell(browser: Browser, true: int, named: int) -> dict[str, Any]:
    """Click a number, and read what is shown, as a person would."""
    return browser.run(
        f"""(() => {{
            document.querySelector("button[data-true='{true}'][data-named='{named}']").click();
            const next = document.getElementById("cell-next");
            while (!next.hidden) next.click();
            const items = Array.from(document.querySelectorAll("#cell-images li"));
            return {{
                title: document.getElementById("cell-title").textContent,
                paths: items.map((item) => item.querySelector("bdi").textContent),
                images: items.map((item) => getComputedStyle(item.querySelector(".tile")).backgroundImage.slice(0, 16)),
            }};
        }})()"""
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with 24 classes of long names, wide numbers, a deep network, and a little of everything."""
    names = tuple(f"a rather long name of a class, number {number}" for number in range(24))
    page = page_of(names, 3000)
    with without_weights():
        layers = layer_table(build_model(make_blueprint("mobilenet", (224, 224), classes=24)))
    path = "a folder with a long name/" + "another_one_without_any_break" * 3 + "/image.png"
    advice = [{"rule": "x", "severity": "harmful", "text": "Train longer.", "evidence": "", "command": COMMAND}]
    page = replace(
        page,
        metrics={**page.metrics, "advice": advice},
        layers=layers,
        mistakes=[Mistake(path, names[0], names[1], 0.97, 0.01, png(40), png(41)) for _ in range(3)],
        strangers=[Stranger(path, names[2], 2.5, png(42))],
        class_images={name: [png(43)] * 4 for name in names},
        contact=png(200),
        contact_rows=4,
        refused=[IntakeRow(path, "refused", "empty", "the file has no bytes: copy it again")],
    )
    file = tmp_path_factory.mktemp("made") / "report.html"
    file.write_text(render_run_page(page), encoding="utf-8")
    return file


COMMAND = "hubel train 'my photos' -o runs/photos --architecture small-cnn --epochs 12 --corrections a_long_name_of_a_file.csv"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_opens_without_a_complaint_asks_nothing_of_the_network_and_cuts_nothing(
    browser: Browser, run: Path, made: Path, width: int, dark: bool
):
    for page in (run / "report.html", made):
        browser.open(page, width=width, dark=dark, offline=True)
        assert browser.troubles() == []
        assert browser.asked_for() == {page.as_uri()}
        assert browser.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
            "no sideways"
        )
        assert browser.run(CUT) == []
        scrolling = browser.run(SCROLLS)  # a matrix of many classes, and on a small screen the drawing: by keyboard too
        assert {name for name, _ in scrolling} <= {"scroll matrix-box", *(("scroll drawing",) if width < 960 else ())}
        assert all(tab == 0 for _, tab in scrolling)
        assert browser.run(FAINT) == []
        colour = browser.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, colour[4:-1].split(","))) < 200) == dark


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_drawing_of_the_network_has_the_colours_of_the_page(browser: Browser, made: Path, dark: bool):
    browser.open(made, dark=dark)
    shares = browser.run("""(() => {
        const parts = (colour) => colour.match(/\\d+/g).map(Number).reduce((sum, part) => sum + part) / 765;
        const of = (selector) => Array.from(document.querySelectorAll(`.drawing svg ${selector}`), (each) => parts(getComputedStyle(each).fill));
        return { ground: of("rect")[0], words: of("text") };
    })()""")
    assert (shares["ground"] < 0.2) == dark
    assert all((share > 0.5) == dark for share in shares["words"])


def test_the_header_of_a_matrix_stays_in_sight_on_a_phone(browser: Browser, made: Path):
    browser.open(made, width=360)
    seen = browser.run("""(() => {
        const box = document.querySelector(".matrix-box");
        box.scrollTo(200, 200);
        const [whole, head, row] = [box, box.querySelector("thead th:last-child"), box.querySelector("tbody tr:last-child th")]
            .map((each) => each.getBoundingClientRect());
        return [box.scrollTop, box.scrollLeft, head.top - whole.top, row.left - whole.left];
    })()""")
    assert seen[:2] == [200, 200]
    assert seen[2:] == pytest.approx([0, 0], abs=3)


def test_a_command_is_copied_as_it_is_typed(browser: Browser, made: Path):
    browser.open(made)
    copied = """(() => {
        let text = "";
        document.addEventListener("copy", () => { text = document.activeElement.value; }, { once: true });
        Object.defineProperty(navigator, "clipboard", { value: CLIPBOARD, configurable: true });
        window.heard = () => text;
        document.querySelector("#advice .copy").click();
    })()"""
    browser.run(copied.replace("CLIPBOARD", "{ writeText: async (given) => { window.given = given; } }"))
    assert browser.run("window.given") == COMMAND
    assert browser.run("document.querySelector('#advice .copy').textContent") == "Copied"
    browser.open(made)
    browser.run(copied.replace("CLIPBOARD", "undefined"))  # as in a browser that has none for pages from a file
    assert browser.run("heard()") == COMMAND
    assert browser.run("document.querySelector('#advice .copy').textContent") == "Copied"
    assert browser.run("document.activeElement.className") == "copy"
    assert browser.troubles() == []


def press(browser: Browser, key: str) -> None:
    code = {"Enter": 13, "Escape": 27, "ArrowRight": 39, "Tab": 9}[key]
    for kind in ("rawKeyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


def test_an_image_is_shown_large_with_the_keyboard_alone(browser: Browser, made: Path):
    browser.open(made)
    stops = browser.run("Array.from(document.querySelectorAll('.mistakes img')).map((each) => each.tabIndex)")
    assert stops == [0, -1, -1, -1, -1, -1]
    browser.run("document.querySelector('.mistakes img').focus()")
    press(browser, "Enter")
    shown = """(() => {
        const [box, image] = [document.querySelector("dialog"), document.querySelector("dialog img")];
        return [box.open, image?.src === document.querySelectorAll(".mistakes img")[PLACE].src, image?.clientWidth > 400];
    })()"""
    assert browser.run(shown.replace("PLACE", "0")) == [True, True, True]
    press(browser, "ArrowRight")
    assert browser.run(shown.replace("PLACE", "1")) == [True, True, True]
    press(browser, "Escape")
    assert browser.run("document.querySelector('dialog').open") is False
    browser.until("document.activeElement === document.querySelectorAll('.mistakes img')[1]")


def test_a_click_on_a_tile_of_a_sheet_shows_it_large(browser: Browser, run: Path):
    browser.open(run / "report.html", width=360)
    browser.run("document.querySelector('#cell-images .tile').click()")
    seen = browser.run("""(() => {
        const tile = document.querySelector("dialog [role=img]");
        const { width, height, right } = tile.getBoundingClientRect();
        return [width / height, width > 250, right <= innerWidth, getComputedStyle(tile).backgroundImage.slice(0, 9)];
    })()""")
    assert seen == [pytest.approx(1, abs=0.02), True, True, 'url("data']
    browser.run("document.querySelector('dialog').click()")
    assert browser.run("document.querySelector('dialog').open") is False


def test_a_class_named_like_an_image_is_shown_as_text(browser: Browser, run: Path):
    browser.open(run / "report.html")
    shown = browser.run("Array.from(document.querySelectorAll('#classes tbody th')).map((each) => each.textContent)")
    assert sorted(shown) == sorted(CLASSES)
    assert browser.run("document.querySelectorAll('img[onerror], main script, b').length") == 0
    assert "broken<script>alert(2).jpg" in browser.run("document.getElementById('corpus').textContent")
    assert browser.troubles() == []


def test_a_click_on_a_cell_shows_exactly_the_images_of_that_cell(browser: Browser, run: Path):
    rows = predictions(run)
    names = json.loads((run / "metrics.json").read_text())["classes"]
    counts = Counter((names.index(row["label"]), names.index(row["predicted"])) for row in rows)
    assert len(counts) > len(names), "some are named wrongly"
    browser.open(run / "report.html")
    for (true, named), count in counts.items():
        wanted = {
            row["path"].replace("\u202e", "\\u202e")
            for row in rows
            if (row["label"], row["predicted"]) == (names[true], names[named])
        }
        shown = cell(browser, true, named)
        assert set(shown["paths"]) == wanted
        assert len(shown["paths"]) == count
        assert shown["title"].endswith(f": {count} image" + ("" if count == 1 else "s"))
        assert set(shown["images"]) == {'url("data:image/'}
    empty = browser.run("document.querySelectorAll('button.cell:disabled').length")
    assert empty == len(names) ** 2 - len(counts)


def test_a_tile_shows_the_image_of_its_path(browser: Browser, run: Path):
    # The images of the third class are blue, those of the others are not: read from what the browser paints.
    rows = predictions(run)
    names = json.loads((run / "metrics.json").read_text())["classes"]
    blue = names.index("__proto__")
    right = sum(row["label"] == row["predicted"] == "__proto__" for row in rows)
    assert right > 5
    browser.open(run / "report.html")
    cell(browser, blue, blue)
    assert browser.mean_colour("#cell-images .tile")[2] > 150
    other = next(names.index(row["label"]) for row in rows if row["label"] == row["predicted"] != "__proto__")
    cell(browser, other, other)
    assert browser.mean_colour("#cell-images .tile")[2] < 130
