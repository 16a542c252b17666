"""Commands typed with a model file in the place of a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.made.foreign_classifiers import CLASSES, make_model, write_images
from tests.made.model_files import zipped

from hubel.backends.framework import keras
from hubel.workflows.looking import layer_images

HERE = "photos/red/00.png"


@pytest.fixture(scope="module", autouse=True)
def model_files(folder: Path) -> None:
    write_images(folder / "photos")
    make_model().save(folder / "soft.keras")
    make_model(end=None).save(folder / "logits.keras")
    hostile = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Lambda(lambda x: x * 2, name="twice")])
    hostile.save(folder / "hostile.keras")
    (folder / "classes.txt").write_text("\n".join(CLASSES))


def test_trace_works_a_value_out_of_scaled_pixels_and_goes_on_with_the_same_words(folder, typed):
    code, out, _ = typed(f"trace soft.keras {HERE} --layer dark --at 2,3 --filter 1 --pixels -1..1 --json")
    pixels = np.asarray(Image.open(folder / HERE), np.float64)
    assert code == 0
    assert json.loads(out)["value"] == pytest.approx(max(0.0, 1 - pixels[2, 3, 1] / 127.5), abs=1e-5)
    _, out, _ = typed(f"trace soft.keras {HERE} --layer answer --pixels -1..1 --class-names classes.txt")
    assert "number 2, class 'red'" in out
    assert f"hubel trace soft.keras {HERE} --class-names classes.txt --pixels -1..1 --layer mean" in out


def test_probabilities_are_traced_where_the_model_leaves_the_softmax_out(typed):
    _, listed, _ = typed("trace logits.keras --list")
    assert "probabilities  Softmax" in listed
    code, out, _ = typed(f"trace logits.keras {HERE} --layer probabilities --filter 2 --pixels -1..1 --json")
    _, answer, _ = typed(f"predict logits.keras {HERE} --pixels -1..1 --json")
    assert code == 0
    assert json.loads(out)["value"] == pytest.approx(json.loads(answer)[0]["probabilities"]["class 2"], abs=1e-6)
    _, listed, _ = typed("trace soft.keras --list")
    assert "probabilities" not in listed
    code, _, said = typed(f"trace soft.keras {HERE} --layer probabilities --pixels -1..1")
    assert code == 2
    assert "There is no layer named 'probabilities'" in said


def test_maps_and_filters_show_a_model_file(folder, typed):
    code, out, _ = typed(f"maps soft.keras {HERE} --layer dark -o maps.png --pixels -1..1")
    assert (code, "3 feature maps of 12 x 12" in out) == (0, True)
    assert f"hubel trace soft.keras {HERE} --pixels -1..1 --layer dark --filter" in out
    _, out, _ = typed(f"maps soft.keras {HERE} --layer dark -o maps.png --pixels 0..1")
    assert "values 0 to 0; 3 of 3 maps have none above 0" in out  # nothing is below 0
    code, out, _ = typed("filters soft.keras --layer dark -o filters.png")
    assert (code, "3 filters of 1 x 1 x 3 = 9 shared weights" in out) == (0, True)
    words = "filters soft.keras --layer dark --excite --corpus photos --filter 0 -o excite.png --pixels"
    code, _, _ = typed(f"{words} caffe")
    assert code == 0
    with Image.open(folder / "excite.png") as drawn:
        assert drawn.width > 500


def test_what_excites_a_filter_is_shown_red_first(monkeypatch, typed):
    shown = []
    draw = layer_images.draw_excitement
    monkeypatch.setattr(
        layer_images, "draw_excitement", lambda name, rows, **more: shown.append(rows) or draw(name, rows, **more)
    )
    # caffe puts blue first: the filter of the first channel is excited by the absence of blue
    typed("filters soft.keras --layer dark --excite --filter 0 -o excite.png --pixels caffe")
    red, green, blue = shown[0][0][0].image.mean(axis=(0, 1))
    assert blue < min(red, green) - 5


def test_predict_names_images(typed):
    code, out, said = typed(
        "predict soft.keras photos/blue/00.png photos/green/01.png --class-names classes.txt --pixels -1..1"
    )
    assert code == 0
    assert [line.split()[1] for line in out.splitlines()] == ["blue", "green"]
    assert "Note: Images are stretched to 12 x 12 pixels, red, green and blue; pixels -1..1" in said
    assert typed("predict soft.keras photos/blue/00.png")[0] == 2


def test_evaluate_prints_the_score_with_what_it_rests_on(folder, typed):
    words = "evaluate soft.keras photos --class-names classes.txt --pixels -1..1"
    code, out, said = typed(f"{words} -o scored")
    assert code == 0
    assert "Accuracy 0.950   95 % interval 0.863 to 0.983, 60 images" in out
    assert "the model's own probabilities, not calibrated by Hubel" in out
    assert "Report: scored/report.html" in out
    assert "never abstains" not in out
    assert "The model ends in a softmax" in said
    assert (folder / "scored" / "report.html").is_file()
    code, out, _ = typed(f"{words} --json")
    assert (code, json.loads(out)["all"]["accuracy"]) == (0, 0.95)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            "evaluate soft.keras",
            2,
            "has no test images of its own. Name some: hubel evaluate soft.keras CORPUS --class-names FILE",
        ),
        ("evaluate soft.keras photos", 2, "Give --class-names FILE, one name per line"),
        ("evaluate soft.keras photos --class-names corpus", 2, "Choose one with --pixels: 0..255 ("),
        (
            "evaluate soft.keras photos --class-names corpus --against run",
            2,
            "--against needs what a run recorded",
        ),
        ("evaluate soft.keras photos --class-names corpus --strangers photos", 2, "--strangers needs what"),
        (
            "evaluate soft.keras photos --class-names corpus --overwrite",
            2,
            "--overwrite replaces a report that is there. Name its folder: -o FOLDER; or leave",
        ),
        ("evaluate run photos --pixels 0..1", 2, "--pixels is for model files, and run is a run"),
        ("evaluate run --images photos", 2, "--images says how a corpus is read; the run's own is read as in training"),
        ("evaluate run photos -o scored", 2, "A run has its own: run/report.html"),
        ("evaluate run photos --against soft.keras", 2, "--against takes a run, and soft.keras is a model file"),
        (f"predict run {HERE} --class-names classes.txt", 2, "--class-names is for model files"),
        (
            f"predict soft.keras {HERE} --class-names corpus",
            2,
            "here there is none. Give a file with one name per line: --class-names FILE. If the file has that name: --class-names ./corpus.",
        ),
        (f"predict soft.keras {HERE} --pixels -1..1 --abstain 0.9", 2, "A model file has no prediction sets"),
        (f"maps soft.keras {HERE} --layer dark -o maps.png", 2, "soft.keras does not say how its pixels are scaled"),
        ("filters soft.keras --layer dark --excite -o f.png", 2, "soft.keras does not say how its pixels are scaled"),
        (
            f"trace soft.keras {HERE} --layer dark --input 9",
            2,
            "--input must be HEIGHTxWIDTH, such as 224x224. Received: '9'",
        ),
        ("verify soft.keras", 3, "There is nothing to verify in soft.keras"),
        ("reproduce soft.keras -o again", 3, "soft.keras"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_cure(typed, words: str, code: int, said: str):
    got, out, error = typed(words)
    assert (got, out) == (code, "")
    assert said in error


def deep_config() -> bytes:
    return b'{"a":' * 5000 + b"1" + b"}" * 5000


HOSTILE: dict[str, tuple[dict[str, bytes], str]] = {
    "bomb": ({"config.json": b" " * 30_000_000}, "config.json"),
    "deep": ({"config.json": deep_config()}, "config.json"),
    "empty": ({"config.json": b"{}"}, "describes"),
    "elsewhere": ({"config.json": b'{"class_name": "f", "module": "os", "config": {}}'}, "os"),
}
"""Name → members of the zip, and a word of what is said of it."""
COMMANDS = {
    "anatomy": "anatomy {}",
    "evaluate": "evaluate {} photos --class-names corpus --pixels 0..1",
    "predict": f"predict {{}} {HERE} --pixels 0..1",
    "trace": "trace {} --list",
    "explain": f"explain {{}} {HERE} --pixels 0..1",
    "maps": f"maps {{}} {HERE} --layer twice -o out.png --pixels 0..1",
    "filters": "filters {}",
    "verify": "verify {}",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", [*HOSTILE, "code", "cut"])
def test_no_command_opens_a_hostile_file(folder: Path, typed, kind: str, command: str):
    path = folder / f"{kind}.keras"
    if kind == "code":
        path, word = folder / "hostile.keras", "has a Lambda layer (named 'twice'), and it runs code"
    elif kind == "cut":
        path.write_bytes((folder / "soft.keras").read_bytes()[:3000])
        word = "cut.keras"
    else:
        members, word = HOSTILE[kind]
        zipped(path, members)
    code, out, said = typed(COMMANDS[command].format(path.name))
    assert (code, out) == (3, "")
    assert ("nothing to verify" if command == "verify" else word) in said
    assert "Traceback" not in said
