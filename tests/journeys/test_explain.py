"""``hubel explain``: what is printed, what is drawn, what is refused and in which words; and the same from Python."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.commands import typed

import hubel
from hubel.explanation.catalogue import EXPLANATIONS
from hubel.explanation.heat_map import HeatMap

RUN = Path(__file__).parents[1] / "museum" / "format-5"
KEYS = {
    "path", "class_name", "method", "width", "height", "heat", "flat", "insertion", "deletion", "insertion_random",
    "deletion_random", "seconds",
}  # fmt: skip
"""That the interface promises."""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A digit, larger than the classifier works at, on a wide image."""
    path = tmp_path / "photo.png"
    grey = np.zeros((60, 90), np.uint8)
    grey[10:50, 40:50] = 250
    Image.fromarray(grey).convert("RGB").save(path)
    return path


def test_a_document_has_what_the_interface_promises_and_the_map_is_in_pixels_of_the_image(photo: Path, tmp_path: Path):
    out = tmp_path / "made" / "drawn.png"
    done = typed("explain", RUN, photo, "--json", "-o", out)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) >= KEYS
    assert (document["width"], document["height"], document["method"]) == (90, 60, "occlusion")
    values = np.load(document["heat"])
    assert (values.shape, values.dtype) == ((60, 90), np.float32)
    assert 0 <= values.min() <= values.max() <= 1
    with Image.open(out) as drawn:
        assert drawn.format == "PNG"
        assert np.ptp(np.asarray(drawn)) == 255


def test_what_is_printed_says_the_class_the_scores_and_what_to_type(photo: Path):
    done = typed("explain", RUN, photo)
    answer = hubel.load(RUN).predict(photo)
    assert done.stdout.startswith(f"{photo}: {answer.class_name}, probability {answer.probability:.2f}\n")
    assert "a random map" in done.stdout
    assert "a centred blob" in done.stdout
    assert f"hubel explain {RUN} {photo} -o explained.png" in done.stdout


@pytest.mark.parametrize("ending", ["svg", "html"])
def test_drawings_open_without_anything_else(photo: Path, tmp_path: Path, ending: str):
    out = tmp_path / f"drawn.{ending}"
    assert typed("explain", RUN, photo, "--method", "superpixel", "-o", out).returncode == 0
    text = out.read_text()
    assert "<svg" in text
    assert "data:image/png;base64," in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "speaks against it" in text


def test_several_images_go_into_a_folder_and_one_that_cannot_be_read_is_refused(photo: Path, tmp_path: Path):
    broken, out = tmp_path / "broken.png", tmp_path / "drawings"
    broken.write_bytes(photo.read_bytes()[:60])
    twin = shutil.copy(photo, tmp_path / "photo.bmp.png")
    done = typed("explain", RUN, photo, broken, twin, "digits:3", "-o", out, "--json")
    assert done.returncode == 4
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["path"] for each in documents] == [str(photo), str(broken), str(twin), "digits:3"]
    assert documents[1]["error"]["code"]
    assert sorted(each.name for each in out.glob("*.png")) == ["digits-3.png", "photo.bmp.png", "photo.png"]


def test_classes_are_asked_for_by_name_and_held_against_each_other(photo: Path):
    names = hubel.load(RUN).class_names
    done = typed("explain", RUN, photo, "--class", names[1], "--against", names[2], "--json")
    document = json.loads(done.stdout)
    assert (document["class_name"], document["against"]) == (names[1], names[2])
    told = typed("explain", RUN, photo, "--class", names[1], "--against", names[1])
    assert told.returncode == 2
    assert "--against" in told.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--method", "gradcam"), 2, "Did you mean 'grad-cam'?"),
        (("--class", "no such"), 2, "--class takes a class of this classifier, and 'no such' is none."),
        (("--layer", "last"), 0, ""),
        (("--method", "rise", "--layer", "last"), 2, "Leave --layer out"),
        (("--layer", "nothing"), 2, "There is no layer named 'nothing'"),
        (("-o", "map.jpg"), 2, "-o takes a file that ends in .png or .svg or .html"),
        (("--overwrite",), 2, "--overwrite replaces a drawing"),
    ],
)
def test_wrong_use_names_what_is_allowed(photo: Path, words: tuple[str, ...], code: int, said: str):
    done = typed("explain", RUN, photo, *words)
    assert done.returncode == code
    assert said in done.stderr


def test_nothing_is_replaced_unless_that_is_asked_for(photo: Path, tmp_path: Path):
    out = tmp_path / "drawn.png"
    out.write_text("mine")
    done = typed("explain", RUN, photo, "-o", out)
    assert (done.returncode, out.read_text()) == (3, "mine")
    assert "--overwrite" in done.stderr
    assert typed("explain", RUN, photo, "-o", out, "--overwrite").returncode == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert typed("explain", RUN, photo, "-o", photo, "--overwrite").returncode == 2


def test_an_image_that_is_not_there_or_unreadable_and_no_image_at_all(photo: Path, tmp_path: Path):
    assert typed("explain", RUN, tmp_path / "none.png").returncode == 3
    (tmp_path / "text.png").write_text("no image")
    done = typed("explain", RUN, tmp_path / "text.png")
    assert done.returncode == 3
    assert "text.png" in done.stderr
    nothing = typed("explain", RUN)
    assert nothing.returncode == 2
    assert f"hubel explain {RUN} IMAGE -o explained.png" in nothing.stderr


def test_what_an_assessment_recommends_is_used_and_what_it_marks_is_told(photo: Path, tmp_path: Path):
    run = tmp_path / "run"
    shutil.copytree(RUN, run)
    document = {"recommended": "superpixel", "marked": {"rise": "its maps do not change with the weights"}}
    (run / "explanations.json").write_text(json.dumps(document))
    assert json.loads(typed("explain", run, photo, "--json").stdout)["method"] == "superpixel"
    assert hubel.load(run).explain(photo).method == "superpixel"
    marked = typed("explain", run, photo, "--method", "rise")
    assert "rise is marked on this classifier: its maps do not change with the weights." in marked.stdout
    listed = typed("explain", run, "--list").stdout
    assert "marked: its maps do not change with the weights" in listed
    assert "* superpixel" in listed
    (run / "explanations.json").write_text("{")
    assert typed("explain", run, photo).returncode == 3


def test_every_method_is_listed_with_what_it_needs():
    rows = {line[2:].split()[0]: line for line in typed("explain", RUN, "--list").stdout.splitlines()[:-1]}
    assert list(rows) == [*EXPLANATIONS, "nearest"]
    assert [name for name, line in rows.items() if "needs Keras" in line] == [
        name for name, each in EXPLANATIONS.items() if each.needs_framework
    ]
    document = json.loads(typed("explain", RUN, "--list", "--json").stdout)
    assert [each["name"] for each in document["methods"]] == list(EXPLANATIONS)


def test_the_methods_are_listed_without_a_run_too():
    own, bare = typed("explain", RUN, "--list").stdout.splitlines(), typed("explain", "--list")
    assert bare.returncode == 0
    assert bare.stdout.splitlines()[:-1] == own[:-1]
    assert (
        bare.stdout.splitlines()[-1] == "* the default, until hubel explain RUN --assess finds which one RUN deserves"
    )
    assert json.loads(typed("explain", "--json", "--list").stdout)["recommended"] is None


def test_of_a_folder_every_image_is_explained_and_what_lies_beside_them_is_left(photo: Path, tmp_path: Path):
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for name in ("b.png", "more/a.png"):
        shutil.copy(photo, folder / name)
    (folder / "broken.png").write_text("no image")
    (folder / "notes.pdf").write_text("not an image either")
    done = typed("explain", RUN, folder, "-o", tmp_path / "explained", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == [str(folder / name) for name in ("b.png", "broken.png", "more/a.png")]
    assert ["error" in row for row in rows] == [False, True, False]
    assert done.returncode == 4
    assert sorted(path.name for path in (tmp_path / "explained").glob("*.png")) == ["a.png", "b.png"]


def test_no_image_of_a_folder_is_replaced_by_its_drawing_and_an_empty_folder_says_so(photo: Path, tmp_path: Path):
    content = photo.read_bytes()
    folder = photo.parent / "photos"
    folder.mkdir()
    kept = shutil.copy(photo, folder / "photo.png")
    done = typed("explain", RUN, folder, "-o", folder, "--overwrite")
    assert (done.returncode, Path(kept).read_bytes()) == (2, content)
    assert "photo.png, which is explained. Choose another folder." in done.stderr
    (tmp_path / "empty").mkdir()
    done = typed("explain", RUN, tmp_path / "empty")
    assert done.returncode == 3
    assert "holds no images" in done.stderr


def test_python_gives_the_same_map_of_a_path_an_array_an_open_file_and_a_folder(photo: Path):
    classifier = hubel.load(RUN)
    heat = classifier.explain(photo)
    assert isinstance(heat, HeatMap)
    with Image.open(photo) as opened:
        pixels = np.asarray(opened)
    with photo.open("rb") as file:
        again = classifier.explain(file)
    for other in (again, classifier.explain(pixels), classifier.explain(photo.read_bytes())):
        np.testing.assert_array_equal(other.values, heat.values)
        assert other.score == heat.score
    np.testing.assert_array_equal(hubel.explain(RUN, photo).heat_map.values, heat.values)
    assert "<img" in heat._repr_html_()


def test_an_image_of_one_colour_has_a_flat_map_that_is_called_flat(tmp_path: Path):
    Image.new("RGB", (20, 20), (90, 90, 90)).save(tmp_path / "grey.png")
    done = typed("explain", RUN, tmp_path / "grey.png")
    assert "The map is flat" in done.stdout
    assert not hubel.load(RUN).explain(tmp_path / "grey.png").values.any()


def test_a_nested_model_of_others_is_explained_without_the_name_of_a_layer(tmp_path: Path):
    from hubel.backends.framework import keras

    base = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, include_top=False, weights=None)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((32, 32, 3)), layers.RandomFlip(), layers.RandomRotation(0.1), layers.Rescaling(1 / 127.5, offset=-1),
        base, layers.GlobalAveragePooling2D(), layers.Dropout(0.2), layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    model.save(tmp_path / "model.keras")
    (tmp_path / "classes.txt").write_text("cat\ndog\nhorse\n")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 70, 3)).astype(np.uint8)).save(tmp_path / "x.png")
    words = ("explain", tmp_path / "model.keras", tmp_path / "x.png", "--class-names", tmp_path / "classes.txt")
    done = typed(*words, "--method", "grad-cam", "--class", "dog", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["class_name"], document["width"], document["height"]) == ("dog", 70, 80)


def test_the_nearest_training_images_are_those_of_a_plain_loop(tmp_path: Path):
    run = hubel.train("digits", out=tmp_path / "run", architecture="dense", epochs=2)
    words = ("explain", run.path, "digits:4", "--method", "nearest")
    document = json.loads(typed(*words, "--json").stdout)
    own = run.classifier.embed("digits:4")[0]
    placed = {row["path"]: row for row in _rows(run.path / "split.csv") if row["split"] == "train"}
    similar = {}
    for place, example in enumerate(run.corpus.examples):
        if example.path in placed:
            other = run.classifier.embed(run.corpus.read(place))[0]
            similar[example.path] = float(own @ other / (np.linalg.norm(own) * np.linalg.norm(other)))
    found = document["neighbours"]
    assert document["searched"] == len(similar)
    np.testing.assert_allclose([each["similarity"] for each in found], sorted(similar.values())[::-1][:8], atol=1e-5)
    for each in found:
        assert each["similarity"] == pytest.approx(similar[each["path"]], abs=1e-5)
        assert each["class_name"] == placed[each["path"]]["label"]
    again = typed(*words, "-o", tmp_path / "near.html")  # of the features that were kept
    assert f"most alike of {len(similar):,} training images" in again.stdout
    assert "<svg" in (tmp_path / "near.html").read_text()
    refused = typed(*words, "--class", "4")
    assert refused.returncode == 2
    assert "Leave --class out" in refused.stderr


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
