"""How many frames a second follow a painted stroke, and a kernel that is edited, in the page of a classifier?

    PYTHONPATH=. python benchmarks/bench_page_edits.py [NAME[:SIDE[:SETTING=NUMBER]]]...

Without names: small-cnn and residual at 96 pixels, untrained. Chromium opens each page from disk; for some seconds a
pointer paints at every place of a circle, then a number of a kernel is typed again and again, as fast as the browser
draws. A frame is an answer that the view shows: the stroke on the image, all values of the network, class
probabilities and 16 maps. "worker_ms" and "page_ms" are the processor time of the two threads for each frame: without
other work on the machine, 1000 / the larger of them is what frames a second come near to; "engine_ms" is the median
time of one answer to a new image, and "load" the machine's. Needs Chromium, and Linux for the threads.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from tests.browser import Browser

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.layer_table import layer_rows
from hubel.architectures.walk import walk
from hubel.engines.compiling import plain_graph
from hubel.images.preprocessing import Preprocessing
from hubel.page.contents import LaidOpen, PageExample, page_data
from hubel.page.render import render_page
from hubel.page.weights import pack

NAMES = ("small-cnn:96", "residual:96")
CLASSES = 10
SECONDS = 5
WAIT_S = 60.0
FOLLOW = """(async () => {
    const wait = (condition) => new Promise((done) => {
        const look = () => condition() ? done() : requestAnimationFrame(look);
        look();
    });
    location.hash = "#VIEW";
    await wait(() => document.querySelector("READY"));
    await new Promise((done) => setTimeout(done, 1500));
    let frames = 0, sent = 0;
    const seen = new MutationObserver(() => { frames++; });
    seen.observe(document.querySelector("SHOWN"), { childList: true });
    const begun = performance.now(), act = ACT;
    while (performance.now() - begun < 1000 * SECONDS) {
        act(sent++);
        await new Promise((done) => requestAnimationFrame(done));
    }
    const seconds = (performance.now() - begun) / 1000;
    seen.disconnect();
    return { frames_per_s: frames / seconds, sent_per_s: sent / seconds };
})()"""
PAINT = """(() => {
    const canvas = document.querySelector(".paint-canvas"), box = canvas.getBoundingClientRect();
    canvas.setPointerCapture = () => {};
    canvas.hasPointerCapture = () => true;
    const send = (type, at) => canvas.dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0, pointerId: 1,
        clientX: box.left + (0.5 + 0.3 * Math.cos(at / 9)) * box.width,
        clientY: box.top + (0.5 + 0.3 * Math.sin(at / 9)) * box.height }));
    send("pointerdown", 0);
    const colour = document.querySelector(".paint-tools input[type=color]");
    return (at) => {  // another colour each time round: every stroke changes pixels
        colour.value = `#${(Math.floor(at / 57) * 7919 % 0xffffff).toString(16).padStart(6, "0")}`;
        colour.dispatchEvent(new Event("input"));
        send("pointermove", at);
    };
})()"""
TYPE = """(at) => {
    const input = document.querySelector(".edit-grid input");
    input.value = String(Math.sin(at / 10).toFixed(3));
    input.dispatchEvent(new Event("input"));
}"""
ANSWERS = """(async () => {
    const milliseconds = [];
    for (let round = 0; round < 7; round++) {
        const image = new ImageData(SIDE, SIDE);
        image.data.forEach((_, at) => { image.data[at] = at % 4 === 3 ? 255 : (at * (round + 3) * 7919) % 256; });
        const begun = performance.now();
        await hubel.predict(image);
        milliseconds.push(performance.now() - begun);
    }
    return milliseconds.sort((a, b) => a - b)[3];
})()"""


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory(prefix="hubel-edits-", ignore_cleanup_errors=True) as folder:
        browser = Browser(Path(folder))
        for name in sys.argv[1:] or NAMES:
            architecture, side, *rest = name.split(":")
            page = Path(folder) / f"{architecture}.html"
            page.write_text(untrained_page(architecture, int(side), dict(each.split("=") for each in rest)), "utf-8")
            print(
                json.dumps({"network": name, **measured(browser, page, int(side)), "load": os.getloadavg()[0]}),
                flush=True,
            )
        browser.close()


def untrained_page(architecture: str, side: int, settings: dict[str, str]) -> str:
    """The page of a network with the weights it begins with, and three images by chance.

    Args:
        architecture: a name of the catalogue.
        side: of its images, in pixels.
        settings: of the blueprint.
    """
    blueprint = make_blueprint(
        architecture, (side, side), classes=CLASSES, **{key: float(value) for key, value in settings.items()}
    )
    model = build_model(blueprint)
    graph, walked = plain_graph(model), walk(model)
    index, weights = pack(graph.weights, dtype="float32")
    rng = np.random.default_rng(0)
    names = [f"class {number}" for number in range(CLASSES)]
    examples = [PageExample(f"{name}.png", name, rng.integers(0, 256, (side, side, 3), np.uint8)) for name in names[:3]]
    description: dict[str, Any] = {
        "format": 1, "made_by": "hubel", "class_names": names, "preprocessing": Preprocessing(side, side).to_json(),
        "temperature": 1.0, "abstention_threshold": 0.0, "tta": "none",
    }  # fmt: skip
    network = LaidOpen(graph, walked, tuple(layer_rows(walked)))
    return render_page(
        page_data(network, description, tensors=index, sets=None, examples=examples), weights, title=architecture
    )


def measured(browser: Browser, page: Path, side: int) -> dict[str, Any]:
    """Frames a second of strokes and edits, and milliseconds of an answer.

    Args:
        browser: open.
        page: the file.
        side: of the network's images, in pixels.
    """
    browser.open(page, offline=True)
    browser.until("document.getElementById('images').textContent.includes('%')", seconds=WAIT_S)
    return {
        "stroke": followed(browser, "paint", (".paint-canvas", ".paint-answer .scroll"), PAINT),
        "edit": followed(browser, "edit", (".edit-grid input", ".edit-answer .scroll"), TYPE),
        "engine_ms": awaited(browser, ANSWERS.replace("SIDE", str(side))),
    }


def followed(browser: Browser, view: str, where: tuple[str, str], act: str) -> dict[str, float]:
    """What a view shows while somebody acts.

    Args:
        browser: with the page.
        view: its id.
        where: selectors of what must be there, and of what changes with each answer.
        act: a JavaScript function of the number of the frame.
    """
    script = FOLLOW.replace("VIEW", view).replace("READY", where[0]).replace("SHOWN", where[1])
    before = thread_seconds()
    found = awaited(browser, script.replace("ACT", act).replace("SECONDS", str(SECONDS)))
    after = thread_seconds()
    frames = max(1.0, found["frames_per_s"] * SECONDS)
    return found | {f"{name}_ms": 1000 * (after[name] - before[name]) / frames for name in after}


def thread_seconds() -> dict[str, float]:
    """Processor seconds so far of the thread that computes, and of the one that draws the page it belongs to.

    Of all that run below this process: other tabs are closed or idle.
    """
    below, seconds = {str(os.getpid())}, {"worker": 0.0, "page": 0.0}
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda each: int(each.name)):
        try:
            if _fields(folder)[1] not in below:
                continue
            below.add(folder.name)
            threads = list((folder / "task").iterdir())
            workers = [each for each in threads if (each / "comm").read_text().startswith("DedicatedWo")]
            if workers:  # the first thread of its process draws
                seconds["page"] += _seconds(folder / "task" / folder.name)
                seconds["worker"] += sum(map(_seconds, workers))
        except FileNotFoundError:
            continue  # it has ended
    return seconds


def _fields(folder: Path) -> list[str]:
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _seconds(thread: Path) -> float:
    fields = _fields(thread)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def awaited(browser: Browser, script: str) -> Any:
    """The value of a JavaScript promise."""
    answer = browser.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in answer, answer
    return answer["result"]["value"]


if __name__ == "__main__":
    print(json.dumps({"machine": os.uname().machine, "cores": os.cpu_count()}))
    main()
