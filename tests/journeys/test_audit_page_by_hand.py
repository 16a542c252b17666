"""The page of an audit as a person uses it: labels are corrected and saved exactly, by mouse and by keys."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.browser import NEEDS_BROWSER, Browser
from tests.conftest import speckled, write_image
from tests.made.audit_pages import NAMES, hostile_page, small_page, suspects, written

from hubel.corpus.audit.finding import Finding
from hubel.corpus.corrections import read_corrections
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors.wording import Command, Option
from hubel.reports.thumbnails import make_thumbnails

pytestmark = NEEDS_BROWSER


def choose(browser: Browser, place: int, text: str) -> None:
    """Choose what a person reads as ``text``."""
    chosen = browser.run(
        f"""(() => {{
            const select = document.querySelector("select[data-place='{place}']");
            select.selectedIndex = Array.from(select.options).findIndex((option) => option.textContent === {json.dumps(text)});
            select.dispatchEvent(new Event("change", {{ bubbles: true }}));
            return select.selectedIndex >= 0;
        }})()"""
    )
    assert chosen, text


def test_corrections_are_saved_with_their_exact_names(browser: Browser, tmp_path: Path):
    browser.open(written(hostile_page(), tmp_path))
    assert browser.run("document.getElementById('save').disabled") is True
    shown = {"two\r\nlines": "two\\r\\nlines", "a\rb": "a\\rb", "\u202egpj": "\\u202egpj"}
    wanted = (*NAMES[2:], NAMES[0])  # not the suggested class, but the one after it
    for place, name in enumerate(wanted):
        choose(browser, place, shown.get(name, name))
    choose(browser, len(NAMES) - 1, "remove from the corpus")
    assert browser.run("document.getElementById('corrected').textContent") == f"{len(NAMES)} of {len(NAMES)} corrected"
    assert browser.run("document.querySelectorAll('li.corrected').length") == len(NAMES)
    choose(browser, 1, "leave as it is")
    browser.run("document.getElementById('save').click()")
    content = browser.downloaded("corrections.csv")
    assert (
        browser.run("document.getElementById('corrected').textContent")
        == f"{len(NAMES) - 1} of {len(NAMES)} corrected, saved"
    )

    corrections = [*wanted, "!remove"]
    corrections[1] = ""
    rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    assert rows[0] == ["path", "label", "suggested", "correction"]
    assert rows[1:] == [
        [finding.paths[0], name, finding.suggested, correction]
        for finding, name, correction in zip(suspects(), NAMES, corrections, strict=True)
    ]

    (tmp_path / "corrections.csv").write_bytes(content)
    decided = read_corrections(tmp_path / "corrections.csv").decided
    paths = [finding.paths[0] for finding in suspects()]
    for path, correction in zip(paths, corrections, strict=True):
        assert decided.get(path, "").strip() == correction.strip(), "training reads what was chosen"

    choose(browser, 1, "猫")
    assert browser.run("document.getElementById('corrected').textContent") == f"{len(NAMES)} of {len(NAMES)} corrected"


def test_the_suggested_class_comes_first_and_the_given_one_is_not_offered(browser: Browser, tmp_path: Path):
    finding = Finding("suspect-label", ("cat/1.jpg",), 0.1, "looks like a horse", suggested="horse")
    browser.open(written(small_page(findings=(finding,), classes_of={"cat/1.jpg": "cat"}), tmp_path))
    offered = browser.run(
        "Array.from(document.querySelector('select[data-place]').options, (option) => option.textContent)"
    )
    assert offered == ["leave as it is", "horse", "dog", "zebra", "remove from the corpus"]
    assert browser.run("document.querySelector('select[data-place]').selectedIndex") == 0


def test_the_browser_asks_before_it_forgets_corrections(browser: Browser, tmp_path: Path):
    leave = """(() => {
        const leaving = new Event("beforeunload", { cancelable: true });
        window.dispatchEvent(leaving);
        return leaving.defaultPrevented ? "asks" : "leaves";
    })()"""
    browser.open(written(hostile_page(), tmp_path))
    assert browser.run(leave) == "leaves"
    choose(browser, 0, "remove from the corpus")
    assert browser.run(leave) == "asks"
    browser.run("document.getElementById('save').click()")
    assert browser.downloaded("corrections.csv")
    assert browser.run(leave) == "leaves"
    choose(browser, 0, "leave as it is")
    assert browser.run(leave) == "asks"


def chosen(browser: Browser) -> list[str]:
    return browser.run("Array.from(document.querySelectorAll('select[data-place]'), (select) => select.value)")


def press(browser: Browser, keys: str) -> None:
    for key in keys:
        browser.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)


def press_named(browser: Browser, key: str) -> None:
    code = {"Enter": 13, "Escape": 27, "ArrowRight": 39}[key]
    for kind in ("rawKeyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


def test_keys_accept_leave_remove_and_undo(browser: Browser, tmp_path: Path):
    browser.open(written(small_page(), tmp_path))
    press(browser, "na")  # the first card, then: as suggested
    assert chosen(browser) == ["horse", "", ""]
    press(browser, "nx")  # past the second; the third goes
    assert chosen(browser) == ["horse", "", "!remove"]
    press(browser, "pa")
    assert chosen(browser) == ["horse", "cat", "!remove"]
    press(browser, "uu")
    assert chosen(browser) == ["horse", "", ""]
    press(browser, "u")
    assert chosen(browser) == ["", "", ""]
    assert browser.run("document.getElementById('undo').disabled") is True
    assert "accept the suggestion" in browser.run("document.querySelector('.keys').textContent")


def test_what_was_chosen_is_there_after_a_reload_and_not_in_another_corpus(browser: Browser, tmp_path: Path):
    page = written(small_page(identity="hubel-audit-a"), tmp_path)
    browser.open(page)
    choose(browser, 1, "zebra")
    choose(browser, 2, "remove from the corpus")
    browser.open(page)
    assert chosen(browser) == ["", "zebra", "!remove"]
    assert browser.run("document.getElementById('corrected').textContent") == "2 of 3 corrected"
    (tmp_path / "other").mkdir()
    browser.open(written(small_page(identity="hubel-audit-b"), tmp_path / "other"))
    assert chosen(browser) == ["", "", ""]


def test_a_class_can_be_looked_at_alone(browser: Browser, tmp_path: Path):
    browser.open(written(small_page(), tmp_path))
    cards = "Array.from(document.querySelectorAll('li.suspect'), (card) => card.getClientRects().length > 0)"
    choose_class = """(() => {{
        const filter = document.getElementById("filter");
        filter.selectedIndex = Array.from(filter.options).findIndex((option) => option.textContent === "{}");
        filter.dispatchEvent(new Event("change"));
    }})()"""
    browser.run(choose_class.format("dog"))
    assert browser.run(cards) == [False, True, False]
    press(browser, "na")
    assert chosen(browser) == ["", "cat", ""]
    browser.run(choose_class.format("any class"))
    assert browser.run(cards) == [True, True, True]


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A page whose first suspect has an image, and that shows a copy beside its original."""
    rng = np.random.default_rng(0)
    for name in ("cat/0.jpg", "cat/2.jpg"):
        write_image(tmp_path / "corpus" / name, speckled((90, 120, 150), rng=rng, height=300, width=400))
    (tmp_path / "corpus/dog").mkdir()
    corpus = read_corpus(tmp_path / "corpus")
    page = small_page(thumbnails=make_thumbnails(corpus, range(2), side=400))
    copies = Finding("leak", ("cat/0.jpg", "cat/2.jpg"), 0.07, "one image", 0.93, "across given splits")
    return written(replace(page, findings=(*page.findings, copies)), tmp_path)


LARGE = """(() => {
    const [box, image] = [document.querySelector("dialog"), document.querySelector("dialog img")];
    return [box.open, image?.alt, image?.clientWidth > 400, image?.naturalWidth];
})()"""


def test_a_click_shows_the_whole_image_large_and_the_keys_of_the_page_rest_meanwhile(
    browser: Browser, photographs: Path
):
    browser.open(photographs)
    browser.run("document.querySelector('.suspect img').click()")
    assert browser.run(LARGE) == [True, "Image cat/0.jpg", True, 400]
    press(browser, "nax")
    assert chosen(browser) == ["", "", ""]
    browser.run("document.querySelector('dialog').click()")
    assert browser.run("document.querySelector('dialog').open") is False
    browser.until("document.activeElement.matches('.suspect img')")
    press(browser, "na")  # the image has the focus again, and the keys do what they say
    assert chosen(browser) == ["horse", "", ""]
    assert browser.troubles() == []


def test_a_copy_is_compared_with_its_original_by_the_arrow_keys(browser: Browser, photographs: Path):
    browser.open(photographs)
    browser.run("document.querySelector('#check-leak img').focus()")
    press_named(browser, "Enter")
    assert browser.run(LARGE)[:2] == [True, "Image cat/0.jpg"]
    press_named(browser, "ArrowRight")
    assert browser.run(LARGE)[:2] == [True, "Image cat/2.jpg"]
    press_named(browser, "Escape")
    assert browser.run("document.querySelector('dialog').open") is False


def test_the_next_command_is_copied_as_it_is_typed(browser: Browser, tmp_path: Path):
    options = (Option("out", "runs/photos"), Option("corrections", "audit/corrections.csv"))
    command = Command("train", ("my photos",), options)
    browser.open(written(small_page(command=command), tmp_path))
    browser.run("""(() => {
        const board = { writeText: async (given) => { window.given = given; } };
        Object.defineProperty(navigator, "clipboard", { value: board, configurable: true });
        document.querySelector(".next .copy").click();
    })()""")
    assert browser.run("window.given") == "hubel train 'my photos' -o runs/photos --corrections audit/corrections.csv"
    assert browser.run("document.querySelector('.next .copy').textContent") == "Copied"
    assert browser.troubles() == []


def test_earlier_corrections_are_saved_with_the_new_ones(browser: Browser, tmp_path: Path):
    earlier = (("horse/9.jpg", "horse", "", "zebra"), ("dog/1.jpg", "cat", "", "dog"))
    browser.open(written(small_page(earlier=earlier), tmp_path))
    choose(browser, 0, "horse")
    browser.run("document.getElementById('save').click()")
    (tmp_path / "corrections.csv").write_bytes(browser.downloaded("corrections.csv"))
    decided = read_corrections(tmp_path / "corrections.csv").decided
    assert decided == {"horse/9.jpg": "zebra", "cat/0.jpg": "horse", "dog/1.jpg": "dog"}
