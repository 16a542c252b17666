"""The page brings images to the working size as Hubel does, level for level."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import PIL
import pytest
from tests.node import NEEDS_NODE, run_module

from hubel.images.preprocessing import RESIZE_POLICIES, Preprocessing, prepare_image

pytestmark = NEEDS_NODE

IN_NODE = """
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { resize } from "./pixels/resize.js";
const bytes = new Uint8Array(readFileSync(`${given}/images`)), cases = JSON.parse(readFileSync(`${given}/cases.json`));
let at = 0;
console.log(JSON.stringify(cases.map(({ width, height, to }) => {
  const image = { width, height, pixels: bytes.slice(at, at += width * height * 3) };
  return to.map((size) => createHash("sha256").update(resize(image, size)).digest("hex"));
})));
"""


def _sizes() -> list[tuple[int, int]]:
    """200 of (height, width): thin, tiny, odd, prime and photographs' aspects."""
    rng = np.random.default_rng(1)
    thin = [(1, 1), (1, 2), (2, 1), (1, 97), (97, 1), (1, 300), (300, 1), (2, 255), (255, 2), (3, 3)]
    given = [(32, 32), (31, 33), (64, 64), (96, 96), (97, 96), (240, 320), (320, 240), (101, 211), (13, 251), (7, 5)]
    return thin + given + [(int(a), int(b)) for a, b in np.exp(rng.uniform(0, np.log(320), (180, 2)))]


def _image(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Noise, or black and white where a rounding shows most, uint8 [height, width, 3]."""
    if rng.random() < 0.3:
        return rng.choice(np.array([0, 255], np.uint8), (*size, 3))
    return rng.integers(0, 256, (*size, 3), np.uint8)


@pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="Pillow before 13 always begins with the rows")
def test_every_policy_gives_pillows_levels_at_200_sizes(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    working = [(8, 8), (32, 32), (33, 47), (64, 96), (96, 96), (1, 1), (5, 120), (224, 224)]
    cases, expected, bytes_ = [], [], []
    for number, size in enumerate(_sizes()):
        image = _image(size, rng)
        height, width = working[number % len(working)]
        to = [Preprocessing(height, width, resize=policy) for policy in RESIZE_POLICIES]
        cases.append({"height": size[0], "width": size[1], "to": [each.to_json() for each in to]})
        bytes_.append(image.tobytes())
        expected.append([hashlib.sha256(prepare_image(image, each).tobytes()).hexdigest() for each in to])
    (tmp_path / "images").write_bytes(b"".join(bytes_))
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    assert len(cases) == 200
    assert run_module(IN_NODE, given=str(tmp_path)) == expected


@pytest.mark.parametrize("half", [0.5, 1.5, 2.5, 7.49, 7.51, 3.0])
def test_a_half_is_rounded_as_python_rounds_it(half: float) -> None:
    script = 'import { roundHalfEven } from "./pixels/resize.js"; console.log(roundHalfEven(given));'
    assert run_module(script, given=half) == round(half)
