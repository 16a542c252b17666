"""The command of a training says what was asked, no less and no more; a request that contradicts itself is refused."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.workflows.comparing.scripted_comparisons import corpus

from hubel.architectures.families.cnn import CnnSpec
from hubel.corpus.reading import Reading
from hubel.errors import UnusableInput, WrongRequest
from hubel.errors.wording import NOTHING
from hubel.runs.machine import PACKAGES, describe_hardware, describe_machine
from hubel.runs.request import (
    TrainRequest,
    go_on_command,
    how_to_go_on,
    make_request,
    same_call,
    train_command,
    whole_command,
)
from hubel.runs.request_record import record_request, request_again
from hubel.shell import in_shell, text_in_shell
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder

PHOTOS = {"corpus": "my photos", "out": Path("run")}


def typed(**wishes: Any) -> str:
    return in_shell(train_command(TrainRequest(**{**PHOTOS, **wishes})))


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, ""),
        ({"epochs": 3, "seed": 7}, " --epochs 3 --seed 7"),
        ({"time_limit_s": 90.0}, " --time-limit 90s"),
        ({"architecture": "residual", "image_size": 48, "resize": "pad"}, " --architecture residual --image-size 48 --resize pad"),
        ({"mirror": False, "learning_rate": 0.05, "batch_size": 8}, " --batch-size 8 --learning-rate 0.05 --no-mirror"),
        ({"mirror": True}, " --mirror"),
        ({"learning_curve": True}, " --learning-curve"),
        ({"corrections": Path("my fixes.csv")}, " --corrections 'my fixes.csv'"),
        ({"architecture": "mobilenet", "weights": "imagenet", "alpha": 0.5}, " --architecture mobilenet --weights imagenet --alpha 0.5"),
        ({"from_run": Path("runs/old")}, " --from runs/old"),
        ({"resume": True}, ""),
        ({"overwrite": True}, ""),
    ],
)  # fmt: skip
def test_what_was_asked_is_typed_and_defaults_are_not(wishes: dict[str, Any], words: str):
    assert typed(**wishes) == f"hubel train 'my photos' -o run{words}"


def test_how_the_corpus_is_read_comes_last():
    reading = Reading(splits=(("main", "train"), ("lab", "test")), copies="off")
    assert typed(reading=reading, epochs=2) == (
        "hubel train 'my photos' -o run --epochs 2 --splits train=main,test=lab --copies off"
    )


def test_no_words_say_a_network_that_was_made_in_python():
    request = TrainRequest("photos", Path("run"), architecture=CnnSpec((8, 8), 2))
    assert train_command(request) == NOTHING
    assert in_shell(same_call(request)) == "hubel train ..."
    assert in_shell(go_on_command(request)) == "hubel train ... --resume"
    assert in_shell(whole_command(request)) == "hubel train ... --overwrite"


def test_a_stopped_training_goes_on_where_there_is_a_checkpoint(tmp_path: Path):
    request = TrainRequest("photos", tmp_path / "run", epochs=3)
    words = f"hubel train photos -o {tmp_path}/run --epochs 3"
    assert text_in_shell(how_to_go_on(request)) == f"Nothing was trained yet. Begin again: {words}"
    CheckpointFolder(request.out / CHECKPOINTS).write({}, {"w": np.zeros(1, np.float32)}, beside=None)
    assert text_in_shell(how_to_go_on(request)) == f"Continue where it stopped: {words} --resume"


def test_the_location_of_a_corpus_in_memory_is_that_of_the_corpus():
    assert TrainRequest(corpus("made here"), Path("run")).location == "made here"


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"resume": True, "overwrite": True}, "resume goes on with a run, and overwrite replaces it. Leave out one."),
        (
            {"learning_curve": True, "from_run": Path("old")},
            (
                "learning_curve trains on parts of the images as if the others were not there, and the weights of "
                "from_run='old' have learned from all of them. Leave out one of them."
            ),
        ),
        ({"resize": "stretch"}, "resize must be one of squash, crop, pad. Received: 'stretch'."),
        ({"epochs": 0}, "epochs must be a whole number from 1 to 100,000. Received: 0."),
        ({"epochs": True}, "epochs must be a whole number from 1 to 100,000. Received: True."),
        ({"epochs": 2.0}, "epochs must be a whole number from 1 to 100,000. Received: 2.0."),
        ({"time_limit_s": 9.5}, "time_limit must be from 10 seconds to 30 days. Received: 9.5 s."),
        ({"image_size": 1025}, "image_size must be a whole number of pixels from 1 to 1,024. Received: 1025."),
        ({"batch_size": 65_537}, "batch_size must be a whole number from 1 to 65,536. Received: 65537."),
        ({"learning_rate": 0.0}, "learning_rate must be above 0 and at most 100. Received: 0.0."),
        ({"seed": -1}, "seed must be a whole number from 0 to 2,147,483,647. Received: -1."),
    ],
)  # fmt: skip
def test_an_impossible_wish_is_named_with_what_is_possible(wishes: dict[str, Any], said: str):
    with pytest.raises(WrongRequest) as refused:
        TrainRequest(**{**PHOTOS, **wishes})
    assert str(refused.value) == said


def test_weights_for_a_network_that_takes_none_name_the_networks_that_do():
    with pytest.raises(
        WrongRequest, match="small-cnn has no pretrained weights. Leave out weights='imagenet', or"
    ) as no:
        TrainRequest("photos", Path("run"), architecture="small-cnn", weights="imagenet")
    assert "mobilenet" in str(no.value)
    assert TrainRequest("photos", Path("run"), architecture="small-cnn", weights="none").weights == "none"


def test_answers_by_the_mirror_image_are_refused_where_they_contradict_the_training_or_are_unknown():
    with pytest.raises(WrongRequest, match="^tta must be one of none, mirror. Received: 'flip'.$"):
        TrainRequest("photos", Path("run"), tta="flip")
    with pytest.raises(
        WrongRequest, match="^tta='mirror' averages .* mirror=False says .* mirrored digits .* Leave out"
    ):
        TrainRequest("photos", Path("run"), tta="mirror", mirror=False)
    assert TrainRequest("photos", Path("run"), tta="none", mirror=False).mirror is False
    assert TrainRequest("photos", Path("run"), tta="mirror").mirror is None


def test_a_door_gives_texts_and_the_request_has_values():
    wishes = {"out": "runs/x", "time_limit": "5m", "corrections": "fixes.csv", "epochs": None}
    rest = dict.fromkeys(("architecture", "weights", "alpha", "image_size", "resize", "batch_size"))
    more = {"learning_rate": None, "mirror": None, "tta": "none", "seed": 3, "overwrite": False, "resume": False}
    whole = {
        **wishes,
        **rest,
        **more,
        "learning_curve": False,
        "from_run": None,
        "augment": "zoom,shift",
        "unknown": "passed over",
    }
    request = make_request("photos", whole, reading=Reading(), command=("hubel", "train"))
    assert (request.out, request.corrections) == (Path("runs/x"), Path("fixes.csv"))
    assert (request.time_limit_s, request.seed, request.command) == (300.0, 3, ("hubel", "train"))
    assert request.augmented == ("zoom", "shift")


def test_a_record_of_what_cannot_be_asked_for_any_more_is_refused_with_the_reason(tmp_path: Path):
    recorded = {**record_request(TrainRequest("photos", tmp_path)), "epochs": 0}
    with pytest.raises(
        UnusableInput, match="in run.json cannot be repeated: epochs must be .* Copy the run folder again"
    ):
        request_again(recorded, corpus(), out=tmp_path, weights="none")
    odd = {
        **record_request(TrainRequest("photos", tmp_path)),
        "architecture": {"name": "own", "network": {"groups": []}},
    }
    with pytest.raises(UnusableInput, match="network of the request must have the fields"):
        request_again(odd, corpus(), out=tmp_path, weights="none")


def test_the_machine_is_described_by_the_system_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    machine = describe_machine()
    assert machine["versions"]["python"] == platform.python_version()
    assert {name: machine["versions"][name] for name in PACKAGES} == {name: version(name) for name in PACKAGES}
    assert machine["backend"] in machine["versions"]
    assert machine["hardware"]["cores"] == os.cpu_count()
    assert machine["environment"]["OMP_NUM_THREADS"] == "3"
    hardware = describe_hardware()
    assert hardware["CUDA_VISIBLE_DEVICES"] == "1"
    assert "OMP_NUM_THREADS" not in hardware  # it changes the rounding, not the hardware
    assert {name: hardware[name] for name in machine["hardware"]} == machine["hardware"]
    assert "JAX_PLATFORMS" not in hardware
