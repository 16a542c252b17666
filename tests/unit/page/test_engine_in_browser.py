"""The engine of a page in a browser: its thread, its vectors under the page's policy, and what it says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import NEEDS_BROWSER, Browser
from tests.made.pages import tiny_images, tiny_parts
from tests.node import NEEDS_NODE

from hubel.graphs.network_graph import GraphStep, NetworkGraph
from hubel.page.proof import find_node, run_page
from hubel.page.render import render_page

pytestmark = [*NEEDS_BROWSER, *NEEDS_NODE]
LOADED = """(async () => {
  const text = (id) => document.getElementById(id).textContent, data = JSON.parse(text("page-data"));
  const worker = new Worker(URL.createObjectURL(new Blob([text("page-engine")], { type: "text/javascript" })));
  const bytes = Uint8Array.from(atob(text("page-weights")), (each) => each.charCodeAt(0));
  const done = new Promise((resolve) => { worker.onmessage = (event) => resolve(event.data); });
  worker.postMessage({ id: 1, task: "load", graph: data.graph, index: data.tensors, seal: data.seal, bytes });
  return done;
})()"""
PREDICTED = """(async () => {
  await hubel.ready;
  const colours = given.flatMap((colour, at) => (at % 3 === 2 ? [colour, 255] : [colour]));
  const answer = await hubel.predict(new ImageData(Uint8ClampedArray.from(colours), 14, 12));
  const layer = await hubel.layer("conv2");
  return [Array.from(answer.logits), layer.shape, Array.from(layer.data)];
})()"""


def page(folder: Path, *, checks: Any = None, damage: bool = False) -> tuple[Path, str]:
    """The tiny page: written, and as it was before it was damaged."""
    data, weights = tiny_parts()
    html = render_page(data | ({} if checks is None else {"checks": checks}), weights, title="A tiny network")
    start = html.index(">", html.index('id="page-weights"')) + 1000
    changed = "A" if html[start] != "A" else "B"
    path = folder / "page.html"
    path.write_text(html[:start] + changed + html[start + 1 :] if damage else html, encoding="utf-8")
    return path, html


def in_node(html: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Logits and values that the engine of the page computes in Node."""
    graph = tiny_parts()[0]["graph"]
    steps = tuple(GraphStep(**(step | {"shape": tuple(step["shape"])})) for step in graph["steps"])
    network = NetworkGraph(tuple(graph["image_size"]), steps, graph["outputs"], {})
    made = run_page(html, network, pixels=tiny_images(), looked=1, node=find_node() or "")
    return made.logits, dict(made.values)


def awaited(browser: Browser, script: str) -> Any:
    made = browser.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in made, made
    return made["result"]["value"]


def test_a_browser_computes_what_node_computes_with_vectors_under_the_pages_policy(browser: Browser, tmp_path: Path):
    path, html = page(tmp_path)
    logits, values = in_node(html)
    browser.open(path, offline=True)
    given = json.dumps(tiny_images()[0].ravel().tolist())
    found, shape, layer = awaited(browser, PREDICTED.replace("given", given, 1))
    np.testing.assert_allclose(found, logits[0], rtol=1e-6)
    assert shape == [3, 4, 6]
    np.testing.assert_allclose(np.reshape(layer, shape), values["conv2/relu"][0], rtol=1e-6)
    assert awaited(browser, LOADED) == {"id": 1, "result": {"vectors": True}}
    assert browser.troubles() == [], [str(each)[:1500] for each in browser.troubles()]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (0.0, "This browser computed 6 of 6 images as the classifier did; the largest difference of a logit is"),
        (0.5, "This browser computed 1 of 6 images otherwise than the classifier did. Do not trust its answers"),
    ],
)
def test_a_page_checks_the_browser_that_opens_it(browser: Browser, tmp_path: Path, by: float, words: str):
    logits, _ = in_node(page(tmp_path)[1])
    logits[3, 1] += by * np.ptp(logits)
    rows = {str(place): row for place, row in enumerate(logits.tolist())}
    browser.open(page(tmp_path, checks={"logits": rows, "limit": 1e-3})[0], offline=True)
    browser.until("document.getElementById('checked').textContent !== ''", seconds=30)
    assert browser.run("document.getElementById('checked').textContent").startswith(words)


def test_a_damaged_page_says_so_and_answers_nothing(browser: Browser, tmp_path: Path):
    browser.open(page(tmp_path, damage=True)[0], offline=True)
    browser.until("document.body.innerText.includes('The weights in this page are damaged')", seconds=30)
    assert browser.run("document.querySelector('.answer-share')") is None
