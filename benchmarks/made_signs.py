"""A corpus of drawn hands: 10 signs, small, clean and easy to learn from scratch, unlike anything in ImageNet.

    python benchmarks/made_signs.py FOLDER        2,060 images of 100 x 100 pixels, one folder for each class

Each sign is a set of raised fingers; the hand is turned, moved, scaled and toned at random, before a background of its
own gradient, with the noise of a camera. Nothing but the fingers tells the classes apart.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIGNS = {
    "none": (), "one": (1,), "two": (1, 2), "three": (1, 2, 3), "four": (1, 2, 3, 4), "five": (0, 1, 2, 3, 4),
    "thumb": (0,), "gun": (0, 1), "horns": (1, 4), "call": (0, 4),
}  # fmt: skip
"""Name → fingers that are raised, the thumb is 0."""
SIDE, DETAIL = 100, 4
ANGLES, LENGTHS = (-62, -20, -4, 12, 30), (0.26, 0.36, 0.40, 0.37, 0.29)
"""Of each finger: degrees from upright, and its length as a share of the image."""


def draw_hand(raised: tuple[int, ...], rng: np.random.Generator) -> Image.Image:
    """One photograph-like image of a hand.

    Args:
        raised: fingers; the others are folded, a stub is left of them.
        rng: of everything that varies.
    """
    size = SIDE * DETAIL
    canvas, mask = _background(size, rng), Image.new("L", (size, size))
    pen = ImageDraw.Draw(mask)
    scale, turn = rng.uniform(0.75, 1.1), np.deg2rad(rng.uniform(-25, 25))
    centre = np.array([0.5, 0.62]) + rng.uniform(-0.07, 0.07, 2)
    side = rng.choice([-1, 1])  # left or right hand
    palm, width = 0.15 * scale, 0.075 * scale * rng.uniform(0.85, 1.1)
    pen.ellipse(_box(centre, palm * np.array([1.0, 1.15]), size), fill=255)
    pen.line(_line(centre, centre + _towards(turn + np.pi) * 0.6, size), fill=255, width=int(0.2 * scale * size))
    for finger, (degrees, length) in enumerate(zip(ANGLES, LENGTHS, strict=True)):
        angle = turn + side * np.deg2rad(degrees + rng.uniform(-5, 5))
        reach = scale * (length * rng.uniform(0.9, 1.05) if finger in raised else 0.17)
        tip = centre + _towards(angle) * reach
        pen.line(_line(centre + _towards(angle) * 0.5 * palm, tip, size), fill=255, width=int(width * size))
        pen.ellipse(_box(tip, np.full(2, width / 2), size), fill=255)
    tone = np.array([224, 172, 140]) * rng.uniform(0.45, 1.08) + rng.uniform(-12, 12, 3)
    hand = Image.fromarray(_shaded(size, tone, rng))
    canvas.paste(hand, mask=mask.filter(ImageFilter.GaussianBlur(DETAIL)))
    pixels = np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX), np.float64) + rng.normal(
        0, 4, (SIDE, SIDE, 3)
    )
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def _background(size: int, rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(_shaded(size, rng.uniform(60, 230, 3), rng))


def _shaded(size: int, colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A colour under a light that falls off in some direction: uint8 [size, size, 3]."""
    down, right = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j] - 0.5
    light = 1 + rng.uniform(-0.35, 0.35) * down + rng.uniform(-0.35, 0.35) * right
    return np.clip(colour * light[..., None], 0, 255).astype(np.uint8)


def _towards(angle: float) -> np.ndarray:
    return np.array([np.sin(angle), -np.cos(angle)])


def _box(centre: np.ndarray, radii: np.ndarray, size: int) -> list[float]:
    return [*((centre - radii) * size), *((centre + radii) * size)]


def _line(start: np.ndarray, end: np.ndarray, size: int) -> list[float]:
    return [*(start * size), *(end * size)]


def make_signs(folder: Path, *, per_class: int = 206, seed: int = 0) -> None:
    """Write the corpus.

    Args:
        folder: of one folder for each class.
        per_class: images of each.
        seed: of every random number.
    """
    for place, (name, raised) in enumerate(SIGNS.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(per_class):
            image = draw_hand(raised, np.random.default_rng([seed, place, number]))
            image.save(folder / name / f"{number:03}.jpg", quality=90)


if __name__ == "__main__":
    make_signs(Path(sys.argv[1]))
