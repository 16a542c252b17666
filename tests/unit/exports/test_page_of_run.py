"""``hubel open``, ``run.show()``, ``classifier.show()``: found where it is of this very classifier, else written."""

from __future__ import annotations

import os
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.commands import typed

import hubel
from hubel.errors import OutputNotWritable, UnusableInput
from hubel.page.mark import is_page, mark_in, mark_of
from hubel.workflows.exporting import in_browser, page_of_run
from hubel.workflows.exporting.page_request import PageRequest


@pytest.fixture(scope="module")
def opened(run: hubel.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run with its page."""
    copy = shutil.copytree(run.path, tmp_path_factory.mktemp("opened") / "run")
    assert hubel.open(copy, browser=False) == copy / "page.html"
    return copy


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where a page would have been written; nothing is computed."""
    written: list[Path] = []

    def write(request: PageRequest, out: Path, **_: Any) -> None:
        mark = mark_of(request.run / "classifier" if (request.run / "classifier").is_dir() else request.run)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(f'<meta name="generator" content="hubel 1"><meta name="classifier" content="{mark}">')
        written.append(out)

    monkeypatch.setattr(page_of_run, "make_page", write)
    return written


def copied(run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(run, tmp_path / "run")


def test_the_page_is_of_this_very_classifier_and_is_found_again(opened: Path):
    page = opened / "page.html"
    assert mark_in(page) == mark_of(opened / "classifier")
    before = page.stat()
    done = typed("open", opened, "--no-browser")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    assert page.stat() == before
    assert hubel.open(opened / "classifier", browser=False) == page


def test_the_report_names_the_command_and_then_the_page(run: hubel.Run, opened: Path):
    before = (run.path / "report.html").read_text()
    after = (opened / "report.html").read_text()
    assert "<code>hubel open RUN</code>" in before
    assert 'href="page.html"' not in before
    assert 'see every number: <a href="page.html">page.html</a>, beside this report</p>' in after
    assert "hubel open RUN" not in after
    assert len(before.splitlines()) == len(after.splitlines())


def test_a_page_of_another_classifier_or_version_is_written_anew(opened: Path, tmp_path: Path, stub: list[Path]):
    run = copied(opened, tmp_path)
    page, manifest = run / "page.html", run / "classifier" / "manifest.json"
    assert (hubel.open(run, browser=False), stub) == (page, [])
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    assert (hubel.open(run, browser=False), stub) == (page, [page])
    assert (hubel.open(run, browser=False), stub) == (page, [page])
    assert (hubel.open(run, "photos", browser=False), stub) == (page, [page, page])  # with its images, from there


def test_a_page_of_the_user_stays_and_where_nothing_can_be_written_the_cache_has_it(
    opened: Path, tmp_path: Path, stub: list[Path], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HUBEL_CACHE", str(tmp_path / "cache"))
    run = copied(opened, tmp_path)
    (run / "page.html").write_text("mine")
    found = hubel.open(run, browser=False)
    assert (found.parent, (run / "page.html").read_text()) == (tmp_path / "cache" / "pages", "mine")
    assert (hubel.open(run, browser=False), stub) == (found, [found])
    (run / "page.html").unlink()
    found.unlink()
    real, heard = page_of_run.make_page, []

    def full(request: PageRequest, out: Path, **more: Any) -> None:
        if out.parent == run:
            raise OutputNotWritable("Cannot write it.")
        real(request, out, **more)

    monkeypatch.setattr(page_of_run, "make_page", full)
    assert hubel.open(run, browser=False, on_event=heard.append) == found
    assert [str(each.text) for each in heard] == ["Cannot write it. The page goes into the cache."]


def test_a_new_training_takes_the_page_away(opened: Path, run: hubel.Run, tmp_path: Path):
    again = copied(opened, tmp_path)
    assert is_page(again / "page.html")
    photos = run.path.parent / "photos"
    hubel.train(photos, again, architecture="dense", image_size=16, epochs=1, overwrite=True)
    assert not (again / "page.html").exists()
    assert "hubel open RUN" in (again / "report.html").read_text()


def test_a_browser_is_opened_where_there_is_a_screen_and_else_it_is_said(opened: Path, monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(in_browser.webbrowser, "open_new_tab", lambda address: asked.append(address) or True)
    monkeypatch.setattr(in_browser.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    done = typed("open", opened)
    assert (done.returncode, done.stdout) == (0, f"{opened / 'page.html'}\n")
    assert "No browser can be opened from here. Open the file in one; it needs no connection." in done.stderr
    assert asked == []
    done = typed("open", opened, DISPLAY=":0")
    assert (done.returncode, done.stderr, asked) == (0, "", [(opened / "page.html").as_uri()])


def test_a_notebook_shows_the_same_file_in_a_frame_of_its_own(opened: Path):
    shown = hubel.show(opened, height=500)
    html = shown._repr_html_()
    source = html.split('srcdoc="')[1].split('"')[0]
    assert unescape(source) == (opened / "page.html").read_text()
    assert 'sandbox="allow-scripts allow-downloads"' in html
    assert "height:500px" in html
    assert repr(shown).endswith("page.html")  # a long path is shortened in the middle
    assert hubel.load(opened).show()._repr_html_().split('srcdoc="')[1].split('"')[0] == source


def test_a_classifier_that_was_never_saved_is_shown_without_images(run: hubel.Run):
    shown = run.classifier.show()
    assert shown.place == ""
    assert '"examples":[]' in shown.html


def test_what_is_no_run_is_said(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    done = typed("open", tmp_path / "empty")
    assert done.returncode == 3
    assert "is not a run folder" in done.stderr
    (tmp_path / "m.keras").write_text("x")
    done = typed("open", tmp_path / "m.keras")
    assert (done.returncode, "This needs a run" in done.stderr) == (3, True)
    assert os.listdir(tmp_path / "empty") == []
    with pytest.raises(UnusableInput):
        hubel.open(tmp_path / "none", browser=False)
