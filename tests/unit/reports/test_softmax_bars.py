"""Softmax as bars: what is drawn is what NumPy computes."""

from __future__ import annotations

import numpy as np
import pytest

from hubel.drawing.shapes import ORANGE, Box, Words
from hubel.explanation.trace import PROBABILITIES, Trace
from hubel.explanation.worked_value import Term
from hubel.reports.softmax_bars import BAR, draw_softmax
from hubel.reports.trace import draw_trace


def make_trace(logits: np.ndarray, index: int, temperature: float = 2.0) -> Trace:
    scaled = logits / temperature
    shares = np.exp(scaled) / np.exp(scaled).sum()
    terms = tuple(
        Term(f"logit class-{place}", logit, 1 / temperature, logit / temperature)
        for place, logit in enumerate(map(float, logits))
    )
    value = float(shares[index])
    return Trace(PROBABILITIES, "Softmax", None, index, value, value, 1e-6, "a formula", terms=terms)


def test_the_bars_of_the_shares_add_up_to_one_and_the_traced_class_is_orange():
    logits = np.array([1.0, 3.0, -2.0])
    drawn = draw_softmax(make_trace(logits, 0), 0.0, top=0.0)
    boxes = [shape for shape in drawn.shapes if isinstance(shape, Box)]
    shares = np.exp(logits / 2) / np.exp(logits / 2).sum()
    found = np.array([box.width for box in boxes[6:]])
    np.testing.assert_allclose(found / found.sum(), np.sort(shares)[::-1], rtol=1e-3)
    assert found.max() == pytest.approx(BAR)
    texts = [shape.text for shape in drawn.shapes if isinstance(shape, Words)]
    assert texts[:3] == ["class-1", "class-0", "class-2"]
    assert {f"{share:.4g}" for share in shares} <= set(texts)
    assert "all 3 shares add up to 1" in texts
    assert [box.fill == ORANGE for box in boxes[6:]] == [False, True, False]


def test_of_many_classes_the_rest_is_summed_up_and_the_traced_one_is_there():
    logits = np.arange(30.0) / 10
    texts = [
        shape.text for shape in draw_softmax(make_trace(logits, 0), 0.0, top=0.0).shapes if isinstance(shape, Words)
    ]
    shares = np.exp(logits / 2) / np.exp(logits / 2).sum()
    rest = 1 - shares[[*range(21, 30), 0]].sum()
    assert any(text.startswith(f"20 more classes: {rest:.6g}") for text in texts)
    assert "class-0" in texts


def test_the_heading_names_the_class_not_a_filter():
    drawing = draw_trace(make_trace(np.array([1.0, 2.0]), 1), np.zeros((8, 8, 3), np.uint8), class_name="hat")
    assert "class 'hat' =" in drawing.title
    assert "filter" not in drawing.title
