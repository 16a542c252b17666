"""Corpora with a known answer to "where did it look?": one patch, at a random place, decides the class.

The kind of a corpus says what tells the classes apart:

- ``patch``: five patterns, each in two colours of its own, on a nearly plain ground; nothing else is in the image.

In the harder ones the ground is noise as photographs have it (power falls with the square of the frequency), in colour,
with a distractor of the patch's size that has nothing to do with the class:

- ``texture``: five patterns of the same mean brightness, in grey; distractors are squares of white noise.
- ``shape``: five shapes, each in a random colour; distractors are crescents in random colours.
- ``colour``: five hues of the same disc; distractors are grey discs.

Everything is drawn from the seed, so that the place of each patch is known without a file.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hubel.explanation.faithfulness import is_flat

SIDE, PATCH, CLASSES = 48, 14, 5
"""Pixels of an image's and of a patch's side, and classes; a patch covers 8.5 % of the image."""
TOLERANCE = 3
"""Pixels beside a patch where a map may point: a sixteenth of the side of an image."""
PERIOD = 6
"""Pixels after which a texture repeats."""
COLOURS = (
    ((230, 30, 30), (250, 250, 250)),
    ((30, 60, 220), (250, 220, 30)),
    ((20, 150, 40), (10, 10, 10)),
    ((220, 40, 200), (250, 250, 250)),
    ((250, 140, 10), (20, 20, 90)),
)
"""The two of each class of ``patch``."""
CLASS_NAMES = tuple(f"class {number}" for number in range(CLASSES))
NOISE = 6.0
"""Standard deviation of the noise of the camera, in grey levels."""


@dataclass(frozen=True)
class Planted:
    """Images and where the patch is.

    Args:
        images: uint8 [examples, 48, 48, 3].
        labels: int64 [examples].
        corners: int64 [examples, 2], row and column of the upper left pixel of the patch.
    """

    images: np.ndarray
    labels: np.ndarray
    corners: np.ndarray

    def mask(self, example: int, *, tolerance: int = 0) -> np.ndarray:
        """Bool [48, 48]: the patch, and so many pixels around it."""
        rows, columns = (np.arange(SIDE) - corner for corner in self.corners[example])
        inside = [(axis >= -tolerance) & (axis < PATCH + tolerance) for axis in (rows, columns)]
        return inside[0][:, None] & inside[1][None]

    def elsewhere(self, example: int, *, rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
        """Corners of the patch and, after it, of so many squares of its size that share no pixel with it."""
        row, column = self.corners[example].tolist()
        places = [(row, column)]
        while len(places) <= count:
            down, right = rng.integers(0, SIDE - PATCH + 1, 2).tolist()
            if max(abs(down - row), abs(right - column)) >= PATCH:
                places.append((down, right))
        return places


def make_planted(kind: str, *, seed: int, per_class: int, part: int) -> Planted:
    """Images of one part of a corpus.

    Args:
        kind: in `KINDS`.
        seed: of every random number.
        per_class: images of each class.
        part: 0 for training, 1 for test.
    """
    rng = np.random.default_rng([seed, part, *kind.encode()])
    labels = np.tile(np.arange(CLASSES), per_class)
    images, corners = [], []
    for label in labels:
        image = _background(rng, KINDS[kind].contrast)
        places = _apart(rng, 1 + KINDS[kind].distractors)
        for place, (row, column) in enumerate(places):
            colour, cover = KINDS[kind].draw(rng, int(label) if place == 0 else None)
            window = image[row : row + PATCH, column : column + PATCH]
            window[:] = cover[..., None] * colour + (1 - cover[..., None]) * window
        image += rng.normal(0, NOISE, image.shape)
        images.append(np.clip(image, 0, 255).round().astype(np.uint8))
        corners.append(places[0])
    return Planted(np.stack(images), labels.astype(np.int64), np.array(corners, np.int64))


def _background(rng: np.random.Generator, contrast: float) -> np.ndarray:
    """Noise of amplitude 1 / frequency around a grey, colours of which vary together: float64 [48, 48, 3]."""
    down, across = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    strength = 1 / np.maximum(np.hypot(down, across), 1 / SIDE)
    strength[0, 0] = 0
    shape = (4, SIDE, SIDE // 2 + 1)
    fields = np.fft.irfft2(strength * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)), s=(SIDE, SIDE))
    fields /= fields.std(axis=(1, 2), keepdims=True)
    mixed = 0.8 * fields[:1] + 0.6 * fields[1:]
    return rng.uniform(90, 165) + contrast * np.moveaxis(mixed, 0, -1)


def _apart(rng: np.random.Generator, count: int) -> list[tuple[int, int]]:
    """Corners of patches that do not touch."""
    while True:
        places: list[tuple[int, int]] = []
        for row, column in rng.integers(0, SIDE - PATCH + 1, (40, 2)).tolist():
            if all(max(abs(row - other[0]), abs(column - other[1])) >= PATCH for other in places):
                places.append((row, column))
            if len(places) == count:
                return places


def _disc(radius: float = PATCH / 2, *, row: float = 0, column: float = 0) -> np.ndarray:
    down, right = np.mgrid[:PATCH, :PATCH] - (PATCH - 1) / 2
    return (np.hypot(down - row, right - column) <= radius).astype(np.float64)


def _pattern(rng: np.random.Generator, label: int) -> np.ndarray:
    """Which pixels of a patch are of the first of its two colours: bool [14, 14]."""
    down, right = np.mgrid[:PATCH, :PATCH] + rng.integers(0, PERIOD, (2, 1, 1))
    patterns = {
        0: down % PERIOD < PERIOD / 2,
        1: right % PERIOD < PERIOD / 2,
        2: (down + right) % PERIOD < PERIOD / 2,
        3: (down % PERIOD < PERIOD / 2) ^ (right % PERIOD < PERIOD / 2),
        4: np.hypot(down % PERIOD - 2.5, right % PERIOD - 2.5) < 2.4,
    }
    return patterns[label]


def _patch(rng: np.random.Generator, label: int | None) -> tuple[np.ndarray, np.ndarray]:
    first, second = COLOURS[0 if label is None else label]
    chosen = _pattern(rng, 0 if label is None else label)
    return np.where(chosen[..., None], np.array(first, float), np.array(second, float)), np.ones((PATCH, PATCH))


def _texture(rng: np.random.Generator, label: int | None) -> tuple[np.ndarray, np.ndarray]:
    if label is None:
        rng.integers(0, PERIOD, (2, 1, 1))
        chosen = rng.random((PATCH, PATCH)) < 0.5
    else:
        chosen = _pattern(rng, label)
    values = np.where(chosen, 200.0, 55.0)
    return np.repeat((values - values.mean() + 127)[..., None], 3, axis=2), np.ones((PATCH, PATCH))


def _shape(rng: np.random.Generator, label: int | None) -> tuple[np.ndarray, np.ndarray]:
    down, right = np.mgrid[:PATCH, :PATCH] - (PATCH - 1) / 2
    half = PATCH / 2
    shapes = {
        0: _disc(),
        1: np.ones((PATCH, PATCH)),
        2: np.abs(right) <= (down + half) / 2,
        3: np.minimum(np.abs(down), np.abs(right)) <= half / 3,
        4: _disc() - _disc(half * 0.55),
    }
    crescent = _disc() * (1 - _disc(row=-half * 0.5, column=half * 0.5))
    cover = crescent if label is None else np.asarray(shapes[label], np.float64)
    return np.full((PATCH, PATCH, 3), _hue(rng.random(), rng)), cover


def _colour(rng: np.random.Generator, label: int | None) -> tuple[np.ndarray, np.ndarray]:
    plain = np.full(3, rng.uniform(40, 220)) if label is None else _hue(label / CLASSES, rng)
    return np.full((PATCH, PATCH, 3), plain), _disc()


def _hue(hue: float, rng: np.random.Generator) -> np.ndarray:
    return 255 * np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.8, 1), rng.uniform(0.75, 1)))


@dataclass(frozen=True)
class Kind:
    """How the images of a corpus are made.

    Args:
        draw: one patch: (random numbers, label, None for a distractor) → colours and coverage.
        contrast: standard deviation of the noise of the ground, in grey levels.
        distractors: in each image.
    """

    draw: Callable[[np.random.Generator, int | None], tuple[np.ndarray, np.ndarray]]
    contrast: float
    distractors: int


KINDS = {
    "patch": Kind(_patch, contrast=6, distractors=0),
    "texture": Kind(_texture, contrast=28, distractors=1),
    "shape": Kind(_shape, contrast=28, distractors=1),
    "colour": Kind(_colour, contrast=28, distractors=1),
}


def against_truth(heats: list[np.ndarray], planted: Planted, examples: np.ndarray) -> tuple[int, float, int]:
    """How many maps point at the patch, the mean share of heat in it, and how many maps are flat.

    Args:
        heats: float32 [side, side] of each example; the side is a multiple of that of the images.
        planted: the images.
        examples: which of them.
    """
    pointing, masses, flat = 0, [], 0
    for heat, example in zip(heats, examples.tolist(), strict=True):
        if is_flat(heat):
            flat += 1
            continue
        scale = len(heat) // SIDE
        patch, near = (
            planted.mask(example, tolerance=each).repeat(scale, 0).repeat(scale, 1) for each in (0, TOLERANCE)
        )
        pointing += bool(near[np.unravel_index(heat.argmax(), heat.shape)])
        above = np.maximum(heat, 0)
        if above.sum() > 0:
            masses.append(float(above[patch].sum() / above.sum()))
    return pointing, float(np.mean(masses)) if masses else 0.0, flat
