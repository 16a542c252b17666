"""The images of docs/concepts/decoding.md: for each rule, what a naive reader gives and what Hubel gives.

    python docs/decoding_images.py

Every image is drawn here; what Hubel gives is what its decoder gave when this script ran.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFile, ImageFont

from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image
from hubel.images.preprocessing import Preprocessing, prepare_image
from hubel.images.samples import SampleRule

FOLDER = Path(__file__).parent / "images"
HEIGHT = 150
"""Pixels of a panel."""
CAPTION = 26
GAP = 14
INK, PAPER, FRAME, WARNING = (40, 44, 52), (255, 255, 255), (190, 190, 190), (176, 42, 42)

Panel = tuple[str, Image.Image]


def draw_scene(width: int = 200, height: int = HEIGHT) -> Image.Image:
    """A house between a tree and the sun: nothing in it looks the same turned or mirrored."""
    scale = 4  # drawn large and shrunk: smooth edges
    image = Image.new("RGB", (width * scale, height * scale), (142, 196, 236))
    pen = ImageDraw.Draw(image)

    def box(left: float, top: float, right: float, bottom: float) -> list[float]:
        return [scale * width * left, scale * height * top, scale * width * right, scale * height * bottom]

    pen.ellipse(box(0.78, 0.08, 0.93, 0.28), (250, 208, 66))
    pen.rectangle(box(0, 0.72, 1, 1), (104, 164, 82))
    pen.rectangle(box(0.36, 0.44, 0.72, 0.84), (206, 92, 70))
    pen.polygon([*box(0.31, 0.44, 0.54, 0.18), *box(0.77, 0.44, 0.77, 0.44)], (122, 62, 54))
    pen.rectangle(box(0.42, 0.58, 0.5, 0.84), (92, 58, 40))
    pen.rectangle(box(0.57, 0.52, 0.66, 0.66), (250, 232, 160))
    pen.rectangle(box(0.13, 0.5, 0.17, 0.82), (104, 72, 44))
    pen.ellipse(box(0.04, 0.22, 0.26, 0.6), (46, 118, 66))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    """The image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def open_naively(data: bytes) -> Image.Image:
    """What Pillow gives who asks it nothing but RGB."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def read(data: bytes) -> Image.Image:
    """What Hubel gives."""
    return Image.fromarray(decode_image(data))


def orientation() -> list[Panel]:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(draw_scene().rotate(90, expand=True), "JPEG", quality=92, exif=exif.tobytes())
    return [("EXIF ignored", open_naively(data)), ("Hubel: upright", read(data))]


def deep_grey() -> list[Panel]:
    grey = np.asarray(draw_scene().convert("L")).astype(np.uint16) * 40 + 1000
    data = encode(Image.fromarray(grey), "PNG")
    clipped = Image.fromarray(np.minimum(grey, 255).astype(np.uint8)).convert("RGB")
    return [("16 bits clipped to 8", clipped), ("Hubel: stretched", read(data))]


def deep_colour() -> list[Panel]:
    values = (np.asarray(draw_scene()).astype(np.uint16) * 8).astype(">u2")  # 11 bits
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part)) for kind, part in parts
    )
    return [("the upper 8 of 16 bits", open_naively(data)), ("Hubel: the 11 that count", read(data))]


def bands() -> list[Panel]:
    scene = np.asarray(draw_scene())
    infrared = np.where(scene[..., 1] > scene[..., 2], 220, 90).astype(np.uint8)  # plants are bright in it
    marked = encode(Image.fromarray(np.dstack([scene, infrared])), "TIFF")
    data = marked.replace(struct.pack("<HH", 338, 3), struct.pack("<HH", 65000, 3))  # not ExtraSamples any more
    naive = Image.open(io.BytesIO(data))
    over_white = Image.alpha_composite(Image.new("RGBA", naive.size, "white"), naive)
    chosen = Image.fromarray(decode_image(data, rule=SampleRule((1, 2, 3))))
    return [("band 4 as transparency", over_white), ("Hubel: --bands 1,2,3", chosen)]


def cmyk() -> list[Panel]:
    data = encode(draw_scene().convert("CMYK"), "JPEG", quality=92)
    channels = np.asarray(Image.open(io.BytesIO(data)))
    return [("C, M, Y taken for R, G, B", Image.fromarray(channels[..., :3].copy())), ("Hubel: converted", read(data))]


def transparency() -> list[Panel]:
    cut_out = draw_scene().convert("RGBA")
    pixels = np.array(cut_out)
    outside = np.ones(pixels.shape[:2], bool)
    outside[HEIGHT // 8 : -HEIGHT // 7, 58:154] = False
    noise = np.random.default_rng(2).integers(0, 2, (*outside.shape, 1)) * np.array([60, 30, 90])
    pixels[outside, :3] = noise[outside]  # what lies under transparent pixels is anything
    pixels[outside, 3] = 0
    data = encode(Image.fromarray(pixels), "PNG")
    return [("alpha dropped", open_naively(data)), ("Hubel: over white", read(data))]


def palette() -> list[Panel]:
    data = encode(draw_scene().quantize(64, Image.Quantize.MAXCOVERAGE), "PNG")
    places = np.asarray(Image.open(io.BytesIO(data)))
    return [("places in the palette as grey", Image.fromarray(places * 4)), ("Hubel: colours", read(data))]


def truncated() -> list[Panel]:
    whole = encode(draw_scene(), "JPEG", quality=92)
    data = whole[: len(whole) * 55 // 100]
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        half = open_naively(data)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        read(data)
    except UnreadableImage as error:
        return [("the rest made up in grey", half), (f"Hubel: refused ({error.code})", refusal(error.reason))]
    raise AssertionError("the cut file was read")


def refusal(reason: str) -> Image.Image:
    """A panel with a sentence instead of an image."""
    panel = Image.new("RGB", (200, HEIGHT), (246, 246, 246))
    pen = ImageDraw.Draw(panel)
    what, cure = reason.split(": ")
    pen.multiline_text(
        (100, HEIGHT // 2), f"{what}:\n{cure}", WARNING, font_of(14), anchor="mm", align="center", spacing=8
    )
    return panel


def resizing() -> list[Panel]:
    wide = draw_scene(240)
    panels: list[Panel] = [("the image", wide)]
    for policy in ("squash", "crop", "pad"):
        resized = prepare_image(np.asarray(wide), Preprocessing(HEIGHT, HEIGHT, policy))
        panels.append((policy, Image.fromarray(resized)))
    return panels


STRIPS = {
    "orientation": orientation,
    "deep-grey": deep_grey,
    "deep-colour": deep_colour,
    "bands": bands,
    "cmyk": cmyk,
    "transparency": transparency,
    "palette": palette,
    "truncated": truncated,
    "resizing": resizing,
}


def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def join(panels: list[Panel]) -> Image.Image:
    """Panels side by side, each under its caption."""
    fitting = [(caption, fitted(image.convert("RGB"))) for caption, image in panels]
    widths = [max(image.width, round(font_of(14).getlength(caption))) for caption, image in fitting]
    strip = Image.new("RGB", (sum(widths) + GAP * (len(widths) + 1), HEIGHT + CAPTION + 2 * GAP), PAPER)
    pen = ImageDraw.Draw(strip)
    left = GAP
    for (caption, image), width in zip(fitting, widths, strict=True):
        pen.text((left + width / 2, GAP + CAPTION / 2 - 4), caption, INK, font_of(14), anchor="mm")
        corner = left + (width - image.width) // 2, GAP + CAPTION
        strip.paste(image, corner)
        pen.rectangle((corner[0] - 1, corner[1] - 1, corner[0] + image.width, corner[1] + HEIGHT), outline=FRAME)
        left += width + GAP
    return strip


def fitted(image: Image.Image) -> Image.Image:
    """The image at the height of a panel."""
    if image.height == HEIGHT:
        return image
    return image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.LANCZOS)


def render_images() -> Iterator[tuple[str, bytes]]:
    """(file name, PNG) of every strip; a palette of 128 colours keeps them small."""
    for name, make in STRIPS.items():
        small = join(make()).quantize(128, dither=Image.Dither.NONE)
        yield f"decoding-{name}.png", encode(small, "PNG", optimize=True)


def main() -> None:
    for name, data in render_images():
        (FOLDER / name).write_bytes(data)
        print(f"{name} {len(data):,} bytes")


if __name__ == "__main__":
    main()
