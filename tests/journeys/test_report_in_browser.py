"""The report of a real run in a real browser: a cell shows exactly its images, and no name of the corpus is markup."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import NEEDS_BROWSER, Browser
from tests.conftest import environment, speckled, write_picture

pytestmark = NEEDS_BROWSER

HOSTILE = "<img src=x onerror=alert(1)>"
CLASSES = {HOSTILE: (150, 90, 90), "{{ 7*7 }}": (150, 90, 90), "__proto__": (60, 70, 190)}
"""The first two look the same, so that some are taken for the other."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, rng = tmp_path_factory.mktemp("hostile") / "pictures", np.random.default_rng(3)
    for name, colour in CLASSES.items():
        for number in range(60):
            write_picture(root / name / f"{number:02} \u202egnp.<b>.png", speckled(colour, rng=rng))
    (root / HOSTILE / "broken<script>alert(2).jpg").write_bytes(b"<html>not found</html>")
    out = root.parent / "run"
    done = subprocess.run(
        [sys.executable, "-m", "hubel", "train", root, "-o", out, "--epochs", "3", "--architecture", "small-cnn"],
        capture_output=True, text=True, env=environment(), timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    return out


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


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
                pictures: items.map((item) => getComputedStyle(item.querySelector(".tile")).backgroundImage.slice(0, 16)),
            }};
        }})()"""
    )


@pytest.mark.parametrize(("width", "dark"), [(1300, False), (390, False), (1300, True)], ids=["wide", "phone", "dark"])
def test_it_opens_without_a_complaint_and_asks_nothing_of_the_network(
    browser: Browser, run: Path, width: int, dark: bool
):
    page = run / "report.html"
    browser.open(page, width=width, dark=dark, offline=True)
    assert browser.troubles() == []
    assert browser.asked_for() == {page.as_uri()}
    assert browser.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "no sideways"
    colour = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, colour[4:-1].split(","))) < 200) == dark


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
        assert set(shown["pictures"]) == {'url("data:image/'}
    empty = browser.run("document.querySelectorAll('button.cell:disabled').length")
    assert empty == len(names) ** 2 - len(counts)


def test_a_tile_shows_the_picture_of_its_path(browser: Browser, run: Path):
    # The pictures of the third class are blue, those of the others are not: read from what the browser paints.
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
