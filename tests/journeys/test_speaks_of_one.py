"""Of one image, one class, one epoch every command and page speaks as of one, not as of several."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import speckled, write_image
from tests.pages import Parsed

from hubel.backends.framework import keras
from hubel.cli.main import main

pytestmark = pytest.mark.timeout(170)

PLURAL = re.compile(
    r"(?<![\w.,:/=-])1 (?:(?:dark|equal|feature|near|new|other|small|smaller|stored|test|training|validation) )*([A-Za-z]+s)\b"
)
NO_PLURALS = frozenset({"is", "has", "was", "class", "pass", "loss", "means", "less", "reads", "process"})
"""Words with an s at the end that may stand behind a one."""
COMMANDS = (
    (4, "audit corpus -o audit --suspect-labels --weights none --time-limit 10s"),
    (4, "train corpus -o run --epochs 1 --architecture small-cnn"),
    (4, "evaluate run"),
    (0, "evaluate run other"),
    (0, "evaluate model.keras other --class-names names.txt -o score"),
    (0, "evaluate run corpus/test"),
    (0, "predict run other/red"),
    (0, "verify run"),
    (0, "reproduce run"),
    (4, "compare corpus --architectures dense,small-cnn --epochs 1 -o against"),
    (0, "anatomy run"),
    (0, "trace run other/red/0.png --layer first"),
    (0, "maps run other/red/0.png --layer first -o maps.png"),
    (0, "filters run --layer first -o filters.png"),
    (3, "audit lonely"),
    (3, "train refused -o never"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of nearly everything: refused and ignored file, dark image, copy, validation and test image, and class of one."""
    rng = np.random.default_rng(1)
    colours = {"red": (200, 40, 40), "blue": (40, 60, 200)}
    for name, colour in colours.items():
        for number in range(12):
            pixels = speckled(colour, rng=rng)
            write_image(tmp_path / f"corpus/train/{name}/{number}.png", pixels)
    write_image(
        tmp_path / "corpus/train/red/copy.bmp", np.asarray(speckled((200, 40, 40), rng=np.random.default_rng(5)))
    )
    write_image(
        tmp_path / "corpus/train/red/copy.png", np.asarray(speckled((200, 40, 40), rng=np.random.default_rng(5)))
    )
    write_image(tmp_path / "corpus/train/green/only.png", speckled((40, 180, 60), rng=rng))
    write_image(tmp_path / "corpus/train/blue/dark.png", speckled((30, 30, 30), rng=rng))
    write_image(tmp_path / "corpus/validation/red/v.png", speckled((200, 40, 40), rng=rng))
    write_image(tmp_path / "corpus/test/red/t.png", speckled((200, 40, 40), rng=rng))
    (tmp_path / "corpus/train/red/broken.png").write_bytes(b"no image")
    (tmp_path / "corpus/train/red/notes.txt").write_text("notes")
    write_image(tmp_path / "other/red/0.png", speckled((200, 40, 40), rng=rng))
    (tmp_path / "other/red/readme.txt").write_text("notes")
    write_image(tmp_path / "other/teal/0.png", speckled((40, 180, 180), rng=rng))
    write_image(tmp_path / "lonely/red/0.png", speckled((200, 40, 40), rng=rng))
    (tmp_path / "refused/red").mkdir(parents=True)
    (tmp_path / "refused/red/0.png").write_bytes(b"no image")
    (tmp_path / "names.txt").write_text("red\nblue\n")
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    keras.Sequential([keras.Input((24, 24, 3)), *layers]).save(tmp_path / "model.keras")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "1000")  # a line is a sentence: a number in one has nothing to do with the next
    return tmp_path


def plurals(text: str) -> list[str]:
    """Lines that speak of one as of several."""
    return [line for line in text.splitlines() if any(found[1] not in NO_PLURALS for found in PLURAL.finditer(line))]


def test_what_is_looked_for_would_be_found():
    assert plurals("1 image\nof 1 test images\n11 files, 1 labels") == ["of 1 test images", "11 files, 1 labels"]
    assert plurals("1 image has 11 images in 2.1 s; 1 class, 1 is") == []


def test_no_command_and_no_page_speaks_of_one_as_of_several(folder: Path, capsys: pytest.CaptureFixture[str]):
    wrong: list[tuple[str, list[str]]] = []
    got: dict[str, int] = {}
    for _, words in COMMANDS:
        with pytest.raises(SystemExit) as left:
            main(words.split())
        said = capsys.readouterr()
        got[words] = int(left.value.code or 0)
        wrong += [(words, found) for found in (plurals(said.out), plurals(said.err)) if found]
    assert got == {words: code for code, words in COMMANDS}
    pages = ("audit/audit.html", "run/report.html", "score/report.html")
    wrong += [(page, found) for page in pages if (found := plurals(Parsed((folder / page).read_text()).texts[""]))]
    written = [path for path in folder.rglob("*") if path.suffix == ".md"]
    assert written, "the comparison has a table for people"
    wrong += [(str(path), found) for path in written if (found := plurals(path.read_text()))]
    assert wrong == []
