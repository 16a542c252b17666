"""``hubel anatomy FILE`` on model files that Hubel did not make: one door, whatever their names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.made import model_files as made

from hubel.architectures.file_kinds import KINDS
from hubel.backends.framework import keras
from hubel.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(["anatomy", *words])
    shown = capsys.readouterr()
    return int(left.value.code or 0), shown.out, shown.err


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_each_kind_that_is_not_read_is_refused_by_its_name_with_a_cure(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    for kind, path in made.by_hand(tmp_path).items():
        code, out, err = run(capsys, str(path))
        assert (code, out) == (3, "")
        named = KINDS[kind.split(" ")[0]]
        assert one_line(f"{path} is {named.title}. {named.cure.replace('{name}', path.name)}") in one_line(err)
        assert "Traceback" not in err


@pytest.mark.parametrize("name", ["net.keras", "net.h5", "folder", "net.json"])
def test_each_kind_that_is_read_gives_the_same_numbers(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    model = made.model()
    if name == "net.json":
        (tmp_path / name).write_text(model.to_json())
    else:
        model.save(tmp_path / name, zipped=name != "folder")
    (tmp_path / name).rename(tmp_path / "thing")  # its name does not matter
    code, out, err = run(capsys, str(tmp_path / "thing"), "--json")
    assert (code, err) == (0, "")
    total = json.loads(out)["total"]
    assert total["parameters"] == made.PARAMETERS
    places = (made.SIZE - 2) ** 2
    assert total["macs"] >= places * 27 * made.FILTERS + places * made.FILTERS * made.CLASSES
    code, _, err = run(capsys, str(tmp_path / "thing"), "--classes", "3")
    assert code == 2
    assert "A model file has its own value for --classes" in err


def test_what_was_left_out_of_a_model_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    def halved(x: object) -> object:
        return x

    dense = keras.layers.Dense(2, name="head", kernel_constraint=halved)
    keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), dense]).save(tmp_path / "mine.keras")
    code, out, err = run(capsys, str(tmp_path / "mine.keras"))
    assert code == 0, err
    assert "The kernel constraint of the layer head is 'halved', code that is not in the file: left out." in one_line(
        out + err
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "is a folder without a model"), (b"some words", "is not a .keras file, nor any other kind of model")],
)
def test_what_is_named_like_a_model_and_is_none_is_said(
    content: bytes | None, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    path = tmp_path / "x.keras"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    code, out, err = run(capsys, str(path))
    assert (code, out) == (3, "")
    assert said in one_line(err)


def test_a_file_named_like_an_architecture_is_read_by_its_path(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    made.model().save("m.h5")
    Path("m.h5").rename("dense")
    assert json.loads(run(capsys, "./dense", "--json")[1])["total"]["parameters"] == made.PARAMETERS
    assert json.loads(run(capsys, "dense", "--json")[1])["total"]["parameters"] != made.PARAMETERS
