"""What a notebook shows of a corpus, an audit, a run, a score and a prediction: small, escaped, with the right images."""

from __future__ import annotations

import base64
import io
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.conftest import write_image
from tests.unit.api.conftest import CLASSES

import hubel
from hubel.corpus.corpus import Corpus, Example
from hubel.errors import UnreadableImage
from hubel.workflows.evaluating.mistakes import show_mistakes


class Read(HTMLParser):
    """Its tags, the text, and the images inside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.text = ""
        self.images: list[np.ndarray] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        if tag == "img":
            kind, _, data = dict(attrs)["src"].partition(";base64,")
            assert kind in ("data:image/png", "data:image/jpeg")
            self.images.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")))

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def read(value: Any) -> Read:
    text = value if isinstance(value, str) else value._repr_html_()
    assert len(text) < 200_000
    found = Read(text)
    assert set(found.tags) <= {"div", "b", "br", "table", "tr", "th", "td", "span", "img"}
    assert found.attributes <= {"style", "src", "alt"}
    return found


def test_a_corpus_shows_the_first_images_of_each_class(corpus: Path):
    found = read(hubel.read_corpus(corpus))
    assert "500 images in 3 classes" in found.text
    assert [int(image.mean(axis=(0, 1)).argmax()) for image in found.images] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [image.shape for image in found.images] == [(8, 8, 3)] * 9  # exactly their pixels
    assert CLASSES[0][:20] in found.text


def test_an_audit_shows_what_it_found(tmp_path: Path):
    rng = np.random.default_rng(0)
    for name in ("a<b>", "c&d"):
        for number in range(6):
            write_image(tmp_path / name / f"{number}.png", rng.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    blank = np.full((40, 40, 3), 250, np.uint8)
    write_image(tmp_path / "a<b>" / "blank.png", blank)
    found = read(hubel.audit_corpus(tmp_path))
    assert "blank" in found.text
    assert any(np.abs(image.astype(int) - 250).max() <= 2 for image in found.images)


def test_a_run_and_its_evaluation_show_the_same_score(run: hubel.Run):
    score = f"accuracy {run.metrics['test']['accuracy']:.3f} ("
    assert score in read(run).text
    assert score in read(hubel.evaluate(run)).text


def test_mistakes_come_with_their_image_the_surest_first(run: hubel.Run):
    report = run.reports["test"]
    turned = type(report)(
        report.class_names, report.probabilities, report.uncalibrated, (report.labels + 1) % 3, report.threshold
    )
    named = hubel.evaluate(run)
    found = read(show_mistakes(["score"], named.corpus, places=named.places, report=turned))
    surest = np.argsort(-report.probabilities.max(axis=1), kind="stable")[:8]
    assert [int(image.mean(axis=(0, 1)).argmax()) for image in found.images] == report.labels[surest].tolist()
    assert f"{report.probabilities.max():.3f}" in found.text


def test_a_run_whose_folder_is_gone_still_says_its_score(run: hubel.Run, tmp_path: Path):
    moved = type(run)(tmp_path / "gone", run.classifier, run.metrics, run.reports, run.corpus, run.fitted)
    assert "accuracy" in read(moved).text


def test_a_prediction_shows_its_classes():
    values = {"<script>x</script>": 0.7, "b": 0.3}
    found = read(hubel.Prediction("<script>x</script>", 0.7, values, abstained=False))
    assert found.text.count("<script>x</script>") == 2


class Noise:
    """The worst for a small file; and one that cannot be read."""

    def read(self, position: int) -> np.ndarray:
        if position == 1:
            raise UnreadableImage("vanished", "it is <gone>")
        return np.random.default_rng(position).integers(0, 256, (400, 300, 3), dtype=np.uint8)


def test_noise_stays_small_and_a_missing_file_is_said():
    names = tuple(f"class {number}" for number in range(30))
    examples = tuple(Example(f"{number:03}.png", number // 10) for number in range(300))
    found = read(Corpus("here", "made", names, examples, (), Noise(), tuple(range(300))))
    assert len(found.images) == 8 * 3 - 1
    assert "001.png: it is <gone>" in found.text


def test_a_feature_map_is_shown_saved_and_is_numbers(run: hubel.Run, image: Path, tmp_path: Path):
    shown = hubel.maps(run, image, layer="group_1_1_convolution")
    assert shown.values.shape == hubel.anatomy(run).rows[0].output or shown.values.ndim == 3
    assert Image.open(io.BytesIO(shown._repr_png_())).size == shown.pixels.shape[1::-1]
    shown.save(tmp_path / "maps.png")
    assert (tmp_path / "maps.png").read_bytes() == shown.png
    with pytest.raises(hubel.HubelError, match=r"end its name in \.png\. Received: 'maps\.gif'"):
        shown.save("maps.gif")
