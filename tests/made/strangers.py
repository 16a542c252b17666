"""Images that no corpus holds, one kind for each function, and own images turned into strangers."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Maker: TypeAlias = Callable[[np.random.Generator, int], np.ndarray]

SIDE = 256
WORDS = [
    "the",
    "of",
    "kernel",
    "image",
    "window",
    "layer",
    "over",
    "each",
    "mean",
    "share",
    "test",
    "order",
    "value",
    "model",
    "class",
    "which",
    "score",
    "than",
    "with",
    "not",
]


def white_noise(rng: np.random.Generator, side: int) -> np.ndarray:
    """Every value of every pixel on its own."""
    return rng.integers(0, 256, (side, side, 3)).astype(np.uint8)


def grey_noise(rng: np.random.Generator, side: int) -> np.ndarray:
    """The same without colour, of any contrast."""
    values = rng.uniform(60, 195) + rng.uniform(20, 90) * rng.normal(size=(side, side, 1))
    return np.repeat(np.clip(values, 0, 255).astype(np.uint8), 3, axis=2)


def natural_noise(rng: np.random.Generator, side: int) -> np.ndarray:
    """Noise with the spectrum of photographs: amplitude 1 / frequency."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    frequency[0, 0] = 1.0
    planes = np.fft.ifft2(np.fft.fft2(rng.normal(size=(3, side, side))) / frequency).real
    planes = planes / planes.std() * rng.uniform(25, 70) + rng.uniform(80, 175)
    return np.clip(planes, 0, 255).astype(np.uint8).transpose(1, 2, 0)


def blank(rng: np.random.Generator, side: int) -> np.ndarray:
    """One value everywhere, from black to white, or one colour."""
    return np.broadcast_to(np.array(_colour(rng)), (side, side, 3)).astype(np.uint8)


def text_page(rng: np.random.Generator, side: int) -> np.ndarray:
    """Lines of dark words on a light page."""
    page = Image.new("RGB", (SIDE, SIDE), tuple([int(rng.integers(225, 256))] * 3))
    pen, step = ImageDraw.Draw(page), int(rng.integers(12, 22))
    for top in range(int(rng.integers(4, 20)), SIDE - 12, step):
        pen.text(
            (int(rng.integers(4, 16)), top), " ".join(rng.choice(WORDS, int(rng.integers(4, 9)))), fill=(20, 20, 25)
        )
    return np.asarray(page)


def screenshot(rng: np.random.Generator, side: int) -> np.ndarray:
    """Windows with title bars, buttons and text on a plain desktop."""
    desk = Image.new("RGB", (480, 300), _colour(rng))
    pen = ImageDraw.Draw(desk)
    for _ in range(int(rng.integers(1, 4))):
        left, top = int(rng.integers(0, 200)), int(rng.integers(0, 120))
        right, bottom = left + int(rng.integers(150, 280)), top + int(rng.integers(90, 180))
        pen.rectangle((left, top, right, bottom), fill=(245, 245, 247), outline=(120, 120, 125))
        pen.rectangle((left, top, right, top + 16), fill=_colour(rng))
        for line in range(top + 24, bottom - 12, 14):
            pen.text((left + 8, line), " ".join(rng.choice(WORDS, 5)), fill=(30, 30, 30))
        pen.rectangle((right - 60, bottom - 22, right - 8, bottom - 6), fill=_colour(rng))
    pen.rectangle((0, 284, 480, 300), fill=(40, 44, 52))
    return np.asarray(desk)


def drawing(rng: np.random.Generator, side: int) -> np.ndarray:
    """Lines and circles, as drawn with a pen."""
    sheet = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(4, 12))):
        ends, width = [int(each) for each in rng.integers(0, SIDE, 4)], int(rng.integers(2, 7))
        if rng.random() < 0.5:
            pen.line(ends, fill=_colour(rng), width=width)
        else:
            radius = int(rng.integers(10, 80))
            pen.ellipse(
                (ends[0] - radius, ends[1] - radius, ends[0] + radius, ends[1] + radius),
                outline=_colour(rng),
                width=width,
            )
    return np.asarray(sheet)


def gradient(rng: np.random.Generator, side: int) -> np.ndarray:
    """One colour that becomes another from one side to the other."""
    down, across = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    turn = rng.uniform(0, 2 * np.pi)
    way = np.cos(turn) * across + np.sin(turn) * down
    way = ((way - way.min()) / np.ptp(way))[..., None]
    return (np.array(_colour(rng)) * (1 - way) + np.array(_colour(rng)) * way).astype(np.uint8)


def stripes(rng: np.random.Generator, side: int) -> np.ndarray:
    """Stripes or a checkerboard of two colours, 2 to 12 to a side."""
    down, across = np.mgrid[0:SIDE, 0:SIDE] * int(rng.integers(2, 13)) // SIDE
    field = (across + (down if rng.random() < 0.5 else 0)) % 2
    return np.array([_colour(rng), _colour(rng)])[field].astype(np.uint8)


MADE: dict[str, Maker] = {
    "white noise": white_noise,
    "grey noise": grey_noise,
    "1/f noise": natural_noise,
    "blank": blank,
    "text page": text_page,
    "screenshot": screenshot,
    "drawing": drawing,
    "gradient": gradient,
    "stripes, checks": stripes,
}
"""kind → (generator, side of the working size) → uint8 [height, width, 3] of any size; noise is of the working size."""


def upside_down(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image turned by 180 degrees."""
    return image[::-1, ::-1]


def shuffled(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Its 4 x 4 blocks in another order."""
    height, width = image.shape[0] // 4 * 4, image.shape[1] // 4 * 4
    blocks = (
        image[:height, :width]
        .reshape(4, height // 4, 4, width // 4, 3)
        .swapaxes(1, 2)
        .reshape(16, height // 4, width // 4, 3)
    )
    mixed = blocks[rng.permutation(16)].reshape(4, 4, height // 4, width // 4, 3).swapaxes(1, 2)
    return mixed.reshape(height, width, 3)


def negated(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light made dark."""
    return 255 - image


def blurred(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurred until only patches of colour are left."""
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(max(image.shape) / 8)))


TURNED: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "own, upside down": upside_down,
    "own, blocks shuffled": shuffled,
    "own, negated": negated,
    "own, blurred": blurred,
}
"""kind → (own image uint8 [height, width, 3], generator) → the stranger made of it."""


def saved_again(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As a JPEG of quality 75."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=75)
    return np.asarray(Image.open(buffer))


def brighter(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A tenth lighter."""
    return np.minimum(image.astype(np.float32) * 1.1, 255).astype(np.uint8)


HARMLESS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "own, saved again": saved_again,
    "own, brighter": brighter,
}
"""kind → (own image, generator) → the same image for a person: it should be flagged hardly more often."""


def make_strangers(
    kind: str, count: int, side: int, *, makers: Mapping[str, Maker] = MADE, seed: int = 0
) -> list[np.ndarray]:
    """Every second one is grey; the same images for the same words, on every machine with this version of Pillow."""
    seeds = [sum(map(ord, kind)), *([seed] if seed else [])]
    images = [makers[kind](np.random.default_rng([*seeds, number]), side) for number in range(count)]
    return [_grey(image) if number % 2 else image for number, image in enumerate(images)]


def _grey(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).convert("L").convert("RGB"))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(each) for each in rng.integers(0, 256, 3))
    return red, green, blue
