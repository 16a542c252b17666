"""At a prompt, every value that a function of ``hubel`` returns, and what hangs on it, is a few lines that help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hubel
from hubel.evaluation.learning_curve import CurvePoint, Forecast, LearningCurve
from hubel.text import MOST_LETTERS, MOST_LINES, brief, elided, few_names


@pytest.fixture(scope="package")
def values(run: hubel.Run, corpus: Path, image: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each function returns; of the long ones, what they return is made of what others do."""
    layer = hubel.maps(run)[0].name
    return {
        "read_corpus": hubel.read_corpus(corpus),
        "audit_corpus": hubel.audit_corpus(corpus),
        "train": run,
        "load": hubel.load(run),
        "predict": run.classifier.predict([image, image], coverage=0.9 if run.classifier.sets else None),
        "evaluate": hubel.evaluate(run),
        "evaluate against": hubel.evaluate(run, against=run),
        "evaluate strangers": hubel.evaluate(run, strangers="digits") if run.classifier.off_corpus else None,
        "verify": hubel.verify(run),
        "export": hubel.export(run, format="onnx", out=tmp_path_factory.mktemp("exports") / "onnx"),
        "open": hubel.open(run, browser=False),
        "show": hubel.show(run),
        "anatomy": [hubel.anatomy(run), hubel.anatomy("residual"), hubel.anatomy(stacks=True)],
        "trace": [hubel.trace(run), hubel.trace(run, image, layer=layer)],
        "maps": [hubel.maps(run), hubel.maps(run, image, layer=layer)],
        "filters": [hubel.filters(run), hubel.filters(run, layer="group_1_1_convolution")],
        "convolve": [hubel.convolve(), hubel.convolve().step(0)],
        "pool": hubel.pool(),
    }


def below(value: object, where: str, seen: set[int]) -> Iterator[tuple[str, object]]:
    """The objects of Hubel's own classes that hang on a value by public names."""
    if id(value) in seen or isinstance(value, (str, bytes, np.ndarray, type)):
        return
    seen.add(id(value))
    if isinstance(value, (tuple, list)):
        for place, each in enumerate(value[:20]):
            yield from below(each, f"{where}[{place}]", seen)
    elif isinstance(value, dict):
        for name, each in list(value.items())[:20]:
            yield from below(each, f"{where}[{name!r}]", seen)
    elif type(value).__module__.startswith("hubel."):
        yield where, value
        names = getattr(value, "__dataclass_fields__", None) or getattr(value, "__dict__", {})
        for name in names:
            if not name.startswith("_"):
                yield from below(getattr(value, name), f"{where}.{name}", seen)


def test_each_value_is_a_few_lines(values: dict[str, Any]):
    found = list(below(values, "", set()))
    long = {}
    for where, value in found:
        text = repr(value)
        if len(text) > MOST_LETTERS or len(text.splitlines()) > MOST_LINES or " object at 0x" in text:
            long[f"{where} {type(value).__name__}"] = (len(text), len(text.splitlines()), text[:80])
    assert not long
    assert len({type(value) for _, value in found}) > 30


def test_they_say_what_helps(values: dict[str, Any], run: hubel.Run, corpus: Path):
    held = 500 // 3
    assert repr(values["read_corpus"]).splitlines()[0].endswith(": 500 images in 3 classes")
    assert f": {held}" in repr(values["read_corpus"]).splitlines()[1]
    assert repr(values["read_corpus"]).splitlines()[2] == "  500 files found: 500 read, 0 refused, 0 ignored"
    assert elided(corpus) in repr(values["audit_corpus"])
    accuracy = run.metrics["test"]["accuracy"]
    low, high = run.metrics["test"]["accuracy_interval"]
    score = f"accuracy {accuracy:.3f} ({low:.3f} to {high:.3f})"
    for value in (run, run.reports["test"], values["evaluate"]):
        assert score in repr(value)
    assert repr(values["load"]).startswith("Classifier of 3 classes: a<script>")
    assert repr(values["predict"][0]).startswith("Prediction: a<script>")
    assert "holds" in repr(values["verify"]).splitlines()[0]
    assert repr(hubel.convolve()).splitlines()[0] == "Calculation: kernel 3x3 over 6x6, 16 windows"


def test_a_learning_curve_says_its_points():
    points = tuple(CurvePoint(0.5, 100 * n, 50, 0.8, (0.7, 0.9)) for n in (1, 2, 4))
    curve = LearningCurve(points, Forecast(800, 0.85, (0.75, 0.95)))
    assert repr(curve).splitlines() == [
        "LearningCurve",
        *(f"  {100 * n} training images: 0.800 (0.700 to 0.900)" for n in (1, 2, 4)),
        "  800 expected: 0.850 (0.750 to 0.950)",
    ]


def test_a_prediction_of_a_thousand_classes_names_the_best():
    values = {f"class {number}": 0.0001 for number in range(999)} | {"hat\nx": 0.9}
    text = repr(hubel.Prediction("hat\nx", 0.9, values, abstained=True, off_corpus_score=2.0))
    assert text.splitlines()[0] == r"Prediction: hat\nx (0.900), abstained, off_corpus"
    assert len(text.splitlines()) == 2


def test_words_are_cut_where_they_are_long():
    assert elided("abcdefghij", 10) == "abcdefghij"
    assert elided("abcdefghijk", 10) == "abcdef…ijk"
    assert few_names(["a", "b", "c"], most=2) == "a, b, and 1 more"
    assert brief(hubel.Example)("x.png", 3).__repr__() == "Example(path='x.png', label=3, split=None, group=None)"
