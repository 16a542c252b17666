"""The page of an audit in a real browser: no name runs as code, and everything can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.browser import CUT, FAINT, NEEDS_BROWSER, SCROLLS, WIDTHS, Browser
from tests.conftest import speckled, write_image
from tests.made.audit_pages import CHECKS, IMAGE, NAMES, SCRIPT, hostile_page, written

from hubel.corpus.audit.catalogue import CHECKS as CHECKS_OF_HUBEL
from hubel.corpus.audit.finding import Finding
from hubel.corpus.corpus import IntakeRow
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors.wording import Command, Option
from hubel.reports.audit_page import AuditPage
from hubel.reports.thumbnails import make_thumbnails

pytestmark = NEEDS_BROWSER

NOTHING_CORRECTED = f"0 of {len(NAMES)} corrected"


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


@pytest.fixture(scope="module")
def large_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six hundred thumbnails, and names that offer no place to break a line."""
    folder = tmp_path_factory.mktemp("large")
    rng = np.random.default_rng(5)
    for number in range(600):
        side, name = (8, "small" * 20) if number % 2 else (120, "large" * 20)
        pixels = speckled((90, 120, 150), rng=rng, height=side, width=side)
        write_image(folder / "corpus" / name / f"a-rather-long-name-of-a-image-{number:04}.png", pixels)
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
def test_six_hundred_images_are_drawn_and_nothing_stands_over(
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


@pytest.fixture(scope="module")
def of_every_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with findings of every check, long names, wide numbers and a little of everything."""
    folder, rng = tmp_path_factory.mktemp("every"), np.random.default_rng(5)
    for number in range(8):
        name = f"corpus/{'a rather long name of a class'[: 29 - number]}/{'a_name_without_any_break' * 3}-{number}.jpg"
        write_image(folder / name, speckled((90, 120, 150), rng=rng, height=90, width=60 + 40 * number))
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
        expected="About 2 of these 3 are expected to be wrong, estimated from these labels as if errors occurred at random.",
        command=Command(
            "train",
            ("my photos",),
            (Option("out", "runs/photos"), Option("corrections", f"{'a_long_name_of_a_file' * 4}.csv")),
        ),
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
