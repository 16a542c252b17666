"""Whatever path a user types, at whatever place of whatever command: a sentence that names it, and no traceback."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from tests.unit.cli.conftest import Typed

from hubel.cli import main as cli
from hubel.cli.main import COMMANDS, find_command, main

LAYER = "--layer group_1_1_convolution"
TYPED = {
    ("audit", "corpus"): "audit {}",
    ("audit", "images"): "audit list.csv --images {}",
    ("audit", "out"): "audit digits -o {}",
    ("audit", "corrections"): "audit digits --corrections {}",
    ("audit", "weights"): "audit digits --suspect-labels --weights {}",
    ("train", "corpus"): "train {} -o made",
    ("train", "images"): "train list.csv --images {} -o made",
    ("train", "out"): "train digits --epochs 1 -o {}",
    ("train", "corrections"): "train digits -o made --corrections {}",
    ("train", "weights"): "train digits -o made --architecture mobilenet --weights {}",
    ("train", "from_run"): "train digits -o made --from {}",
    ("train", "architecture"): "train digits -o made --architecture {}.toml",
    ("evaluate", "run"): "evaluate {}",
    ("evaluate", "corpus"): "evaluate run {}",
    ("evaluate", "images"): "evaluate run list.csv --images {}",
    ("evaluate", "against"): "evaluate {} image.png --against {}",
    ("evaluate", "strangers"): "evaluate {} --strangers {}",
    ("robustness", "run"): "robustness {}",
    ("robustness", "corpus"): "robustness run {}",
    ("robustness", "images"): "robustness run list.csv --images {}",
    ("robustness", "out"): "robustness run image.png -o {}",
    ("reproduce", "run"): "reproduce {}",
    ("reproduce", "corpus"): "reproduce {} {}",
    ("reproduce", "out"): "reproduce {} -o {}",
    ("compare", "corpus"): "compare {} --architectures dense,small-cnn",
    ("compare", "images"): "compare list.csv --images {} --architectures dense,small-cnn",
    ("compare", "architectures"): "compare digits --architectures dense,{}.toml",
    ("compare", "out"): "compare digits --architectures dense,small-cnn -o {}",
    ("evaluate", "class_names"): "evaluate model.keras digits --class-names {}",
    ("evaluate", "out"): "evaluate model.keras digits --class-names list.csv -o {}/out",
    ("predict", "run"): "predict {} image.png",
    ("predict", "inputs"): "predict run {}",
    ("predict", "out"): "predict run image.png -o {}.csv",
    ("predict", "features"): "predict run image.png -o names.csv --features {}.npy",
    ("predict", "class_names"): "predict model.keras image.png --class-names {}",
    ("verify", "run"): "verify {}",
    ("export", "run"): "export {} --format onnx -o made",
    ("export", "corpus"): "export run {} --format onnx -o made",
    ("export", "out"): "export run --format onnx -o {}",
    ("open", "run"): "open {} --no-browser",
    ("open", "corpus"): "open run {} --no-browser",
    ("studio", "run"): "studio {}",
    ("trace", "run"): "trace {} image.png --layer logits",
    ("trace", "image"): "trace run {} --layer logits",
    ("trace", "out"): "trace run image.png --layer logits -o {}/out.png",
    ("trace", "class_names"): "trace model.keras image.png --layer logits --class-names {}",
    ("explain", "run"): "explain {} image.png",
    ("explain", "images"): "explain run {}",
    ("explain", "out"): "explain run image.png -o {}/out.png",
    ("explain", "against"): "explain run image.png --against {}",
    ("explain", "class_names"): "explain model.keras image.png --class-names {}",
    ("maps", "run"): f"maps {{}} image.png {LAYER} -o out.png",
    ("maps", "image"): f"maps run {{}} {LAYER} -o out.png",
    ("maps", "out"): f"maps run image.png {LAYER} -o {{}}/out.png",
    ("filters", "run"): "filters {}",
    ("filters", "corpus"): f"filters run {LAYER} --excite --corpus {{}} -o out.png",
    ("filters", "out"): f"filters run {LAYER} -o {{}}/out.png",
    ("anatomy", "target"): "anatomy {}.keras",
    ("anatomy", "out"): "anatomy dense -o {}/out.svg",
    ("convolve", "matrix"): "convolve --matrix {}",
    ("convolve", "kernel"): "convolve --kernel {}",
    ("convolve", "out"): "convolve -o {}/out.svg",
    ("pool", "matrix"): "pool --matrix {}",
    ("pool", "out"): "pool -o {}/out.png",
}
"""(command, parameter) → words; the braces stand for the path."""
MORE = (
    "anatomy {}",
    "export run --format page -o {}/a.html",
    "anatomy {}.toml",
    "anatomy --stacks -o {}/out.svg",
    "pool -o {}/out.gif",
    "convolve -o {}/a.html",
)
NO_PATHS = {
    "layer", "place", "filter_name", "chosen", "image", "classes", "units", "form", "coverage", "resize", "time_limit",
    "claims", "stride", "padding", "dilation", "region", "channel", "window", "mode", "splits", "path_column",
    "label_column", "split_column", "group_column", "bands", "copies", "pixels", "size", "tta", "engine",
    "format", "quantize", "only", "augment", "method", "class_name",
}  # fmt: skip
"""Parameters with text or a choice that is no path, by their names."""

HOSTILE = {
    "long": "x" * 300,
    "deep": "y/" * 3000 + "y",
    "below a file": "file/a",
    "loop": "loop/a",
    "closed": "closed/a",
}


@pytest.fixture
def hostile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, a list of images, a link to itself, and a folder that nobody may look into, also not whoever runs the tests."""
    (folder / "file").write_text("mine")
    (folder / "model.keras").write_text("no model, but there")
    (folder / "list.csv").write_text("path,label\nimage.png,a\nimage.png,b\n")
    if not (folder / "loop").is_symlink():
        (folder / "loop").symlink_to("loop")
    (folder / "closed").mkdir(exist_ok=True)

    def denying(real: Callable) -> Callable:
        def denied(path: object, *more: object, **options: object) -> object:
            if isinstance(path, str | os.PathLike) and "closed" in Path(path).parts:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
            return real(path, *more, **options)

        return denied

    for module, name in ((os, "stat"), (os, "lstat"), (os, "open"), (os, "mkdir"), (os, "scandir"), (io, "open")):
        monkeypatch.setattr(module, name, denying(getattr(module, name)))
    monkeypatch.setattr(builtins, "open", denying(builtins.open))


def test_the_table_has_every_place_of_a_path():
    found = set()
    for name in COMMANDS:
        for parameter in find_command(name).params:
            is_text = isinstance(parameter.type, click.Path | type(click.STRING))
            if (
                is_text
                and (name, parameter.name) != ("anatomy", "image")
                and parameter.name not in NO_PATHS - {"image"}
            ):
                found.add((name, parameter.name))
    assert found == set(TYPED)


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_path_makes_a_traceback(kind: str, typed: Typed, hostile: None):
    path = HOSTILE[kind]
    for words in (*TYPED.values(), *MORE):
        code, printed, said = typed(words.replace("{}", path))
        assert code in (2, 3), (words, code, said)
        assert "Traceback" not in said, words
        assert "defect" not in said, words
        assert path[:20] in said, (words, said)
        assert printed == "", words


def test_the_reason_and_the_cure_are_said(typed: Typed, hostile: None):
    _, _, said = typed(f"verify {'x' * 300}")
    assert "a name in it is longer than the file system allows; check the path." in said
    _, _, said = typed("filters loop/a")
    assert "a link in it leads back to itself" in said
    _, _, said = typed("convolve --matrix closed/a")
    assert said == (
        "Error: closed/a cannot be read: this user may not read it; chmod +rx its folder and +r the file, or run as "
        "its owner.\n"
    )
    _, _, said = typed(f"train digits -o {'x' * 300}")
    assert "a name in it is longer than the file system allows. Write elsewhere: -o PATH." in said


@pytest.mark.parametrize("words", [*TYPED.values()])
def test_a_nul_is_refused_at_the_door(words: str, typed: Typed):
    code, _, said = typed(words.replace("{}", "a\0b"))
    assert code == 2
    assert said == "Error: A word of the command holds a NUL character, which no path can contain. Leave it out.\n"


def test_an_error_of_the_system_about_a_path_that_was_typed_is_no_defect(monkeypatch: pytest.MonkeyPatch, capsys):
    def fail(**_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", str(Path("photos/cat").absolute()))

    monkeypatch.setattr(cli.hubel, "main", fail)
    with pytest.raises(SystemExit) as end:
        main(["audit", "photos"])
    assert end.value.code == 3
    said = capsys.readouterr().err
    assert said == f"Error: {Path('photos/cat').absolute()} cannot be read: the system says: Input/output error.\n"


def test_an_error_about_another_path_stays_a_defect(monkeypatch: pytest.MonkeyPatch, capsys):
    def fail(**_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "/usr/lib/ours")

    monkeypatch.setattr(cli.hubel, "main", fail)
    with pytest.raises(SystemExit) as end:
        main(["audit", "photos"])
    assert end.value.code == 1
    assert "has a defect (OSError)" in capsys.readouterr().err
