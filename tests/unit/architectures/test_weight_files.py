"""ImageNet weights: found on the machine without a connection, downloaded only after a yes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubel.architectures.families.backbones import pretrained_weights
from hubel.architectures.families.pretrained import PRETRAINED
from hubel.architectures.families.weight_files import find_weight_file
from hubel.backends.framework import keras
from hubel.errors import WeightsNotAvailable


class Asked(Exception):
    """Keras wanted this file."""


@pytest.mark.parametrize("name", sorted(PRETRAINED))
def test_the_names_are_those_that_keras_asks_for(name: str, monkeypatch: pytest.MonkeyPatch):
    def get_file(fname: str, *_: object, cache_subdir: str, **__: object) -> None:
        assert cache_subdir == "models"
        raise Asked(fname)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    alpha = PRETRAINED[name].alphas[0]
    with keras.StatelessScope(initialize_variables=False), pytest.raises(Asked) as asked:
        PRETRAINED[name].make(keras, (224, 224), alpha=alpha, weights="imagenet")
    assert str(asked.value) == PRETRAINED[name].file_name(alpha)


def test_every_width_has_a_name_of_its_own():
    names = [each.file_name(alpha) for each in PRETRAINED.values() for alpha in each.alphas]
    assert len(set(names)) == len(names) == 17


def test_a_file_in_the_cache_is_found_and_read_without_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert find_weight_file("mobilenet", 0.25) is None
    keras.utils.set_random_seed(0)
    whole = PRETRAINED["mobilenet"].make(keras, (224, 224), alpha=0.25)
    file = tmp_path / "models/mobilenet_2_5_224_tf_no_top.h5"
    file.parent.mkdir()
    whole.save_weights(tmp_path / "x.weights.h5")
    (tmp_path / "x.weights.h5").rename(file)
    assert find_weight_file("mobilenet", 0.25) == file
    file.write_bytes(b"half a downlo")
    with pytest.raises(WeightsNotAvailable, match=r"no_top\.h5 cannot be used .*Delete the file"):
        pretrained_weights("mobilenet", 0.25, source="imagenet", may_download=pytest.fail)


def test_without_a_yes_nothing_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", pytest.fail)
    questions: list[str] = []
    with pytest.raises(WeightsNotAvailable, match=r"Hubel downloads nothing without asking.*add weights='imagenet'"):
        pretrained_weights("mobilenet", 0.25, source="imagenet", may_download=lambda text: bool(questions.append(text)))
    assert questions == [
        "Download the ImageNet weights of mobilenet (about 1 MB) from storage.googleapis.com?",
    ]
    np.testing.assert_equal(list(tmp_path.rglob("*")), [])
