"""Strangers that took no part in choosing the off-corpus score: they check it, so nothing may be tuned on them."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image
from tests.made.strangers import SIDE, WORDS, Maker, blank, white_noise

Generator = np.random.Generator


def voronoi(rng: Generator, side: int) -> np.ndarray:
    """Cells of one colour each around 5 to 60 random places."""
    places = rng.uniform(0, SIDE, (int(rng.integers(5, 60)), 2))
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    apart = [(down - top) ** 2 + (across - left) ** 2 for top, left in places]
    return rng.integers(0, 256, (len(places), 3))[np.argmin(apart, axis=0)].astype(np.uint8)


def moire(rng: Generator, side: int) -> np.ndarray:
    """Two gratings over one another."""
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    waves = 1.0
    for turn, length in zip(rng.uniform(0, np.pi, 2), rng.uniform(4, 40, 2), strict=True):
        waves = waves * np.sin(2 * np.pi * (np.cos(turn) * across + np.sin(turn) * down) / length)
    return _between(rng, (waves + 1) / 2)


def code(rng: Generator, side: int) -> np.ndarray:
    """Black and white squares with three corner marks, as a QR code, on a white or grey sheet."""
    count = int(rng.choice([21, 25, 29, 33]))
    squares = rng.integers(0, 2, (count, count))
    mark = np.pad(np.pad(np.pad(np.ones((3, 3)), 1), 1, constant_values=1), 1)[:8, :8]
    for rows, columns, turned in ((0, 0, 0), (0, 1, 1), (1, 0, 3)):
        top, left = rows * (count - 8), columns * (count - 8)
        squares[top : top + 8, left : left + 8] = np.rot90(mark, -turned)
    light = np.pad(1 - squares, 4, constant_values=1) * int(rng.integers(190, 256))
    return np.repeat(np.kron(light, np.ones((6, 6)))[..., None], 3, axis=2).astype(np.uint8)


def salt_and_pepper(rng: Generator, side: int) -> np.ndarray:
    """Black and white pixels strewn over one colour."""
    image, strewn = blank(rng, side).copy(), rng.random((side, side))
    share = rng.uniform(0.01, 0.2)
    image[strewn < share] = 0
    image[strewn > 1 - share] = 255
    return image


def photograph(rng: Generator, side: int) -> np.ndarray:
    """A piece of one of the two photographs in scikit-learn: a temple in China, a flower."""
    whole = _sample(str(rng.choice(["china.jpg", "flower.jpg"])))
    width = int(rng.integers(96, 400))
    top, left = (int(rng.integers(0, length - width + 1)) for length in whole.shape[:2])
    return whole[top : top + width, left : left + width]


def slide(rng: Generator, side: int) -> np.ndarray:
    """Circles, boxes, arrows and words, as on a slide."""
    sheet = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(3, 9))):
        left, top, width, height = (int(each) for each in rng.integers((0, 0, 30, 20), (200, 220, 110, 70)))
        shape = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        fill = _colour(rng) if rng.random() < 0.5 else None
        shape((left, top, left + width, top + height), fill=fill, outline=(0, 0, 0), width=2)
        pen.text((left + 6, top + height // 2 - 5), " ".join(rng.choice(WORDS, 2)), fill=(0, 0, 0))
        pen.line([int(each) for each in rng.integers(0, SIDE, 4)], fill=(60, 60, 60), width=2)
    return np.asarray(sheet)


def squeezed_noise(rng: Generator, side: int) -> np.ndarray:
    """White noise saved as a JPEG of the lowest qualities."""
    buffer = io.BytesIO()
    Image.fromarray(white_noise(rng, side)).save(buffer, "JPEG", quality=int(rng.integers(1, 12)))
    return np.asarray(Image.open(buffer))


def vignette(rng: Generator, side: int) -> np.ndarray:
    """One colour, darker towards the corners: a lens with its cap on, a lamp on a wall."""
    down, across = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    light = 1 - rng.uniform(0.2, 0.9) * (down**2 + across**2) / 2
    return (np.array(_colour(rng)) * light[..., None]).astype(np.uint8)


def scribble(rng: Generator, side: int) -> np.ndarray:
    """One long line of a felt pen on paper."""
    sheet = Image.new("RGB", (SIDE, SIDE), tuple([int(rng.integers(215, 256))] * 3))
    turns = np.cumsum(rng.normal(0, 0.5, 150))
    steps = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], axis=1) * 12, axis=0) + rng.uniform(0, SIDE, 2)
    line = [tuple(each) for each in np.abs((steps + SIDE) % (2 * SIDE) - SIDE)]
    ImageDraw.Draw(sheet).line(line, fill=_colour(rng), width=int(rng.integers(2, 9)))
    return np.asarray(sheet)


def chart(rng: Generator, side: int) -> np.ndarray:
    """Bars over an axis."""
    sheet = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    pen, count = ImageDraw.Draw(sheet), int(rng.integers(3, 13))
    pen.line((24, 12, 24, 232, 244, 232), fill=(0, 0, 0), width=2)
    colour, width = _colour(rng), 210 // count
    for place, height in enumerate(rng.integers(10, 210, count)):
        left = 30 + place * width
        pen.rectangle((left, 231 - int(height), left + width * 3 // 4, 231), fill=colour)
        pen.text((left, 238), str(int(height)), fill=(0, 0, 0))
    return np.asarray(sheet)


def marble(rng: Generator, side: int) -> np.ndarray:
    """Smooth veins, as of wood or marble."""
    coarse = Image.fromarray(rng.normal(size=(8, 8)).astype(np.float32))
    bent = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    across = np.mgrid[0:SIDE, 0:SIDE][1] / SIDE
    return _between(rng, (np.sin(rng.uniform(3, 12) * (across * 2 + bent)) + 1) / 2)


def lights(rng: Generator, side: int) -> np.ndarray:
    """Coloured lights out of focus on a dark ground."""
    down, across = np.mgrid[0:SIDE, 0:SIDE]
    image = np.full((SIDE, SIDE, 3), rng.uniform(0, 40))
    for _ in range(int(rng.integers(4, 16))):
        top, left, radius = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(10, 50)
        image += np.array(_colour(rng)) * np.exp(-((down - top) ** 2 + (across - left) ** 2) / radius**2)[..., None]
    return image.clip(0, 255).astype(np.uint8)


UNSEEN: dict[str, Maker] = {
    "cells": voronoi,
    "moire": moire,
    "code of squares": code,
    "salt and pepper": salt_and_pepper,
    "pieces of photographs": photograph,
    "slide": slide,
    "noise as poor JPEG": squeezed_noise,
    "vignette": vignette,
    "scribble": scribble,
    "bar chart": chart,
    "marble": marble,
    "lights": lights,
}
"""As `MADE` of the other kinds."""


def quarter_turned(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Turned by 90 degrees, then as wide and as high as it was."""
    height, width = image.shape[:2]
    return np.asarray(Image.fromarray(np.ascontiguousarray(np.rot90(image))).resize((width, height)))


def other_colours(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Green for red, blue for green, red for blue."""
    return np.roll(image, 1, axis=2)


def coarse(image: np.ndarray, rng: Generator) -> np.ndarray:
    """As 6 x 6 squares of one colour."""
    height, width = image.shape[:2]
    small = Image.fromarray(image).resize((6, 6), Image.Resampling.BOX)
    return np.asarray(small.resize((width, height), Image.Resampling.NEAREST))


def covered(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A patch of one colour over half of each side."""
    (height, width), changed = image.shape[:2], image.copy()
    top, left = int(rng.integers(0, height // 2 + 1)), int(rng.integers(0, width // 2 + 1))
    changed[top : top + height // 2, left : left + width // 2] = _colour(rng)
    return changed


UNSEEN_TURNED: dict[str, Callable[[np.ndarray, Generator], np.ndarray]] = {
    "own, quarter turned": quarter_turned,
    "own, other colours": other_colours,
    "own, coarse squares": coarse,
    "own, half covered": covered,
}
"""As `TURNED`."""


def darker(image: np.ndarray, rng: Generator) -> np.ndarray:
    """A tenth darker."""
    return (image * 0.9).astype(np.uint8)


def a_little_noisy(image: np.ndarray, rng: Generator) -> np.ndarray:
    """Noise that one hardly sees: a deviation of 3 of 255."""
    return (image + rng.normal(0, 3, image.shape)).clip(0, 255).astype(np.uint8)


UNSEEN_HARMLESS: dict[str, Callable[[np.ndarray, Generator], np.ndarray]] = {
    "own, darker": darker,
    "own, a little noisy": a_little_noisy,
}
"""As `HARMLESS`."""


@cache
def _sample(name: str) -> np.ndarray:
    return np.asarray(load_sample_image(name))


def _between(rng: Generator, share: np.ndarray) -> np.ndarray:
    one, other = np.array(_colour(rng)), np.array(_colour(rng))
    return (one * share[..., None] + other * (1 - share[..., None])).astype(np.uint8)


def _colour(rng: Generator) -> tuple[int, int, int]:
    red, green, blue = (int(each) for each in rng.integers(0, 256, 3))
    return red, green, blue
