"""Artefacts of every format that was ever released open, and name images as they did then."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from hubel.classifier.manifest import FORMAT
from hubel.engines.catalogue import load_classifier
from hubel.workflows.verify import verify_artefact

pytestmark = pytest.mark.backend
MUSEUM = Path(__file__).parents[2] / "museum"


@pytest.mark.parametrize("folder", sorted(MUSEUM.iterdir()), ids=lambda folder: folder.name)
def test_an_artefact_of_an_earlier_format_opens_and_says_what_it_said(folder: Path):
    expected = json.loads((folder / "expected.json").read_text())
    classifier = load_classifier(folder)
    grey = np.rint(load_digits().images[:5] * (255 / 16)).astype(np.uint8)
    images = np.repeat(grey[..., None], 3, axis=-1)  # [5, 8, 8, 3]
    predictions = classifier.predict(list(images))
    assert [each.class_name for each in predictions] == expected["class_names"]
    got = [list(each.probabilities.values()) for each in predictions]
    np.testing.assert_allclose(got, expected["probabilities"], atol=1e-5)
    if "off_corpus_scores" in expected:
        scores = [each.off_corpus_score for each in predictions]
        np.testing.assert_allclose(scores, expected["off_corpus_scores"], rtol=1e-4)
    for coverage, sets in expected.get("prediction_sets", {}).items():
        promised = classifier.predict(list(images), coverage=float(coverage))
        assert [list(each.prediction_set) for each in promised] == sets


def test_every_format_up_to_this_one_has_an_artefact_in_the_museum():
    kept = {json.loads((folder / "classifier/manifest.json").read_text())["format"] for folder in MUSEUM.iterdir()}
    assert kept == set(range(1, FORMAT + 1))


@pytest.mark.parametrize("folder", sorted(MUSEUM.iterdir()), ids=lambda folder: folder.name)
def test_an_artefact_of_an_earlier_format_is_verified(folder: Path):
    found = verify_artefact(folder)
    assert found.holds
    without = folder.name == "format-1"  # the self-test came with format 2
    compiled = ["holds"] if folder.name == "format-5" else []  # the graph
    assert [check.result for check in found.checks] == ["holds", "holds", "absent" if without else "holds", *compiled]
