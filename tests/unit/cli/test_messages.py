"""What a newcomer types by mistake, and the line that says what to type instead."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.unit.cli.conftest import Typed

from hubel.cli.main import COMMANDS, EXAMPLES
from hubel.corpus.formats.class_folders import read
from hubel.errors import HubelError
from hubel.events import ignore
from hubel.workflows.out_folder import run_folder_of


@pytest.fixture(scope="module")
def folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The classifier and the image, where nothing of other tests lies beside them."""
    mine = tmp_path_factory.mktemp("mistakes") / "here"
    mine.mkdir()
    shutil.copytree(folder / "run", mine / "run")
    shutil.copy(folder / "picture.png", mine)
    return mine


@pytest.fixture
def workplace(folder: Path) -> Path:
    """Beside the classifier: a folder of runs, a corpus, a run that is not finished, and a name with a space."""
    if not (folder / "runs").exists():
        shutil.copytree(folder / "run", folder / "runs/photos")
        shutil.copytree(folder / "run", folder / "runs/birds")
        (folder / "runs/photos/metrics.json").write_text("{}")
        for name in ("hat", "shoe"):
            (folder / "photos" / name).mkdir(parents=True)
            for number in range(3):
                pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), np.uint8)
                Image.fromarray(pixels).save(folder / "photos" / name / f"{number}.png")
        shutil.copy(folder / "picture.png", folder / "my cat.png")
        (folder / "begun/checkpoints/000003").mkdir(parents=True)
        state = {"command": ["hubel", "train", "my photos", "-o", "begun", "--epochs", "9", "--overwrite"]}
        (folder / "begun/checkpoints/000003/state.json").write_text(json.dumps(state))
    return folder


COMES_FIRST = "Error: The run comes first, and runs/photos is one. Type: "
MISTAKES = {
    # swapped words
    "predict picture.png runs/photos": f"{COMES_FIRST}hubel predict runs/photos picture.png",
    "predict a.png b.png runs/photos": f"{COMES_FIRST}hubel predict runs/photos b.png a.png",
    "evaluate photos runs/photos": f"{COMES_FIRST}hubel evaluate runs/photos photos",
    "reproduce photos runs/photos": f"{COMES_FIRST}hubel reproduce runs/photos photos",
    "trace picture.png runs/photos --layer logits": f"{COMES_FIRST}hubel trace runs/photos picture.png",
    "maps picture.png runs/photos": f"{COMES_FIRST}hubel maps runs/photos picture.png",
    "predict picture.png": "Error: The run comes first: hubel predict RUN picture.png",
    "verify picture.png": "The run comes first: hubel verify RUN.",
    # no run, but nearly
    "predict begun picture.png": "The run in begun is unfinished, so it holds no classifier yet. Go on with it: "
    "hubel train 'my photos' -o begun --epochs 9 --resume\n",
    "evaluate begun": "hubel train 'my photos' -o begun --epochs 9 --resume\n",
    "predict runs picture.png": "Error: runs holds no classifier itself, but these runs: runs/birds, runs/photos. Name "
    "one of them: hubel predict runs/birds\n",
    "verify runs/photo": "so it holds no classifier. Did you mean hubel verify runs/photos?\n",
    "verify runs/zzz": "runs has these runs: runs/birds, runs/photos.\n",
    "verify no/run": "RUN is the folder named with -o in 'hubel train'. Train one: hubel train CORPUS -o no/run\n",
    "evaluate photos": "Error: photos holds no classifier: it is not the folder of a run.",
    "evaluate run --against runs/photo": "Did you mean hubel evaluate run --against runs/photos?\n",
    "evaluate run fotos": "Error: There is no file or folder 'fotos'. Did you mean 'photos'?",
    # names with spaces
    "predict run my cat.png": "\nQuote names with spaces: 'my cat.png'\n",
    "audit my cat.png": "\nQuote names with spaces: 'my cat.png'\n",
    # commands and options by another name
    "trian digits": "No such command 'trian'. Did you mean 'train'?",
    "classify run": "No such command 'classify'. Did you mean 'predict'?",
    "photos": "No such command 'photos'. A command comes first: hubel audit photos, or hubel train photos\n",
    "xyzzy": "No such command 'xyzzy'. Commands: audit, train, ",
    "train digits --lr 3": "No such option '--lr'. Did you mean '--learning-rate'?",
    "train digits --output x": "Did you mean '--out'?",
    "train digits --learning-rat 3": "'--learning-rate'",
    "train": "Missing argument 'CORPUS'. Such as: hubel train photos/\n",
    "predict run": "Missing argument 'INPUTS...'. Such as: hubel predict runs/photos new.jpg\n",
    # corpora
    "train digitz": "There is no file or folder 'digitz'. Did you mean 'digits'?",
    "audit photos/hat": "photos/hat has no class folders. If it is itself one class, name the folder of all classes, "
    "which is above it: photos. Else put the images of each class into a folder of its own: hat/cat/1.jpg, ",
    "audit picture.png": "Error: picture.png is one image, and no corpus that Hubel reads. Name the folder that holds "
    "the class folders.\n",
    # a place that is taken
    "train photos": "Error: runs/photos holds a run already (metrics.json). Choose another folder with -o, such as -o "
    "runs/photos-2, or replace that run with --overwrite.\n",
    "train photos --learning-curve": "Its learning curve cannot be added afterwards: parts are trained beside the "
    "whole, so both are trained anew. Choose another folder with -o, such as -o runs/photos-2, or replace",
    "train photos -o photos/run": "Choose a folder beside it with -o, such as -o runs/run\n",
    "train photos -o nothing --resume": "nothing holds no checkpoint: no training has begun there. Type the same "
    "command without --resume.\n",
}
"""words → what is said."""


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_told_what_to_type(words: str, typed: Typed, workplace: Path):
    before = sorted(workplace.rglob("*"))
    code, printed, said = typed(words)
    assert MISTAKES[words] in said
    assert code in (2, 3)
    assert "Traceback" not in said
    assert printed == ""
    assert sorted(workplace.rglob("*")) == before


def test_inputs_of_which_one_is_mistyped_say_to_check_the_name_and_quote(typed: Typed, workplace: Path):
    code, printed, said = typed("predict run my cat.png picture.png")
    assert code == 4
    assert "my refused: there is no such file: check the name" in " ".join(printed.split())
    assert said.endswith("Quote names with spaces: 'my cat.png'\n")


def test_a_run_that_is_right_gets_no_word_of_the_kind(typed: Typed, workplace: Path):
    code, printed, said = typed("predict run photos/hat/0.png")
    assert code == 0
    assert printed
    assert "comes first" not in said + printed
    assert "Quote" not in said + printed


def test_every_command_that_needs_a_word_has_a_line_to_type():
    assert set(EXAMPLES) == set(COMMANDS) - {"convolve", "pool"}


@pytest.mark.parametrize(
    ("corpus", "out"),
    [
        ("digits", "runs/digits"),
        ("photos/", "runs/photos"),
        ("my photos", "runs/my photos"),
        ("a/b/photos.tar.gz", "runs/photos"),
        ("list.csv", "runs/list"),
        ("v1.2", "runs/v1.2"),
    ],
)
def test_a_run_without_a_place_goes_to_runs_and_the_name_of_the_corpus(corpus: str, out: str):
    assert run_folder_of(corpus) == Path(out)


def test_the_folder_here_has_a_name_too(workplace: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(workplace / "photos")
    assert run_folder_of(".") == Path("runs/photos")


def test_a_linked_folder_keeps_the_name_that_was_typed(workplace: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(workplace)
    Path("mine").symlink_to(workplace / "photos")
    assert run_folder_of("mine/") == Path("runs/mine")


def test_a_class_folder_beside_one_folder_that_holds_no_images_is_not_taken_for_one(tmp_path: Path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "flat").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "flat/1.png")
    with pytest.raises(HubelError, match="has no class folders. Put the images of each class"):
        read(tmp_path / "flat", ignore)


QUICK = """
import sys
from hubel.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, [name for name in ("keras", "tensorflow", "jax", "torch") if name in sys.modules])
"""


@pytest.mark.parametrize("words", ["train photos", "predict picture.png runs/photos", "evaluate begun"])
def test_a_mistake_is_told_before_any_framework_is_loaded(words: str, workplace: Path):
    done = subprocess.run(
        [sys.executable, "-c", QUICK, *words.split()], capture_output=True, text=True, cwd=workplace, check=True
    )
    assert done.stdout.split(maxsplit=1)[1] == "[]\n"
    assert done.stderr.startswith("Error: ")
