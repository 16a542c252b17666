"""The program of an export makes of a file what Hubel makes of it, and of a classifier's logits the same answer."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.commands import typed
from tests.unit.images.deep_files import png16, tiff

import hubel
from hubel.errors import UnreadableImage
from hubel.exports.catalogue import FORMATS
from hubel.exports.program import classify
from hubel.images.preprocessing import RESIZE_POLICIES, Preprocessing, read_pixels

PROGRAM = Path(classify.__file__).parent


def scene(width: int = 61, height: int = 43) -> Image.Image:
    """Nothing in it looks the same turned, mirrored, or with other channels."""
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (5, 7, 3), np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def turned(orientation: int, form: str = "JPEG", width: int = 61, height: int = 43) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(scene(width, height), form, exif=exif.tobytes())


def with_alpha() -> Image.Image:
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def lab() -> Image.Image:
    profiles = (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    converted = ImageCms.applyTransform(scene(), ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    assert converted is not None
    return converted


FILES: dict[str, Callable[[], bytes]] = {
    **{f"orientation {number}": (lambda number=number: turned(number)) for number in range(1, 9)},
    "large and on its side": lambda: turned(6, width=900, height=500),
    "png with orientation": lambda: turned(8, "PNG"),
    "tiff with orientation": lambda: turned(6, "TIFF"),
    "transparency": lambda: encoded(with_alpha()),
    "grey with transparency": lambda: encoded(with_alpha().convert("LA")),
    "palette": lambda: encoded(scene().quantize(9)),
    "palette with transparency": lambda: encoded(scene().quantize(9), transparency=3),
    "grey": lambda: encoded(scene().convert("L"), "JPEG"),
    "one colour hidden": lambda: encoded(scene().convert("L"), transparency=100),
    "two levels": lambda: encoded(scene().convert("1")),
    "cmyk": lambda: encoded(scene().convert("CMYK"), "JPEG"),
    "lab": lambda: encoded(lab(), "TIFF"),
    "gif": lambda: encoded(scene(), "GIF"),
    "bmp": lambda: encoded(with_alpha(), "BMP"),
    "bmp without alpha": lambda: encoded(Image.merge("RGBA", (*scene().split(), Image.new("L", (61, 43)))), "BMP"),
    "webp": lambda: encoded(with_alpha(), "WEBP", lossless=True),
    "ppm": lambda: encoded(scene(), "PPM"),
    "tiff with alpha": lambda: encoded(with_alpha(), "TIFF"),
    "progressive": lambda: encoded(scene(700, 300), "JPEG", progressive=True),
    "large": lambda: encoded(scene(1200, 800), "JPEG"),
    "of the size": lambda: encoded(scene(32, 24)),
    "one pixel": lambda: encoded(scene(1, 1)),
    "narrow": lambda: encoded(scene(3, 400)),
}  # fmt: skip
REFUSED: dict[str, Callable[[], bytes]] = {
    "16 bits": lambda: png16(np.zeros((4, 4, 3), np.uint16)),
    "16 bits of grey": lambda: encoded(Image.fromarray(np.zeros((4, 4), np.uint16))),
    "five bands": lambda: tiff(np.zeros((4, 4, 5), np.uint8)),
    "an unmarked fourth band": lambda: tiff(np.zeros((4, 4, 4), np.uint8), photometric=2, extra=(0,)),
    "floats": lambda: tiff(np.zeros((4, 4, 1), np.float32)),
    "cut": lambda: encoded(scene(), "JPEG")[:-600],
    "text": lambda: b"no image",
    "nothing": lambda: b"",
}
PREPROCESSING = {"height": 24, "width": 32, "resize": "squash", "decoder": 4}


@pytest.mark.parametrize("policy", RESIZE_POLICIES)
def test_pixels_are_those_that_the_classifier_sees(policy: str):
    preprocessing = Preprocessing(24, 32, policy)
    for name, make in FILES.items():
        expected = read_pixels(make(), preprocessing)
        found = classify.read_pixels(make(), preprocessing.to_json())
        np.testing.assert_array_equal(found, expected, err_msg=name)
        assert found.dtype == np.uint8


def deep(channels: int, kind: type = np.uint16) -> np.ndarray:
    """Values of every size, with a dark corner and transparent places."""
    values = np.random.default_rng(7).integers(0, 4000, (30, 41, channels))
    values[:5, :5] = 0
    return values.astype(kind)


def floats() -> np.ndarray:
    values = (deep(1) / 4000).astype(np.float32)
    values[7, :9] = np.nan
    values[8, :9] = np.inf
    return values


DEEP: dict[str, Callable[[], bytes]] = {
    "grey": lambda: encoded(Image.fromarray(deep(1)[..., 0])),
    "grey, one value hidden": lambda: png16(deep(1), hidden=(0,)),
    "colour": lambda: png16(deep(3)),
    "colour, one hidden": lambda: png16(deep(3), hidden=(0, 0, 0), interlaced=True),
    "colour with transparency": lambda: png16(deep(4)),
    "grey with transparency": lambda: png16(deep(2)),
    "all equal": lambda: png16(np.full((9, 9, 3), 700, np.uint16)),
    "large": lambda: png16(np.tile(deep(3), (40, 40, 1))),
    "tiff": lambda: tiff(deep(1)),
    "tiff, packed and turned": lambda: encoded(Image.fromarray(deep(1)[..., 0]), "TIFF", compression="tiff_lzw", tiffinfo={274: 6}),
    "floats": lambda: tiff(floats()),
    "eight bits": lambda: encoded(scene()),
}  # fmt: skip
DEEP_KINDS = ("deep-16bit-float", "greyscale", "interlaced-progressive", "exif-orientation")
RANGES = {"both": ((100.0, 3000.0), (0.1, 0.9)), "of integers": ((0.0, 4095.0), None), "of floats": (None, (0.0, 1.0))}


@pytest.mark.parametrize("ends", RANGES.values(), ids=RANGES)
def test_deep_pixels_are_those_that_a_classifier_of_deep_images_sees(
    ends: tuple[tuple[float, float] | None, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(PROGRAM)
    preprocessing = Preprocessing(24, 32, "squash", integer_range=ends[0], float_range=ends[1])
    for name, make in DEEP.items():
        expected = read_pixels(make(), preprocessing)
        found = classify.read_pixels(make(), preprocessing.to_json())
        np.testing.assert_array_equal(found, expected, err_msg=name)
    for values in (deep(3), deep(5), deep(1, np.int16), deep(1, np.float64)):
        with pytest.raises(classify.CannotRead, match="save it as"):
            classify.read_pixels(tiff(values), preprocessing.to_json())


def test_deep_pixels_of_the_torture_set_are_the_same_wherever_both_read_them(
    shared: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(PROGRAM)
    preprocessing = Preprocessing(24, 32, "squash", integer_range=(0.0, 5000.0))
    assert read_alike(shared, DEEP_KINDS, preprocessing=preprocessing) > 50


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_exactly_is_refused_with_the_reason(name: str):
    with pytest.raises(classify.CannotRead) as refusal:
        classify.read_pixels(REFUSED[name](), PREPROCESSING)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) > 20


def test_pixels_of_the_torture_set_are_the_same_wherever_both_read_them(shared: Path):
    kinds = ("alpha", "palette", "exif-orientation", "cmyk-lab", "odd-metadata", "multipage", "plain-tiff")
    assert read_alike(shared, kinds, preprocessing=Preprocessing(24, 32, "crop")) > 100


def read_alike(shared: Path, kinds: Sequence[str], *, preprocessing: Preprocessing) -> int:
    """How many images of the torture set both read; their pixels are the same."""
    both = 0
    for path in sorted(each for kind in kinds for each in (shared / "torture" / kind).iterdir()):
        try:
            found = classify.read_pixels(path.read_bytes(), preprocessing.to_json())
            expected = read_pixels(path.read_bytes(), preprocessing)
        except (classify.CannotRead, UnreadableImage):
            continue
        both += 1
        np.testing.assert_array_equal(found, expected, err_msg=path.name)
    return both


def modules_of(path: Path) -> set[str]:
    """What a file imports, beside the standard library."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
        elif isinstance(node, ast.Import):
            found.update(each.name.partition(".")[0] for each in node.names)
    return found - sys.stdlib_module_names


def test_it_imports_nothing_but_its_runtime_numpy_and_pillow():
    taken = {
        name: modules_of(PROGRAM / name)
        for name in ("classify.py", "deep.py", *(each.network for each in FORMATS.values()))
    }
    assert taken.pop("classify.py") == taken.pop("deep.py") == {"numpy", "PIL"}
    assert set().union(*taken.values()) <= {"numpy", "onnxruntime"}


def classified(folder: Path, *words: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """As its user runs it, elsewhere."""
    return subprocess.run(
        [sys.executable, "-B", str(folder / "classify.py"), *map(str, words)], input=stdin, capture_output=True, check=False,
    )  # fmt: skip


def test_answers_are_those_of_hubel_predict(run: hubel.Run, exported: hubel.Export, tmp_path: Path):
    folder = shutil.copytree(exported.folder, tmp_path / "elsewhere" / "ünïcode")
    paths = []
    for number, make in enumerate(FILES.values()):
        paths.append(tmp_path / f"{number:02} é")
        paths[-1].write_bytes(make())
    done = classified(folder, *paths)
    assert (done.returncode, done.stderr) == (0, b"")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    expected = json.loads(typed("predict", run.path, *paths, "--json").stdout)
    assert [row["path"] for row in found] == [row["path"] for row in expected] == list(map(str, paths))
    for one, other in zip(found, expected, strict=True):
        assert (one["class_name"], one["abstained"]) == (other["class_name"], other["abstained"])
        assert list(one["probabilities"]) == list(other["probabilities"])
        for name, value in other["probabilities"].items():
            assert one["probabilities"][name] == pytest.approx(value, abs=1e-6)
    assert len({row["class_name"] for row in found}) > 1


def test_what_cannot_be_read_is_a_line_with_the_reason_and_the_others_are_named(exported: hubel.Export, tmp_path: Path):
    (tmp_path / "good.png").write_bytes(FILES["palette"]())
    (tmp_path / "cut.jpg").write_bytes(REFUSED["cut"]())
    paths = "\n".join(str(tmp_path / name) for name in ("cut.jpg", "good.png", "gone.png", ""))
    done = classified(exported.folder, "-", stdin=f"{paths}\n\n".encode())
    cut, good, gone, folder = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 4
    assert "truncated" in cut["error"].lower()
    assert "No such file" in gone["error"]
    assert "directory" in folder["error"]
    assert set(good) == {"path", "class_name", "probability", "probabilities", "abstained"}
    assert good["probability"] == max(good["probabilities"].values())
    assert sum(good["probabilities"].values()) == pytest.approx(1)


def test_without_an_image_or_with_a_damaged_folder_it_says_what_to_do(exported: hubel.Export, tmp_path: Path):
    done = classified(exported.folder)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"python classify.py photo.jpg" in done.stderr
    folder = shutil.copytree(exported.folder, tmp_path / "damaged")
    (folder / "model.onnx").write_bytes(b"no model")
    done = classified(folder, "x.png")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"cannot be opened" in done.stderr
    assert b"Traceback" not in done.stderr
