"""What people do to an image before it turns up a second time."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def resized(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.BICUBIC)


def channels(image: Image.Image, red: float, green: float, blue: float) -> Image.Image:
    values = np.asarray(image, np.float32) * np.array([red, green, blue], np.float32)
    return Image.fromarray(np.clip(values, 0, 255).round().astype(np.uint8))


def gamma(image: Image.Image, exponent: float) -> Image.Image:
    return image.point([round(255 * (value / 255) ** exponent) for value in range(256)] * 3)


def cropped(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """Loses this share of its width and of its height at each of the four sides, give or take a half of it."""
    left, top, right, bottom = rng.uniform(0.5, 1.5, 4) * share
    box = (left * image.width, top * image.height, (1 - right) * image.width, (1 - bottom) * image.height)
    return image.crop(tuple(round(each) for each in box))


def bordered(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """A frame around it; its width is this share of the shorter side."""
    colour = (255, 255, 255) if rng.random() < 0.5 else (0, 0, 0)
    return ImageOps.expand(image, max(1, round(share * min(image.size))), colour)


def turned(image: Image.Image, degrees: float, rng: np.random.Generator) -> Image.Image:
    return image.rotate(degrees * rng.choice([-1, 1]), Image.BICUBIC, fillcolor=(0, 0, 0))


def _words(
    draw: ImageDraw.ImageDraw, left: float, top: float, size: float, rng: np.random.Generator, fill: object
) -> None:
    text = "".join(rng.choice(list("ABDEGHKMNRSTUW aeinorst")) for _ in range(18))
    draw.text((left, top), text, fill=fill, font_size=max(6, size))


def text_bar(image: Image.Image, rng: np.random.Generator, *, below: bool) -> Image.Image:
    """A caption on a bar of a tenth of the height: over the image's lower edge, or below it."""
    height = round(0.1 * image.height)
    canvas = Image.new("RGB", (image.width, image.height + (height if below else 0)), (0, 0, 0))
    canvas.paste(image, (0, 0))
    draw = ImageDraw.Draw(canvas)
    dark = rng.random() < 0.5
    top = canvas.height - height
    draw.rectangle((0, top, canvas.width, canvas.height), fill=(0, 0, 0) if dark else (255, 255, 255))
    _words(draw, 0.03 * image.width, top + 0.15 * height, 0.6 * height, rng, (255, 255, 255) if dark else (0, 0, 0))
    return canvas


def watermark(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Half-transparent words across the middle."""
    layer = Image.new("RGBA", image.size, (255, 255, 255, 0))
    draw = ImageDraw.Draw(layer)
    size = 0.1 * image.width
    _words(draw, 0.08 * image.width, rng.uniform(0.3, 0.6) * image.height, size, rng, (255, 255, 255, 128))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def sepia(image: Image.Image) -> Image.Image:
    matrix = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)
    return image.convert("RGB", matrix)


USUAL: dict[str, Change] = {
    "JPEG, quality 60": lambda image, rng: jpeg(image, 60),
    "resized by 0.5": lambda image, rng: resized(image, 0.5),
    "resized by 0.9": lambda image, rng: resized(image, 0.9),
    "mirrored": lambda image, rng: ImageOps.mirror(image),
    "turned by 90 degrees": lambda image, rng: image.transpose(Image.Transpose.ROTATE_90),
    "grey": lambda image, rng: image.convert("L").convert("RGB"),
    "30 % brighter": lambda image, rng: ImageEnhance.Brightness(image).enhance(1.3),
    "30 % darker": lambda image, rng: ImageEnhance.Brightness(image).enhance(0.7),
    "gamma 0.7": lambda image, rng: gamma(image, 0.7),
    "gamma 1.3": lambda image, rng: gamma(image, 1.3),
}
"""Kinds that version 0.4 finds."""

HARDER: dict[str, Change] = {
    "cropped by 3 %": lambda image, rng: cropped(image, 0.03, rng),
    "cropped by 5 %": lambda image, rng: cropped(image, 0.05, rng),
    "border of 1 %": lambda image, rng: bordered(image, 0.01, rng),
    "border of 3 %": lambda image, rng: bordered(image, 0.03, rng),
    "border of 5 %": lambda image, rng: bordered(image, 0.05, rng),
    "text bar over it": lambda image, rng: text_bar(image, rng, below=False),
    "text bar below it": lambda image, rng: text_bar(image, rng, below=True),
    "turned by 2 degrees": lambda image, rng: turned(image, 2, rng),
    "turned by 3 degrees": lambda image, rng: turned(image, 3, rng),
    "warm": lambda image, rng: channels(image, 1.2, 1.0, 0.75),
    "cold": lambda image, rng: channels(image, 0.75, 1.0, 1.2),
    "sepia": lambda image, rng: sepia(image),
    "watermark": watermark,
    "inverted": lambda image, rng: ImageOps.invert(image),
}

CHANGES = {**USUAL, **HARDER}

TURNS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": ImageOps.mirror,
    "mirrored top to bottom": ImageOps.flip,
    "turned by 180 degrees": lambda image: image.rotate(180),
    "turned by 90 degrees": lambda image: image.transpose(
        Image.Transpose.ROTATE_270
    ),  # Pillow counts the other way round
    "turned by 270 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}
"""By the names in `ORIENTATIONS`."""


def copy_of(image: Image.Image, kind: str, rng: np.random.Generator) -> Image.Image:
    """A copy of that kind, saved again as a JPEG as such copies are."""
    return jpeg(CHANGES[kind](image.convert("RGB"), rng), 85)
