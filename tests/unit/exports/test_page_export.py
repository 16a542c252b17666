"""``hubel export --format page``: one file, what travels in it, and what is in the way."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.commands import typed

import hubel
from hubel.classifier.mirrored import with_tta
from hubel.engines.catalogue import load_classifier
from hubel.errors import OutputNotWritable, UnknownName, UnusableInput, WrongRequest
from hubel.events import Message, ignore
from hubel.page import limits, proof
from hubel.page.proof import find_node
from hubel.runs.tables.split import read_split
from hubel.workflows.exporting import page, page_gate, page_parts
from hubel.workflows.exporting.own_images import OwnImages
from hubel.workflows.exporting.page import check_can_be_laid_open
from hubel.workflows.exporting.page_request import PageRequest, images_that_travel

DATA = re.compile(r'<script type="application/json" id="page-data">(.*?)</script>', re.DOTALL)


def data_of(page: Path) -> dict[str, Any]:
    """The document that travels in a page."""
    found = DATA.search(page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def made(run: hubel.Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The page of the run."""
    return hubel.export(run, format="page", out=tmp_path_factory.mktemp("pages") / "a" / "classifier.html")


def test_the_command_writes_one_file_and_says_what_it_is(run: hubel.Run, made: Any, tmp_path: Path):
    out = tmp_path / "classifier.html"
    done = typed("export", run.path, "--format", "page", "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {
        "format", "quantize", "folder", "files", "examples", "parity", "seconds_per_image", "warnings",
    }  # fmt: skip
    assert (document["format"], document["quantize"], document["examples"]) == ("page", None, 9)
    data = out.read_bytes()
    said = {"path": "classifier.html", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert (document["folder"], document["files"]) == (str(tmp_path), [said])
    assert [each.name for each in tmp_path.iterdir()] == ["classifier.html"]
    assert data == made.path.read_bytes()  # the same again, to the byte


def test_test_images_travel_of_each_class_alike_and_labelled_as_the_run_had_them(run: hubel.Run, made: Any):
    placed, photos = read_split(run.path), run.path.parent / "photos"
    examples = data_of(made.path)["examples"]
    assert Counter(each["class_name"] for each in examples) == {"above": 3, "below": 3, "both": 3}
    for each in examples:
        assert (placed[each["path"]].split, placed[each["path"]].label) == ("test", each["class_name"])
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(each["data"]))))
        np.testing.assert_array_equal(pixels, run.classifier.read_pixels(photos / each["path"]))


def test_the_page_holds_the_score_of_the_run_and_the_logits_of_its_images(run: hubel.Run, made: Any):
    data = data_of(made.path)
    test = run.metrics["test"]
    assert {name: data["run"][name] for name in ("title", "accuracy", "accuracy_interval", "examples")} == {
        "title": "photos", "accuracy": test["accuracy"], "accuracy_interval": test["accuracy_interval"],
        "examples": test["examples"],
    }  # fmt: skip
    assert (data["run"]["architecture"], data["run"]["trained"][:2]) == ("small-cnn", "20")
    pixels = np.stack([run.classifier.read_pixels(base64.b64decode(each["data"])) for each in data["examples"]])
    logits = [data["checks"]["logits"][str(place)] for place in range(len(pixels))]
    np.testing.assert_allclose(logits, run.classifier.model(pixels.astype(np.float32)), atol=1e-4)


@pytest.mark.parametrize(("classes", "each", "count"), [(10, None, 30), (1000, None, 90), (10, 0, 0), (4, 7, 28)])
def test_how_many_images_travel(classes: int, each: int | None, count: int):
    assert images_that_travel(classes, each=each) == count


def test_float16_takes_half_the_room_and_no_images_can_travel(run: hubel.Run, made: Any, tmp_path: Path):
    small = hubel.export(run, format="page", quantize="float16", examples=0, out=tmp_path / "small.html")
    data = data_of(small.path)
    assert (small.quantize, small.examples, data["examples"], data["checks"]["logits"]) == ("float16", 0, [], {})
    halved = [each for each in data["tensors"].values() if each["dtype"] == "float16"]
    kept = [each for each in data["tensors"].values() if each["dtype"] == "float32"]
    assert {len(each["shape"]) for each in halved} == {2, 4}  # kernels; what normalises keeps its digits
    assert 1 in {len(each["shape"]) for each in kept}
    weights = sum(np.prod(each["shape"]) for each in halved)
    assert made.file.bytes - small.file.bytes > 2 * weights  # base64 of 2 bytes each is 2.7


def test_only_a_page_is_replaced_and_only_when_asked(run: hubel.Run, made: Any, tmp_path: Path):
    out = Path(shutil.copy(made.path, tmp_path / "page.html"))
    out.write_bytes(out.read_bytes() + b"<!-- older -->")
    done = typed("export", run.path, "--format", "page", "-o", out)
    assert done.returncode == 3
    assert "is a page already. Choose another file with -o. Or replace it with --overwrite." in done.stderr
    done = typed("export", run.path, "--format", "page", "-o", out, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert "with 9 test images" in done.stdout
    assert out.read_bytes() == made.path.read_bytes()
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    with pytest.raises(OutputNotWritable, match="is something else than a page of a classifier"):
        hubel.export(run, format="page", out=mine, overwrite=True)
    with pytest.raises(OutputNotWritable, match="something else than a page"):
        hubel.export(run, format="page", out=run.path / "report.html", overwrite=True)
    assert mine.read_text() == "mine"


def test_what_is_wrong_is_said_before_anything_is_done(run: hubel.Run, tmp_path: Path):
    def said(*words: object) -> str:
        done = typed("export", run.path, *words)
        assert done.returncode in (2, 3), done.stderr
        return done.stderr

    assert "Say where the page goes: -o FILE.html." in said("--format", "page")
    assert "Name the file: -o " in said("--format", "page", "-o", tmp_path)
    assert "-o takes a file that ends in .html or .htm. Received: 'page'." in said("--format", "page", "-o", "page")
    page = ("--format", "page", "-o", tmp_path / "p.html")
    assert "float16 beside float32. Received: --quantize int8. Leave it out" in said(*page, "--quantize", "int8")
    assert "--examples must be a whole number from 0 to 1,000. Received: -1." in said(*page, "--examples", -1)
    assert "lies inside the classifier itself" in said("--format", "page", "-o", run.path / "classifier/p.html")
    assert "where nothing is ever written" in said("--format", "page", "-o", run.path.parent / "photos/p.html")
    other = said("--format", "onnx", "-o", tmp_path / "onnx", "--examples", 3)
    assert "--examples is about what travels in a page. Add --format page, or leave it out." in other
    assert "--excite is about what travels in a page" in said("--into-run", "--excite")
    with pytest.raises(UnknownName, match="named 'pgae'. Did you mean 'page'"):
        hubel.export(run, format="pgae", out=tmp_path / "p.html")
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_a_corpus_that_is_gone_has_no_images_unless_they_were_asked_for(run: hubel.Run, tmp_path: Path):
    other = shutil.copytree(run.path, tmp_path / "run")
    document = json.loads((other / "run.json").read_text())
    document["corpus"]["location"] = str(tmp_path / "gone")
    (other / "run.json").write_text(json.dumps(document))
    heard: list[Any] = []
    made = hubel.export(other, format="page", out=tmp_path / "page.html", on_event=heard.append)
    assert made.examples == 0
    assert any(
        "The page is made without images. The corpus of" in str(each.text)
        for each in heard
        if isinstance(each, Message)
    )
    with pytest.raises(UnusableInput, match=r"no longer there.*say where it is now: hubel.export\(.*, CORPUS\)"):
        hubel.export(other, format="page", out=tmp_path / "more.html", examples=2)
    moved = shutil.copytree(run.path.parent / "photos", tmp_path / "moved")
    made = hubel.export(other, moved, format="page", out=tmp_path / "moved.html", examples=1)
    assert made.examples == 3
    with pytest.raises(WrongRequest, match="where nothing is ever written"):
        hubel.export(other, moved, format="page", out=moved / "page.html")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bands": (3, 2, 1)}, "takes the bands 3, 2, 1 of its images"),
        ({"integer_range": (0.0, 4095.0)}, "more than 8 bits for each colour, and a browser reads 8"),
    ],
)
def test_what_no_browser_reads_is_refused(run: hubel.Run, change: dict[str, Any], message: str):
    preprocessing = replace(run.classifier.preprocessing, **change)
    with pytest.raises(UnusableInput, match=message):
        check_can_be_laid_open(replace(run.classifier, preprocessing=preprocessing))


def test_without_its_run_a_classifier_is_laid_open_without_images(run: hubel.Run, tmp_path: Path):
    alone = shutil.copytree(run.path / "classifier", tmp_path / "alone")
    heard: list[Any] = []
    made = hubel.export(alone, format="page", out=tmp_path / "page.html", on_event=heard.append)
    data = data_of(made.path)
    assert (data["examples"], data["run"]["title"], data["run"]["accuracy"]) == ([], "small-cnn", None)
    assert any(
        "a classifier without its run, so no images travel" in str(each.text)
        for each in heard
        if isinstance(each, Message)
    )


def test_the_page_is_held_against_the_classifier_on_test_images(run: hubel.Run, made: Any):
    if find_node() is None:
        pytest.skip("Node is not installed")
    parity = made.parity
    assert parity.examples == run.metrics["test"]["examples"] == 12
    assert (parity.agreement, parity.accuracy, parity.passed) == (1, run.metrics["test"]["accuracy"], True)
    assert parity.max_probability_difference < parity.limit == 1e-3
    assert 0 < made.seconds_per_image < 5


@pytest.mark.skipif(find_node() is None, reason="Node is not installed")
def test_a_page_that_computes_something_else_is_not_written(
    run: hubel.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real = page_parts.pack
    words = {
        5.0: "does not compute 12 held-out images as the classifier does",
        0.05: "does not answer like the classifier on 12 held-out images: a probability differs by 0.0",
    }
    for much, message in words.items():

        def spoiled(weights: Any, *, exact: dict[str, np.ndarray], much: float = much, **more: Any) -> Any:
            bias = exact["logits/bias"] + np.float32([much, 0, 0])
            return real(weights, exact={**exact, "logits/bias": bias}, **more)

        monkeypatch.setattr(page_parts, "pack", spoiled)
        if much < 1:  # a slip that is small beside the range of the logits, and of its layer
            monkeypatch.setitem(proof.LIMITS, "float32", 1.0)
            monkeypatch.setitem(proof.MAP_LIMITS, "float32", 1.0)
        done = typed("export", run.path, "--format", "page", "-o", tmp_path / "page.html")
        assert done.returncode == 5
        assert message in done.stderr
        assert "Nothing was written." in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_where_node_is_missing_it_is_said(run: hubel.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_gate, "find_node", lambda: None)
    done = typed("export", run.path, "--format", "page", "-o", tmp_path / "page.html")
    assert done.returncode == 0
    assert "Node is not installed. It checks itself when it is opened." in done.stderr
    assert "Held against" not in done.stdout


def test_a_page_that_is_too_large_is_refused_before_a_framework_is_loaded(
    run: hubel.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "MOST_BYTES", 100_000)
    monkeypatch.setattr(page, "load_classifier", None)
    with pytest.raises(UnusableInput, match=r"is the most that a browser opens well.*Train a smaller network"):
        hubel.export(run, format="page", out=tmp_path / "page.html")


def test_a_classifier_that_also_looks_at_the_mirror_image_is_proven_as_it_answers(
    run: hubel.Run, own: OwnImages, tmp_path: Path
):
    plain = load_classifier(run.path, engine="keras")
    both = replace(plain, engine=with_tta(plain.engine, "mirror"))
    examples = page_parts.choose_examples(own, both, each=1)
    made = page_parts.compose(both, PageRequest(run.path), artefact=None, examples=examples)
    pixels = np.stack([each.pixels for each in examples])
    logits = [made.document["checks"]["logits"][str(place)] for place in range(3)]
    np.testing.assert_allclose(logits, plain.compute_logits(pixels), atol=1e-4)  # what the page's engine computes
    assert made.document["classifier"]["tta"] == "mirror"
    if find_node() is not None:
        parity, _ = page_gate.prove(made, both, own, weights="float32", on_event=ignore)
        assert parity is not None
        assert (parity.agreement, parity.examples) == (1, 12)


def test_filters_that_are_excited_travel_where_that_is_asked_for(run: hubel.Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_parts, "exciting_images", lambda *_, **__: {"layer": ["image"]})
    classifier = load_classifier(run.path, engine="keras")
    for excite in (False, True):
        made = page_parts.compose(classifier, PageRequest(run.path, excite=excite), artefact=None, examples=())
        assert made.document.get("excitation") == ({"layer": ["image"]} if excite else None)
