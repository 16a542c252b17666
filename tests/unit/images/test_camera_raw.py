"""Camera raw files and DICOM are named; a stack whose first page is empty is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from hubel.errors import UnreadableImage
from hubel.images.decode import decode_image, read_header
from hubel.images.samples import SampleRule

GREY = Image.fromarray(np.arange(48 * 64, dtype=np.uint8).reshape(48, 64))


def tiff(image: Image.Image = GREY, pages: tuple[Image.Image, ...] = (), **tags: object) -> bytes:
    """A TIFF whose first directory has tags by number, as ``t254=1``."""
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in tags.items():
        number = int(name[1:])
        directory[number] = value
        if not isinstance(value, str):
            directory.tagtype[number] = 4
    file = io.BytesIO()
    image.save(file, "TIFF", tiffinfo=directory, save_all=bool(pages), append_images=list(pages))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tiff(t254=1, t330=8, t271="NIKON CORPORATION"), "camera raw file of NIKON CORPORATION: develop it"),
        (tiff(t50706=1), "camera raw file: develop it"),
        (b"II*\0\x10\0\0\0CR\x02\0" + tiff()[8:], "camera raw file"),
        (b"IIRO" + bytes(300), "camera raw file"),
        (b"FUJIFILMCCD-RAW 0201" + bytes(300), "camera raw file"),
        (b"\0\0\0\x18ftypcrx " + bytes(300), "camera raw file"),
        (bytes(128) + b"DICM" + bytes(300), "DICOM file from a medical device"),
        (b"II*\0" + bytes(124) + b"DICM" + bytes(300), "DICOM"),  # a preamble may be any bytes
    ],
)
def test_camera_raw_and_dicom_are_named(data: bytes, words: str):
    for read in (decode_image, read_header):
        with pytest.raises(UnreadableImage, match=words) as caught:
            read(data)
        assert caught.value.code == "not-an-image"


def test_a_preview_is_not_taken_for_the_photograph_and_its_maker_is_no_markup():
    with pytest.raises(UnreadableImage) as caught:
        decode_image(tiff(t254=1, t330=8, t271="SO\nNY"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("tags", [{"t254": 0, "t330": 8}, {"t254": 1}, {}])
def test_a_pyramid_a_thumbnail_alone_and_a_plain_tiff_are_read(tags: dict[str, int]):
    np.testing.assert_array_equal(decode_image(tiff(**tags))[:, :, 0], np.asarray(GREY))


BLACK, WHITE = Image.new("L", GREY.size, 0), Image.new("L", GREY.size, 255)
DEEP = Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64))


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (BLACK, GREY),
        (WHITE, GREY),
        (Image.fromarray(np.zeros((48, 64), np.uint16)), DEEP),
        (BLACK.convert("RGB"), GREY.convert("RGB")),
    ],
)
def test_a_stack_whose_first_page_is_empty_is_refused(first: Image.Image, later: Image.Image):
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=[later, later.transpose(Image.Transpose.ROTATE_180)])
    with pytest.raises(UnreadableImage, match="it has 3 pages, and the first, which would be used, is empty"):
        decode_image(file.getvalue())
    # Classifiers of earlier versions read what they learned from.
    assert len(np.unique(decode_image(file.getvalue(), rule=SampleRule(legacy=True)))) == 1


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_may_begin_with_an_empty_frame(form: str):
    file = io.BytesIO()
    BLACK.save(file, form, save_all=True, append_images=[GREY])
    assert not decode_image(file.getvalue()).any()


def test_sixteen_bits_are_looked_at_in_either_order_of_their_bytes():
    for order in ("<", ">"):
        deep = Image.frombytes(
            "I;16B" if order == ">" else "I;16", DEEP.size, np.asarray(DEEP).astype(f"{order}u2").tobytes()
        )
        file = io.BytesIO()
        deep.save(file, "TIFF")
        assert len(np.unique(decode_image(file.getvalue()))) > 200


def test_an_empty_image_of_one_page_and_a_stack_that_begins_with_content_are_read():
    assert not decode_image(tiff(BLACK)).any()
    np.testing.assert_array_equal(decode_image(tiff(GREY, (BLACK,)))[:, :, 0], np.asarray(GREY))
    one_dot = BLACK.copy()
    one_dot.putpixel((30, 20), 1)
    assert decode_image(tiff(one_dot, (GREY,)))[20, 30, 0] == 1
