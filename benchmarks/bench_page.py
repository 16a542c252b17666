"""How fast does a page compute in a browser?

    python benchmarks/bench_page.py [ROUNDS]

Pages of networks that nobody trained, opened from disk in Chromium without window and without a connection. Told: the
size of the file, milliseconds from opening to the first answer, and of `hubel.predict` from an ImageData to the answer
with all views; then of the engine alone in a thread of its own: an image, a stroke of 10 x 10 pixels that moves by one
pixel, a changed kernel of the first convolution, and an image without vectors; and how many times as fast vectors are.
Every number is the best of the rounds, for whatever else runs on the machine only makes it larger; the load of the last
minute stands beside it. The networks have weights by chance, so that all values are computed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.browser import Browser
from tests.made.chance_networks import trained_by_chance, varied_images

from hubel.architectures.catalogue import make_blueprint
from hubel.classifier.classifier import Classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.images.preprocessing import Preprocessing
from hubel.page.contents import PageExample
from hubel.workflows.exporting.page_parts import compose
from hubel.workflows.exporting.page_request import PageRequest

NETWORKS = (("small-cnn", 64), ("small-cnn", 96), ("residual", 96), ("mobilenet", 224))
CLASSES, EXAMPLES = 10, 3
ENGINE = """(async () => {
  const text = (id) => document.getElementById(id).textContent, data = JSON.parse(text("page-data"));
  const worker = new Worker(URL.createObjectURL(new Blob([text("page-engine")], { type: "text/javascript" })));
  const ask = (task, given = {}) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { result, error } }) => (error ? reject(new Error(error)) : resolve(result));
    worker.postMessage({ id: 1, task, ...given });
  });
  const bytes = Uint8Array.from(atob(text("page-weights")), (each) => each.charCodeAt(0));
  const load = (plain) => ask("load", { graph: data.graph, index: data.tensors, seal: data.seal, bytes, plain });
  const [height, width] = data.graph.image_size, { name } = data.graph.steps.find(({ kind }) => kind === "convolution");
  const noise = () => Uint8Array.from({ length: height * width * 3 }, () => Math.random() * 256);
  const timed = async (rounds, act) => {
    const times = [];
    for (let round = 0; round < rounds; round++) {
      const given = await act(round), start = performance.now();
      await ask(...given);
      times.push(performance.now() - start);
    }
    return Math.min(...times);
  };
  const image = () => ["run", { slot: "image", pixels: noise() }];
  const found = { vectors: (await load(false)).vectors };
  await ask(...image());
  found.image_ms = await timed(ROUNDS, image);
  const drawn = noise();
  await ask("run", { slot: "image", pixels: drawn });
  found.stroke_ms = await timed(ROUNDS, (round) => {
    for (let at = 0; at < 100; at++) drawn[((20 + Math.floor(at / 10)) * width + 20 + round % 20 + at % 10) * 3] ^= 255;
    return ["run", { slot: "image", pixels: Uint8Array.from(drawn) }];
  });
  found.edit_ms = await timed(ROUNDS, async () => {
    const { kernel } = await ask("weights", { step: name });
    kernel.data[4] += 0.1;
    return ["edit", { step: name, part: "kernel", data: kernel.data }];
  });
  await load(true);
  await ask(...image());
  found.plain_ms = await timed(3, image);
  worker.terminate();
  return found;
})()"""
PREDICT = """(async () => {
  const [height, width] = JSON.parse(document.getElementById("page-data").textContent).graph.image_size, times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const colours = Uint8ClampedArray.from({ length: height * width * 4 }, () => Math.random() * 256);
    const image = new ImageData(colours, width, height);
    const start = performance.now();
    await hubel.predict(image);
    times.push(performance.now() - start);
  }
  return Math.min(...times);
})()"""
ANSWERED = "document.querySelector('.answer-share')?.textContent ? performance.now() : 0"


def page_of(name: str, side: int, folder: Path) -> Path:
    """The page of a network of an architecture, with examples of noise and stripes."""
    blueprint = make_blueprint(name, (side, side), classes=CLASSES)
    names = tuple(f"class {number}" for number in range(CLASSES))
    classifier = Classifier(KerasEngine(trained_by_chance(blueprint)), blueprint, names, Preprocessing(side, side))
    images = varied_images(EXAMPLES, (side, side))
    examples = [PageExample(f"{number}.png", names[number], each) for number, each in enumerate(images)]
    path = folder / f"{name}-{side}.html"
    path.write_text(compose(classifier, PageRequest(path), artefact=None, examples=examples).html, encoding="utf-8")
    return path


def awaited(browser: Browser, script: str, rounds: int) -> Any:
    """What a promise in the page gives."""
    expression = script.replace("ROUNDS", str(rounds))
    made = browser.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in made, made
    return made["result"]["value"]


def opening(browser: Browser, page: Path) -> float:
    """Milliseconds from opening to the first answer."""
    browser.open(page, offline=True)
    end = time.monotonic() + 60
    while not (answered := browser.run(ANSWERED)):
        assert time.monotonic() < end
        time.sleep(0.005)
    return answered


def measure(browser: Browser, page: Path, rounds: int) -> dict[str, Any]:
    """All numbers of one page."""
    found: dict[str, Any] = {"page": page.stem, "bytes": page.stat().st_size}
    found["opening_ms"] = min(opening(browser, page) for _ in range(5))
    browser.until("document.getElementById('checked').textContent !== ''", seconds=60)
    found["predict_ms"] = awaited(browser, PREDICT, rounds)
    found |= awaited(browser, ENGINE, rounds)
    found["times_as_fast"] = found["plain_ms"] / found["image_ms"]
    return found


def main() -> None:
    """Print a line for each network."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pages = [page_of(name, side, folder) for name, side in NETWORKS]
        browser = Browser(folder)
        try:
            for page in pages:
                found = measure(browser, page, rounds)
                rounded = {key: round(each, 1) if isinstance(each, float) else each for key, each in found.items()}
                print(json.dumps(rounded | {"load": round(os.getloadavg()[0], 1)}), flush=True)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
