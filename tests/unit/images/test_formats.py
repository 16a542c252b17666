"""Formats by name, and what is said of files that are none of them."""

from __future__ import annotations

import pytest
from PIL import Image

from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image
from hubel.images.formats import ENDINGS, FORMATS


def test_every_format_has_endings_that_pillow_gives_to_it():
    Image.init()
    pillows = Image.registered_extensions()
    for name, endings in ENDINGS.items():
        known = [ending for ending in endings if f".{ending}" in pillows]
        assert known, name
        assert {"DIB": "BMP", "MPO": "JPEG"}.get(name, name) in {pillows[f".{ending}"] for ending in known}


def test_an_image_in_several_files_of_jpeg_is_a_jpeg_to_its_name():
    assert set(ENDINGS["JPEG"]) < set(ENDINGS["MPO"])
    assert "MPO" not in FORMATS


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty", "no bytes"),
        (b"x", "not-an-image", "not in an image format"),
        (b"<!DOCTYPE html><html>", "not-an-image", "web page"),
        (b"\xef\xbb\xbf\n <HTML>", "not-an-image", "web page"),
        (b'{"error": 404}', "not-an-image", "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "not-an-image", "git lfs pull"),
        (b"<svg xmlns='x'/>", "not-an-image", "export it as PNG"),
        (b"PK\x03\x04" + bytes(60), "not-an-image", "unpack it first"),
        (b"8BPS\0\x01" + bytes(60), "not-an-image", "Photoshop"),
        (b"\0\0\0\x18ftypheic" + bytes(60), "not-an-image", "HEIC"),
        (b"\xff\xd8\xff\xe0", "corrupt", "begins like JPEG"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "corrupt", "begins like PNG, but its header is damaged"),
        (b"II*\0" + bytes(60), "corrupt", "begins like TIFF"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, code: str, words: str):
    with pytest.raises(UnreadableImage, match=words) as caught:
        decode_image(data)
    assert caught.value.code == code
