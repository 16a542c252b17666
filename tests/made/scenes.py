"""Different images that share a scene: a fixed camera, forms, cards, signs ... Each call gives another image."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 160
LETTERS = list("ABCDEFGHKLMNPRSTUVWXYZ0123456789")


def _noisy(image: Image.Image, rng: np.random.Generator, sigma: float) -> Image.Image:
    values = np.asarray(image, np.float32) + rng.normal(0, sigma, (image.height, image.width, 1))
    return Image.fromarray(np.clip(values, 0, 255).round().astype(np.uint8))


def _texture(seed: int, size: tuple[int, int], low: int, high: int) -> Image.Image:
    """Smooth marks as of brushed metal or cloth, the same for the same seed."""
    noise = np.random.default_rng(seed).integers(0, 256, size[::-1]).astype(np.uint8)
    soft = np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3)), np.float32)
    soft = (soft - soft.min()) / np.ptp(soft)
    return Image.fromarray((low + soft * (high - low)).astype(np.uint8)).convert("RGB")


def plate(rng: np.random.Generator, share: float = 0.0, *, shift: int = 2) -> Image.Image:
    """A metal plate under a fixed camera; an object covers this share of the frame; 0 for a scratch of 22 x 3 pixels.

    A negative share leaves the plate bare.
    """
    plain = _texture(7, (SIDE + 8, SIDE + 8), 110, 170)
    draw = ImageDraw.Draw(plain)
    for x, y in ((20, 20), (SIDE - 16, 24), (24, SIDE - 18), (SIDE - 20, SIDE - 20)):
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=(40, 40, 42))
    draw.rectangle((44, 60, 124, 108), outline=(70, 70, 75), width=3)
    dx, dy = (int(each) for each in rng.integers(-shift, shift + 1, 2))
    image = plain.crop((4 + dx, 4 + dy, 4 + dx + SIDE, 4 + dy + SIDE))
    draw = ImageDraw.Draw(image)
    if share == 0:
        x, y = rng.integers(12, SIDE - 36, 2)
        draw.rectangle((x, y, x + 21, y + 2), fill=(225, 225, 225))
    elif share > 0:
        side = round(SIDE * share**0.5)
        x, y = rng.integers(2, SIDE - side - 2, 2)
        colour = tuple(int(each) for each in rng.integers(20, 236, 3))
        draw.ellipse((x, y, x + side, y + side), fill=colour)
    return _noisy(image, rng, 4)


def form(rng: np.random.Generator) -> Image.Image:
    """A printed form, filled in."""
    image = Image.new("RGB", (200, 260), (250, 250, 246))
    draw = ImageDraw.Draw(image)
    draw.rectangle((8, 8, 192, 30), fill=(60, 80, 120))
    for row in range(9):
        top = 40 + row * 23
        draw.rectangle((70, top, 190, top + 16), outline=(90, 90, 90))
        draw.text((10, top + 2), f"FIELD {row}", fill=(60, 60, 60), font_size=11)
        draw.text((74, top + 2), "".join(rng.choice(LETTERS, rng.integers(3, 14))), fill=(20, 20, 90), font_size=12)
    return _noisy(image, rng, 2)


def card(rng: np.random.Generator) -> Image.Image:
    """An identity card: one print, another face and name."""
    image = _texture(11, (240, 150), 190, 225)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 240, 26), fill=(30, 90, 60))
    draw.text((8, 5), "REPUBLIC OF NOWHERE", fill=(255, 255, 255), font_size=14)
    draw.rectangle((10, 36, 80, 126), fill=(200, 200, 210))
    skin = tuple(int(each) for each in rng.integers(90, 220, 3))
    x, wide, high = 45 + rng.integers(-4, 5), rng.integers(16, 24), rng.integers(24, 34)
    draw.ellipse((x - wide, 76 - high, x + wide, 76 + high), fill=skin)
    draw.ellipse((x - 10, 66, x - 4, 72), fill=(20, 20, 20))
    draw.ellipse((x + 4, 66, x + 10, 72), fill=(20, 20, 20))
    hair = tuple(int(each) for each in rng.integers(10, 150, 3))
    draw.pieslice((x - wide, 74 - high, x + wide, 74 + high), 180, 360, fill=hair)
    for row in range(4):
        name = "".join(rng.choice(LETTERS, rng.integers(5, 13)))
        draw.text((92, 38 + row * 24), name, fill=(25, 25, 25), font_size=15)
    return _noisy(image, rng, 3)


def sign(rng: np.random.Generator) -> Image.Image:
    """A round road sign with a number, photographed from the front."""
    ground = tuple(int(each) for each in rng.integers(70, 130, 3))
    image = Image.new("RGB", (SIDE, SIDE), ground)
    draw = ImageDraw.Draw(image)
    x, y = (80 + int(each) for each in rng.integers(-3, 4, 2))
    radius = 62 + int(rng.integers(-3, 4))
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(190, 25, 30))
    draw.ellipse((x - radius + 13, y - radius + 13, x + radius - 13, y + radius - 13), fill=(245, 245, 245))
    draw.text((x, y), str(rng.integers(10, 100)), fill=(15, 15, 15), font_size=58, anchor="mm")
    return _noisy(image, rng, 6)


def cell(rng: np.random.Generator) -> Image.Image:
    """A round cell with its nucleus, alone in the field of a microscope."""
    image = Image.new("RGB", (SIDE, SIDE), (236, 226, 232))
    draw = ImageDraw.Draw(image)
    radius = 52 + int(rng.integers(-5, 6))
    x, y = (80 + int(each) for each in rng.integers(-4, 5, 2))
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(200, 150, 190))
    inner, angle, out = rng.integers(15, 27), rng.uniform(0, 6.28), rng.uniform(0, 22)
    nx, ny = x + out * np.cos(angle), y + out * np.sin(angle)
    draw.ellipse((nx - inner, ny - inner * 0.8, nx + inner, ny + inner * 0.8), fill=(110, 60, 140))
    for _ in range(12):
        angle, out = rng.uniform(0, 6.28), rng.uniform(0, radius - 6)
        gx, gy = x + out * np.cos(angle), y + out * np.sin(angle)
        draw.ellipse((gx - 3, gy - 3, gx + 3, gy + 3), fill=(150, 90, 150))
    return _noisy(image.filter(ImageFilter.GaussianBlur(1.2)), rng, 3)


def chest(rng: np.random.Generator) -> Image.Image:
    """Grey, as an X-ray of a chest: the same organs, a little otherwise in everybody; some have a spot."""
    image = Image.new("L", (192, 192), 25)
    draw = ImageDraw.Draw(image)
    move = [int(each) for each in rng.integers(-5, 6, 12)]
    draw.ellipse((14 + move[0], 20, 178 + move[1], 210), fill=120)
    draw.ellipse((34 + move[2], 40 + move[3], 88 + move[4], 158 + move[5]), fill=45)
    draw.ellipse((104 + move[6], 40 + move[7], 158 + move[8], 158 + move[9]), fill=45)
    draw.ellipse((84, 96 + move[10], 140 + move[11], 160), fill=175)
    draw.rectangle((91, 10, 101, 190), fill=190)
    for rib in range(7):
        top = 42 + rib * 17 + int(rng.integers(-2, 3))
        draw.arc((30, top, 94, top + 26), 180, 330, fill=105, width=3)
        draw.arc((98, top, 162, top + 26), 210, 360, fill=105, width=3)
    if rng.random() < 0.5:
        x, y, size = rng.integers(45, 80), rng.integers(60, 130), rng.integers(5, 11)
        draw.ellipse((x, y, x + size, y + size), fill=140)
    return _noisy(image.filter(ImageFilter.GaussianBlur(2)).convert("RGB"), rng, 4)


SCENES: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "plates with a scratch": lambda rng: plate(rng, 0.0 if rng.random() < 0.5 else -1.0),
    "plates, object of 1 %": lambda rng: plate(rng, 0.01),
    "plates, object of 2 %": lambda rng: plate(rng, 0.02),
    "plates, object of 5 %": lambda rng: plate(rng, 0.05),
    "plates, object of 10 %": lambda rng: plate(rng, 0.10),
    "forms": form,
    "cards": card,
    "signs": sign,
    "cells": cell,
    "chests": chest,
}
"""Name → a maker of images that show one scene and are all different."""


@cache
def images_of(scene: str, count: int, *, seed: int = 0) -> tuple[Image.Image, ...]:
    """Different images of a scene."""
    rng = np.random.default_rng([seed, sorted(SCENES).index(scene)])
    return tuple(SCENES[scene](rng) for _ in range(count))
