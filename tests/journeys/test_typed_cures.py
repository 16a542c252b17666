"""Every error and every advice that prints a command: the command is typed as printed, and the complaint is gone."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from tests.contracts.test_words_in_messages import COMMAND, GAP, NO_COMMANDS, SRC
from tests.journeys.cures import CASES, QUICK, STAND_INS, UNCOVERED
from tests.made.foreign_classifiers import make_model, write_images
from tests.unit.images.deep_files import tiff

from hubel.cli.main import main
from hubel.cli.signals import Signals
from hubel.events import OnEvent

COLOURS = {"a": (200, 40, 40), "b": (40, 180, 60), "c": (40, 60, 200)}


class Said(NamedTuple):
    """What a command line brought."""

    code: int
    text: str


class Told(NamedTuple):
    """A complaint; the cure as printed; and what came of typing it."""

    complaint: Said
    cure: str | None
    typed: str
    after: Said | None


def type_line(line: str) -> Said:
    out, words = io.StringIO(), shlex.split(line)
    kept, sys.argv = sys.argv, ["hubel", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), pytest.raises(SystemExit) as end:
            main(words)
    finally:
        sys.argv = kept
    return Said(int(end.value.code or 0), out.getvalue())


def stopped(line: str) -> Said:
    """As if Ctrl-C came in the first step."""

    @contextmanager
    def at_once(on_event: OnEvent) -> Iterator[Signals]:
        signals = Signals(on_event)
        signals.stop.asked = True
        yield signals

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hubel.cli.signals.stoppable", at_once)
        return type_line(line)


def write_class_images(folder: Path, count: int, *, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.clip(np.array(colour) + rng.integers(-60, 60, (16, 16, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")


def write_corpora() -> None:
    write_class_images(Path("photos"), 20)
    write_class_images(Path("other"), 4, seed=1)
    write_class_images(Path("tiny"), 4, seed=2)
    for part in ("Trainingset", "Testset"):
        write_class_images(Path("odd") / part, 4, seed=len(part))
    for name, copies in (("leaky", True), ("mended", False)):
        write_class_images(Path(name) / "train", 12, seed=3)
        write_class_images(Path(name) / "test", 6, seed=4)
        if copies:
            shutil.copy(f"{name}/train/a/00.png", f"{name}/test/a/copy.png")
    shutil.copytree("photos", "unlabelled/train")
    shutil.copytree("tiny/a", "unlabelled/test")
    for name in ("a", "b"):
        Path("bands", name).mkdir(parents=True)
        for number in range(4):
            values = np.random.default_rng(number).integers(0, 256, (16, 16, 5), np.uint8)
            Path("bands", name, f"{number}.tif").write_bytes(tiff(values))
    rows = [(f"{name}/{number:02}.png", name) for name in COLOURS for number in range(20)]
    Path("list.csv").write_text("col_1,col_2\n" + "".join(f"photos/{path},{name}\n" for path, name in rows))
    Path("lists").mkdir()
    Path("lists/list.csv").write_text("path,label\n" + "".join(f"{path},{name}\n" for path, name in rows))
    Path("wrong.csv").write_text("path,correction\na/00.png,bb\n")
    Path("right.csv").write_text("path,correction\na/00.png,b\n")
    Path("columns.csv").write_text("file,right\na/00.png,b\n")
    Path("classes.txt").write_text("a\nb\nc\n")
    shutil.copy("photos/a/00.png", "new.png")


def write_runs() -> None:
    """One training, and copies of it of which something is amiss."""
    assert type_line("train photos -o run --epochs 1 --architecture small-cnn").code == 0
    shutil.copytree("run", "run-2")
    shutil.copytree("run", "runs/first")
    assert type_line("audit photos -o audits/taken").code == 0
    assert type_line("export run --format page --examples 0 -o taken.html").code == 0
    for name in ("moved", "grown", "shrunk", "bad"):
        shutil.copytree("run", f"{name}-run")
        document = json.loads(Path(name + "-run/run.json").read_text())
        document["corpus"]["location"] = name
        Path(f"{name}-run/run.json").write_text(json.dumps(document))
        shutil.copytree("photos", "then" if name == "grown" else name)
    shutil.move("moved", "moved-away")
    shutil.copytree("then", "grown")
    shutil.copy("grown/a/00.png", "grown/b/05.png")
    shutil.copy("shrunk/a/00.png", "shrunk/b/05.png")
    shutil.rmtree("bad")
    Path("bad").mkdir()
    trained = [row.split(",")[0] for row in Path("run/split.csv").read_text().splitlines() if ",train," in row]
    for path in trained:
        Path("learned", path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"photos/{path}", f"learned/{path}")
    shutil.copytree("run", "untested")
    for name in ("split.csv", "predictions.csv"):
        rows = Path("untested", name).read_text().splitlines()
        kept = rows[:1] if name == "predictions.csv" else [row for row in rows if ",test," not in row]
        Path("untested", name).write_text("\n".join(kept) + "\n")
    for name, gone in (("no-json", "run.json"), ("no-split", "split.csv")):
        shutil.copytree("run", name)
        Path(name, gone).unlink()
    assert stopped(f"train photos -o unfinished {QUICK}").code == 130
    shutil.rmtree("unfinished/classifier", ignore_errors=True)


def write_models() -> None:
    write_images(Path("other-classes"))
    make_model().save("model.keras")
    make_model(side=None).save("any.keras")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    """Every case, typed once, one after the other in one process."""
    folder = tmp_path_factory.mktemp("cures")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HUBEL_CACHE", str(folder / "cache"))
        patch.setenv("KERAS_HOME", str(folder / "keras"))
        write_corpora()
        write_models()
        write_runs()
        complaints: dict[str, Said] = {}
        yield {name: follow(name, complaints) for name in CASES}


def follow(name: str, complaints: dict[str, Said]) -> Told:
    """Type what brings the complaint, once for all cases that share it; then its cure."""
    case = CASES[name]
    line = case.typed.removeprefix("STOP ")
    if line not in complaints:
        complaints[line] = stopped(line) if line != case.typed else type_line(line)
    complaint = complaints[line]
    found = re.search(case.found, complaint.text, re.MULTILINE)
    if found is None:
        return Told(complaint, None, "", None)
    cure = found[1]
    then = case.then.format(cure.removeprefix("hubel "))
    words = [STAND_INS.get(word, word) for word in shlex.split(then)]
    return Told(complaint, cure, shlex.join(words), type_line(shlex.join(words)))


@pytest.mark.parametrize("name", CASES)
def test_the_cure_typed_as_printed_ends_the_complaint(name: str, told: dict[str, Told]):
    case, (complaint, cure, typed, after) = CASES[name], told[name]
    assert complaint.code == case.first if case.first is not None else complaint.code in (2, 3), complaint
    assert cure is not None, complaint.text
    assert after is not None
    assert after.code == case.code, (typed, after.text)
    assert "Traceback" not in complaint.text + after.text
    first = complaint.text.strip().splitlines()[-1]
    if complaint.code:
        assert first not in after.text, typed


def sentences() -> Iterator[tuple[str, str]]:
    """(file: command as its text has it, the words before and of that command) of every message; no docstrings."""
    for path in sorted(SRC.rglob("*.py")):
        tree = ast.parse(path.read_text())
        plain = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        plain |= {id(part) for node in joined for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in plain:
                text = node.value
            else:
                continue
            for found in COMMAND.finditer(text):
                if found["name"] not in NO_COMMANDS:
                    part = text[: found.end()].strip()
                    yield f"{path.relative_to(SRC)}: {part[-90:].replace(GAP, '_')}", part
        for part in values(tree):
            yield f"{path.relative_to(SRC)}: {part[-90:].replace(GAP, '_')}", part


def values(tree: ast.Module) -> Iterator[str]:
    """What stands before each `Command` of a `Text`, an error or a `Remedy`, and the name of the command."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        text = ""
        for part in call.args:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                text += part.value
            elif isinstance(part, ast.JoinedStr):
                text += "".join(each.value if isinstance(each, ast.Constant) else GAP for each in part.values)
            elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "Command":
                name = part.args[0]
                text = "" if isinstance(call.func, ast.Name) and call.func.id == "Remark" else text  # it stands alone
                text += f"hubel {name.value if isinstance(name, ast.Constant) else GAP}"
                yield text.strip()
                text += GAP
            else:
                text += GAP


def says(said: str, text: str) -> bool:
    """Whether the pieces of a text between its gaps stand in what was said, in their order."""
    place = 0
    for piece in text.split(GAP):
        place = said.find(" ".join(piece.split()), place)
        if place < 0:
            return False
    return True


def test_every_message_with_a_command_is_in_a_case_or_named_with_the_reason(told: dict[str, Told]):
    every = [said for each in told.values() for said in (each.complaint, each.after) if said is not None]
    texts = {" ".join(said.text.split()) for said in every}
    uncovered = {name for name, text in sentences() if not any(says(said, text) for said in texts)}
    assert uncovered - set(UNCOVERED) == set()
    assert set(UNCOVERED) - uncovered == set()  # a case has come
