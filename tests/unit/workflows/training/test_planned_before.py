"""A training that repeats another one takes its recipe, also where it would plan another one today."""

from __future__ import annotations

import json
from pathlib import Path

from hubel.pipeline.augmentation import Augmentation
from hubel.runs.request import TrainRequest
from hubel.workflows.training.train import train_classifier


def test_the_recipe_of_the_run_that_is_repeated_is_trained_by(colours: Path, tmp_path: Path):
    first = train_classifier(TrainRequest(colours, tmp_path / "first", architecture="small-cnn", epochs=1))
    described = json.loads((tmp_path / "first/run.json").read_text())["recipe"]
    described["train"]["augmentation"] |= {"mirror": False, "shift": 0.0625}
    described["train"]["label_smoothing"] = 0.25
    described["head"] = described["train"] | {"phase": "head"}  # of a phase that is none of this training
    request = TrainRequest(colours, tmp_path / "again", architecture="small-cnn", epochs=1, planned=described)
    again = train_classifier(request)
    assert first.fitted.recipes["train"].augmentation != Augmentation(mirror=False, shift=0.0625)
    assert [each.fitted.model.loss.label_smoothing for each in (first, again)] == [0.1, 0.25]  # of what was compiled
    assert list(again.fitted.recipes) == ["train"]
    assert again.fitted.recipes["train"].augmentation == Augmentation(mirror=False, shift=0.0625)
    assert json.loads((tmp_path / "again/run.json").read_text())["recipe"] == {"train": described["train"]}
