"""``hubel evaluate`` in one process, on a run whose classifier needs no framework."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.workflows.evaluating.colour_runs import NAMES, colour_classifier, write_colour_run, write_colours

from hubel.cli.main import main

Typed = Callable[..., tuple[int, str, str]]
OWN = {f"{name}/{number}.png": name for name in NAMES for number in range(4)}
TESTED = ("red/0.png", "green/0.png", "blue/0.png")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with ``photos`` and the run ``run`` of it."""
    classifier = colour_classifier(off_corpus=True)
    for module in ("evaluate", "off_corpus_test"):
        monkeypatch.setattr(f"hubel.workflows.evaluating.{module}.load_classifier", lambda folder, **_: classifier)
    monkeypatch.chdir(tmp_path)
    write_colour_run(Path("run"), write_colours(tmp_path / "photos", OWN), tested=TESTED)
    return tmp_path


@pytest.fixture
def typed(here: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["evaluate", *words])
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out, printed.err

    return run


def test_a_run_is_scored_on_its_own_test_images(here: Path, typed: Typed):
    code, out, err = typed("run")
    assert (code, err) == (0, "")
    first, second = out.splitlines()[:2]
    assert first == f"run on {here}/photos"
    assert second.startswith("Accuracy 1.000   95 % interval ")
    assert second.endswith(", 3 test images")


@pytest.mark.parametrize(
    ("trained", "renewed", "said"),
    [
        (0, 0, ""),
        (1, 0, ", without 1 image it was trained on"),
        (3, 0, ", without 3 images it was trained on"),
        (0, 2, ", without 2 copies of images it was trained on"),
        (3, 1, ", without 3 images it was trained on and 1 copy of such"),
    ],
)
def test_a_copy_is_not_called_an_image_that_it_was_trained_on(
    here: Path, typed: Typed, trained: int, renewed: int, said: str
):
    # Two images that are new, some that were trained on, and some that have a copy among those: leaks of the test split.
    others = write_colours(here / "others", {"red/new.png": "red", "blue/new.png": "blue"}, first=30)
    for number in range(trained):
        shutil.copy(f"photos/green/{number + 1}.png", others / "red" / f"known-{number}.png")
    for number in range(renewed):
        shutil.copy(f"photos/{TESTED[number]}", others / "blue" / f"leak-{number}.png")
    leaks = "".join(f"1,{path},test,red\n" for path in TESTED[:renewed])
    Path("run/leaks.csv").write_text(f"set,path,split,label\n{leaks}")
    code, out, _ = typed("run", "others")
    assert code == 0
    assert out.splitlines()[0] == f"run on others{said}"
    assert ", 2 images" in out.splitlines()[1]


def test_as_json_there_is_a_document_with_the_warnings(here: Path, typed: Typed):
    write_colours(here / "others", {"red/1.png": "red", "zebra/2.png": "red"}, first=30)
    code, out, err = typed("run", "others", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["split"], document["all"]["examples"], document["all"]["accuracy"]) == ("all", 1, 1.0)
    assert [warning["text"].split(":")[0] for warning in document["warnings"]] == [
        "Not scored",
        "Not tested, for lack of images",
    ]
    assert "Not scored: 1 image of classes that the classifier does not know: zebra." in " ".join(err.split())


def test_a_refused_file_ends_with_4(here: Path, typed: Typed):
    others = write_colours(here / "others", {"red/1.png": "red"}, first=30)
    (others / "red/2.png").write_bytes(b"broken")
    code, _, err = typed("run", "others")
    assert code == 4
    assert "Refused 'red/2.png'" in err


def test_strangers_are_measured(here: Path, typed: Typed):
    write_colours(here / "bright", {f"red/{number}.png": "red" for number in range(3)}, light=255, first=36)
    code, out, _ = typed("run", "--strangers", "bright")
    assert code == 0
    assert out.startswith("Off-corpus score: AUROC ")
    assert "of 3 own test images" in out
    document = json.loads(typed("run", "--strangers", "bright", "--json")[1])
    assert document["stranger_pictures"]["examples"] == 3


def test_two_runs_are_compared_on_a_corpus(here: Path, typed: Typed):
    shutil.copytree("run", "other")
    write_colours(here / "others", {f"red/{number}.png": "red" for number in range(3)}, first=30)
    code, out, _ = typed("run", "others", "--against", "other")
    assert code == 0
    assert out.startswith("run against other on 3 images of others")
    assert "There is no difference: run and other are right on the same images." in out
    document = json.loads(typed("run", "others", "--against", "other", "--json")[1])
    assert (document["verdict"], document["examples"]) == ("cannot tell", 3)


def test_images_that_one_of_two_runs_has_learned_from_are_left_out_of_both(here: Path, typed: Typed):
    shutil.copytree("run", "other")
    others = write_colours(here / "others", {"red/1.png": "red", "blue/2.png": "blue"}, first=30)
    shutil.copy("photos/green/1.png", others / "red/known.png")
    code, out, err = typed("run", "others", "--against", "other")
    assert code == 0
    assert out.startswith("run against other on 2 images of others")
    said = " ".join(err.split())
    assert "Left out: 1 image that run or other has seen in training or validation" in said


def test_a_run_as_a_corpus_is_asked_about(here: Path, typed: Typed):
    shutil.copytree("run", "other")
    code, _, err = typed("run", "other")
    assert code == 3
    assert "other is a run, not a corpus. Is one better than the other? hubel evaluate run --against other" in err


def test_an_option_for_a_model_file_is_refused_for_a_run(typed: Typed):
    code, _, err = typed("run", "-o", "report")
    assert code == 2
    assert "-o is for the report of a model file. A run has its own: run/report.html. Leave out -o." in err
