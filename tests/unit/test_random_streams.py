"""Streams of random numbers: each is named once, used once, and begins as it always did."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from hubel.errors import UnknownName
from hubel.random_streams import STREAMS, stream

SRC = Path(__file__).parents[2] / "src" / "hubel"


@pytest.mark.parametrize(
    ("name", "epoch", "key"),
    [
        ("batch order", 3, [11, 3, 0]),
        ("augmentation", 3, [11, 3, 1]),
        ("first mirroring", None, [11, 2]),
        ("feature batches", 0, [11, 0, 3]),
        ("whitening", None, [11, 4]),
        ("order of features", None, [11, 5]),
        ("baseline part", None, [11, 6]),
        ("comparison part", None, [11, 6]),
        ("corpus sample", None, [11, 7]),
        ("known images", None, [11, 8]),
        ("nested parts", None, [11, 9]),
        ("shown examples", None, [11, 9]),
        ("forecast", None, [11, 10]),
        ("contact sheet", None, [11, 10]),
        ("noise", None, [11, 11]),
        ("occlusion", None, [11, 12]),
        ("robustness sample", None, [11, 13]),
        ("bootstrap", None, [11, 14]),
        ("assessment", 3, [11, 3, 15]),
        ("replaced weights", 3, [11, 3, 16]),
        ("removed pixels", None, [11, 17]),
        ("patch kinds", None, 11),
        ("exciting image", None, 11),
        ("spread of labels", None, 11),
        ("sampled values", None, 11),
        ("shortcut permutations", None, 11),
    ],
)
def test_a_stream_draws_what_runs_of_earlier_versions_drew(name: str, epoch: int | None, key: int | list[int]):
    expected = np.random.default_rng(key).integers(0, 2**62, 4)
    np.testing.assert_array_equal(stream(name, 11, epoch=epoch).integers(0, 2**62, 4), expected)


def test_no_other_file_makes_a_generator_of_its_own():
    makers = {path.name for path in SRC.rglob("*.py") if re.search(r"default_rng\(|RandomState\(", path.read_text())}
    assert makers == {"random_streams.py"}


def test_every_stream_is_used_in_one_place():
    used = Counter(name for path in SRC.rglob("*.py") for name in re.findall(r'\bstream\("([^"]+)"', path.read_text()))
    assert used == Counter(dict.fromkeys(STREAMS, 1))


def test_a_stream_without_a_name_is_refused():
    with pytest.raises(UnknownName, match="Did you mean 'batch order'"):
        stream("batch orders", 1)
