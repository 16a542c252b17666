"""Images come into the page, and it answers as the classifier does: in a browser, offline, from the disk."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.browser import NEEDS_BROWSER, Browser
from tests.unit.classifier.made import make_classifier

from hubel.architectures.layer_table import layer_rows
from hubel.architectures.walk import walk
from hubel.classifier.classifier import Classifier
from hubel.classifier.off_corpus import OffCorpus
from hubel.classifier.stored_score import score_tensors
from hubel.engines.compiling import plain_graph
from hubel.exports.description import describe
from hubel.images.preprocessing import Preprocessing, read_pixels
from hubel.page.bundle import bundle
from hubel.page.contents import LaidOpen, PageExample, page_data
from hubel.page.render import render_page
from hubel.page.weights import pack

pytestmark = [pytest.mark.backend, *NEEDS_BROWSER]

HOSTILE = ('<img src=x onerror="window.__xss=1">', "__proto__", "\u202eright to left " + "a" * 300)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    made = make_classifier(HOSTILE)
    assert isinstance(made.off_corpus, OffCorpus)
    images = np.random.default_rng(2).integers(0, 256, (9, 8, 8, 3), np.uint8)
    limit = float(np.median(made.off_corpus.measure(made.look(images)[1])))
    return replace(made, off_corpus=replace(made.off_corpus, limit=limit))


@pytest.fixture(scope="module")
def page(classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pixels = np.random.default_rng(1).integers(0, 256, (4, 8, 8, 3), np.uint8)
    examples = [
        PageExample(f"{HOSTILE[0]}/{number}.png", HOSTILE[number % 3], each) for number, each in enumerate(pixels)
    ]
    graph, walked = plain_graph(classifier.model), walk(classifier.model)
    index, weights = pack(graph.weights, dtype="float32", exact=score_tensors(classifier.off_corpus))
    document = page_data(
        LaidOpen(graph, walked, tuple(layer_rows(walked))),
        describe(classifier),
        tensors=index,
        sets=classifier.sets,
        examples=examples,
        off_corpus=classifier.off_corpus,
    )
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render_page(document, weights, title=HOSTILE[0]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(page: Path, browser: Browser) -> Browser:
    browser.open(page, offline=True)
    browser.until("document.querySelector('.answer-bars li') !== null", seconds=30)
    return browser


def awaited(browser: Browser, script: str) -> Any:
    """What an async expression gives."""
    answer = browser.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in answer, answer
    return answer["result"].get("value")


def blob(data: bytes) -> str:
    """JavaScript that makes a Blob of a file."""
    text = base64.b64encode(data).decode()
    return f'new Blob([Uint8Array.from(atob("{text}"), (each) => each.charCodeAt(0))])'


def saved(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def photograph(size: tuple[int, int] = (70, 93), channels: int = 3) -> np.ndarray:
    """Slopes and waves, uint8 [height, width, channels]."""
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    waves = [120 + 100 * np.sin(rows / (5 + each) + each) * np.cos(columns / (9 - each)) for each in range(channels)]
    return np.stack(waves, axis=-1).astype(np.uint8)


def test_scripts_are_answered_as_the_classifier_answers(classifier: Classifier, opened: Browser) -> None:
    assert awaited(opened, "hubel.ready.then(() => hubel.classNames)") == list(HOSTILE)
    orientation = Image.Exif()
    orientation[0x0112] = 6
    turned = saved(photograph((90, 70)), "JPEG", exif=orientation)
    for data in (saved(photograph(), "PNG"), saved(photograph(channels=4), "PNG"), saved(photograph(), "JPEG"), turned):
        expected = classifier.predict(data)
        script = f"hubel.predict({blob(data)}).then((made) => ({{ ...made, entries: Object.entries(made.probabilities), logits: [...made.logits] }}))"
        made = awaited(opened, script)
        assert made["className"] == expected.class_name
        assert made["probability"] == pytest.approx(expected.probability, abs=1e-4)
        assert dict(made["entries"]) == pytest.approx(expected.probabilities, abs=1e-4)
        logits = classifier.compute_logits(classifier.read_pixels(data)[None])[0]
        np.testing.assert_allclose(made["logits"], logits, atol=1e-3)
        marked = opened.run("document.querySelector('.answer-remarks').textContent.includes('unlike the training')")
        assert marked == expected.off_corpus
    assert opened.troubles() == []


def test_an_image_data_is_an_image_too(classifier: Classifier, opened: Browser) -> None:
    pixels = photograph((40, 30), channels=4)
    numbers = json.dumps(pixels.ravel().tolist())
    made = awaited(
        opened,
        f"hubel.predict(new ImageData(Uint8ClampedArray.from({numbers}), 30, 40)).then((made) => made.probability)",
    )
    assert made == pytest.approx(classifier.predict(saved(pixels, "PNG")).probability, abs=1e-4)


def test_a_layer_is_asked_for_by_its_name(classifier: Classifier, opened: Browser) -> None:
    layers = [layer.name for layer in classifier.model.layers][1:]
    made = awaited(
        opened,
        f"Promise.all({json.dumps(layers)}.map((name) => hubel.layer(name))).then((all) => all.map((each) => [each.shape, each.data.length]))",
    )
    for (shape, count), name in zip(made, layers, strict=True):
        assert len(shape) == 3, name
        assert count == np.prod(shape)
    refused = awaited(opened, "hubel.layer('nothing').catch((error) => error.message)")
    assert refused.startswith("There is no layer named nothing. There are: ")


def test_dropped_files_are_listed_with_their_classes_and_faults_in_words(
    classifier: Classifier, opened: Browser
) -> None:
    good = [saved(photograph((20 + each, 31)), "PNG") for each in range(3)]
    names = [HOSTILE[0], "b.png", "c.png"]
    files = [f"new File([{blob(data)}], {json.dumps(name)})" for data, name in zip(good, names, strict=True)]
    files.append(f'new File([{blob(b"no image at all")}], "notes<b>.txt")')
    opened.run(
        f"const carried = new DataTransfer(); for (const each of [{', '.join(files)}]) carried.items.add(each);"
        "document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true }));"
    )
    opened.until(
        "[...document.querySelectorAll('.image-table tbody .number')].filter((each) => each.textContent).length === 3"
    )
    opened.until("document.querySelectorAll('.image-faults li').length === 1")
    rows = opened.run(
        "[...document.querySelectorAll('.image-table tbody tr')].map((row) => [...row.children].map((each) => each.textContent))"
    )
    for row, name, data in zip(rows, names, good, strict=True):
        expected = classifier.predict(data)
        assert row[:2] == [name, expected.class_name]
        assert float(row[2].split()[0]) == pytest.approx(100 * expected.probability, abs=0.06)
    fault = "notes<b>.txt: it is in no image format that this page reads: save it as PNG or JPEG."
    assert opened.run("document.querySelector('.image-faults').textContent") == fault
    opened.run("document.querySelectorAll('.image-choice')[1].click()")
    opened.until("document.querySelector('.image-name').textContent === 'b.png'")
    assert opened.troubles() == []


def test_a_pasted_image_is_looked_at(classifier: Classifier, opened: Browser) -> None:
    data = saved(photograph((25, 26)), "PNG")
    opened.run(
        f"const pasted = new DataTransfer(); pasted.items.add(new File([{blob(data)}], 'pasted.png'));"
        "document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: pasted, bubbles: true }));"
    )
    opened.until("document.querySelector('.image-name').textContent === 'pasted.png'")
    opened.until("!document.querySelector('.answer-card').classList.contains('waiting')")
    best = opened.run("document.querySelector('.answer-bars bdi').textContent")
    assert best == classifier.predict(data).class_name


def test_the_camera_is_asked_for_and_what_it_sees_is_looked_at(opened: Browser) -> None:
    opened.run(
        "const seen = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });"
        "const brush = seen.getContext('2d'); brush.fillRect(0, 0, 64, 48);"
        "setInterval(() => brush.fillRect(0, 0, 64, 48), 50);"
        "navigator.mediaDevices.getUserMedia = async () => seen.captureStream(20);"
        "const buttons = [...document.querySelectorAll('.image-intake button')];"
        "buttons.find((each) => each.textContent === 'Camera').click();"
    )
    opened.until("document.querySelector('.image-camera video').videoWidth === 64")
    opened.run("document.querySelector('.image-camera button').click()")
    opened.until("document.querySelector('.image-name').textContent === 'camera 1'")
    opened.run("document.querySelectorAll('.image-camera button')[1].click()")
    assert opened.run("document.querySelector('.image-camera video').srcObject === null")
    assert opened.run("document.querySelector('.image-camera').hidden")


def test_where_there_is_no_camera_the_page_says_what_to_do(opened: Browser) -> None:
    opened.run(
        "navigator.mediaDevices.getUserMedia = undefined;"
        "[...document.querySelectorAll('.image-intake button')].find((each) => each.textContent === 'Camera').click();"
    )
    opened.until(
        "document.querySelector('#images').textContent.includes('gives no camera to a page that is opened from')"
    )


def test_a_second_image_is_shown_beside_the_first(opened: Browser) -> None:
    opened.run(
        "const choice = document.querySelector('.image-other select'); choice.value = '2';"
        "choice.dispatchEvent(new Event('change'));"
    )
    opened.until("document.querySelector('.image-compared').checkVisibility()")
    opened.until("document.querySelector('.image-compared figcaption').textContent.includes('%')")


def test_names_are_text_wherever_they_stand(page: Path, opened: Browser) -> None:
    assert opened.run("window.__xss") is None
    assert opened.run("document.querySelectorAll('#images img[src=x]').length") == 0
    shown = opened.run("[...document.querySelectorAll('.answer-bars bdi')].map((each) => each.textContent)")
    assert sorted(shown) == sorted(HOSTILE)
    assert {each for each in opened.asked_for() if not each.startswith("blob:")} == {page.as_uri()}


def test_photographs_reach_the_network_as_hubel_reads_them(opened: Browser, tmp_path: Path) -> None:
    """JPEG at full size and at fractions, WebP with soft transparency: level for level in Chromium."""
    offered = "window.readPixels = readPixels; async function readPixels("
    script = bundle("pixels/browser.js").replace("async function readPixels(", offered)
    (tmp_path / "pixels.html").write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>")
    opened.open(tmp_path / "pixels.html", offline=True)
    large, clear = photograph((301, 403)), photograph((60, 50), channels=4)
    files = [
        saved(large, "JPEG"),
        saved(large, "JPEG", progressive=True),
        saved(clear, "WEBP", lossless=True, exact=True),
    ]
    for data in files:
        for size, resize in ((200, "squash"), (70, "crop"), (33, "pad")):
            preprocessing = Preprocessing(size, size, resize=resize)
            asked = f"readPixels({blob(data)}, {json.dumps(preprocessing.to_json())}).then((made) => [...made])"
            made = np.array(awaited(opened, asked)).reshape(size, size, 3)
            assert np.abs(made - read_pixels(data, preprocessing).astype(int)).max() == 0
