"""The page of an audit in a real browser: labels are corrected and saved exactly, and no name runs as code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.browser import CUT, FAINT, NEEDS_BROWSER, SCROLLS, WIDTHS, Browser
from tests.conftest import speckled, write_picture

from hubel.corpus.audit.catalogue import CHECKS as CHECKS_OF_HUBEL
from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import IntakeRow
from hubel.corpus.corrections import read_corrections
from hubel.corpus.formats.catalogue import read_corpus
from hubel.reports.audit_page import AuditPage, render_audit_page
from hubel.reports.thumbnails import make_thumbnails

pytestmark = NEEDS_BROWSER

SCRIPT = "<script>document.title='x'</script>"
IMAGE = "<img src=x onerror=\"document.title='x'\">"
NAMES = (
    SCRIPT,
    IMAGE,
    "__proto__",
    "constructor",
    'a,"b"',
    "two\r\nlines",
    "a\rb",
    "=1+1",
    " t-shirt ",
    "\u202egpj",
    "猫",
)
"""Class names that are only names."""
NOTHING_CORRECTED = f"0 of {len(NAMES)} corrected"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


CHECKS = {
    "leak": Check("On both sides", "the score is too good", "4 of 64 bits", "delete one"),
    "suspect-label": Check("Doubtful labels", "wrong labels are learned", "another class", "correct it here"),
    "dark": Check("Dark images", "little to see", "below 0.15", "take it again"),
}


def suspects() -> tuple[Finding, ...]:
    """One for each class name, which looks like the next class."""
    following = dict(zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True))
    return tuple(
        Finding("suspect-label", (f"{name}/{place}.jpg",), place / 100, name, suggested=following[name])
        for place, name in enumerate(NAMES)
    )


def hostile_page() -> AuditPage:
    classes_of = {finding.paths[0]: name for finding, name in zip(suspects(), NAMES, strict=True)}
    unwritable = Finding("suspect-label", ("\udcff.jpg",), 0.9, "not UTF-8", suggested="猫")
    leaks = tuple(Finding("leak", (name, f"b/{name}"), 0.0, name, 1.0, "across given splits") for name in NAMES)
    return AuditPage(
        location=SCRIPT,
        made_by="hubel 0.1.0",
        counts={"found": 12, "read": 11, "refused": 1, "ignored": 0},
        class_names=NAMES,
        class_counts=dict.fromkeys(NAMES, 1),
        checks=CHECKS,
        findings=(*suspects(), unwritable, *leaks),
        split_counts={"train": dict.fromkeys(NAMES, 1)},
        notes=NAMES,
        refused=[IntakeRow(name, "refused", name, name) for name in NAMES],
        classes_of=classes_of,
        splits_of=dict.fromkeys(NAMES, "train"),
    )


def written(page: AuditPage, folder: Path) -> Path:
    path = folder / "audit page.html"
    path.write_bytes(render_audit_page(page).encode())
    return path


def test_no_name_runs_as_code_and_nothing_is_asked_of_the_network(browser: Browser, tmp_path: Path):
    path = written(hostile_page(), tmp_path)
    browser.open(path)
    assert browser.run("document.title") == f"Audit of {SCRIPT}"
    assert browser.run("document.getElementById('corrected').textContent") == NOTHING_CORRECTED
    assert browser.troubles() == []
    assert browser.asked_for() == {path.as_uri()}


def test_a_script_smuggled_into_the_page_is_not_run(browser: Browser, tmp_path: Path):
    path = written(hostile_page(), tmp_path)
    path.write_text(path.read_text().replace("<main>", f"<main>{SCRIPT}{IMAGE}<iframe src='{path.name}'></iframe>"))
    browser.open(path)
    assert browser.run("document.title") == f"Audit of {SCRIPT}"
    said = " ".join(event["entry"]["text"] for event in browser.heard("Log.entryAdded"))
    assert "Content Security Policy" in said
    assert browser.run("document.getElementById('corrected').textContent") == NOTHING_CORRECTED


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
    names = ("cat", "dog", "horse", "zebra")
    finding = Finding("suspect-label", ("cat/1.jpg",), 0.1, "looks like a horse", suggested="horse")
    page = AuditPage(
        "photos", "hubel 0.1.0", {"found": 1, "read": 1, "refused": 0, "ignored": 0}, names, dict.fromkeys(names, 1),
        CHECKS, (finding,), classes_of={"cat/1.jpg": "cat"},
    )  # fmt: skip
    browser.open(written(page, tmp_path))
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


@pytest.fixture(scope="module")
def large_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hundred thumbnails, and names that offer no place to break a line."""
    folder = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(5)
    for number in range(600):
        side, name = (8, "small" * 20) if number % 2 else (120, "large" * 20)
        pixels = speckled((90, 120, 150), rng=rng, height=side, width=side)
        write_picture(folder / "corpus" / name / f"a-rather-long-name-of-a-image-{number:04}.png", pixels)
    corpus = read_corpus(folder / "corpus")
    paths = [example.path for example in corpus.examples]
    findings = [
        *(Finding("leak", tuple(paths[start : start + 8]), 0.1, "one image") for start in range(0, 480, 8)),
        *(Finding("dark", (path,), 0.2, "hardly any light") for path in paths[480:540]),
        *(Finding("suspect-label", (path,), 0.3, "looks large", suggested="large" * 20) for path in paths[540:]),
    ]
    page = AuditPage(
        location="corpus" * 30,
        made_by="hubel 0.1.0",
        counts=corpus.intake_counts,
        class_names=corpus.class_names,
        class_counts=corpus.class_counts,
        checks=CHECKS,
        findings=findings,
        split_counts={name: {"small" * 20: 200, "large" * 20: 200} for name in ("train", "validation", "test")},
        classes_of={example.path: corpus.class_names[example.label] for example in corpus.examples},
        thumbnails=make_thumbnails(corpus, range(600)),
    )
    return written(page, folder)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_six_hundred_pictures_are_drawn_and_nothing_stands_over(
    browser: Browser, large_page: Path, width: int, dark: bool
):
    browser.open(large_page, width=width, dark=dark)
    drawn = "Array.from(document.images).filter((image) => image.complete && image.naturalWidth > 0).length"
    assert browser.run(drawn) == 600
    assert browser.run("document.documentElement.scrollWidth") <= width
    brightness = browser.run("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert (brightness < 100) == dark
    assert browser.run("getComputedStyle(document.querySelector('img.small')).imageRendering") == "pixelated"
    assert browser.troubles() == []


def small_page(**changes: object) -> AuditPage:
    names = ("cat", "dog", "horse", "zebra")
    findings = tuple(
        Finding("suspect-label", (f"{given}/{place}.jpg",), place / 10, f"looks like a {other}", suggested=other)
        for place, (given, other) in enumerate((("cat", "horse"), ("dog", "cat"), ("cat", "zebra")))
    )
    page = AuditPage(
        "photos", "hubel 0.1.0", {"found": 3, "read": 3, "refused": 0, "ignored": 0}, names, dict.fromkeys(names, 1),
        CHECKS, findings, classes_of={finding.paths[0]: finding.paths[0].split("/")[0] for finding in findings},
    )  # fmt: skip
    return replace(page, **changes)


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
        write_picture(tmp_path / "corpus" / name, speckled((90, 120, 150), rng=rng, height=300, width=400))
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
    command = "hubel train 'my photos' -o runs/photos --corrections audit/corrections.csv"
    browser.open(written(small_page(command=command), tmp_path))
    browser.run("""(() => {
        const board = { writeText: async (given) => { window.given = given; } };
        Object.defineProperty(navigator, "clipboard", { value: board, configurable: true });
        document.querySelector(".next .copy").click();
    })()""")
    assert browser.run("window.given") == command
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


@pytest.fixture(scope="module")
def of_every_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with findings of every check, long names, wide numbers and a little of everything."""
    folder, rng = tmp_path_factory.mktemp("every"), np.random.default_rng(5)
    for number in range(8):
        name = f"corpus/{'a rather long name of a class'[: 29 - number]}/{'a_name_without_any_break' * 3}-{number}.jpg"
        write_picture(folder / name, speckled((90, 120, 150), rng=rng, height=90, width=60 + 40 * number))
    corpus = read_corpus(folder / "corpus")
    paths, names = [example.path for example in corpus.examples], corpus.class_names
    said = f"'{paths[0]}' is not as it should be: " + "one more reason, " * 8
    findings = [
        Finding(check, tuple(paths[: 1 + place % 8]), score, said, 0.4321, relation, suggested=names[1])
        for check in CHECKS_OF_HUBEL
        for place, (score, relation) in enumerate(((0.0713, "across given splits"), (0.5, "same class"), (1.0, "")))
    ]
    page = AuditPage(
        "a folder with a long name/" + "another_one_without_any_break" * 3, "hubel 0.1.0",
        dict.fromkeys(("found", "read", "refused", "ignored"), 1_234_567), names, dict.fromkeys(names, 1_234_567),
        CHECKS_OF_HUBEL, (*findings, Finding("suspect-label", ("\udcff.jpg",), 0.9, "not UTF-8", suggested=names[0])),
        split_counts={split: dict.fromkeys(names, 1_234_567) for split in ("train", "validation", "test")},
        notes=(said,),
        refused=[IntakeRow(paths[0], "refused", "empty", said)],
        classes_of={example.path: names[example.label] for example in corpus.examples},
        splits_of=dict.fromkeys(paths, "validation"),
        thumbnails=make_thumbnails(corpus, range(7)),
        expected="About 2 of these 3 are expected to be wrong, estimated from these labels as if errors fell at random.",
        command=f"hubel train 'my photos' -o runs/photos --corrections {'a_long_name_of_a_file' * 4}.csv",
    )  # fmt: skip
    return written(page, folder)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_or_too_faint_to_read(browser: Browser, of_every_check: Path, width: int, dark: bool):
    browser.open(of_every_check, width=width, dark=dark, offline=True)
    assert browser.troubles() == []
    assert browser.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "no sideways"
    assert browser.run(CUT) == []
    assert browser.run(FAINT) == []
    scrolling = browser.run(SCROLLS)
    assert all(tab == 0 for _, tab in scrolling), "what scrolls can be scrolled with the keyboard"
    assert bool(scrolling) == (width == 360), "the table of classes has five columns of numbers: a phone scrolls it"
