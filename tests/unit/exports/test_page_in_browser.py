"""A page in a real browser: from a file without a connection, in the frame of a notebook, and from the studio."""

from __future__ import annotations

import base64
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import NEEDS_BROWSER, Browser

import hubel
from hubel.studio.run_list import find_run_list
from hubel.studio.server import first_page, listening

pytestmark = NEEDS_BROWSER
READY = "hubel.ready.then(() => hubel.predict(new ImageData(40, 30))).then((answer) => answer.className)"
"""The class of a black image."""


@pytest.fixture(scope="module")
def opened(run: hubel.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run with its page."""
    copy = shutil.copytree(run.path, tmp_path_factory.mktemp("opened") / "a run")
    hubel.open(copy, browser=False)
    return copy


def awaited(browser: Browser, script: str) -> Any:
    """What a promise of the page gives."""
    answer = browser.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in answer, answer
    return answer["result"]["value"]


def test_from_a_file_without_a_connection_it_answers_as_hubel_predict(run: hubel.Run, opened: Path, browser: Browser):
    browser.open(opened / "page.html", offline=True)
    browser.until("window.hubel !== undefined", seconds=30)
    photos = sorted((run.path.parent / "photos").rglob("*.png"))[::12]
    files = json.dumps([base64.b64encode(each.read_bytes()).decode() for each in photos])
    predict = f"""Promise.resolve({files}).then(async (files) => {{
        const answers = [];
        for (const file of files) {{
            const bytes = Uint8Array.from(atob(file), (each) => each.charCodeAt(0));
            const answer = await hubel.predict(new Blob([bytes], {{ type: "image/png" }}));
            answers.push([answer.className, hubel.classNames.map((name) => answer.probabilities[name])]);
        }}
        return answers;
    }})"""
    answers, expected = awaited(browser, predict), hubel.load(opened).predict(photos)
    assert [name for name, _ in answers] == [each.class_name for each in expected]
    probabilities = [[each.probabilities[name] for name in run.classifier.class_names] for each in expected]
    np.testing.assert_allclose([each for _, each in answers], probabilities, atol=1e-4)
    assert browser.troubles() == []
    asked = {each for each in browser.asked_for() if not each.startswith("blob:")}  # its own worker
    assert asked == {(opened / "page.html").as_uri()}


def test_a_notebook_s_frame_computes_apart_from_the_notebook(opened: Path, browser: Browser, tmp_path: Path):
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>notebook</title>{hubel.show(opened)._repr_html_()}", encoding="utf-8")
    browser.open(notebook, offline=True)
    browser.enter_frame()
    browser.until("window.hubel !== undefined", seconds=30)
    assert awaited(browser, READY) in hubel.load(opened).class_names
    reached = browser.run("(() => { try { return parent.document.title; } catch (error) { return error.name; } })()")
    assert reached == "SecurityError"
    assert browser.troubles() == []


def test_the_studio_lets_the_browser_in_by_a_file_and_serves_page_and_report(opened: Path, browser: Browser):
    with listening(find_run_list(opened.parent)) as studio, first_page(studio.address) as first:
        thread = threading.Thread(target=studio.serve)
        thread.start()
        try:
            browser.open(first)
            browser.until("document.querySelectorAll('main table').length === 1")
            assert browser.run("location.href") == studio.access.address
            assert browser.run("document.cookie") == ""
            assert browser.run("document.querySelector('main th[scope=row]').textContent") == "a run"
            browser.run("document.querySelector('main td a').click()")
            browser.until("window.hubel !== undefined", seconds=30)
            assert browser.run("location.pathname") == "/runs/a%20run/page.html"
            assert awaited(browser, READY) in hubel.load(opened).class_names
            browser.run("location.href = 'report.html'")
            browser.until("document.querySelector('#laid-open a') !== null")
            browser.run("document.querySelector('#laid-open a').click()")
            browser.until("window.hubel !== undefined", seconds=30)
            assert browser.troubles() == []
            hosts = {address.split("/")[2] for address in browser.asked_for() if address.startswith("http")}
            assert hosts == {f"127.0.0.1:{studio.access.port}"}
        finally:
            studio.end()
            thread.join(10)
