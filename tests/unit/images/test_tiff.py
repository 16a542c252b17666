"""TIFF with many bands and deep colours, against the arrays that they were made of."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from tests.unit.images.deep_files import tiff
from tests.unit.images.test_decode import STORED

from hubel.errors import UnreadableImage
from hubel.images.decode import Limits, decode_image, from_pillow, read_header
from hubel.images.samples import SampleRule
from hubel.images.tiff import find_layout, read_tiff

RNG = np.random.default_rng(11)


def noise(bands: int, kind: str = "u1", *, height: int = 23, width: int = 19) -> np.ndarray:
    raw = RNG.integers(0, 256, (height, width, bands * np.dtype(kind).itemsize), np.uint8)
    return raw.view(kind) if np.dtype(kind).kind != "f" else RNG.normal(size=(height, width, bands)).astype(kind)


@pytest.mark.parametrize("bands", [4, 5, 8, 13])
@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("storage", ["", "planar", "tiled", "planar tiled"])
def test_chosen_bands_of_many_are_red_green_and_blue(
    bands: int, kind: str, storage: str, capfd: pytest.CaptureFixture[str]
):
    values = noise(bands, kind)
    data = tiff(values, extra=(0,) * (bands - 1), storage=storage)
    decoded = decode_image(data, rule=SampleRule((4, 3, 2), (0.0, 65535.0)))
    expected = values[..., [3, 2, 1]]
    np.testing.assert_array_equal(decoded, expected if kind == "u1" else np.round(expected / 257))
    assert capfd.readouterr() == ("", "")  # no line of a library


@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("compression", "storage"),
    [("none", ""), ("lzw", ""), ("deflate", "predictor"), ("lzw", "planar predictor"), ("deflate", "tiled predictor")],
)
def test_every_type_order_and_packing_gives_the_numbers_of_the_file(
    kind: str, order: str, compression: str, storage: str
):
    values = noise(5, kind)
    data = tiff(values, compression=compression, order=order, storage=storage)
    layout = find_layout(io.BytesIO(data))
    assert layout is not None
    np.testing.assert_array_equal(read_tiff(data, layout, bands=(5, 1, 3)).values, values[..., [4, 0, 2]])


@pytest.mark.parametrize(
    ("bands", "photometric", "extra", "said"),
    [
        (4, 2, (), "it has 4 bands, none of them marked as transparency"),
        (4, 2, (0,), "it has 4 bands, none of them marked as transparency"),
        (5, 2, (2, 0), "it has 5 bands, one of them marked as transparency"),
        (2, 1, (0,), "it has 2 bands, none of them marked as transparency"),
        (13, 1, (0,) * 12, "it has 13 bands, none of them marked as transparency"),
    ],
)
def test_bands_beyond_three_are_refused_by_name_with_the_cure(
    bands: int, photometric: int, extra: tuple[int, ...], said: str, capfd: pytest.CaptureFixture[str]
):
    data = tiff(noise(bands), photometric=photometric, extra=extra)
    with pytest.raises(UnreadableImage, match=f"{said}: choose the bands of red, green and blue .*, or save") as caught:
        decode_image(data)
    assert caught.value.code == "many-bands"
    assert capfd.readouterr() == ("", "")


def test_a_band_that_is_not_there_is_refused_by_name():
    data = tiff(noise(5))
    with pytest.raises(UnreadableImage, match="it has 5 bands, and there is no band 6: choose other bands"):
        decode_image(data, rule=SampleRule((6, 2, 1)))


def test_near_infrared_is_not_transparency():
    """A fourth band without a mark, over which version 0.4 showed white: mean 105 became 175."""
    values = noise(4)
    decoded = decode_image(tiff(values, photometric=2), rule=SampleRule((1, 2, 3)))
    np.testing.assert_array_equal(decoded, values[..., :3])


def test_a_band_marked_as_transparency_by_mistake_can_be_chosen():
    values = noise(4)
    data = tiff(values, photometric=2, extra=(2,))
    np.testing.assert_array_equal(decode_image(data, rule=SampleRule((4, 2, 1))), values[..., [3, 1, 0]])


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("mark", [1, 2])
def test_marked_transparency_lies_over_white(kind: str, mark: int):
    full = {"u1": 255, "u2": 65535, "f4": 1}[kind]
    colour, alpha = RNG.random((7, 9, 3)), RNG.random((7, 9, 1))
    stored = np.concatenate([colour * alpha if mark == 1 else colour, alpha], axis=-1) * full
    values = stored.astype(kind) if kind == "f4" else np.round(stored).astype(kind)
    decoded = decode_image(tiff(values, photometric=2, extra=(mark,)), rule=SampleRule((), (0, 65535), (0, 1)))
    over_white = 255 * (colour * alpha + (1 - alpha))
    assert abs(decoded - over_white).max() <= 2.5


def test_three_bands_without_a_mark_are_colours_and_one_chosen_band_is_grey():
    values = noise(3)
    np.testing.assert_array_equal(decode_image(tiff(values)), values)
    decoded = decode_image(tiff(values), rule=SampleRule((2,)))
    np.testing.assert_array_equal(decoded, np.repeat(values[..., 1:2], 3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_many_bands_are_turned_upright(orientation: int):
    values = noise(5)
    data = tiff(np.ascontiguousarray(STORED[orientation](values)), t274=orientation)
    np.testing.assert_array_equal(decode_image(data, rule=SampleRule((1, 2, 3))), values[..., :3])
    header = read_header(data)
    assert (header.height, header.width, header.mode, header.frames) == (23, 19, "5 bands", 1)


def test_white_is_zero_is_inverted():
    values = noise(4)
    np.testing.assert_array_equal(
        decode_image(tiff(values, photometric=0), rule=SampleRule((1,)))[..., 0], 255 - values[..., 0]
    )


def test_the_memory_of_all_bands_is_checked_from_the_header():
    data = tiff(noise(13, "u2"))  # 437 pixels, 11,362 bytes
    with pytest.raises(
        UnreadableImage, match=r"19 x 23 pixels of 13 bands, together 11,362 bytes.* 6,000: save"
    ) as caught:
        decode_image(data, limits=Limits(max_pixels=1000), rule=SampleRule((1, 2, 3)))
    assert caught.value.code == "too-many-pixels"
    planar = tiff(noise(13, "u2"), storage="planar")  # of these, three bands are unpacked
    assert decode_image(planar, limits=Limits(max_pixels=1000), rule=SampleRule((1, 2, 3))).shape == (23, 19, 3)


def test_a_tile_larger_than_memory_is_refused_before_it_is_unpacked():
    data = tiff(noise(5), storage="tiled", t322=2**24, t323=2**24)
    with pytest.raises(UnreadableImage, match="together"):
        decode_image(data, rule=SampleRule((1, 2, 3)))


def test_a_cut_file_of_many_bands_is_refused():
    data = tiff(noise(5))
    cut = data[:8] + data[900:]  # the directory is not where the header says
    with pytest.raises(UnreadableImage):
        decode_image(cut, rule=SampleRule((1, 2, 3)))


def test_a_rare_type_is_refused_by_name():
    with pytest.raises(UnreadableImage, match="TIFF of 5 bands in a rare form: save it with 8 or 16 bits"):
        decode_image(tiff(noise(5, "i8")), rule=SampleRule((1, 2, 3)))


def test_an_opened_tiff_with_an_unmarked_band_is_refused_too():
    from PIL import Image

    data = tiff(noise(4), photometric=2)
    with pytest.raises(UnreadableImage, match="4 bands, none of them marked"):
        from_pillow(Image.open(io.BytesIO(data)))


def test_an_old_classifier_sees_a_fourth_band_as_it_was_trained_to():
    values = noise(4)
    alpha = values[..., 3:] / 255
    decoded = decode_image(tiff(values, photometric=2), rule=SampleRule(legacy=True))
    assert abs(decoded - (values[..., :3] * alpha + 255 * (1 - alpha))).max() <= 1


def test_many_bands_log_nothing_for_an_old_classifier(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING), pytest.raises(UnreadableImage, match="13 bands"):
        decode_image(tiff(noise(13)), rule=SampleRule(legacy=True))
    assert not caplog.records
