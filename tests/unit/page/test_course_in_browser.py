"""The course of the page in Chromium: stations in the address, questions that are checked, the way there and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.browser import FAINT, NEEDS_BROWSER, WIDTHS, Browser
from tests.made.pages import CLASS_NAMES, tiny_page

pytestmark = NEEDS_BROWSER

ASKED = "!!document.querySelector('.station-question')"
TEXT = "document.querySelector({!r}).textContent"
PRESS = "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: {!r}, bubbles: true, cancelable: true }}))"
CUT = """Array.from(document.querySelectorAll(".course *, .course-return *"))
    .filter((each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1).map((each) => each.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_page(tmp_path_factory.mktemp("page"))


def opened(browser: Browser, page: Path, station: int, *, width: int = 1400, dark: bool = False) -> None:
    browser.open(page, width=width, dark=dark, offline=True)
    browser.until("document.getElementById('state').hidden")
    to(browser, station)


def to(browser: Browser, station: int) -> None:
    browser.run(f"location.hash = '#course/{station}'")
    there(browser, station)


def there(browser: Browser, station: int) -> None:
    browser.until(f"document.querySelector('.station .kicker')?.textContent === 'Station {station} of 15' && {ASKED}")


def answered(browser: Browser, text: str) -> str:
    browser.run(f"document.querySelector('.station-question input').value = {text!r}")
    browser.run("document.querySelector('.station-question button').click()")
    return browser.run(TEXT.format(".station-result"))


def test_arrow_keys_turn_the_pages_and_the_address_follows(browser: Browser, page: Path):
    opened(browser, page, 7)
    browser.run(PRESS.format("ArrowRight"))
    there(browser, 8)
    browser.run(PRESS.format("ArrowLeft"))
    there(browser, 7)
    assert browser.run("location.hash") == "#course/7"
    browser.run("history.back()")
    there(browser, 8)
    browser.run("location.hash = '#course'")
    assert browser.run(TEXT.format(".station .kicker")) == "Station 8 of 15"


def test_an_answer_is_checked_and_stays_folded_away_until_it_is_asked_for(browser: Browser, page: Path):
    opened(browser, page, 8)
    assert not browser.run("document.querySelector('.station-question details').open")
    assert answered(browser, "28").startswith("Not yet.")
    assert browser.run("document.querySelectorAll('.course-progress .solved').length") == 0
    assert answered(browser, "27").startswith("Right.")
    assert browser.run("document.querySelector('.course-progress .solved').hash") == "#course/8"
    assert browser.troubles() == []


def test_the_way_to_what_there_is_to_see_keeps_the_question_and_leads_back(browser: Browser, page: Path):
    opened(browser, page, 5)
    question = browser.run(TEXT.format(".station-question legend"))
    browser.run("document.querySelector('.station-look button').click()")
    browser.until("!document.getElementById('view-window').hidden && document.getElementById('view-course').hidden")
    assert browser.run("location.hash").startswith("#window/conv1/")
    assert question.partition(" (")[0] in browser.run(TEXT.format(".course-return"))
    browser.run("document.querySelector('.course-return a').click()")
    there(browser, 5)
    assert browser.run("document.querySelector('.course-return').hidden")


def test_the_number_to_read_off_stands_in_the_view_that_the_station_leads_to(browser: Browser, page: Path):
    opened(browser, page, 5)
    because = browser.run(TEXT.format(".station-question details p"))
    browser.run("document.querySelector('.station-look button').click()")
    number = because.removeprefix("It is ").split(",")[0]
    browser.until(f"document.getElementById('view-window').textContent.includes({number.replace('-', '')!r})")


def test_names_of_classes_are_text(browser: Browser, page: Path):
    opened(browser, page, 1)
    words = browser.run(TEXT.format(".station"))
    assert sum(name in words for name in CLASS_NAMES) == len(CLASS_NAMES)
    assert browser.run("document.querySelectorAll('.station img').length") == 0


@pytest.mark.parametrize("dark", [False, True])
def test_there_is_room_and_contrast_on_every_screen(browser: Browser, page: Path, dark: bool):
    for width in WIDTHS:
        opened(browser, page, 5, width=width, dark=dark)
        answered(browser, "0")
        assert browser.run("document.documentElement.scrollWidth <= innerWidth"), width
        assert browser.run(CUT) == [], width
        assert browser.run(FAINT) == [], width
        browser.run("document.querySelector('.station-look button').click()")
        assert browser.run("document.documentElement.scrollWidth <= innerWidth"), width
        assert browser.run(CUT) == [], width
