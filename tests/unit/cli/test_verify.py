"""``hubel verify``: each check in plain words, and an exit code for scripts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.unit.classifier.made import forge
from tests.unit.cli.conftest import Typed


@pytest.fixture
def copied(folder: Path):
    """A copy of the run that may be spoilt."""
    yield shutil.copytree(folder / "run", folder / "copied")
    shutil.rmtree(folder / "copied")


def test_a_whole_classifier_holds_by_its_run_and_by_itself(typed: Typed):
    for words in ("verify run", "verify run/classifier"):
        code, out, err = typed(words)
        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert lines[0] == "run/classifier, made by a test"
        assert [line.split()[:2] for line in lines[1:4]] == [
            ["files", "holds"], ["structure", "holds"], ["self-test", "holds"],
        ]  # fmt: skip
        assert "fit their checksums; nothing else is in the folder" in lines[1]
        assert "every tensor fits small-cnn, 16 x 16 pixels, 3 classes" in lines[2]
        assert "4 generated images get the answers they got when it was saved" in lines[3]
        assert "0.0001 is allowed for rounding" in lines[3]
        assert lines[4] == "No damage found; it answers as it did where it was saved."
        assert "whoever can change these files can make the sums fit" in " ".join(lines[5:])


def test_json_has_each_check_and_the_difference(typed: Typed):
    code, out, _ = typed("verify run --json")
    found = json.loads(out)
    assert code == 0
    assert found["holds"] is True
    assert [check["name"] for check in found["checks"]] == ["files", "structure", "self-test"]
    assert 0 <= found["self_test"]["largest_difference"] <= found["self_test"]["tolerance"] == 1e-4


def test_a_damaged_file_ends_with_3_and_names_it(typed: Typed, copied: Path):
    with (copied / "classifier/weights.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    code, out, _ = typed("verify copied")
    assert code == 3
    assert "files     fails   copied/classifier/weights.safetensors has changed since it was written" in out
    assert out.count("skipped an earlier check failed") == 2
    assert out.endswith("This classifier is damaged: do not use it.\n")
    code, out, _ = typed("verify copied --json")
    assert (code, json.loads(out)["holds"], json.loads(out)["self_test"]) == (3, False, None)


def test_a_structure_that_does_not_fit_ends_with_3(typed: Typed, copied: Path):
    forge(copied / "classifier", lambda document: document["preprocessing"].update(height=15))
    code, out, _ = typed("verify copied")
    assert code == 3
    assert "structure fails" in out
    assert "self-test skipped" in out


def test_other_answers_end_with_5_for_verify_and_for_predict(typed: Typed, copied: Path):
    forge(copied / "classifier", lambda document: document["calibration"].update(temperature=3.0))
    code, out, _ = typed("verify copied")
    assert code == 5
    assert "self-test fails" in out
    assert "must have probability" in out
    assert out.endswith("This classifier is undamaged, but gives different answers here: do not rely on it.\n")
    code, out, err = typed("predict copied image.png")
    assert (code, out) == (5, "")
    assert err.startswith("Error: copied/classifier: this classifier does not answer here as it did")
    assert "hubel verify copied/classifier" in err


def test_a_folder_without_a_classifier_ends_with_3(typed: Typed):
    code, _, err = typed("verify nowhere")
    assert code == 3
    assert err == "Error: There is no file or folder 'nowhere', so it holds no classifier. Here are these runs: run.\n"


def test_without_a_self_test_it_does_not_say_that_the_answers_are_the_same(typed: Typed, folder: Path):
    shutil.copytree(Path(__file__).parents[2] / "museum/format-1/classifier", folder / "old")
    code, out, _ = typed("verify old")
    assert code == 0
    assert "No damage found; its answers cannot be checked here." in out
