"""``--from RUN``: its weights, its classes by name, its images in the parts that they had; a score of unseen images."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.backends.framework import keras
from hubel.cli.wording import said as said_at_the_door
from hubel.corpus.formats.catalogue import read_corpus
from hubel.engines.catalogue import load_classifier
from hubel.engines.keras_engine import KerasEngine
from hubel.errors import HubelError, OutputNotWritable, UnusableInput, WrongRequest
from hubel.events import EpochDone, Event, Message
from hubel.files import read_csv, write_csv
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.decoded import decode_corpus
from hubel.runs.request import TrainRequest
from hubel.runs.run_folder import RunFolder
from hubel.training import fit as fit_module
from hubel.workflows.evaluating.evaluate import evaluate_run
from hubel.workflows.reproducing.reproduce import reproduce_run
from hubel.workflows.reproducing.reproduce_check import check_repeatable
from hubel.workflows.training.checkpointing import EVERY_EPOCH
from hubel.workflows.training.resume_identity import check_images
from hubel.workflows.training.start_run import find_start
from hubel.workflows.training.train import train_classifier
from hubel.workflows.training.warm_start import load_start
from hubel.workflows.training.write_run import Run

pytestmark = pytest.mark.backend

EARLIER, LATER = ("cross", "ring"), ("bar", "cross", "ring")
SMALL = {"architecture": "small-cnn", "image_size": 8, "epochs": 4}


def drawn(name: str, seed: int) -> Image.Image:
    """A digit-like image of 8 x 8 pixels: a shape, moved and made uncertain by chance."""
    rng = np.random.default_rng([seed, len(name)])
    row, column = np.mgrid[:8, :8] - rng.integers(3, 5, (2, 1, 1))
    shape = {
        "cross": np.abs(row) == np.abs(column),
        "ring": np.hypot(row, column).round() == 3,
        "bar": column == 0,
    }[name]
    pixels = np.clip(120 * shape + rng.normal(60, 30, (8, 8)), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def draw(folder: Path, names: Sequence[str], seeds: Sequence[int]) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            drawn(name, seed).save(folder / name / f"{seed:03}.png")
    return folder


def trained(corpus: Path, out: Path, heard: list[Event] | None = None, **wishes: object) -> Run:
    request = TrainRequest(str(corpus), out, **wishes)  # type: ignore[arg-type]
    return train_classifier(request, on_event=(heard if heard is not None else []).append)


def parts(run: Path) -> dict[str, str]:
    """SHA-256 → part."""
    digests = {row["path"]: row["sha256"] for row in read_csv(run / "fingerprints.csv")}
    return {digests[row["path"]]: row["split"] for row in read_csv(run / "split.csv")}


def said(heard: list[Event]) -> str:
    return "\n".join(str(event.text) for event in heard if isinstance(event, Message))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of then, in ``then``; that of now, in ``now``, with a class and images more, under other names."""
    place = tmp_path_factory.mktemp("warm")
    draw(place / "then", EARLIER, range(60))
    draw(place / "now", LATER, range(60, 90))
    for file in sorted((place / "then").rglob("*.png")):
        shutil.copy(file, place / "now" / file.parent.name / f"old-{file.name}")
    trained(place / "then", place / "first", **SMALL)
    return place


@pytest.fixture(scope="module")
def first(folder: Path) -> Path:
    return folder / "first"


@pytest.fixture(scope="module")
def grown(folder: Path, first: Path) -> tuple[Run, str]:
    heard: list[Event] = []
    return trained(folder / "now", folder / "second", heard, from_run=first, epochs=4), said(heard)


def weights_at_start(monkeypatch: pytest.MonkeyPatch) -> list[list[np.ndarray]]:
    """The weights of each model as its fit begins; empty until then."""
    begun: list[list[np.ndarray]] = []
    fit_model = fit_module.fit_model

    def look(model: keras.Model, *given: object, **more: object) -> object:
        begun.append(model.get_weights())
        return fit_model(model, *given, **more)  # type: ignore[arg-type]

    for module in ("hubel.workflows.training.fitting", "hubel.training.transfer"):
        monkeypatch.setattr(f"{module}.fit_model", look)
    return begun


def test_it_begins_with_the_weights_of_the_run_and_with_outputs_by_name(
    folder: Path, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    begun = weights_at_start(monkeypatch)
    run = trained(folder / "now", tmp_path / "run", from_run=first, epochs=1)
    before = load_classifier(first).model.get_weights()
    assert run.classifier.class_names == LATER
    for then, now in zip(before[:-2], begun[0][:-2], strict=True):
        np.testing.assert_array_equal(now, then)
    for then, now in zip(before[-2:], begun[0][-2:], strict=True):  # kernel and bias of the outputs
        np.testing.assert_array_equal(now[..., 1:], then)
        np.testing.assert_array_equal(now[..., 0], 0)


def test_the_outputs_that_are_kept_answer_as_before_to_the_bit(folder: Path, first: Path, tmp_path: Path):
    start = find_start(TrainRequest(str(folder / "now"), tmp_path / "run", from_run=first))
    assert start is not None
    choice = start.choose(3)
    model = build_model(make_blueprint(choice.entry, choice.preprocessing.size, classes=3))
    load_start(start).put_into(model, LATER)
    pixels = np.stack([np.array(drawn(name, 7).convert("RGB")) for name in LATER])
    then, now = load_classifier(first, engine="keras").compute_logits(pixels), KerasEngine(model).compute_logits(pixels)
    np.testing.assert_array_equal(now[:, 1:], then)
    np.testing.assert_array_equal(now[:, 0], 0)


def test_after_the_first_epoch_it_is_better_than_one_from_scratch(folder: Path, grown: tuple[Run, str]):
    scratch = trained(folder / "now", folder / "scratch", **SMALL)
    warm, cold = (run.fitted.histories[0].rows[0].validation_log_loss for run in (grown[0], scratch))
    assert warm is not None
    assert cold is not None
    assert warm < 0.8 * cold


def test_every_image_of_the_run_stays_in_its_part_and_new_ones_are_divided(
    first: Path, grown: tuple[Run, str], folder: Path
):
    before, now = parts(first), parts(folder / "second")
    assert {digest: now[digest] for digest in before} == before
    new = [part for digest, part in now.items() if digest not in before]
    assert [new.count(part) for part in ("train", "validation", "test")] == [63, 9, 18]
    assert "Begins with the weights of" in grown[1]
    assert "the outputs of 2 classes are kept. New: 'bar'." in grown[1]
    assert "84 train, 12 validation, 24 test. New: 90 images." in grown[1]


def test_it_is_written_down_and_repeated_to_the_bit(first: Path, grown: tuple[Run, str], folder: Path):
    document = json.loads((folder / "second" / "run.json").read_bytes())
    manifest = json.loads((first / "classifier" / "manifest.json").read_bytes())
    assert document["request"]["from_run"] == {
        "file": str(first / "classifier" / "weights.safetensors"),
        "sha256": manifest["weights"]["sha256"],
    }
    assert document["request"]["weights"] is None
    assert grown[0].classifier.provenance["begun_from"] == manifest["weights"]["sha256"]
    again = reproduce_run(check_repeatable(folder / "second"))
    assert again.result.same


class Killed(BaseException):
    """The program ends here."""


def test_killed_and_resumed_it_is_the_same_and_needs_the_same_run(
    folder: Path, first: Path, grown: tuple[Run, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(EVERY_EPOCH, "1")

    def kill(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == 3:
            raise Killed

    request = TrainRequest(str(folder / "now"), tmp_path / "run", from_run=first, epochs=4)
    with pytest.raises(Killed):
        train_classifier(request, on_event=kill)
    with pytest.raises(WrongRequest, match="weights of from_run: was [0-9a-f.]*, is not given\n"):
        trained(folder / "now", tmp_path / "run", resume=True, **SMALL)
    resumed = train_classifier(replace(request, resume=True))
    for once, twice in zip(grown[0].fitted.model.get_weights(), resumed.fitted.model.get_weights(), strict=True):
        np.testing.assert_array_equal(once, twice)


def test_resume_on_a_grown_corpus_offers_it_where_there_is_a_classifier(folder: Path, first: Path, tmp_path: Path):
    run = Path(shutil.copytree(first, tmp_path / "run"))
    (run / "checkpoints").mkdir()
    write_csv(run / "checkpoints" / "images.csv", ("path", "sha256"), rows=[("cross/000.png", "a")])
    decoded = decode_corpus(read_corpus(str(folder / "then")), Preprocessing(8, 8))
    request = TrainRequest("photos", run, image_size=8, epochs=3)
    with pytest.raises(WrongRequest) as refused:
        check_images(RunFolder(run), decoded, request=request)
    offer = "Or begin with the weights of the classifier that is there: "
    assert said_at_the_door(refused.value).endswith(f"{offer}hubel train photos -o {run}-2 --epochs 3 --from {run}")
    assert str(refused.value).endswith(f"{offer}hubel.train('photos', out='{run}-2', epochs=3, from_run='{run}')")
    shutil.rmtree(run / "classifier")
    with pytest.raises(WrongRequest) as refused:
        check_images(RunFolder(run), decoded, request=request)
    assert "from_run" not in str(refused.value)


def test_a_taken_folder_says_that_one_can_begin_from_what_is_there(first: Path):
    with pytest.raises(
        OutputNotWritable,
        match="with out='.*-2'. To begin there with the weights of this run, add from_run='.*first'",
    ):
        RunFolder(first).check(overwrite=False, resume=False, anew=False)
    with pytest.raises(OutputNotWritable, match="with out='.*-2'. Or replace that run with overwrite=True.$"):
        RunFolder(first).check(overwrite=False, resume=False)


def test_a_run_that_is_gone_is_asked_for_before_it_is_repeated(folder: Path, grown: tuple[Run, str], tmp_path: Path):
    shutil.copytree(folder / "second", tmp_path / "second")
    record = tmp_path / "second" / "run.json"
    document = json.loads(record.read_bytes())
    document["request"]["from_run"]["file"] = str(tmp_path / "gone" / "classifier" / "weights.safetensors")
    record.write_text(json.dumps(document))
    with pytest.raises(UnusableInput, match="was made with the weights in .*gone.*which can no longer be read"):
        check_repeatable(tmp_path / "second")


def test_what_the_weights_had_learned_from_before_is_no_part_of_a_later_score(
    folder: Path, first: Path, tmp_path: Path
):
    """The second corpus has none of the images of the first: only the first run has seen them."""
    run = trained(draw(tmp_path / "other", LATER, range(100, 130)), tmp_path / "run", from_run=first, epochs=1)
    learned = {digest for digest, part in parts(first).items() if part != "test"}
    assert {row["sha256"] for row in read_csv(run.path / "seen_before.csv")} == learned
    evaluation = evaluate_run(run.path, str(folder / "then"))
    assert len(evaluation.paths) == len(parts(first)) - len(learned)
    third = trained(tmp_path / "other", tmp_path / "third", from_run=run.path, epochs=1)
    assert learned <= {row["sha256"] for row in read_csv(third.path / "seen_before.csv")}


def test_a_given_test_split_loses_what_was_learned_from(folder: Path, first: Path, tmp_path: Path):
    corpus, before = draw(tmp_path / "given" / "train", LATER, range(200, 230)).parent, parts(first)
    draw(corpus / "test", LATER, range(300, 310))
    for file in sorted((folder / "then").rglob("*.png"))[::3]:
        shutil.copy(file, corpus / "test" / file.parent.name / f"old-{file.name}")
    heard: list[Event] = []
    run = trained(corpus, tmp_path / "run", heard, from_run=first, epochs=1)
    tested = {digest for digest, part in parts(run.path).items() if part == "test"}
    assert {before.get(digest) for digest in tested} == {None, "test"}
    left_out = [row for row in read_csv(run.path / "intake.csv") if row["code"] == "learned"]
    assert len(left_out) == 40 - (len(tested) - 30)
    assert f"Left out of the given test and validation splits: {len(left_out)} images that {first} has" in said(heard)


def test_a_copy_of_what_was_learned_from_is_trained_on(folder: Path, first: Path, tmp_path: Path):
    """The file is another, the pixels are the same: it may not be tested on."""
    corpus = draw(tmp_path / "corpus", LATER, range(400, 430))
    paths = {row["path"] for row in read_csv(first / "split.csv") if row["split"] == "train"}
    for path in sorted(paths):
        Image.open(folder / "then" / path).save(corpus / path.replace("/", "/copy-"), compress_level=0)
    run = trained(corpus, tmp_path / "run", from_run=first, epochs=1)
    copies = {row["split"] for row in read_csv(run.path / "split.csv") if "copy-" in row["path"]}
    assert copies == {"train"}


def test_classes_that_are_gone_are_said(folder: Path, grown: tuple[Run, str], tmp_path: Path):
    heard: list[Event] = []
    run = trained(folder / "then", tmp_path / "run", heard, from_run=folder / "second", epochs=1)
    assert run.classifier.class_names == EARLIER
    assert "the outputs of 2 classes are kept. No longer there: 'bar'." in said(heard)


@pytest.mark.parametrize(
    ("wishes", "text"),
    [
        (
            {"architecture": "residual"},
            "architecture='residual' contradicts from_run=.*: its architecture is small-cnn.",
        ),
        ({"image_size": 16}, "image_size=16 contradicts .*takes 8 x 8 pixels. Leave image_size out, or leave"),
        ({"resize": "pad"}, "resize='pad' contradicts .*: its images are resized by 'crop'"),
        ({"alpha": 0.5}, "alpha=0.5 contradicts .*: its architecture comes in one width"),
        ({"weights": "none"}, "weights='none' contradicts .*: the weights are those of that run"),
        ({"learning_curve": True}, "learning_curve trains on parts .* Leave out one of them"),
    ],
)
def test_what_contradicts_the_run_is_refused(folder: Path, first: Path, tmp_path: Path, wishes: dict, text: str):
    with pytest.raises(WrongRequest, match=text):
        trained(folder / "now", tmp_path / "run", from_run=first, **wishes)


def test_what_says_the_same_is_taken(folder: Path, first: Path, tmp_path: Path):
    same = {**SMALL, "epochs": 1, "resize": "crop"}
    assert trained(folder / "now", tmp_path / "run", from_run=first, **same).fitted.blueprint.name == "small-cnn"


def test_what_is_no_run_to_begin_from_is_said(folder: Path, first: Path, tmp_path: Path):
    (tmp_path / "begun" / "checkpoints" / "000001").mkdir(parents=True)
    (tmp_path / "begun" / "checkpoints" / "000001" / "state.json").write_text("{}")
    (tmp_path / "model.keras").write_bytes(b"")
    for source, text in {
        tmp_path / "gone": "from_run: There is no folder .*gone",
        folder / "now": "from_run: .*now is not a run folder: it has no classifier/manifest.json",
        tmp_path / "begun": "is unfinished, so it holds no classifier to begin from",
        tmp_path / "model.keras": "from_run takes a run folder, and .* is a model file",
    }.items():
        with pytest.raises(HubelError, match=text):
            trained(folder / "now", tmp_path / "run", from_run=source)
    with pytest.raises(WrongRequest, match="from_run and out name the same folder, .*another folder: out=.*first-2"):
        trained(folder / "now", first, from_run=first, overwrite=True)


def test_a_pretrained_network_keeps_its_backbone_and_its_head(folder: Path, tmp_path: Path, monkeypatch):
    weights = tmp_path / "mobilenet.weights.h5"
    keras.applications.MobileNet((32, 32, 3), alpha=0.25, include_top=False, weights=None).save_weights(weights)
    wishes = {"architecture": "mobilenet", "image_size": 32, "epochs": 1}
    before = trained(folder / "then", tmp_path / "first", weights=str(weights), **wishes)
    begun = weights_at_start(monkeypatch)
    after = trained(folder / "now", tmp_path / "second", from_run=before.path, epochs=1)
    assert after.fitted.blueprint.spec == before.fitted.blueprint.spec.__class__(
        **{**before.fitted.blueprint.spec.to_json(), "classes": 3}
    )
    (head, _), whole = begun
    assert not head[:, 0].any()
    assert head[:, 1:].any()
    for then, now in zip(before.fitted.model.get_weights()[:-2], whole[:-2], strict=True):
        np.testing.assert_array_equal(now, then)
    assert json.loads((after.path / "run.json").read_bytes())["weights"] == str(weights)


def test_a_run_that_says_nothing_of_its_images_cannot_be_begun_from(folder: Path, first: Path, tmp_path: Path):
    shutil.copytree(first, tmp_path / "first")
    (tmp_path / "first" / "fingerprints.csv").unlink()
    with pytest.raises(UnusableInput, match="it has no fingerprints.csv"):
        trained(folder / "now", tmp_path / "run", from_run=tmp_path / "first")
    write_csv(tmp_path / "first" / "fingerprints.csv", ("path",), rows=[("a",)])
    with pytest.raises(UnusableInput, match="fingerprints.csv cannot be read"):
        trained(folder / "now", tmp_path / "run", from_run=tmp_path / "first")
