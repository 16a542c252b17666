"""The README and the course, typed as they stand, from top to bottom, each in one folder.

What is there beforehand is what the pages say that the user has. ``python3 dev.py test`` alone is not typed: it would run
this file again.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
import webbrowser
from pathlib import Path

import dev
import numpy as np
import pytest
from docs.course_pages import prepare, steps
from PIL import Image, ImageDraw

from hubel.cli.main import main
from hubel.studio.server import Studio
from hubel.workflows.comparing import compare

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted((ROOT / "docs/course").glob("[0-9m]*.md"))
KINDS = ("discs", "crosses", "stripes")
NEEDS_WEIGHTS = "runs/photos"
"""Of the course: what is trained there begins with ImageNet weights, and these are downloaded."""
PYTHON = re.compile(r"```python\n(.*?)```", re.S)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def draw(kind: str, rng: np.random.Generator, *, width: int = 48, height: int = 40) -> Image.Image:
    """A photograph, as far as Hubel can tell, of one of three kinds: any colours, any place, some noise."""
    back, front = (tuple(int(value) for value in rng.integers(low, low + 90, 3)) for low in (20, 150))
    image = Image.new("RGB", (width, height), back)
    pen = ImageDraw.Draw(image)
    x, y, size = (int(value) for value in (rng.integers(12, 20), rng.integers(10, 16), rng.integers(7, 10)))
    if kind == "discs":
        pen.ellipse((x - size, y - size, x + size, y + size), fill=front)
    elif kind == "crosses":
        pen.line((x - size, y - size, x + size, y + size), fill=front, width=3)
        pen.line((x - size, y + size, x + size, y - size), fill=front, width=3)
    else:
        for row in range(y % size, height, size):
            pen.line((0, row, width, row), fill=front, width=2)
    noisy = np.asarray(image) + rng.integers(-12, 13, (height, width, 3))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def write_corpus(folder: Path, *, each: int, seed: int) -> None:
    """Class folders."""
    rng = np.random.default_rng(seed)
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
        for number in range(each):
            draw(kind, rng).save(folder / kind / f"{number:02}.png")


def own_what_the_readme_names(folder: Path) -> None:
    """photos/ (some saved again), other_photos/, new.jpg, new/, holiday/, photo.jpg and a model trained elsewhere.

    photos/ has its split in folders: so a few images give the 50 for validation that `--strangers` needs.
    """
    from hubel.backends.framework import keras

    rng = np.random.default_rng(7)
    for seed, (split, each) in enumerate({"train": 23, "validation": 18, "test": 10}.items(), 3):
        write_corpus(folder / "photos" / split, each=each, seed=seed)
    for kind in KINDS:
        train = folder / "photos/train" / kind
        Image.open(train / "03.png").save(train / "copy.jpg", quality=85)
    write_corpus(folder / "other_photos", each=6, seed=2)
    shutil.copyfile(folder / "photos/train/discs/05.png", folder / "other_photos/discs/seen.png")
    for name in ("new", "holiday"):
        (folder / name).mkdir()
    for number, kind in enumerate(KINDS):
        draw(kind, rng).save(folder / f"new/{number}.jpg")
    for number in range(5):
        Image.fromarray(rng.integers(0, 256, (40, 48, 3)).astype(np.uint8)).save(folder / f"holiday/{number}.jpg")
    draw("crosses", rng).save(folder / "new.jpg")
    draw("discs", rng, width=320, height=240).save(folder / "photo.jpg")
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Flatten(),
         keras.layers.Dense(len(KINDS), activation="softmax")]
    )  # fmt: skip
    model.save(folder / "model.keras")
    (folder / "classes.txt").write_text("\n".join(sorted(KINDS)) + "\n", encoding="utf-8")


def lines_of_readme() -> list[str]:
    """Every line of its blocks that name no language, without the remark after it."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", README, re.S | re.M)
    return [shlex.join(shlex.split(line, comments=True)) for kind, text in fenced if not kind
            for line in text.splitlines() if line.strip()]  # fmt: skip


class Typist:
    """Types lines into one folder, and notes each that does not do what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys
        self.faults: list[str] = []
        self.seconds: dict[str, float] = {}

    def type(self, line: str) -> str:
        """Type a line that begins with ``hubel``; what it printed."""
        words = shlex.split(line)[1:]
        self.monkeypatch.setattr(sys, "argv", ["hubel", *words])
        self.capsys.readouterr()
        started = time.monotonic()
        with pytest.raises(SystemExit) as left:
            main(words)
        printed = self.capsys.readouterr()
        self.seconds[line] = time.monotonic() - started
        self.check(line, int(left.value.code or 0), printed.out + printed.err)
        return printed.out + printed.err

    def check(self, line: str, code: int, said: str) -> None:
        """Note a line that ends badly, or does not write what it was told to, or says nothing."""
        words = shlex.split(line)
        if code not in (0, 4) or "Traceback" in said or not said.strip():
            self.faults.append(f"$ {line}\nexit code {code}\n{said[-1500:]}")
        if "-o" in words and not Path(words[words.index("-o") + 1]).exists():
            self.faults.append(f"$ {line}\nwrote no {words[words.index('-o') + 1]}")


def serve_a_moment(studio: Studio) -> None:
    """Serve until the first page is there, as Ctrl-C would end it then."""
    serving = threading.Thread(target=studio.server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    with urllib.request.urlopen(studio.address) as answer:
        assert answer.status == 200
    studio.end()
    serving.join()


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typist:
    """In an empty folder, at a machine without ImageNet weights, by somebody who closes what opens in the browser."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path.parent / "no weights"))
    monkeypatch.setattr(webbrowser, "open", lambda *_, **__: True)
    monkeypatch.setattr(Studio, "serve", serve_a_moment)
    return Typist(monkeypatch, capsys)


def test_the_readme_leads_to_a_named_image_in_five_lines_at_most():
    lines = lines_of_readme()
    first = lines[: 1 + next(place for place, line in enumerate(lines) if line.startswith("hubel predict"))]
    assert len(first) <= 5
    assert first[0].startswith("python3 dev.py hubel ")
    assert any(line.startswith("hubel train photos/") for line in first)
    assert README.index("hubel predict") < README.index("\n## ")


def test_the_readme_activates_the_environment_that_dev_py_makes():
    dot, path = shlex.split(next(line for line in lines_of_readme() if "activate" in line))
    assert f"{dot} {ROOT / path}" == dev.ACTIVATE
    assert "`.venv\\Scripts\\activate`" in README


def test_the_readme_is_typed_from_top_to_bottom(typist: Typist, tmp_path: Path):
    own_what_the_readme_names(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    said: dict[str, str] = {}
    for line in lines_of_readme():
        if not line.startswith((". ", "python3 dev.py test")):
            said[line] = typist.type(line.removeprefix("python3 dev.py "))
    names: dict[str, object] = {}
    for code in PYTHON.findall(README):
        run_python(code, typist, names=names)
    assert not typist.faults, "\n\n".join(typist.faults)
    assert {path: path.read_bytes() for path in before} == before
    assert (tmp_path / "runs/photos/report.html").exists()  # "writes runs/photos", without -o
    assert "crosses" in said["hubel predict runs/photos new.jpg"].split()
    assert re.search(
        r"without (1 image|\d{2,} images|[2-9] images) it was trained on",
        said["hubel evaluate runs/photos other_photos/"],
    )


def run_python(code: str, typist: Typist, *, names: dict[str, object]) -> None:
    """Run a block of Python; those of a page share their names."""
    try:
        exec(code, names)
    except Exception:  # noqa: BLE001  (any is a fault of the page)
        typist.faults.append(f"{code}\n{traceback.format_exc()}")


def test_the_course_is_typed_page_after_page(typist: Typist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(compare, "FEWEST_EPOCHS", 1)
    monkeypatch.setattr(compare, "MOST_EPOCHS", 1)
    write_corpus(
        tmp_path / "cifar10", each=20, seed=3
    )  # stands for the corpus of the last page, whose owner types that
    weights = ROOT.parent / "shared/keras_home"
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        prepare(tmp_path, text)
        names: dict[str, object] = {}
        for kind, typed, shown in steps(text):
            if kind == "python":
                run_python(typed, typist, names=names)
            else:
                type_in_course(typed, shown, typist, weights=weights if weights.is_dir() else None)
    assert not typist.faults, "\n\n".join(typist.faults)
    if not weights.is_dir():
        pytest.skip("all was typed but what needs ImageNet weights, which are not at hand")


def type_in_course(line: str, shown: str, typist: Typist, *, weights: Path | None) -> None:
    """Type a line of the course; in a process of its own where it begins with ImageNet weights."""
    words = shlex.split(line)
    if NEEDS_WEIGHTS in words and weights is None:
        return
    if "imagenet" in words:
        done = subprocess.run(
            [sys.executable, "-m", "hubel", *words[1:]], capture_output=True, text=True, check=False,
            env={**os.environ, "KERAS_HOME": str(weights)},
        )  # fmt: skip
        typist.check(line, done.returncode, done.stdout + done.stderr)
        return
    faults = len(typist.faults)
    typist.type(line)
    if shown.startswith("Error: "):  # the page shows what an error says
        said = typist.faults[faults:]
        del typist.faults[faults:]
        if len(said) != 1 or "exit code 2\n" not in said[0] or "Traceback" in said[0]:
            typist.faults.append(f"$ {line}\nis shown as an error, but: {said}")
