"""The script for whoever has a graphics card runs, on a processor and made images."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import environment

from hubel.backends.framework import BACKEND

pytestmark = [
    pytest.mark.backend,
    pytest.mark.skipif(
        BACKEND == "tensorflow", reason="graphics cards are measured with JAX and PyTorch; CI runs it on both"
    ),
]

SCRIPT = Path(__file__).parents[2] / "benchmarks/bench_card.py"


def test_it_trains_twice_the_same_and_both_artefacts_answer_alike_on_both_sides():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--smoke"],
        env=environment(KERAS_BACKEND=BACKEND, HUBEL_STEPS=""),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    by_what = {row["what"]: row for row in rows}
    assert by_what["machine"]["backend"] == BACKEND
    trainings = [row for row in rows if row["what"] == "training"]
    assert [row["epochs"] for row in trainings] == [2, 2]
    assert all(row["test_accuracy"] > 0.5 and row["training_s"] > 0 for row in trainings)  # of three classes
    assert by_what["two equal trainings"]["same_to_the_bit"]
    for what in ("made here, opened on a processor", "made on a processor, opened here"):
        assert by_what[what]["verified"]
        assert by_what[what]["largest_difference_of_logits"] < 1e-4
