"""What was asked for, written down and asked for again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from hubel.architectures.catalogue import find_architecture, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.corpus.corpus import Corpus, Found, make_corpus
from hubel.corpus.formats.arrays_in_memory import ArraySource
from hubel.corpus.reading import Reading
from hubel.errors import UnusableInput
from hubel.runs.request import TrainRequest
from hubel.runs.request_record import READING, RECORDED, check_record, record_request, request_again

SPEC = CnnSpec((24, 20), 3, groups=(Group(8, pooling="sum", padding="valid"),), dense_units=(16,), head="average")
NETWORK = 'head = "max"\ndense_units = [16]\n\n[[groups]]\nfilters = 8\nkernel_size = 5\n'


@pytest.fixture
def corpus() -> Corpus:
    found = [Found(f"{n}", "ab"[n % 2]) for n in range(6)]
    return make_corpus("arrays", "npz", found=found, source=ArraySource((np.zeros((6, 8, 8, 3), np.uint8),)))


def again(request: TrainRequest, corpus: Corpus, *, weights: str = "none") -> TrainRequest:
    recorded = json.loads(json.dumps(record_request(request)))
    check_record(recorded, Path("run.json"))
    made = request_again(recorded, corpus, out=Path("new"), weights=weights)
    decided = {"weights": recorded["weights"] or weights, "tta": recorded["tta"] or "none"}
    assert json.loads(json.dumps(record_request(made))) == {**recorded, **decided}
    return made


def test_every_field_of_a_request_is_recorded(corpus: Corpus):
    recorded = record_request(TrainRequest(corpus, Path("run")))
    about_the_folder = {"corpus", "out", "overwrite", "resume", "command"}
    of_a_repetition = {"planned"}  # stands in run.json by itself, as "recipe"
    assert set(recorded) == {*RECORDED, READING}
    assert set(recorded) | about_the_folder | of_a_repetition == {field.name for field in fields(TrainRequest)}


@pytest.mark.parametrize(
    "wish",
    [
        {"epochs": 3, "batch_size": 8, "learning_rate": 0.25, "mirror": False, "seed": 7, "learning_curve": True},
        {"time_limit_s": 90.0, "image_size": 48, "resize": "pad", "architecture": "residual"},
        {"architecture": "mobilenet", "alpha": 0.5, "weights": "none"},
        {"architecture": SPEC},
        {"reading": Reading(splits=(("a", "train"),), bands=(3,), copies="off", images=Path("/photos"))},
        {},
    ],
)
def test_the_request_made_again_asks_for_the_same(corpus: Corpus, wish: dict[str, object]):
    request = TrainRequest(corpus, Path("run"), **wish)  # type: ignore[arg-type]
    assert again(request, corpus) == replace(request, out=Path("new"), weights="none", tta="none")


def test_answers_by_the_mirror_image_are_repeated_and_a_run_before_them_has_none(corpus: Corpus):
    request = TrainRequest(corpus, Path("run"), tta="mirror")
    assert again(request, corpus).tta == "mirror"
    recorded = record_request(request)
    recorded.pop("tta")
    check_record(recorded, Path("run.json"))
    assert request_again(recorded, corpus, out=Path("new"), weights="none").tta == "none"
    left_open = record_request(TrainRequest(corpus, Path("run"), time_limit_s=60.0))
    assert left_open["tta"] is None
    for decided in ("mirror", "none"):  # as the classifier of the run answers
        assert request_again(left_open, corpus, out=Path("new"), weights="none", tta=decided).tta == decided
    with pytest.raises(UnusableInput, match="cannot be repeated: tta must be one of none, mirror. Received: 'flip'"):
        request_again({**recorded, "tta": "flip"}, corpus, out=Path("new"), weights="none")


def test_a_network_from_a_file_needs_its_file_no_more(corpus: Corpus, tmp_path: Path):
    file = tmp_path / "my-net.toml"
    file.write_text(NETWORK)
    made = {size: make_blueprint(file, (size, size), classes=2) for size in (16, 40)}
    request = TrainRequest(corpus, Path("run"), architecture=file)
    recorded = record_request(request)
    file.unlink()
    repeated = request_again(recorded, corpus, out=Path("new"), weights="none")
    assert repeated.architecture is not None
    for size, blueprint in made.items():
        assert make_blueprint(repeated.architecture, (size, size), classes=2) == blueprint
    assert record_request(repeated)["architecture"] == recorded["architecture"]


def test_a_file_named_like_an_architecture_is_not_taken_for_it(corpus: Corpus, tmp_path: Path):
    (tmp_path / "small-cnn.toml").write_text(NETWORK)
    request = TrainRequest(corpus, Path("run"), architecture=str(tmp_path / "small-cnn.toml"))
    assert record_request(request)["architecture"]["network"]["head"] == "max"
    assert record_request(replace(request, architecture=find_architecture("small-cnn")))["architecture"] == {
        "name": "small-cnn"
    }


def test_files_are_told_by_place_and_content(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("w.h5").write_bytes(b"weights")
    request = TrainRequest(corpus, Path("run"), architecture="mobilenet", weights="w.h5", corrections=Path("gone.csv"))
    recorded = record_request(request)
    assert recorded["weights"] == {"file": str(tmp_path / "w.h5"), "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert recorded["corrections"] == {"file": str(tmp_path / "gone.csv"), "sha256": None}
    repeated = request_again(recorded, corpus, out=Path("new"), weights="imagenet")
    assert (repeated.weights, repeated.corrections) == (str(tmp_path / "w.h5"), tmp_path / "gone.csv")


def test_weights_that_the_plan_could_not_have_then_are_not_taken_now(corpus: Corpus):
    request = TrainRequest(corpus, Path("run"))
    assert again(request, corpus, weights="none").weights == "none"
    assert again(request, corpus, weights="imagenet").weights == "imagenet"


@pytest.mark.parametrize(
    "architecture",
    [
        {"name": "x", "network": {"groups": []}}, {"name": "x", "spec": {"classes": 2}}, {"name": "no-such-network"},
        {"name": "x", "spec": {**SPEC.to_json(), "dense_units": 5}},
    ],
)  # fmt: skip
def test_an_architecture_that_cannot_be_is_refused(corpus: Corpus, architecture: dict[str, object]):
    recorded = {**record_request(TrainRequest(corpus, Path("run"))), "architecture": architecture}
    check_record(recorded, Path("run.json"))
    with pytest.raises(UnusableInput, match="The 'request' in run.json cannot be repeated"):
        request_again(recorded, corpus, out=Path("new"), weights="none")
