"""What does not answer like its classifier is not handed over, whatever is wrong with it; an earlier export stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from PIL import Image
from tests.unit.images.deep_files import png16

from hubel.classifier.classifier import Classifier
from hubel.classifier.engine import Outputs
from hubel.classifier.mirrored import with_tta
from hubel.errors import ClaimFailed, UnusableInput
from hubel.evaluation.metrics import wilson_interval
from hubel.events import Message
from hubel.exports import catalogue, folder, gate
from hubel.exports.catalogue import FORMATS, Target, program_file
from hubel.exports.description import check_exportable, describe
from hubel.exports.folder import write_export
from hubel.exports.gate import HeldOutFiles, prove
from hubel.exports.model import Model
from hubel.exports.precision import Limit
from hubel.exports.run_program import ProgramAnswers
from hubel.images.preprocessing import RESIZE_POLICIES

ONNX = Target("onnx")


class Constant:
    """An engine that does not look."""

    def compute(self, pixels: np.ndarray, *, wanted: str = "logits") -> Outputs:
        return Outputs(np.ones((len(pixels), 3), np.float32), np.ones((len(pixels), 1)), np.ones((len(pixels), 1)))


def described(model: Model, **changes: Any) -> Model:
    """An export whose ``classifier.json`` says something else."""
    return replace(model, description=model.description | changes)


def with_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, given: str) -> None:
    """What is given to the network in place of the pixels."""

    def spoilt(name: str) -> Path:
        text = program_file(name).read_text()
        (tmp_path / name).write_text(text.replace('{"image": pixels}', f'{{"image": {given}}}'))
        assert name == "classify.py" or given in (tmp_path / name).read_text()
        return tmp_path / name

    monkeypatch.setattr(folder, "program_file", spoilt)


def with_weights(monkeypatch: pytest.MonkeyPatch, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """The file has other weights than the classifier."""

    def write(model: Model, path: Path, *, weights: str) -> None:
        FORMATS["onnx"].write.load()(model, path, weights=weights)
        made = onnx.load(path)
        for tensor in made.graph.initializer:
            if tensor.name.startswith("weight/"):
                tensor.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(tensor)), tensor.name))
        path.write_bytes(made.SerializeToString())

    monkeypatch.setattr(catalogue, "FORMATS", {"onnx": replace(FORMATS["onnx"], write=write)})


def refused(model: Model, files: HeldOutFiles, out: Path) -> str:
    """What is said; nothing is written, and what was there stays."""
    out.mkdir(parents=True)
    (out / "parity.json").write_text("of an earlier export")
    with pytest.raises(ClaimFailed) as error:
        write_export(model, ONNX, files=files, out=out)
    assert [each.name for each in out.parent.iterdir()] == [out.name]
    assert [(each.name, each.read_text()) for each in out.iterdir()] == [("parity.json", "of an earlier export")]
    assert str(error.value).endswith("Nothing was written.")
    return str(error.value)


@pytest.mark.usefixtures("here")
def test_another_order_of_the_classes_is_refused(model: Model, files: HeldOutFiles, out: Path):
    names = model.description["class_names"][::-1]
    said = refused(described(model, class_names=names), files, out)
    assert "The export does not answer like the classifier on 12 held-out images: a probability differs by" in said
    assert "of them get another class" in said


@pytest.mark.usefixtures("here")
def test_another_scale_is_refused(
    model: Model, files: HeldOutFiles, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with_program(monkeypatch, tmp_path, given="pixels // 2")
    assert "a probability differs by" in refused(model, files, out)


@pytest.mark.usefixtures("here")
def test_blue_in_the_place_of_red_is_refused(
    model: Model, files: HeldOutFiles, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with_program(monkeypatch, tmp_path, given="np.ascontiguousarray(pixels[..., ::-1])")
    assert "a probability differs by" in refused(model, files, out)


@pytest.mark.usefixtures("here")
def test_another_way_of_resizing_is_refused(model: Model, files: HeldOutFiles, out: Path):
    preprocessing = model.description["preprocessing"] | {"resize": "crop"}
    assert "a probability differs by" in refused(described(model, preprocessing=preprocessing), files, out)


@pytest.mark.usefixtures("here")
def test_stale_weights_are_refused(model: Model, files: HeldOutFiles, out: Path, monkeypatch: pytest.MonkeyPatch):
    with_weights(monkeypatch, lambda values: (values * np.float32(1.01)).astype(np.float32))
    assert "and 0.0001 is allowed" in refused(model, files, out)


@pytest.mark.usefixtures("here")
def test_constant_answers_are_refused(model: Model, files: HeldOutFiles, out: Path, monkeypatch: pytest.MonkeyPatch):
    with_weights(monkeypatch, np.zeros_like)
    assert "a probability differs by" in refused(model, files, out)


def test_a_classifier_with_constant_answers_shows_nothing_of_its_export(model: Model, files: HeldOutFiles, out: Path):
    constant = replace(model.classifier, engine=Constant())
    said = refused(replace(model, classifier=constant, description=describe(constant)), files, out)
    assert "The classifier answers 12 held-out images almost alike" in said
    assert "0.01 is needed to show anything" in said


def test_a_single_image_shows_nothing(model: Model, files: HeldOutFiles, out: Path):
    assert "1 held-out image almost alike" in refused(model, HeldOutFiles(files.paths[:1], files.labels[:1]), out)


@pytest.mark.usefixtures("here")
def test_another_threshold_is_refused(model: Model, files: HeldOutFiles, out: Path):
    threshold = 1.0 if model.description["abstention_threshold"] < 0.5 else 0.0
    assert "it abstains elsewhere" in refused(described(model, abstention_threshold=threshold), files, out)


def test_a_program_that_breaks_is_refused_with_its_last_word(model: Model, files: HeldOutFiles, out: Path):
    said = refused(described(model, tta={}, temperature="x"), files, out)
    assert "The program of the export ended with 1: " in said
    assert "TypeError" in said or "UFuncTypeError" in said


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("policy", [each for each in RESIZE_POLICIES if each != "squash"])
def test_every_way_of_resizing_passes(policy: str, model: Model, files: HeldOutFiles, out: Path):
    preprocessing = replace(model.classifier.preprocessing, resize=policy)
    classifier = replace(model.classifier, preprocessing=preprocessing)
    proof = write_export(
        replace(model, classifier=classifier, description=describe(classifier)), ONNX, files=files, out=out
    ).proof
    assert proof.parity.agreement == 1


@pytest.mark.usefixtures("here")
def test_answers_with_the_mirror_image_pass_and_are_not_those_without(model: Model, files: HeldOutFiles, out: Path):
    mirrored = replace(model.classifier, engine=with_tta(model.classifier.engine, "mirror"))
    with_both = replace(model, classifier=mirrored, description=describe(mirrored))
    assert with_both.description["tta"] == "mirror"
    write_export(with_both, ONNX, files=files, out=out)
    assert "the mirror image" in (out / "README.md").read_text()
    with pytest.raises(ClaimFailed):
        write_export(replace(with_both, description=model.description), ONNX, files=files, out=out)


def answering(monkeypatch: pytest.MonkeyPatch, model: Model, files: HeldOutFiles, *, others: int) -> None:
    """An export that takes the second best class of so many images, and is right of all others."""
    found = model.classifier.compute_probabilities(
        np.stack([model.classifier.read_pixels(path) for path in files.paths])
    )
    for row in found[:others]:
        best, second = row.argsort()[::-1][:2]
        row[[best, second]] = row[[second, best]]
    names, threshold = model.classifier.class_names, model.classifier.calibration.abstention_threshold
    rows = [
        {"class_name": names[row.argmax()], "probabilities": dict(zip(names, row, strict=True)), "abstained": bool(row.max() < threshold)}
        for row in found
    ]  # fmt: skip
    monkeypatch.setattr(gate, "run_program", lambda *_, **__: ProgramAnswers(tuple(rows), 1e-3))


def test_of_eight_bits_a_share_of_the_classes_may_differ(
    model: Model, files: HeldOutFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    limit = Limit(1.0, agreement=0.9)
    answering(monkeypatch, model, files, others=1)
    parity = prove(tmp_path, model.classifier, files=files, limit=limit).parity
    assert (parity.agreement, parity.limit) == (11 / 12, 1)
    with pytest.raises(ClaimFailed, match=r"differs by [\d.]+, and 0.1 is allowed\. Nothing"):
        prove(tmp_path, model.classifier, files=files, limit=Limit(0.1, agreement=0.9))
    answering(monkeypatch, model, files, others=2)
    with pytest.raises(
        ClaimFailed,
        match=r"0.8333 of them get the same class, and 0.9 is needed. Nothing was written. Take more bits: quantize='float16'",
    ):
        prove(tmp_path, model.classifier, files=files, limit=limit)
    assert [each.limits["int8"] for each in FORMATS.values() if "int8" in each.limits] == [
        Limit(0.7, agreement=0.9)
    ] * 3


def test_one_class_for_nearly_all_images_shows_nothing_of_eight_bits(model: Model, files: HeldOutFiles, tmp_path: Path):
    named = [each.class_name for each in model.classifier.predict(list(files.paths))]
    alike = [place for place, name in enumerate(named) if name == named[0]]
    few = HeldOutFiles(tuple(files.paths[place] for place in alike), tuple(named[place] for place in alike))
    with pytest.raises(
        ClaimFailed, match="almost alike: 1 of them get one and the same class, and less than 0.9 is needed"
    ):
        prove(tmp_path, model.classifier, files=few, limit=Limit(0.7, agreement=0.9))


def test_the_numbers_are_those_of_the_labels(model: Model, files: HeldOutFiles, out: Path):
    labels = (*files.labels[:-3], "none", "none", "none")
    parity = write_export(model, ONNX, files=HeldOutFiles(files.paths, labels), out=out).parity
    named = [each.class_name for each in model.classifier.predict(list(files.paths))]
    right = sum(name == label for name, label in zip(named, labels, strict=True))
    assert parity.accuracy == parity.accuracy_of_classifier == right / 12
    assert parity.accuracy_interval == wilson_interval(right, 12)
    assert (parity.examples, parity.agreement, parity.limit, parity.passed) == (12, 1, 1e-4, True)
    assert json.loads((out / "parity.json").read_text()) == parity.to_json()


@pytest.mark.usefixtures("here")
def test_a_few_images_that_the_program_does_not_read_are_left_out_and_said(
    model: Model, files: HeldOutFiles, out: Path, tmp_path: Path
):
    deep = tmp_path / "deep.png"
    deep.write_bytes(png16(np.full((20, 20, 3), 9000, np.uint16)))
    heard: list[Any] = []
    several = HeldOutFiles((*files.paths, deep), (*files.labels, files.labels[0]))
    export = write_export(model, ONNX, files=several, out=out, on_event=heard.append)
    (message,) = [each for each in heard if isinstance(each, Message)]
    assert message.warning
    assert "does not read 1 of 13 held-out images: it has more than 8 bits" in str(message.text)
    assert export.parity.examples == 12
    with pytest.raises(ClaimFailed, match="cannot read 1 of 3 held-out images"):
        write_export(model, ONNX, files=HeldOutFiles(several.paths[-3:], several.labels[-3:]), out=out)


@pytest.mark.usefixtures("here")
def test_a_classifier_of_deep_images_is_exported_with_what_reads_them(
    model: Model, files: HeldOutFiles, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    paths = [tmp_path / f"{number}.png" for number in range(len(files.paths))]
    for path, shallow in zip(paths, files.paths, strict=True):
        path.write_bytes(png16(np.asarray(Image.open(shallow)).astype(np.uint16) * 16 + 300))
    preprocessing = replace(model.classifier.preprocessing, integer_range=(300.0, 4380.0))
    classifier = replace(model.classifier, preprocessing=preprocessing)
    of_deep = replace(model, classifier=classifier, description=describe(classifier))
    monkeypatch.syspath_prepend(program_file("deep.py").parent)
    parity = write_export(of_deep, ONNX, files=HeldOutFiles(tuple(paths), files.labels), out=out).parity
    named = [each.class_name for each in model.classifier.predict(list(files.paths))]  # 8 bits, the same numbers
    assert (parity.examples, parity.agreement) == (12, 1)
    assert parity.accuracy == sum(map(str.__eq__, named, files.labels)) / 12
    assert (out / "deep.py").read_bytes() == program_file("deep.py").read_bytes()
    assert "of whole numbers, 300 becomes 0 and 4,380 255" in (out / "README.md").read_text()


def test_what_the_program_cannot_do_is_said_before_anything_is_made(model: Model):
    preprocessing = replace(model.classifier.preprocessing, bands=(3, 2, 1))
    with pytest.raises(
        UnusableInput, match="takes the bands 3, 2, 1 of its images, and the program of an export takes"
    ):
        check_exportable(replace(model.classifier, preprocessing=preprocessing))
    assert isinstance(model.classifier, Classifier)
    check_exportable(model.classifier)
