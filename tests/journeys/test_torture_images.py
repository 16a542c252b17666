"""Every image of the torture set, read as a corpus would and as a person would send it.

Run as a script, this file is the child process in which the whole set is decoded under a memory limit.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import hubel
from hubel.corpus.trees.tree import OTHER_FILES, ending_of
from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image, read_header
from hubel.images.preprocessing import RESIZE_POLICIES, Preprocessing, prepare_image, read_pixels
from hubel.pipeline.decoded import decode_corpus

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

ADDRESS_SPACE_BYTES = 1_000_000_000
"""What the child may map above what it has when idle; without limit, one file of this set takes more in other readers."""
RESIDENT_BYTES = 500_000_000
CPU_SECONDS = 2
UNMARKED = "alpha/pillow__tiff_wrong_bits_per_sample_3.tiff"
"""Its fourth band is not marked as transparency: near infrared looks the same, so Hubel refuses it by name."""
NO_IMAGES = ("archive", "manifest", "http", "names")
SMALL = (24, 24)
"""What a small working size asks of the decoder, so that large JPEGs are decoded at a fraction of their size."""


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not row["kind"].startswith(NO_IMAGES)]
    return [row | {"expect": "refuse"} if row["file"] == UNMARKED else row for row in rows]


def of_kind(folder: Path, *kinds: str, expect: str = "decode") -> Iterator[tuple[str, dict[str, str], bytes]]:
    """(name, row, content) of the files of some kinds."""
    for row in rows_of(folder):
        if row["kind"] in kinds and row["expect"] == expect:
            yield row["file"].split("/")[1], row, (folder / row["file"]).read_bytes()


def status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def outcome(data: bytes, at_least: tuple[int, int] | None = None) -> dict[str, object]:
    start = time.process_time()
    try:
        pixels = decode_image(data, at_least=at_least)
    except UnreadableImage as error:
        result = {"code": error.code, "reason": error.reason}
    else:
        result = {"shape": pixels.shape, "digest": hashlib.sha256(pixels).hexdigest()}
        if min(pixels.shape[:2]) <= 3:
            for policy in RESIZE_POLICIES:
                result[policy] = prepare_image(pixels, Preprocessing(32, 32, policy)).shape
    return {**result, "seconds": time.process_time() - start}


def replay(folder: Path) -> dict[str, object]:
    """Decode everything in file order, then in another, under a memory limit."""
    names = [row["file"] for row in rows_of(folder)]
    decode_image((folder / "plain-jpeg" / "pillow__hopper.jpg").read_bytes())
    idle = status_bytes("VmRSS")
    most = status_bytes("VmSize") + ADDRESS_SPACE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    first = {name: outcome((folder / name).read_bytes()) for name in names}
    random.Random(20).shuffle(names)
    again = {name: outcome((folder / name).read_bytes()) for name in names}
    small = {name: outcome((folder / name).read_bytes(), SMALL) for name in names}
    return {"first": first, "again": again, "small": small, "growth": status_bytes("VmHWM") - idle}


if __name__ == "__main__":
    json.dump(replay(Path(sys.argv[1])), sys.stdout)


@pytest.fixture(scope="module")
def torture(shared: Path) -> Path:
    return shared / "torture"


@pytest.fixture(scope="module")
def replayed(torture: Path) -> dict[str, dict]:
    if not Path("/proc/self/status").exists():
        pytest.skip("the memory of one process is read from /proc")
    words = [sys.executable, "-W", "ignore", __file__, str(torture)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("turn", ["first", "again"])
def test_every_image_is_read_or_refused_as_its_manifest_says(torture: Path, replayed: dict[str, dict], turn: str):
    rows = rows_of(torture)
    assert len(rows) > 800
    for row in rows:
        result = replayed[turn][row["file"]]
        if row["expect"] == "decode":
            assert result.get("shape") == [int(row["display_height"]), int(row["display_width"]), 3], (row, result)
        elif row["expect"] == "refuse":
            assert "shape" not in result, row
        if "shape" not in result:
            assert result["code"], row
            assert ":" in result["reason"], (row, result)  # what it is: what to do
            assert "/" not in result["reason"], (row, result)  # no path of this machine


def test_a_file_gives_the_same_whatever_was_read_before_it(replayed: dict[str, dict]):
    def lasting(result: dict[str, object]) -> dict[str, object]:
        return {key: value for key, value in result.items() if key != "seconds"}

    for name, result in replayed["first"].items():
        assert lasting(result) == lasting(replayed["again"][name]), name


def test_a_small_target_changes_the_size_only(replayed: dict[str, dict]):
    """A JPEG decoded at a fraction of its size is read where the whole is, and refused where the whole is."""
    smaller = 0
    for name, result in replayed["first"].items():
        small = replayed["small"][name]
        assert ("shape" in result) == ("shape" in small), name
        if "shape" in small:
            smaller += small["shape"] != result["shape"]
            assert all(a >= min(b, c) for a, b, c in zip(small["shape"], result["shape"], SMALL, strict=False)), name
    assert smaller > 20


def test_no_image_takes_long_or_much_memory(replayed: dict[str, dict]):
    slowest = max(replayed["first"].items(), key=lambda item: item[1]["seconds"])
    assert slowest[1]["seconds"] < CPU_SECONDS, slowest
    assert replayed["growth"] < RESIDENT_BYTES


def test_tiny_and_extreme_images_survive_every_resize_policy(torture: Path, replayed: dict[str, dict]):
    tiny = [row["file"] for row in rows_of(torture) if row["kind"] in ("tiny", "extreme-aspect")]
    assert len(tiny) == 14
    for name in tiny:
        for policy in RESIZE_POLICIES:
            assert replayed["first"][name].get(policy, [32, 32, 3]) == [32, 32, 3], name
            data = (torture / name).read_bytes()
            assert read_pixels(data, Preprocessing(32, 32, policy)).shape == (32, 32, 3)


def test_the_set_as_a_corpus_accounts_for_every_file_and_gives_the_pixels_of_a_single_file(
    torture: Path, tmp_path: Path
):
    rows = {row["file"]: row for row in rows_of(torture)}
    for name in rows:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(torture / name, tmp_path / name)
    preprocessing = Preprocessing(32, 32)
    decoded = decode_corpus(hubel.read_corpus(tmp_path), preprocessing)
    counts = decoded.corpus.intake_counts
    on_disk = sum(path.is_file() for path in tmp_path.rglob("*"))
    assert counts["found"] == on_disk == len(rows) == counts["read"] + counts["refused"] + counts["ignored"]
    status = {row.path: row for row in decoded.corpus.intake}
    for name, row in rows.items():
        if row["expect"] == "refuse" and ending_of(name) not in OTHER_FILES:
            assert status[name].status == "refused", name
            assert status[name].code, name
            assert status[name].reason, name
        elif row["expect"] != "either":
            assert status[name].status == ("read" if row["expect"] == "decode" else "ignored"), name
    place = {example.path: index for index, example in enumerate(decoded.corpus.examples)}
    for name, row in rows.items():
        if row["expect"] == "decode":
            alone = read_pixels((torture / name).read_bytes(), preprocessing)
            np.testing.assert_array_equal(decoded.images[place[name]], alone, err_msg=name)


def test_headers_agree_with_the_manifest(torture: Path):
    for row in rows_of(torture):
        if row["expect"] == "decode":
            header = read_header((torture / row["file"]).read_bytes())
            found = (header.format, header.width, header.height, header.mode, header.frames)
            listed = (row["format"], int(row["display_width"]), int(row["display_height"]), row["mode"])
            assert found == (*listed, int(row["frames"])), row["file"]


def over_white(image: Image.Image) -> np.ndarray:
    """Pillow's RGBA over white, in floats where anything is transparent: [height, width, 3]."""
    rgba = np.asarray(image.convert("RGBA"))
    if (rgba[..., 3] == 255).all():
        return rgba[..., :3]
    alpha = rgba[..., 3:] / 255
    return rgba[..., :3] * alpha + 255 * (1 - alpha)


def largest_difference(one: np.ndarray, other: np.ndarray) -> float:
    return 0 if np.array_equal(one, other) else abs(one.astype(float) - other).max()


def test_the_first_frame_is_taken(torture: Path):
    count = 0
    for name, row, data in of_kind(torture, "animated", "multipage"):
        with Image.open(torture / row["file"]) as opened:
            opened.seek(0)
            assert largest_difference(decode_image(data), over_white(opened)) <= 1, name
        count += 1
    assert count == 53


@pytest.mark.parametrize(
    ("names", "mean_difference"),
    [
        ([f"exiforient__Landscape_{number}.jpg" for number in range(1, 9)], 5.0),
        ([f"pillow__hopper_orientation_{number}.jpg" for number in range(2, 9)], 5.0),
        ([f"pillow__g4_orientation_{number}.tif" for number in (2, 3, 4)], 0.7),
    ],
)
def test_every_orientation_shows_the_same_image(torture: Path, names: list[str], mean_difference: float):
    """Within the noise of JPEG (each file was encoded on its own, some name their number) and of scanning."""
    first, *others = (decode_image((torture / "exif-orientation" / name).read_bytes()).astype(int) for name in names)
    assert abs(first - first[:, ::-1]).mean() > 10  # an image that looks the same mirrored would prove nothing
    for name, other in zip(names[1:], others, strict=True):
        assert abs(first - other).mean() <= mean_difference, name


def test_deep_grey_spans_0_to_255_and_keeps_its_order(torture: Path):
    deep = 0
    for name, row, data in of_kind(torture, "deep-16bit-float"):
        decoded = decode_image(data)
        if row["mode"] not in ("I;16", "I;16B", "I", "F"):
            assert (decoded == 255).mean() < 0.6, name
            continue
        deep += 1
        with Image.open(torture / row["file"]) as opened:
            values = np.asarray(opened).astype(float)
        np.testing.assert_array_equal(decoded[..., 0], decoded[..., 2])
        if values.min() == values.max():
            continue
        assert (decoded.min(), decoded.max()) == (0, 255), name
        if "transparency" not in row["features"]:
            share = (values - values.min()) / (values.max() - values.min())
            assert abs(decoded[..., 0] - 255 * share).max() <= 0.5, name
    assert deep == 24


def test_few_bits_are_spread_from_0_to_255(torture: Path):
    greys = 0
    for name, row, data in of_kind(torture, "low-bit", "greyscale"):
        decoded = decode_image(data)
        if row["mode"] == "1":
            assert set(np.unique(decoded)) <= {0, 255}, name
        if row["format"] == "PNG" and data[25] == 0 and data[24] < 8:  # grey of few bits, by its header
            greys += 1
            step = 255 // (2 ** data[24] - 1)
            assert (decoded % step == 0).all(), name
            assert decoded.max() >= 255 - step, name
    assert greys > 10


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """8-bit CIE Lab (D50) → sRGB, 0 to 255, by the formulas of CIE 15 and IEC 61966-2-1."""
    lightness = lab[..., 0] / 255 * 100
    a, b = (lab[..., channel].astype(np.int8).astype(float) for channel in (1, 2))
    y = (lightness + 16) / 116
    cubes = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    xyz = np.where(cubes > 6 / 29, cubes**3, 3 * (6 / 29) ** 2 * (cubes - 4 / 29)) * (0.9642, 1.0, 0.8249)
    to_linear = [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]
    linear = np.clip(xyz @ np.array(to_linear).T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_cmyk_and_lab_have_the_colours_of_the_formulas(torture: Path):
    count = 0
    for name, row, data in of_kind(torture, "cmyk-lab"):
        with Image.open(torture / row["file"]) as opened:
            values = np.asarray(opened).astype(float)
        if row["mode"] == "LAB":
            expected = lab_to_rgb(values.astype(np.uint8))
        else:
            expected = (255 - values[..., :3]) * (255 - values[..., 3:]) / 255
        mean = decode_image(data).reshape(-1, 3).mean(axis=0)
        assert abs(mean - expected.reshape(-1, 3).mean(axis=0)).max() < 5, name
        count += 1
    assert count == 6


def test_palettes_and_transparency_lie_over_white(torture: Path):
    count = 0
    for name, row, data in of_kind(torture, "palette", "alpha"):
        with Image.open(torture / row["file"]) as opened:
            assert largest_difference(decode_image(data), over_white(opened)) <= 1, name
        count += 1
    assert count == 84


def test_a_wrong_ending_does_not_matter(torture: Path):
    for name, row, data in of_kind(torture, "wrong-extension"):
        with Image.open(torture / row["file"]) as opened:
            np.testing.assert_array_equal(decode_image(data), np.asarray(opened.convert("RGB")), err_msg=name)
