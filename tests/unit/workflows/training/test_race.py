"""Which network is trained: the candidates, the rule, and what a run, a resumed run and a repetition make of it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from tests.conftest import write_image

import hubel
from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.pretrained import PRETRAINED
from hubel.backends.framework import keras
from hubel.errors import OutOfMemory, StoppedByUser, TrainingDiverged
from hubel.events import EpochDone, Event, Message, PlanMade, ignore
from hubel.runs.request import TrainRequest
from hubel.training.interruption import Stop
from hubel.training.plan import FitPlan
from hubel.workflows.training import race, scale
from hubel.workflows.training.decision import Decision, Tried, decision_from
from hubel.workflows.training.fitting import Entrant
from hubel.workflows.training.intake import prepare_training
from hubel.workflows.training.train import train_classifier

SIDE = 96


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    """Three classes of photographs' size, 20 of each: where the bright spot is."""
    rng = np.random.default_rng(0)
    for place, name in enumerate(("left", "middle", "right")):
        for number in range(20):
            pixels = rng.integers(0, 60, (SIDE, SIDE, 3))
            top = rng.integers(10, 70)
            pixels[top : top + 20, 5 + 30 * place : 25 + 30 * place] += 150
            write_image(tmp_path / "blobs" / name / f"{number:02}.png", pixels.astype(np.uint8))
    return tmp_path / "blobs"


@pytest.fixture
def weights_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where Keras looks for ImageNet's weights; they are random ones."""
    keras.utils.set_random_seed(3)
    folder = tmp_path / "keras/models"
    folder.mkdir(parents=True)
    backbone = PRETRAINED["mobilenet"]
    layers = backbone.make(keras, (224, 224), alpha=0.25).layers
    with h5py.File(folder / backbone.file_name(0.25), "w") as file:  # as Keras has written them since 2015
        file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
        for layer in layers:
            names = [f"{place}:0" for place in range(len(layer.weights))]
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group[name] = value
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return folder


def tried(architecture: str, training: str, log_loss: float, *, goes_on: bool = False) -> Tried:
    return Tried(architecture, "none", (64, 48), training, 12.3, 0.75, log_loss, goes_on)


def test_what_was_tried_in_words_and_as_json():
    row = tried("residual", "train", 0.4567)
    assert row.describe() == (
        "Tried residual, from scratch, 64 x 48 pixels: 75.0% of the validation images right, log loss 0.457, in 12 s."
    )
    assert (
        tried("mobilenet", "head", 1.0).describe().startswith("Tried mobilenet, a head on its frozen features: 75.0%")
    )
    assert Tried.from_json(json.loads(json.dumps(row.to_json()))) == row


def test_what_was_decided_is_asked_for_by_name(tmp_path: Path):
    request = TrainRequest("photos", tmp_path, time_limit_s=60)
    decision = Decision("residual", "none", 1.5, 48)
    asked = replace(request, architecture="residual", weights="none", alpha=1.5, image_size=48)
    assert decision.applied(request) == asked
    document = json.loads(json.dumps({"decided": decision.to_json(), "architecture": {"name": "residual"}}))
    assert decision_from(document, request) == decision
    assert Decision("residual", "none").applied(replace(request, image_size=40)).image_size == 40


def test_a_run_from_before_decisions_were_written_is_repeated_with_its_own_network(tmp_path: Path):
    document = {"architecture": {"name": "residual"}, "weights": "none"}
    open_one = TrainRequest("photos", tmp_path, time_limit_s=60)
    assert decision_from(document, open_one) == Decision("residual", "none")
    assert decision_from(document, replace(open_one, architecture="dense")) is None
    assert decision_from({"decided": None}, open_one) is None


@pytest.mark.parametrize(
    ("words", "is_open"),
    [
        ({"time_limit_s": 60}, True),
        ({"time_limit_s": 60, "batch_size": 16, "mirror": False}, True),
        ({"time_limit_s": 60, "weights": "none"}, True),
        ({}, False),
        ({"epochs": 3}, False),
        ({"time_limit_s": 60, "architecture": "mobilenet"}, False),
        ({"time_limit_s": 60, "weights": "imagenet"}, False),
        ({"time_limit_s": 60, "alpha": 0.25}, False),
        ({"time_limit_s": 60, "learning_rate": 0.1}, False),
    ],
)
def test_only_a_time_without_a_network_leaves_it_open(tmp_path: Path, words: dict, is_open: bool):
    assert TrainRequest("photos", tmp_path, **words).leaves_open is is_open


def trained(corpus: Path, out: Path, **words) -> tuple[hubel.Run, list[Event]]:
    events: list[Event] = []
    run = train_classifier(TrainRequest(corpus, out, **words), on_event=events.append)
    return run, events


def leave_after_an_epoch(request: TrainRequest) -> None:
    """Begin a training, and have it stop and leave once an epoch is done."""
    stop = Stop()

    def leave(event: Event) -> None:
        if isinstance(event, EpochDone):
            stop.asked = stop.leaves = True

    with pytest.raises(StoppedByUser):
        train_classifier(request, stop=stop, on_event=leave)


@pytest.mark.clock
def test_a_race_is_said_recorded_and_repeated(
    blobs: Path, weights_at_hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(race, "SURE", 0.0)  # random features are as good as any on such a corpus
    monkeypatch.setattr(race, "LEAST_TRIAL_S", 0.0)
    run, events = trained(blobs, tmp_path / "run", time_limit_s=35)
    document = json.loads((tmp_path / "run/run.json").read_text())
    rows = [Tried.from_json(row) for row in document["tried"]]
    assert [(row.architecture, row.weights, row.training) for row in rows] == [
        ("mobilenet", "imagenet", "head"),
        ("residual", "none", "train"),
    ]
    (winner,) = [row for row in rows if row.goes_on]
    assert document["architecture"]["name"] == winner.architecture == run.classifier.blueprint.name
    assert winner.log_loss == min(row.log_loss for row in rows)
    said = [event.text for event in events if isinstance(event, Message)]
    for row in rows:
        assert row.describe() in said
    (plan,) = [dict(event.lines) for event in events if isinstance(event, PlanMade)]
    assert plan["architecture"].startswith(f"{winner.architecture} (the best of 2 that were tried on this corpus)")

    assert (document["decided"]["architecture"], document["decided"]["weights"]) == (
        winner.architecture,
        winner.weights,
    )
    again = hubel.reproduce(tmp_path / "run", out=tmp_path / "again")
    repeated = json.loads((tmp_path / "again/run.json").read_text())
    assert repeated["architecture"] == document["architecture"]
    assert not any(each.about == "choice" for each in again.differences)


@pytest.mark.clock
@pytest.mark.parametrize("winner", ["mobilenet", "residual"])
def test_what_has_the_least_log_loss_goes_on(
    blobs: Path, weights_at_hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, winner: str
):
    monkeypatch.setattr(race, "SURE", 0.0)
    monkeypatch.setattr(race, "LEAST_TRIAL_S", 0.0)
    scored = iter([(0.5, 0.7), (0.9, 0.8 if winner == "mobilenet" else 0.6)])
    monkeypatch.setattr(race, "accuracy_and_log_loss", lambda *_: next(scored))
    request = TrainRequest(blobs, tmp_path / "run", time_limit_s=40)
    prepared = prepare_training(request, None, on_event=ignore)
    entry = race.race(request, prepared, started=time.monotonic())
    chosen = entry.prepared.chosen
    assert chosen.architecture == winner
    assert [row.architecture for row in chosen.tried if row.goes_on] == [winner]
    assert entry.prepared.decoded.images.shape[1:3] == chosen.preprocessing.size
    assert (entry.fallback is None) == (winner == "mobilenet")
    if winner == "mobilenet":  # fine-tuning goes on behind the head that was trained
        assert entry.point.phase == "fine-tune"
        kernel, bias = entry.network.model.get_layer("logits").get_weights()
        np.testing.assert_array_equal(entry.point.head[0], kernel)
        np.testing.assert_array_equal(entry.point.head[1], bias)
    else:
        kept, shown = entry.fallback  # what it showed in its trial is the least that comes out
        assert [row.architecture for row in kept.chosen.tried if row.goes_on] == ["residual"]
        assert kept.chosen.decided == Decision("residual", "none", image_size=48)
        assert kept.decoded.images.shape[1:3] == shown.model.input_shape[1:3] == (48, 48)


@pytest.mark.clock
def test_a_resumed_run_goes_on_with_what_was_chosen(
    blobs: Path, weights_at_hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(race, "SURE", 0.0)
    monkeypatch.setattr(race, "LEAST_TRIAL_S", 0.0)
    request = TrainRequest(blobs, tmp_path / "run", time_limit_s=30)
    leave_after_an_epoch(request)
    checkpoint = max((tmp_path / "run/checkpoints").glob("0*"))
    decided = json.loads((checkpoint / "state.json").read_text())["tried"]
    assert len(decided) == 2
    run = train_classifier(replace(request, resume=True))
    document = json.loads((tmp_path / "run/run.json").read_text())
    assert document["tried"] == decided  # the same seconds: nothing was tried again
    assert [row["architecture"] for row in decided if row["goes_on"]] == [run.classifier.blueprint.name]
    assert len(document["resumed"]) == 1


@pytest.mark.clock
@pytest.mark.parametrize("fault", [TrainingDiverged("The loss is nan."), OutOfMemory("There is not enough memory.")])
def test_a_trial_that_fails_and_a_damaged_file_of_another_backbone_stop_nobody(
    blobs: Path, weights_at_hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
):
    (weights_at_hand / PRETRAINED["mobilenet-v3-small"].file_name(1.0)).write_bytes(b"not a weights file")
    monkeypatch.setattr(race, "SURE", 0.0)
    monkeypatch.setattr(race, "LEAST_TRIAL_S", 0.0)
    fit, begun = race.run_fit, []

    def fails_from_scratch(plan: FitPlan, *args: object, **more: object) -> object:
        begun.append(plan.recipes[0].phase)
        if begun[-1] == "train":
            raise fault
        return fit(plan, *args, **more)

    monkeypatch.setattr(race, "run_fit", fails_from_scratch)
    request = TrainRequest(blobs, tmp_path / "run", time_limit_s=40)
    prepared = prepare_training(request, None, on_event=ignore)
    entrant = race.race(request, prepared, started=time.monotonic())
    assert begun == ["head", "train"]
    assert [(row.architecture, row.goes_on) for row in entrant.prepared.chosen.tried] == [("mobilenet", True)]


@pytest.fixture
def specks(tmp_path: Path) -> Path:
    """Two classes of small images, 30 of each: bright or dark."""
    rng = np.random.default_rng(0)
    for name, light in (("bright", 150), ("dark", 20)):
        for number in range(30):
            pixels = light + rng.integers(0, 80, (24, 24, 3))
            write_image(tmp_path / "specks" / name / f"{number:02}.png", pixels.astype(np.uint8))
    return tmp_path / "specks"


@pytest.mark.clock
def test_a_network_from_scratch_is_as_wide_as_the_time_allows_and_stays_so_when_resumed(
    specks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scale, "ENOUGH", -1e9)  # also where the machine is so busy that no time is left
    monkeypatch.setattr(scale, "MANY", 0)
    request = TrainRequest(specks, tmp_path / "run", time_limit_s=20)
    leave_after_an_epoch(request)
    monkeypatch.setattr(scale, "ENOUGH", 1e9)  # what was decided is not decided again
    run = train_classifier(replace(request, resume=True))
    document = json.loads((tmp_path / "run/run.json").read_text())
    assert document["decided"] == {"architecture": "residual", "weights": "none", "alpha": 2.0, "image_size": None}
    assert document["tried"] == []
    assert run.classifier.blueprint.spec == make_blueprint("residual", (24, 24), classes=2, alpha=2.0).spec


class Stand:
    """A corpus of bright and dark images, all of them in the validation split."""

    def __init__(self) -> None:
        self.labels = np.arange(20) % 2
        pixels = np.where(self.labels == 1, 220, 30).astype(np.uint8)
        self.decoded = SimpleNamespace(images=np.broadcast_to(pixels[:, None, None, None], (20, 4, 4, 3)).copy())

    def indices(self, split: str) -> np.ndarray:
        return np.arange(20 if split == "validation" else 0)


def fitted(*, slope: float) -> SimpleNamespace:
    """A model that calls bright images of class 1 where the slope is positive."""
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    kernel = np.zeros((48, 2), np.float32)
    kernel[:, 1] = slope / 48
    model.layers[-1].set_weights([kernel, np.array([0, -125 * slope], np.float32)])
    return SimpleNamespace(model=model)


@pytest.mark.parametrize(("slope", "kept"), [(0.1, "trained"), (-0.1, "fallback")])
def test_the_trial_is_kept_where_the_rest_of_the_time_makes_it_worse(slope: float, kept: str):
    trained_one, trial = fitted(slope=slope), fitted(slope=0.01)
    entry, heard = Entrant(Stand(), fallback=(Stand(), trial)), []
    prepared, chosen = race.best_of(entry, trained_one, heard.append)
    assert (prepared, chosen) == ((entry.prepared, trained_one) if kept == "trained" else entry.fallback)
    assert [str(event.text).split(":")[0] for event in heard] == (
        [] if kept == "trained" else ["The rest of the time made it no better"]
    )


def test_without_a_fallback_what_was_trained_is_kept():
    entry, one = Entrant(Stand()), fitted(slope=-1.0)
    assert race.best_of(entry, one) == (entry.prepared, one)
