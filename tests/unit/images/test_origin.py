"""What a header says of where a file comes from; what is damaged says nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from hubel.images.origin import FileOrigin, read_origin

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def saved(form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, form, **options)
    return buffer.getvalue()


def tags(**values: str) -> Image.Exif:
    exif = Image.Exif()
    for name, value in values.items():
        exif[ExifTags.Base[name]] = value
    return exif


def test_tables_of_a_jpeg_are_those_it_was_saved_with():
    tables = [[7] * 64, list(range(1, 65))]
    origin = read_origin(saved("JPEG", qtables=tables, subsampling=0))
    assert sorted(map(sorted, origin.tables)) == sorted(map(sorted, tables))
    assert read_origin(saved("JPEG", quality=90)).tables != read_origin(saved("JPEG", quality=70)).tables


@pytest.mark.parametrize(("number", "word"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_the_subsampling_is_the_one_it_was_saved_with(number: int, word: str):
    assert read_origin(saved("JPEG", subsampling=number)).subsampling == word


def test_a_progressive_jpeg_is_known():
    assert read_origin(saved("JPEG", progressive=True)).progressive
    assert not read_origin(saved("JPEG")).progressive


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_camera_software_and_date_are_read_from_exif(form: str):
    exif = tags(Make="Acme\0", Model="One", Software="Tool 2", DateTime="2021:05:03 10:11:12")
    origin = read_origin(saved(form, exif=exif))
    assert (origin.camera, origin.software, origin.date) == ("Acme One", "Tool 2", "2021:05:03 10:11:12")


def test_names_are_one_line_and_short():
    origin = read_origin(saved("JPEG", exif=tags(Make="bad\nname\x1b[31m" + "x" * 500)))
    assert origin.camera.isprintable()
    assert len(origin.camera) == 48


@pytest.mark.parametrize("data", [b"", b"<html>", saved("JPEG")[:30], saved("PNG")[:20]])
def test_of_what_is_no_image_nothing_is_known(data: bytes):
    assert read_origin(data) == FileOrigin()


def test_damaged_tags_leave_the_tables_known():
    sound = saved("JPEG", quality=70)
    broken = sound[:2] + b"\xff\xe1\x00\x10Exif\0\0MM\x00*\xff\xff\xff\xff" + sound[2:]
    assert read_origin(broken).tables == read_origin(sound).tables
