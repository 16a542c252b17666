"""The example images: what they show, and where they stand back."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from hubel.corpus.example_images import is_example, read_image
from hubel.errors import UnreadableImage
from hubel.workflows.looking.matrices import read_matrix
from hubel.workflows.opening import check_inputs
from hubel.workflows.predicting.inputs import Inputs


def pixels(name: str) -> np.ndarray:
    with Image.open(io.BytesIO(read_image(name))) as image:
        assert (image.mode, image.size) == ("L", (8, 8))
        return np.asarray(image, np.float64) / 255 * 16


def test_a_classifier_of_scikit_learn_names_all_ten():
    digits = load_digits()
    drawn = np.stack([pixels(f"digits:{digit}").ravel() for digit in range(10)])
    assert SVC().fit(digits.data, digits.target).predict(drawn).tolist() == list(range(10))


def test_none_of_them_is_in_the_corpus():
    digits = load_digits().images
    for digit in range(10):
        distance = np.abs(digits - pixels(f"digits:{digit}")).mean(axis=(1, 2))
        assert distance.min() > 0.5


@pytest.mark.parametrize("name", ["digits:10", "digits:", "digits:x", "digits:٣"])
def test_another_name_says_which_there_are(name: str):
    with pytest.raises(UnreadableImage, match="the example images are digits:0 to digits:9") as caught:
        read_image(name)
    assert caught.value.code == "no-such-example"


def test_a_file_of_that_name_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("digits:8").write_bytes(b"mine")
    assert not is_example("digits:8")
    assert read_image("digits:8") == b"mine"


def test_every_door_takes_them():
    np.testing.assert_allclose(read_matrix("digits:8")[..., 0] * 16, pixels("digits:8"), atol=0.04)
    check_inputs(["digits:8"])
    (item,) = Inputs(["digits:8"])
    assert item.read() == read_image("digits:8")
