"""A traced value in a terminal: scripted numbers, worked out by hand, laid out so that each can be checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubel.cli.show.trace import matrix, show_trace
from hubel.errors.wording import Option
from hubel.explanation.trace import PROBABILITIES, Trace
from hubel.explanation.worked_value import Patch, Term
from hubel.workflows.looking.trace import TracedRun

TYPED = ("hubel", "trace", "run", "my image.png")
KERNEL = np.array([[[1.0], [0.0]], [[0.0], [2.0]]])
VALUES = np.array([[[0.0], [0.0]], [[0.0], [3.0]]])
PATCH = Patch(VALUES, np.array([[False, False], [False, True]]), (-1, 0), (-1, 0), (0,), KERNEL)
CONVOLVED = Trace(
    "conv", "Conv2D", (0, 0), 2, 6.5, 6.5, 1e-5, "sum of 4 products 6 + bias 0.5 = 6.5", patch=PATCH,
    receptive_field=(0, 0, 1, 1),
)  # fmt: skip


def traced(trace: Trace = CONVOLVED, **changes: Any) -> TracedRun:
    made = TracedRun(trace, np.zeros((8, 10, 3), np.uint8), None, (4, 4, 3), (), ())
    return replace(made, **changes)


def shown(run: TracedRun, capsys: pytest.CaptureFixture[str], image: Path | None = None) -> list[str]:
    show_trace(run, TYPED, image=image)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_input_kernel_and_products_stand_beside_each_other(capsys: pytest.CaptureFixture[str]):
    lines = shown(traced(), capsys)
    assert lines[0] == "conv  Conv2D, makes 4 x 4 x 3; here row 0, column 0 of feature map 2"
    assert lines[1] == "Input from the image. The image reaches the model as 8 x 10 pixels."
    assert lines[2] == "It sees rows 0 to 0 and columns 0 to 0 of the image, 1 x 1 pixels."
    head = lines.index("  channel 0")
    assert lines[head - 1] == (
        "The window: 2 x 2, 1 channel of the input, rows -1 to 0, columns -1 to 0; 3 places of padding, shown as ·"
    )
    assert [line.split() for line in lines[head + 1 : head + 4]] == [
        ["input", "kernel", "products"], ["·", "·", "1", "0", "·", "·"],
        ["·", "3", "×", "0", "2", "=", "·", "6", "sum", "6"],
    ]  # fmt: skip
    assert "Worked out  sum of 4 products 6 + bias 0.5 = 6.5" in lines
    assert "The model   computed 6.5 (difference 0; rounding explains up to 1e-05)" in lines


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((0, 0, 8, 10), "It sees rows 0 to 7 and columns 0 to 9 of the image, 8 x 10 pixels (the whole image)."),
        ((2, 3, 5, 7), "It sees rows 2 to 4 and columns 3 to 6 of the image, 3 x 4 pixels."),
        ((0, 0, 0, 4), "It sees only padding, nothing of the image."),
    ],
)
def test_what_it_sees_of_the_image_is_counted(box: Any, said: str, capsys: pytest.CaptureFixture[str]):
    assert shown(traced(replace(CONVOLVED, receptive_field=box)), capsys)[2] == said


def test_of_many_channels_the_largest_sums_are_shown_and_the_rest_is_summed(capsys: pytest.CaptureFixture[str]):
    channels = 12
    values, kernel = np.ones((1, 1, channels)), np.arange(channels, dtype=float)[None, None]
    patch = Patch(values, np.ones((1, 1), bool), (3,), (4,), tuple(range(channels)), kernel)
    lines = shown(traced(replace(CONVOLVED, patch=patch)), capsys)
    assert "The window: 1 x 1, 12 channels of the input, rows 3, columns 4" in lines
    assert [line.split()[1] for line in lines if line.startswith("  channel ")] == ["11", "10", "9"]
    sums = [line.split() for line in lines if line.startswith("    ")]
    assert sums[0] == ["channel", "11", "11"]
    assert sums[8] == ["4", "others", "6"]  # 0 + 1 + 2 + 3
    assert sums[9] == ["together", "66"]


def test_a_pooled_window_has_no_kernel(capsys: pytest.CaptureFixture[str]):
    patch = Patch(np.array([[[1.5], [2.25]]]), np.ones((1, 2), bool), (0,), (2, 3), (5,))
    lines = shown(traced(replace(CONVOLVED, patch=patch)), capsys)
    assert "The window: 1 x 2, channel 5 of the input, rows 0, columns 2 to 3" in lines
    assert "  1.5000 2.2500" in lines
    large = Patch(
        np.arange(169.0).reshape(13, 13, 1), np.ones((13, 13), bool), tuple(range(13)), tuple(range(13)), (0,)
    )
    assert "  169 values, 0 to 168" in shown(traced(replace(CONVOLVED, patch=large)), capsys)


def dense(count: int, **changes: Any) -> Trace:
    terms = tuple(Term(f"input {place}", 2.0, float(count - place), 2.0 * (count - place)) for place in range(count))
    return replace(CONVOLVED, kind="Dense", at=None, patch=None, receptive_field=None, terms=terms, **changes)


def test_of_a_long_sum_the_ten_that_count_most_are_shown_and_the_others_summed(capsys: pytest.CaptureFixture[str]):
    lines = shown(traced(dense(12), makes=(3,), class_name="cat"), capsys)
    assert lines[0] == "conv  Dense, makes 3 numbers; here number 2, class 'cat'"
    assert "  The 10 of 12 that count most" in lines
    rows = [line.split() for line in lines if line.startswith("    ")]
    assert rows[0] == ["input", "0", "2", "×", "12", "=", "24"]
    assert rows[10] == ["2", "others", "=", "6"]  # 2 * (2 + 1)
    assert rows[11] == ["together", "=", "156"]  # 2 * (1 + ... + 12)


def test_an_input_behind_a_flattened_map_is_named_by_its_place(capsys: pytest.CaptureFixture[str]):
    rows = shown(traced(dense(7), flattened=(2, 3, 2)), capsys)
    assert any(line.startswith("    input 6 (row 1, column 0, channel 0) ") for line in rows)
    assert any(line.startswith("    input 5 (row 0, column 2, channel 1) ") for line in rows)
    assert any(
        line.startswith("    input 3 (channel 3) ") for line in shown(traced(dense(4), flattened=(1, 1, 4)), capsys)
    )


def test_probabilities_are_not_summed(capsys: pytest.CaptureFixture[str]):
    lines = shown(traced(dense(3, layer=PROBABILITIES)), capsys)
    assert not any("together" in line for line in lines)


def test_the_next_step_is_where_the_value_goes_or_where_it_comes_from(capsys: pytest.CaptureFixture[str]):
    further = tuple((Option("layer", name), Option("filter", 2)) for name in ("relu", "add", "third"))
    lines = shown(traced(following=further), capsys)
    assert lines[-3:] == [
        "Next", "  hubel trace run 'my image.png' --layer relu --filter 2  where it goes",
        "  hubel trace run 'my image.png' --layer add --filter 2  where it goes",
    ]  # fmt: skip
    lines = shown(traced(takes=("stem",)), capsys, Path("trace.png"))
    assert "Input from stem. The image reaches the model as 8 x 10 pixels." in lines
    assert lines[-1] == "  hubel trace run 'my image.png' --layer stem --filter 2  where it comes from"
    assert "Wrote trace.png" in lines
    assert "Next" not in shown(traced(), capsys)


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ([[1, 2], [3, 4]], ["1 2", "3 4"]),
        ([[0.5, -2]], [" 0.5000 -2.0000"]),
        ([[123.456, 1]], ["123.46   1.00"]),
        ([[12345.6, 1.2]], ["12346     1"]),
        ([[0.001, 0.0002]], ["1.00e-03 2.00e-04"]),
        ([[-0.0, 0.0]], ["0 0"]),
    ],
)
def test_numbers_are_aligned_with_as_many_digits_as_they_need(values: Any, rows: list[str]):
    assert matrix(np.array(values, float), None) == rows


def test_padding_is_a_dot_as_wide_as_the_numbers():
    assert matrix(np.array([[0.0, 10.0]]), np.array([[False, True]])) == [" · 10"]


def test_names_of_layers_and_classes_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]):
    hostile = replace(dense(2), layer="\x1b[2Jlayer")
    lines = shown(traced(hostile, class_name="\x1b[31mcat", takes=("\x1b[0m",)), capsys)
    assert not any("\x1b" in line for line in lines)
    assert lines[0].startswith("\\x1b[2Jlayer")
