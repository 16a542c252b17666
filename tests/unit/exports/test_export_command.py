"""``hubel export`` and ``hubel.export``: what is written, what is said, and what is in the way."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from tests.commands import typed

import hubel
from hubel.errors import BackendNotAvailable, OutputNotWritable, UnknownName, UnusableInput, WrongRequest
from hubel.events import Message
from hubel.exports import catalogue
from hubel.exports.catalogue import FORMATS, Target
from hubel.exports.folder import write_export
from hubel.exports.gate import HeldOutFiles
from hubel.exports.model import Model
from hubel.exports.onnx_model import make_onnx
from hubel.wishes import EXPORTING
from hubel.workflows.exporting.own_images import OwnImages

PARITY = {
    "examples", "agreement", "accuracy", "accuracy_of_classifier", "accuracy_interval", "max_probability_difference", "limit",
    "passed",
}  # fmt: skip


def test_the_command_writes_the_export_and_says_how_it_compares(run: hubel.Run, tmp_path: Path):
    done = typed("export", run.path, "--format", "onnx", "-o", tmp_path / "out", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert set(document) == {"format", "quantize", "folder", "files", "parity", "seconds_per_image", "warnings"}
    assert (document["format"], document["quantize"], document["folder"]) == ("onnx", None, str(tmp_path / "out"))
    assert set(document["parity"]) == PARITY
    assert document["parity"] == json.loads((tmp_path / "out/parity.json").read_text())
    assert 0 < document["seconds_per_image"] < 5
    names = ["README.md", "classifier.json", "classify.py", "model.onnx", "network.py", "parity.json"]
    assert [each["path"] for each in document["files"]] == names
    for each in document["files"]:
        data = (tmp_path / "out" / each["path"]).read_bytes()
        assert (each["bytes"], each["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


EXPORT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "tensorflow", "jax", "torch"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from hubel.cli.main import main
main(sys.argv[1:])
"""


def test_without_a_framework_it_is_made_the_same_and_held_against_the_graph_of_the_run(
    run: hubel.Run, exported: hubel.Export, tmp_path: Path
):
    words = ("export", run.path, "--format", "onnx", "-o", tmp_path / "out")
    done = subprocess.run([sys.executable, "-c", EXPORT, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for each in exported.files:
        if each.path not in ("parity.json", "README.md"):  # which say what was found
            assert (tmp_path / "out" / each.path).read_bytes() == (exported.folder / each.path).read_bytes(), each.path
    parity = json.loads((tmp_path / "out/parity.json").read_text())
    assert (parity["passed"], parity["agreement"], parity["max_probability_difference"]) == (True, 1, 0)


@pytest.mark.usefixtures("here")
def test_exported_again_it_is_the_same_to_the_byte_and_replaced_only_when_asked(
    run: hubel.Run, exported: hubel.Export, tmp_path: Path
):
    out = shutil.copytree(exported.folder, tmp_path / "again")
    (out / "classifier.json").write_text("{}")
    done = typed("export", run.path, "--format", "onnx", "-o", out)
    assert done.returncode == 3
    assert "holds an export already. Choose another folder with -o. Or replace it with --overwrite." in done.stderr
    done = typed("export", run.path, "--format", "onnx", "-o", out, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert "same class    on all of 12 images" in done.stdout
    for each in exported.files:
        assert (out / each.path).read_bytes() == (exported.folder / each.path).read_bytes(), each.path


def test_nothing_that_is_no_export_is_replaced(run: hubel.Run, tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputNotWritable, match=r"holds other things than an export, such as 'mine.txt'"):
        hubel.export(run, format="onnx", out=tmp_path, overwrite=True)
    inside = run.path / "classifier" / "onnx"
    with pytest.raises(WrongRequest, match="lies inside the classifier itself"):
        hubel.export(run, format="onnx", out=inside)
    with pytest.raises(WrongRequest, match="where nothing is ever written"):
        hubel.export(run, format="onnx", out=run.path.parent / "photos" / "onnx")
    assert not inside.exists()


@pytest.mark.usefixtures("here")
def test_a_link_to_a_folder_stays_one(model: Model, files: HeldOutFiles, tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write_export(model, Target("onnx"), files=files, out=tmp_path / "link")
    assert (tmp_path / "real/classify.py").is_file()
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_onnx_runtime_alone_gives_the_logits_and_the_metadata_say_what_they_mean(
    run: hubel.Run, exported: hubel.Export, files: HeldOutFiles
):
    session = onnxruntime.InferenceSession(str(exported.folder / "model.onnx"), providers=["CPUExecutionProvider"])
    pixels = np.stack([run.classifier.read_pixels(path) for path in files.paths])
    logits, features = session.run(["logits", "features"], {"image": pixels})
    np.testing.assert_allclose(logits, run.classifier.model(pixels.astype(np.float32)), atol=1e-4)
    np.testing.assert_allclose(features, run.classifier.embed(list(files.paths)), atol=1e-4)
    assert [each.name for each in session.get_outputs()] == ["logits", "features"]
    said = {name: json.loads(value) for name, value in session.get_modelmeta().custom_metadata_map.items()}
    described = json.loads((exported.folder / "classifier.json").read_text())
    assert said["class_names"] == described["class_names"] == list(run.classifier.class_names)
    assert said["preprocessing"] == described["preprocessing"]
    assert said["calibration"]["temperature"] == run.classifier.calibration.temperature


def test_keras_is_what_an_export_is_held_against_although_the_run_has_a_graph(exported: hubel.Export):
    assert 0 < exported.parity.max_probability_difference <= exported.parity.limit  # 0 is what its own graph gives


def test_kernels_are_what_is_written_in_half_the_bits_or_in_a_quarter(model: Model):
    halves = make_onnx(model, weights="float16").graph.initializer
    assert {each.data_type for each in halves if len(each.dims) > 1} == {onnx.TensorProto.FLOAT16}
    made = make_onnx(model, weights="int8")
    kinds = {each.name: each.data_type for each in made.graph.initializer if len(each.dims) > 1}
    assert onnx.TensorProto.UINT8 in kinds.values()
    assert onnx.TensorProto.INT8 not in {each.data_type for each in made.graph.initializer}  # they overflow in pairs
    assert [name for name, kind in kinds.items() if kind == onnx.TensorProto.FLOAT] == ["weight/logits/kernel"]
    assert {each.domain for each in made.opset_import} == {""}


@pytest.mark.usefixtures("here")
def test_a_run_without_a_compiled_graph_is_compiled(run: hubel.Run, exported: hubel.Export, tmp_path: Path):
    old = shutil.copytree(run.path, tmp_path / "old")
    shutil.rmtree(old / "classifier")
    from hubel.engines.catalogue import load_classifier
    from hubel.engines.keras_artefact import save_classifier

    save_classifier(load_classifier(run.path, engine="keras"), old / "classifier", made_by="a test")
    again = hubel.export(old, format="onnx", out=tmp_path / "out")
    assert again.parity.agreement == 1
    assert (again.folder / "model.onnx").read_bytes() == (exported.folder / "model.onnx").read_bytes()


def test_a_missing_package_is_named_before_any_work(run: hubel.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "is_installed", lambda name: name != "onnxruntime")
    message = r"^An export to onnx needs onnxruntime, which is not installed. Type: pip install onnxruntime$"
    with pytest.raises(BackendNotAvailable, match=message):
        hubel.export(tmp_path / "no run", format="onnx", out=tmp_path / "out")


def test_what_was_not_said_or_is_not_there_is_said(run: hubel.Run, tmp_path: Path):
    assert (
        "Say what to export to: --format onnx. There are: onnx, keras, saved-model, openvino, litert, torch, page."
        in typed("export", run.path, "-o", "x").stderr
    )
    assert "Say where the export goes: -o FOLDER." in typed("export", run.path, "--format", "onnx").stderr
    with pytest.raises(UnknownName, match="There is no format of an export named 'onxx'. Did you mean 'onnx'"):
        hubel.export(run, format="onxx", out=tmp_path / "out")
    with pytest.raises(WrongRequest, match="float16 or int8 weights beside float32. Received: quantize='int4'"):
        hubel.export(run, format="onnx", quantize="int4", out=tmp_path / "out")
    done = typed("export", run.path / "classifier", "--format", "onnx", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert "is the classifier of the run in" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_held_out_images_nothing_is_exported(run: hubel.Run, tmp_path: Path):
    other = shutil.copytree(run.path, tmp_path / "run")
    document = json.loads((other / "run.json").read_text())
    photos = shutil.copytree(run.path.parent / "photos", tmp_path / "photos")
    document["corpus"]["location"] = str(photos)
    (other / "run.json").write_text(json.dumps(document))
    tested = [row.split(",")[0] for row in (other / "split.csv").read_text().splitlines() if ",test," in row]
    for path in tested:
        (photos / path).unlink()
    with pytest.raises(
        UnusableInput, match=r"None of the test images of .* say where it is now: hubel.export\(.*, CORPUS\)"
    ):
        hubel.export(other, format="onnx", out=tmp_path / "out")
    shutil.rmtree(photos)
    with pytest.raises(UnusableInput, match="which is no longer there. An export is handed over only when"):
        hubel.export(other, format="onnx", out=tmp_path / "out")
    rows = (other / "split.csv").read_text().splitlines()
    (other / "split.csv").write_text("\n".join(row for row in rows if ",test," not in row))
    with pytest.raises(UnusableInput, match="has no test images"):
        hubel.export(other, format="onnx", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def moved(run: hubel.Run, tmp_path: Path) -> tuple[Path, Path]:
    """A run whose corpus is no longer where it was, and where it is now."""
    other = shutil.copytree(run.path, tmp_path / "run")
    document = json.loads((other / "run.json").read_text())
    document["corpus"]["location"] = str(tmp_path / "gone")
    (other / "run.json").write_text(json.dumps(document))
    return other, shutil.copytree(run.path.parent / "photos", tmp_path / "moved")


@pytest.mark.usefixtures("here")
def test_a_corpus_that_was_moved_is_named(moved: tuple[Path, Path], exported: hubel.Export, tmp_path: Path):
    other, photos = moved
    done = typed("export", other, "--format", "onnx", "-o", tmp_path / "out")
    assert done.returncode == 3
    assert f"say where it is now: hubel export {other} CORPUS" in done.stderr
    done = typed("export", other, photos, "--format", "onnx", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for name in ("model.onnx", "parity.json"):
        assert (tmp_path / "out" / name).read_bytes() == (exported.folder / name).read_bytes()
    done = typed("export", other, photos, "--format", "onnx", "-o", photos / "out")
    assert "where nothing is ever written" in done.stderr
    (other / "fingerprints.csv").unlink()
    with pytest.raises(UnusableInput, match="did not keep what tells its images from others"):
        hubel.export(other, photos, format="onnx", out=tmp_path / "again")


@pytest.mark.usefixtures("here")
def test_images_that_are_not_those_of_the_run_are_left_out_and_said(moved: tuple[Path, Path], tmp_path: Path):
    other, photos = moved
    tested = [row.split(",")[0] for row in (other / "split.csv").read_text().splitlines() if ",test," in row]
    learned = next(row.split(",")[0] for row in (other / "split.csv").read_text().splitlines() if ",train," in row)
    shutil.copyfile(photos / learned, photos / tested[0])
    heard: list[object] = []
    made = hubel.export(other, photos, format="onnx", out=tmp_path / "out", on_event=heard.append)
    assert made.parity.examples == len(tested) - 1
    said = [str(each.text) for each in heard if isinstance(each, Message)]
    assert said == [f"Left out: 1 test image whose content is not what the run had, such as '{tested[0]}'."]
    for path in tested:
        shutil.copyfile(photos / learned, photos / path)
    with pytest.raises(UnusableInput, match="None of the test images of .* can be read and is as the run had it"):
        hubel.export(other, photos, format="onnx", out=tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_training_images_are_what_eight_bits_are_measured_on(own: OwnImages, model: Model):
    images, labels = model.examples(), [label for label, _ in own.contents("train", most=10**6)]
    assert (images.shape, images.dtype) == ((len(labels), 16, 16, 3), np.uint8)
    paths = [own.run.parent / "photos" / path for path, each in own.placed.items() if each.split == "train"]
    expected = {model.classifier.read_pixels(path).tobytes() for path in paths}
    assert {each.tobytes() for each in images} == expected
    assert Counter(labels) == Counter(each.split(",")[1] for each in (own.run / "split.csv").read_text().splitlines() if ",train," in each)  # fmt: skip
    assert [label for label, _ in own.contents("train", most=3)] == ["above", "below", "both"]


def test_a_run_of_the_built_in_images_has_them_as_files():
    from hubel.corpus.formats.catalogue import read_corpus
    from hubel.workflows.exporting.held_out import as_file

    corpus = read_corpus("digits")
    data = as_file(corpus.read(0))
    assert data.startswith(b"\x89PNG")
    np.testing.assert_array_equal(hubel_pixels(data), corpus.read(0))


def hubel_pixels(data: bytes) -> np.ndarray:
    from hubel.images.decode import decode_image

    return decode_image(data)


def test_every_format_is_named_in_the_help():
    assert set(EXPORTING["format"].metavar.split("|")) == {*FORMATS, "page"}
    weights = {name for each in FORMATS.values() for name in each.limits} - {"float32"}
    assert set(EXPORTING["quantize"].metavar.split("|")) == weights
