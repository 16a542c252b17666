"""The page of a classifier opens in Firefox as it does in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.browser import Browser
from tests.firefox import NEEDS_FIREFOX, Firefox
from tests.made.pages import tiny_page

pytestmark = NEEDS_FIREFOX
ANSWER = """hubel.ready.then(() => hubel.predict(new ImageData(Uint8ClampedArray.from(
    { length: 12 * 14 * 4 }, (_, at) => at % 4 === 3 ? 255 : (at * 37) % 251), 14, 12)))
    .then(({ className, logits }) => ({ className, logits: Array.from(logits) }))"""


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    browser = Firefox(tmp_path_factory.mktemp("firefox"))
    yield browser
    browser.close()


def test_a_page_answers_there_as_in_chromium(firefox: Firefox, browser: Browser, tmp_path: Path) -> None:
    page = tiny_page(tmp_path)
    firefox.open(page)
    there = firefox.run(ANSWER)
    browser.open(page, offline=True)
    here = browser.call("Runtime.evaluate", expression=ANSWER, awaitPromise=True, returnByValue=True)
    here = here["result"]["value"]
    assert there["className"] == here["className"]
    np.testing.assert_allclose(there["logits"], here["logits"], rtol=1e-5, atol=1e-6)
    assert np.ptp(there["logits"]) > 0.1


def test_it_loads_nothing_there(firefox: Firefox, tmp_path: Path) -> None:
    firefox.open(tiny_page(tmp_path))
    firefox.until("document.querySelectorAll('#stage canvas').length > 3")
    loaded = firefox.run("performance.getEntriesByType('resource').map((each) => each.name)")
    assert [name for name in loaded if not name.startswith(("data:", "blob:"))] == []
    assert firefox.run("document.querySelectorAll('main [id^=view-] *').length") > 10
