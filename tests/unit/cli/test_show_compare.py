"""A comparison as it is printed: whole numbers on any terminal, and nothing that names can steer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.workflows.comparing.scripted_comparisons import DENSE, SMALL_CNN, compared, corpus, first, pairs_of

from hubel.cli.show.compare import show_comparison
from hubel.workflows.comparing.comparison import Comparison


def shown(comparison: Comparison, capsys: pytest.CaptureFixture[str], folder: Path | None = None) -> str:
    show_comparison(comparison, folder)
    return capsys.readouterr().out


def test_the_table_comes_first_then_what_its_columns_are_then_the_pairs(capsys: pytest.CaptureFixture[str]):
    lines = shown(compared(), capsys).splitlines()
    assert lines[1] == "photos: 140 train, 20 validation, 40 test; 16 x 24 pixels; 12 epochs each; seed 3"
    row = next(line for line in lines if line.lstrip().startswith("small-cnn"))
    assert row.split() == [
        "small-cnn",
        "0.950",
        "(0.835-0.986)",
        "4,321",
        "2.5",
        "M",
        "3.21",
        "GB",
        "1.23",
        "+0.0",
        "0.900",
    ]
    explained = lines.index("  accuracy: of 40 test images; best epoch by validation log loss; Wilson interval.")
    assert lines.index(row) < explained < lines.index("Pairs")
    assert lines[lines.index("Pairs") + 1].startswith("  dense is worse than small-cnn: difference -45.0 (")


def test_a_claim_is_printed_with_its_verdict_and_each_finding(capsys: pytest.CaptureFixture[str]):
    rows = (replace(DENSE, name="dense-only"), replace(SMALL_CNN, name="cnn", test_hits=first(5)))
    lines = shown(compared(*rows, claims="dense-or-cnn"), capsys).splitlines()
    head = lines.index("dense-or-cnn: refuted")
    assert lines[head + 2].startswith(
        "  cnn against dense-only, accuracy: refuted. worse: accuracy 0.125 against 0.500"
    )
    assert lines[head + 3].startswith("  cnn against dense-only, parameters: supported. 285.7 times fewer")
    assert "Pairs" not in lines


def test_what_to_try_is_written_as_the_command_line_has_it(capsys: pytest.CaptureFixture[str]):
    brief = compared(replace(DENSE, epochs=3.0), SMALL_CNN)
    assert "With longer training the result may change: try --epochs 24.\n" in shown(brief, capsys)


def test_where_it_was_written_is_said_once_there_is_something(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    wrote = f"Wrote {tmp_path}: compare.json, compare.csv, compare.md, compare.svg\n"
    assert wrote in shown(compared(), capsys, tmp_path)
    assert "Wrote" not in shown(compared(), capsys)


def test_an_interrupted_comparison_says_that_variants_are_missing(capsys: pytest.CaptureFixture[str]):
    told = shown(compared(interrupted=True), capsys)
    assert told.endswith("Stopped: variants that were not finished are not in the table.\n")
    assert "Stopped" not in shown(compared(), capsys)


def test_no_number_is_cut_off_on_a_narrow_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "20")
    long = replace(DENSE, name="a-network-with-a-long-name", parameters=123_456_789_012)
    told = shown(compared(long, SMALL_CNN), capsys)
    assert "123,456,789,012" in told
    assert "a-network-with-a-long-name" in told


def test_names_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]):
    hostile = replace(DENSE, name="\x1b[2J[bold]x")
    comparison = compared(hostile, SMALL_CNN, corpus=corpus("\x1b[31mphotos"), pairs=pairs_of(hostile, SMALL_CNN))
    told = shown(comparison, capsys)
    assert "\x1b" not in told
    assert "\\x1b[2J[bold]x is worse than small-cnn" in told
