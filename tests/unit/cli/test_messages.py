"""What a newcomer types by mistake, and the line that says what to type instead."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image
from tests.unit.cli.conftest import Typed

from hubel.cli.main import COMMANDS, find_command, hubel, main
from hubel.cli.mistakes import VALUES, WORDS, line_to_type, value_of
from hubel.corpus.formats.class_folders import read
from hubel.errors import HubelError
from hubel.events import ignore
from hubel.runs.out_folder import run_folder_of


@pytest.fixture(scope="module")
def folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The classifier and the image, where nothing of other tests lies beside them."""
    mine = tmp_path_factory.mktemp("mistakes") / "here"
    mine.mkdir()
    shutil.copytree(folder / "run", mine / "run")
    shutil.copy(folder / "image.png", mine)
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
        shutil.copy(folder / "image.png", folder / "my cat.png")
        (folder / "begun/checkpoints/000003").mkdir(parents=True)
        state = {"command": ["hubel", "train", "my photos", "-o", "begun", "--epochs", "9", "--overwrite"]}
        (folder / "begun/checkpoints/000003/state.json").write_text(json.dumps(state))
    return folder


COMES_FIRST = "Error: The run comes first, and runs/photos is one. Type: "
MISTAKES = {
    # swapped words
    "predict image.png runs/photos": f"{COMES_FIRST}hubel predict runs/photos image.png",
    "predict a.png b.png runs/photos": f"{COMES_FIRST}hubel predict runs/photos b.png a.png",
    "evaluate photos runs/photos": f"{COMES_FIRST}hubel evaluate runs/photos photos",
    "reproduce photos runs/photos": f"{COMES_FIRST}hubel reproduce runs/photos photos",
    "trace image.png runs/photos --layer logits": f"{COMES_FIRST}hubel trace runs/photos image.png",
    "maps image.png runs/photos": f"{COMES_FIRST}hubel maps runs/photos image.png",
    "predict image.png": "Error: The run comes first: hubel predict RUN image.png",
    "verify image.png": "The run comes first: hubel verify RUN.",
    "export runs/photos made --format onnx": "Error: There is no file or folder 'made'. If it is the folder to write: "
    "-o made\n",
    "export runs/photos --precision float16": "Did you mean '--quantize'?",
    "export runs/photos -o made": "Error: Say what to export to: --format onnx. There are: onnx,",
    "export runs/photos --format onnx": "Error: Say where the export goes: -o FOLDER.\n",
    "export runs/photos --format tflite -o made": "Error: There is no format of an export named 'tflite'.",
    # no run, but nearly
    "predict begun image.png": "The run in begun is unfinished, so it holds no classifier yet. Continue it: "
    "hubel train 'my photos' -o begun --epochs 9 --resume\n",
    "evaluate begun": "hubel train 'my photos' -o begun --epochs 9 --resume\n",
    "predict runs image.png": "Error: runs holds no classifier itself, but these runs: runs/birds, runs/photos. Name "
    "one of them: hubel predict runs/birds image.png\n",
    "predict runs/phots image.png": "Did you mean hubel predict runs/photos image.png?\n",
    # a run in the place of a corpus
    "audit runs/photos": "Error: runs/photos is a run, not a corpus. Name the folder that holds the class folders.\n",
    "train runs/photos": "Error: runs/photos is a run, not a corpus. Name the folder that holds the class folders.\n",
    "compare runs/photos": "Error: runs/photos is a run, not a corpus. Name the folder that holds the class folders.\n",
    "evaluate runs/photos runs/birds": "Error: runs/birds is a run, not a corpus. Is one better than the other? hubel "
    "evaluate runs/photos --against runs/birds\n",
    # an option in the place of a value
    "train photos -o --overwrite": "Error: -o needs a value after it, such as: -o runs/photos\n",
    "compare photos --claims --epochs 3": "Error: --claims needs a value after it, such as: --claims all\n",
    "train photos --epochs --help": "Error: --epochs needs a value after it, such as: --epochs 10\n",
    "verify runs/photo": "so it holds no classifier. Did you mean hubel verify runs/photos?\n",
    "verify runs/zzz": "runs has these runs: runs/birds, runs/photos.\n",
    "verify no/run": "A run is a folder that hubel train CORPUS has written. Train one: hubel train CORPUS -o no/run\n",
    "evaluate photos": "Error: photos holds no classifier: it is not a run folder.",
    "evaluate run --against runs/photo": "Did you mean hubel evaluate run --against runs/photos?\n",
    "evaluate run fotos": "Error: There is no file or folder 'fotos'. Did you mean 'photos'?",
    # names with spaces
    "predict run my cat.png": "\nQuote names with spaces: 'my cat.png'\n",
    "audit my cat.png": "\nQuote names with spaces: 'my cat.png'\n",
    "train my cats -o x": "There is neither 'my' nor 'cats'. If it is one name with spaces, quote it: 'my cats'\n",
    "train photos extra -o x": "train takes one corpus at a time, and 'extra' is one word too many. Leave it out: hubel "
    "train photos -o x\n",
    # commands and options by another name
    "trian digits": "No such command 'trian'. Did you mean 'train'?",
    "classify run": "No such command 'classify'. Did you mean 'predict'?",
    "photos": "No such command 'photos'. A command comes first: hubel audit photos, or hubel train photos\n",
    "xyzzy": "No such command 'xyzzy'. Commands: audit, train, ",
    "train digits --lr 3": "No such option '--lr'. Did you mean '--learning-rate'?",
    "train digits --output x": "Did you mean '--out'?",
    "train digits --learning-rat 3": "'--learning-rate'",
    "train": "Missing argument 'CORPUS'. Such as: hubel train photos/\n",
    "predict run": "Error: Name the images, or a folder of images: hubel predict run new.jpg\n",
    "predict --top 3": "Missing argument 'RUN'. Such as: hubel predict runs/photos new.jpg\n",
    # a word too many
    "train photos/ runs/x": "takes one corpus. The folder to write goes after -o: hubel train photos/ -o runs/x\n",
    "train photos extra --epochs 3": "after -o: hubel train photos --epochs 3 -o extra\n",
    "audit photos new": "takes one corpus. The folder to write goes after -o: hubel audit photos -o new\n",
    "audit photos runs/photos": "The folder to write goes after -o: hubel audit photos -o runs/photos\n",
    "audit photos digits x": "audit takes one corpus at a time, and 'digits' is one word too many. Leave it out: hubel "
    "audit photos\n",
    "audit photos photos": "Error: 'photos' was typed twice. Type: hubel audit photos\n",
    "compare photos --architectures dense small-cnn": "Put commas between them, and no spaces: --architectures "
    "dense,small-cnn\n",
    "train photos/hat photos/shoe photos/hat": "train takes one folder, that of the class folders: hubel train photos\n",
    "train photos epochs=3": "Error: Options begin with two dashes: hubel train photos --epochs 3\n",
    "train photos --mirror yes": "Error: --mirror takes no value. Type it alone: --mirror, or --no-mirror\n",
    "filters run image.png": "Filters need no image. Its feature maps: hubel maps run image.png --layer ",
    "trace run a.png b.png": "trace takes one image at a time, and 'b.png' is one word too many. Leave it out: hubel "
    "trace run a.png\n",
    "convolve sobel-x": "Error: 'sobel-x' needs an option before it: hubel convolve --kernel sobel-x\n",
    "pool image.png": "Error: 'image.png' needs an option before it: hubel pool --matrix image.png\n",
    "evaluate run --json out.json": "--json takes no file, it prints. Into a file: hubel evaluate run --json > out.json\n",
    # values
    "train photos --epochs ten": "Error: --epochs takes a whole number, such as --epochs 10. Received: 'ten'.\n",
    "train photos --epochs = 3": "Error: --epochs takes a whole number, such as --epochs 10. Received: '='.\n",
    "train photos --epochs 1,000": "such as --epochs 1000. Received: '1,000'.\n",
    "train photos --epochs -3": "Error: --epochs must be a whole number from 1 to 100,000. Received: -3.\n",
    "train photos --image-size 96x96": "Error: --image-size takes a whole number, such as --image-size 96. Received: "
    "'96x96'.\n",
    "train photos --learning-rate 0,1": "--learning-rate takes a number, with a decimal point, such as "
    "--learning-rate 0.1. Received: '0,1'.\n",
    "predict run a.png --top 0": "--top takes a whole number of at least 1, such as --top 3. Received: '0'.\n",
    "train photos --epochs": "Error: --epochs needs a value after it, such as: --epochs 10\n",
    "train photos -o": "Error: -o needs a value after it, such as: -o runs/photos\n",
    "train photos --corrections": "Error: --corrections needs a value after it, such as: --corrections FILE\n",
    "train photos --json=true": "Error: --json takes no value. Type it alone: --json\n",
    "train photos --out=": "Error: Nothing follows --out=. An empty shell variable leaves such a gap.",
    # dashes
    "train photos \u2013resume": "Error: '\u2013resume' begins with a typographic dash; options begin with a hyphen, -. Type: hubel train photos --resume\n",
    "train photos \u2014-epochs 3": "Type: hubel train photos --epochs 3\n",
    "train photos \u2212o runs/x": "Type: hubel train photos -o runs/x\n",
    "train photos -resume": "No such option '-resume'. Options spelled out begin with two dashes: --resume\n",
    "train photos -epochs=3": "No such option '-epochs'. Options spelled out begin with two dashes: --epochs\n",
    "train photos -O x": "Error: No such option '-O'. Did you mean '-o'?\n",
    "--train photos": "Error: No such option '--train'. Commands have no dashes: hubel train\n",
    "-v": "Error: No such option '-v'. Did you mean '--version'?\n",
    "train photos --gpu": "Error: No such option '--gpu'.\n",
    "predict run image.png -o a.txt": "Error: -o takes a file that ends in .csv, .jsonl or .parquet. Received: 'a.txt'.\n",
    "help train": "Error: No such command 'help'. Type: hubel --help, or hubel train --help\n",
    "version": "Error: No such command 'version'. Type: hubel --version\n",
    "hubel train photos": "Error: No such command 'hubel'. It was typed twice; once is enough.\n",
    # paths that are none here
    "train https://example.org/photos.zip": "That is a web address, and Hubel downloads nothing: download it, and give the "
    "file or folder you get.\n",
    "predict run https://example.org/cat.jpg": "That is a web address, and Hubel downloads nothing",
    "verify s3://runs/photos": "That is a web address, and Hubel downloads nothing",
    "train ~/nowhere": "Inside quotes the shell does not expand ~. Without quotes it is ",
    "train C:\\photos": "There is no file or folder 'C:\\photos'. That is a Windows path, but this is not Windows: "
    "give the path that it has here.\n",
    "train photos\\hat": "The folders of a path are separated by / here. Type: photos/hat\n",
    "predict runs\\photos a.png": "The folders of a path are separated by / here. Type: runs/photos\n",
    "train \u201cphotos\u201d": "It has typographic quotes, such as \u201c: type plain ones, ' or \".\n",
    "train photos/*": "No file name matches the *: give the folder itself.\n",
    "evaluate run MORE_IMAGES": "MORE_IMAGES stands for one of your corpora: type a path in its place.\n",
    "predict run IMAGE_OR_FOLDER": "IMAGE_OR_FOLDER stands for some of your images: type a path in its place.\n",
    "verify RUN": "RUN stands for the folder of one of your runs: type a path in its place.\n",
    "verify gone.keras": "Error: There is no file 'gone.keras'. Check the name.\n",
    "anatomy runs/nowhere": "A network of your own is a .toml file. Received: 'runs/nowhere', which does not exist.\n",
    # options that would do nothing, and files of corrections
    "audit photos --time-limit 1m": "--time-limit belongs to --suspect-labels. Add --suspect-labels, or leave "
    "--time-limit out.\n",
    "audit photos --weights none": "--weights belongs to --suspect-labels. Add --suspect-labels, or",
    "audit photos --suspect-labels --time-limit ten": "A time is a number with s, m or h: 90s, 5m, 2h. Received: 'ten'.",
    "audit photos --overwrite": "--overwrite replaces what -o writes. Add -o FOLDER, or leave --overwrite out.\n",
    "compare photos --overwrite": "--overwrite replaces what -o writes. Add -o FOLDER, or leave --overwrite out.\n",
    "train photos -o new --corrections nope.csv": "Error: There is no file 'nope.csv' with corrections. This writes "
    "such a file: hubel audit CORPUS --suspect-labels -o FOLDER\n",
    "audit photos --corrections runs": "runs is a folder. Name the file of corrections in it, such as "
    "runs/corrections.csv.\n",
    # corpora
    "train digitz": "There is no file or folder 'digitz'. Did you mean 'digits'?",
    "audit photos/hat": "photos/hat has no class folders. If it is itself one class, name the folder of all classes, "
    "which is above it: 'photos'. Else put the images of each class into a folder of its own: hat/cat/1.jpg, ",
    "audit image.png": "Error: image.png is a single image, not a corpus. Name the folder that holds "
    "the class folders.\n",
    # a place that is taken
    "train photos": "Error: runs/photos holds a run already (metrics.json). Choose another folder with -o "
    "runs/photos-2. Or replace that run with --overwrite.\n",
    "train photos --learning-curve": "Its learning curve cannot be added afterwards: parts are trained together with the whole, so both are trained anew. Choose another folder with -o runs/photos-2. Or replace",
    "train photos -o photos/run": "Choose a folder beside it: -o runs/run\n",
    "train photos -o nothing --resume": "nothing holds no checkpoint: no training has begun there. Leave out "
    "--resume to begin one.\n",
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
    code, printed, said = typed("predict run my cat.png image.png")
    assert code == 4
    assert "my refused: there is no such file: check the name" in " ".join(printed.split())
    assert said.endswith("Quote names with spaces: 'my cat.png'\n")


def test_a_run_that_is_right_gets_no_word_of_the_kind(typed: Typed, workplace: Path):
    code, printed, said = typed("predict run photos/hat/0.png")
    assert code == 0
    assert printed
    assert "comes first" not in said + printed
    assert "Quote" not in said + printed


def test_an_empty_word_is_refused_before_it_is_taken_for_the_folder_here(typed: Typed, workplace: Path):
    with pytest.raises(SystemExit) as end:
        main(["train", "photos", "-o", ""])
    assert end.value.code == 2


def test_every_value_shown_for_an_option_is_taken_by_it():
    top = click.Context(hubel)
    shown = set()
    for name in COMMANDS:
        command = hubel.get_command(top, name)
        assert command is not None
        for each in command.params:
            word = max(each.opts, key=len)
            if word in VALUES:
                shown.add(word)
                each.type_cast_value(click.Context(command), (value_of(each),) if each.multiple else value_of(each))
    assert shown == set(VALUES)


def test_a_line_to_type_has_the_words_that_a_command_cannot_do_without():
    lines = [
        "hubel audit photos/",
        "hubel train photos/",
        "hubel evaluate runs/photos",
        "hubel reproduce runs/photos",
        "hubel compare photos/",
        "hubel predict runs/photos new.jpg",
        "hubel verify runs/photos",
        "hubel trace runs/photos new.jpg",
        "hubel maps runs/photos new.jpg",
        "hubel filters runs/photos",
        "hubel open runs/photos",
        "hubel pool",
    ]
    assert [line_to_type(find_command(line.split()[1])) for line in lines] == lines


def test_every_argument_has_a_word_to_type():
    taken = {each.name for name in COMMANDS for each in find_command(name).params if isinstance(each, click.Argument)}
    assert {name for name in taken if name not in WORDS} == {"target"}  # of anatomy, which can do without


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


TOLD_AT_ONCE = [
    "train photos",
    "train photos -o new --corrections nope.csv",
    "predict image.png runs/photos",
    "predict run nope.png",
    "evaluate begun",
]
QUICK = """
import sys
from hubel.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, [name for name in ("keras", "tensorflow", "jax", "torch") if name in sys.modules])
"""


@pytest.mark.parametrize("words", TOLD_AT_ONCE)
def test_a_mistake_is_told_before_any_framework_is_loaded(words: str, workplace: Path):
    done = subprocess.run(
        [sys.executable, "-c", QUICK, *words.split()], capture_output=True, text=True, cwd=workplace, check=True
    )
    assert done.stdout.split(maxsplit=1)[1] == "[]\n"
    assert done.stderr.startswith("Error: ")
