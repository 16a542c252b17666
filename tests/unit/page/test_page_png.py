"""The page reads PNG files as Hubel does, level for level."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.made.png_files import CHANNELS, KINDS, chunk, png_file
from tests.node import NEEDS_NODE, run_module

from hubel.images.decode import decode_image
from hubel.images.samples import ALONE, SampleRule

pytestmark = NEEDS_NODE

IN_NODE = """
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { decodePng } from "./pixels/browser.js";
const all = new Uint8Array(readFileSync(`${given.folder}/files`)), made = [];
let at = 0;
for (const { length, preprocessing } of given.files) {
  try {
    const { width, height, pixels } = await decodePng(all.slice(at, at += length), preprocessing);
    made.push([height, width, createHash("sha256").update(pixels).digest("hex")]);
  } catch (error) {
    made.push(String(error.message));
  }
}
console.log(JSON.stringify(made));
"""


def _read_in_page(files: list[bytes], folder: Path, preprocessing: dict[str, Any] | None = None) -> list[Any]:
    (folder / "files").write_bytes(b"".join(files))
    described = [{"length": len(each), "preprocessing": preprocessing or {}} for each in files]
    return run_module(IN_NODE, given={"folder": str(folder), "files": described})


def _read_in_python(files: list[bytes], rule: SampleRule = ALONE) -> list[Any]:
    read = [decode_image(each, rule=rule) for each in files]
    return [[*each.shape[:2], hashlib.sha256(each.tobytes()).hexdigest()] for each in read]


def _values(kind: tuple[int, int], size: tuple[int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2 ** kind[1], (*size, CHANNELS[kind[0]]))


PALETTE = chunk(b"PLTE", np.random.default_rng(5).integers(0, 256, 3 * 256, np.uint8).tobytes())


def test_every_kind_of_png_gives_the_levels_that_hubel_reads(tmp_path: Path) -> None:
    files = []
    for place, kind in enumerate(KINDS):
        short = PALETTE[:8] + PALETTE[8 : 8 + 3 * 2 ** kind[1]]
        palette = chunk(b"PLTE", short[8:]) if kind[0] == 3 else b""
        for number, size in enumerate([(1, 1), (1, 9), (9, 1), (7, 13), (19, 11)]):
            values = _values(kind, size, place + number)
            files += [png_file(values, kind, interlaced=each, chunks=palette, seed=number) for each in (False, True)]
    assert _read_in_page(files, tmp_path) == _read_in_python(files)


def test_transparency_of_every_kind_lies_over_white(tmp_path: Path) -> None:
    every = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1)  # [256, 256, level and alpha]
    files = [png_file(every, (4, 8)), png_file(every[..., [0, 0, 0, 1]], (6, 8))]
    for kind in [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16)]:
        values = _values(kind, (9, 12), seed=1)
        for hidden in (values[0, 0], values[0, 0] * 17, values[3, 4] * 0, values[3, 4] + 256):
            content = struct.pack(f">{len(hidden)}H", *(int(each) & 65535 for each in hidden))
            files.append(png_file(values, kind, chunks=chunk(b"tRNS", content)))
    values = _values((3, 8), (9, 12), seed=2)
    every_alpha = (b"\0", b"\xff\0\xff", bytes(range(0, 256, 3)), b"")
    files += [png_file(values, (3, 8), chunks=PALETTE + chunk(b"tRNS", alphas)) for alphas in every_alpha]
    files.append(png_file(values % 5, (3, 8), chunks=chunk(b"PLTE", bytes(range(9)))))
    assert _read_in_page(files, tmp_path) == _read_in_python(files)


@pytest.mark.parametrize("given", [None, (100.0, 3000.0), (0.0, 65535.0)])
def test_16_bits_are_stretched_by_the_range_of_the_corpus_or_their_own(given: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    files = []
    for kind in [(0, 16), (2, 16), (4, 16), (6, 16)]:
        for most in (1, 256, 2048, 65536):
            values = rng.integers(0, most, (8, 9, CHANNELS[kind[0]]))
            files.append(png_file(values, kind))
    files += [png_file(np.full((3, 3, 1), value), (0, 16)) for value in (0, 7, 65535)]
    files.append(png_file(np.zeros((3, 3, 4), int), (6, 16)))
    preprocessing = {} if given is None else {"integer_range": list(given)}
    assert _read_in_page(files, tmp_path, preprocessing) == _read_in_python(files, SampleRule(integer_range=given))


def test_an_image_is_turned_as_its_orientation_says(tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (5, 8, 3), np.uint8)
    files = []
    for orientation in range(10):
        file, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(pixels).save(file, "PNG", exif=exif)
        files.append(file.getvalue())
    assert len({each[2] for each in _read_in_python(files)}) == 8
    assert _read_in_page(files, tmp_path) == _read_in_python(files)


def test_colour_profiles_and_gamma_change_nothing(tmp_path: Path) -> None:
    values = _values((2, 8), (6, 7), seed=6)
    plain = png_file(values, (2, 8))
    marked = png_file(values, (2, 8), chunks=chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"sRGB", b"\0"))
    assert _read_in_page([marked], tmp_path) == _read_in_python([plain])


def test_a_damaged_file_says_what_is_wrong(tmp_path: Path) -> None:
    whole = png_file(_values((2, 8), (30, 31), seed=7), (2, 8))
    wide = bytearray(whole)
    wide[16:24] = struct.pack(">II", 100_000, 100_000)
    less = png_file(_values((2, 8), (30, 31), seed=7), (2, 8)).replace(
        struct.pack(">II", 31, 30), struct.pack(">II", 31, 40)
    )
    files = [whole[: len(whole) // 2], bytes(wide), less, whole[:60] + bytes(80) + whole[140:], whole[:12]]
    early, many, missing, damaged, headless = _read_in_page(files, tmp_path)
    assert early == "the file ends too early: copy or download it again"
    assert many == "it has 100,000 × 100,000 pixels, the limit is 64,000,000: save it smaller"
    assert missing == "it holds less of the image than its header says: copy or download it again"
    assert damaged == headless == "its content is damaged: copy or download it again"


def test_what_follows_the_pixels_is_not_looked_at(tmp_path: Path) -> None:
    values = _values((2, 8), (30, 31), seed=8)
    high = png_file(values, (2, 8))
    low = high.replace(struct.pack(">II", 31, 30), struct.pack(">II", 31, 10))
    assert _read_in_page([low], tmp_path) == _read_in_python([png_file(values[:10], (2, 8))])
    assert json.dumps(_read_in_page([high + b"more"], tmp_path)) == json.dumps(_read_in_python([high]))
