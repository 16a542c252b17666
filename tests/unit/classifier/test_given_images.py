"""What programs give to predict: each kind is the same image, and what cannot be one says what to give instead."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from PIL import Image
from tests.unit.classifier.made import make_classifier

from hubel.backends.framework import keras
from hubel.classifier.classifier import Classifier
from hubel.classifier.given import to_model_pixels
from hubel.errors import UnreadableImage, WrongRequest
from hubel.images.array_images import ArrayRule
from hubel.images.preprocessing import Preprocessing

RNG = np.random.default_rng(5)
COLOUR = RNG.integers(0, 256, (12, 9, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (12, 9), dtype=np.uint8)
CLEAR = RNG.integers(0, 256, (12, 9, 4), dtype=np.uint8)
SIZE = Preprocessing(12, 9)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return make_classifier()


def saved(pixels: np.ndarray, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


def seen(image: object, **said: Any) -> np.ndarray:
    return to_model_pixels(image, SIZE, said=ArrayRule(**said))


class Tensor:
    """What the tensors of every framework have."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


@pytest.mark.parametrize(
    "give",
    [
        io.BytesIO, bytearray, memoryview, lambda data: Image.open(io.BytesIO(data)),
        lambda _: Tensor(COLOUR), lambda _: COLOUR[..., ::-1][..., ::-1], lambda _: COLOUR.astype(">u1"),
    ],
    ids=["file", "bytearray", "memoryview", "pillow", "tensor", "strided", "byte order"],
)  # fmt: skip
def test_each_kind_is_the_same_image(give: Callable[[bytes], object]):
    np.testing.assert_array_equal(seen(give(saved(COLOUR))), COLOUR)


def test_an_open_file_and_a_path_of_a_folder_entry(tmp_path: Path):
    (tmp_path / "x.png").write_bytes(saved(COLOUR))
    with (tmp_path / "x.png").open("rb") as file:
        np.testing.assert_array_equal(seen(file), COLOUR)
        with pytest.raises(
            UnreadableImage, match=r"gives no bytes: it is empty, or was read to its end; then call file\.seek"
        ):
            seen(file)
    with (tmp_path / "x.png").open(encoding="latin-1") as file, pytest.raises(WrongRequest, match="gives str.*'rb'"):
        seen(file)
    with pytest.raises(WrongRequest, match="cannot be read: I/O operation on closed file.*'rb'"):
        seen(file)
    with pytest.raises(UnreadableImage, match=r"it is a folder: give its files, such as sorted\(folder\.rglob"):
        seen(tmp_path)


def test_a_file_that_must_be_awaited_says_so():
    class Upload:
        async def read(self, size: int = -1) -> bytes:
            return b""

    with pytest.raises(WrongRequest, match=r"Upload\.read\(\) must be awaited: give the bytes, await file\.read"):
        seen(Upload())


def test_grey_becomes_three_equal_channels():
    for grey in (GREY, GREY[..., None]):
        np.testing.assert_array_equal(seen(grey), np.stack([GREY] * 3, axis=-1))


def test_transparency_is_laid_over_white_as_the_decoder_does():
    np.testing.assert_array_equal(seen(CLEAR), seen(saved(CLEAR)))
    alpha = CLEAR[..., 3:] / 255
    assert np.abs(seen(CLEAR) - (CLEAR[..., :3] * alpha + 255 * (1 - alpha))).max() <= 1


def test_blue_first_is_turned_round_where_it_is_said():
    np.testing.assert_array_equal(seen(COLOUR[..., ::-1], channels="bgr"), COLOUR)
    np.testing.assert_array_equal(seen(CLEAR[..., [2, 1, 0, 3]], channels="bgr"), seen(CLEAR))
    np.testing.assert_array_equal(seen(GREY, channels="bgr"), seen(GREY))


def test_floats_are_scaled_as_the_caller_says():
    np.testing.assert_array_equal(seen((COLOUR / 255).astype(np.float32), scale="0..1"), COLOUR)
    np.testing.assert_array_equal(seen(COLOUR.astype(np.float64), scale="0..255"), COLOUR)
    np.testing.assert_array_equal(seen(COLOUR.astype(np.int64), scale="0..255"), COLOUR)
    np.testing.assert_array_equal(seen(COLOUR / 255 * 1.001, scale="0..1") >= COLOUR, True)  # rounding oversteps


def test_sixteen_bits_are_read_as_their_file_is():
    deep = RNG.integers(100, 4000, (12, 9), dtype=np.uint16)
    np.testing.assert_array_equal(seen(deep), seen(saved(deep)))
    ranged = Preprocessing(12, 9, integer_range=(0.0, 8000.0))
    np.testing.assert_array_equal(to_model_pixels(deep, ranged), to_model_pixels(saved(deep), ranged))
    assert np.abs(to_model_pixels(deep, ranged)[..., 0] - deep / 8000 * 255).max() <= 0.5


def test_a_large_jpeg_is_the_same_as_a_path_and_as_an_opened_image(tmp_path: Path):
    noise = Image.fromarray(RNG.integers(0, 256, (60, 80, 3), dtype=np.uint8)).resize((800, 600))
    noise.save(tmp_path / "x.jpg", quality=90)
    small = Preprocessing(24, 32)
    of_path = to_model_pixels(tmp_path / "x.jpg", small)
    with Image.open(tmp_path / "x.jpg") as image:
        np.testing.assert_array_equal(to_model_pixels(image, small), of_path)
        np.testing.assert_array_equal(to_model_pixels(image, small), of_path)  # it is as it was
        assert image.size == (800, 600)
        loaded = to_model_pixels(image.convert("RGB"), small)
    assert 0 < np.abs(loaded.astype(int) - of_path).max() <= 12  # the pixels in full, averaged by another filter


def test_an_opened_image_that_was_changed_is_taken_as_it_is():
    frames = [Image.fromarray(np.full((12, 9), value, np.uint8)) for value in (10, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:])
    with Image.open(buffer) as image:
        image.seek(1)
        assert seen(image).mean() == 200
    with Image.open(io.BytesIO(saved(np.full((12, 9, 3), 90, np.uint8)))) as image:
        image.putpixel((0, 0), (255, 0, 0))
        assert seen(image)[0, 0].tolist() == [255, 0, 0]


WRONG: list[tuple[object, dict[str, str], str]] = [
    (7, {}, "An image is a path.*Received: int"),
    (None, {}, "Received: NoneType"),
    ({"a": COLOUR}, {}, r"Received: dict\. Give list\(images\.values\(\)\)\."),
    ({"a.png"}, {}, r"Received: set\. Give a list\."),
    (np.zeros((0, 0, 3), np.uint8), {}, r"has no pixels\. Received: uint8 \[0, 0, 3\]"),
    (np.zeros((3, 20, 30), np.uint8), {}, r"channels come first: give numpy\.moveaxis\(image, 0, -1\)"),
    (np.zeros((5, 20, 30), np.uint8), {}, r"For several grey images, give images\[\.\.\., None\]"),
    (np.zeros((1, 2, 2, 2, 3), np.uint8), {}, r"An array holds one image as \[height, width\], "),
    (np.zeros(12, np.uint8), {}, r"Received: uint8 \[12\]"),
    (np.zeros((4, 4), bool), {}, r'a mask.* give image\.astype\("uint8"\) \* 255'),
    (np.zeros((4, 4, 3)), {}, r"float64 does not say which value is white.*scale='0\.\.1' or scale='0\.\.255'"),
    (np.zeros((4, 4, 3), np.int32), {}, r"int32 does not say which value is white\. Give it: scale='0\.\.255'; or"),
    (np.full((4, 4), np.nan), {"scale": "0..1"}, r"NaN or infinite values: numpy\.nan_to_num"),
    (np.full((4, 4), 200.0), {"scale": "0..1"}, r"go from 200 to 200\. Give scale='0\.\.255'\."),
    (np.full((4, 4), -1.0), {"scale": "0..1"}, r"go from -1 to -1\. If they were normalised for another model"),
    (COLOUR, {"scale": "0..1"}, r"scale='0\.\.1' is for floats, and this array is uint8\. Leave scale out"),
    (np.zeros((4, 4), object), {}, r"array of numbers\. Received: object\."),
    (np.zeros((4, 4), complex), {}, "array of numbers. Received: complex128"),
    (COLOUR, {"scale": "255"}, r"scale must be one of '0\.\.1', '0\.\.255', or None\. Received: '255'"),
    (COLOUR, {"channels": "BGR"}, r"channels must be one of 'rgb', 'bgr'\. Received: 'BGR'"),
    ("x.png", {"channels": "bgr"}, r"channels='bgr' is for arrays\. The file 'x\.png' is not one"),
    (saved(COLOUR), {"scale": "0..1"}, r"scale='0\.\.1' is for arrays\. A bytes is not one"),
]


@pytest.mark.parametrize(("image", "said", "words"), WRONG)
def test_what_is_no_image_says_what_to_give(classifier: Classifier, image: object, said: Any, words: str):
    with pytest.raises(WrongRequest, match=words):
        classifier.predict(image, **said)


def test_a_tensor_that_does_not_become_an_array_says_why(classifier: Classifier):
    class OnAnotherDevice:
        def __array__(self) -> np.ndarray:
            raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")

    with pytest.raises(WrongRequest, match=r"OnAnotherDevice cannot be converted to a NumPy array: .*Tensor\.cpu"):
        classifier.predict(OnAnotherDevice())


@pytest.mark.backend
def test_several_of_any_kind_give_a_list(classifier: Classifier):
    one = classifier.predict(COLOUR)
    together: list[Any] = [
        [COLOUR, saved(COLOUR)], (COLOUR, Tensor(COLOUR)), iter([COLOUR, COLOUR]), np.stack([COLOUR, COLOUR]),
        keras.ops.convert_to_tensor(np.stack([COLOUR, COLOUR])), (each for each in (COLOUR, io.BytesIO(saved(COLOUR)))),
    ]  # fmt: skip
    for several in together:
        assert classifier.predict(several) == [one, one]
    assert classifier.predict(keras.ops.convert_to_tensor(COLOUR)) == one
    for none in ([], (), iter([]), np.zeros((0, 8, 8, 3), np.uint8), np.array([])):
        assert classifier.predict(none) == []


def test_a_column_of_paths_is_a_list(classifier: Classifier, tmp_path: Path):
    (tmp_path / "x.png").write_bytes(saved(COLOUR))
    for dtype in (object, str):
        assert len(classifier.predict(np.array([str(tmp_path / "x.png")] * 2, dtype))) == 2


def test_what_is_wrong_with_one_of_several_names_its_place(classifier: Classifier):
    with pytest.raises(UnreadableImage, match=r"^images\[1\]: gone\.png: "):
        classifier.predict([COLOUR, "gone.png"])
    with pytest.raises(UnreadableImage, match=r"^images\[2\]: .*ends too early"):
        classifier.predict([COLOUR, COLOUR, saved(COLOUR)[:-30]])
    with pytest.raises(
        WrongRequest, match=r"^images\[1\]: An image is .*Received: list\. For rows of numbers, give numpy"
    ):
        classifier.predict([COLOUR, [[1, 2], [3, 4]]])
    with pytest.raises(WrongRequest, match=r"^images\[0\]: .*channels come first"):
        classifier.predict(np.zeros((2, 3, 20, 20), np.uint8))


def test_a_stream_asks_for_no_more_than_it_needs(classifier: Classifier):
    asked = []

    def images() -> Any:
        for number in range(1000):
            asked.append(number)
            yield COLOUR

    stream = classifier.predict_stream(images())
    assert asked == []
    assert next(stream) == next(stream)
    assert len(asked) <= 256
    with pytest.raises(WrongRequest, match=r"takes several images\. For one, use predict"):
        classifier.predict_stream(COLOUR)


def test_an_embedding_is_what_enters_the_last_layer(classifier: Classifier):
    vectors = classifier.embed([COLOUR, CLEAR])
    assert (vectors.shape, vectors.dtype) == ((2, 16), np.float32)
    last = [layer for layer in classifier.model.layers if isinstance(layer, keras.layers.Dense)][-1]
    logits = vectors @ np.asarray(last.kernel) + np.asarray(last.bias)
    pixels = np.stack([classifier.read_pixels(COLOUR), classifier.read_pixels(CLEAR)])
    np.testing.assert_allclose(logits, classifier.compute(pixels)[0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(classifier.embed(COLOUR), vectors[:1], rtol=1e-4, atol=1e-4)
    assert classifier.embed([]).shape == (0, 16)


def test_half_floats_of_frameworks_are_floats():
    assert np.abs(seen(COLOUR.astype(np.float16), scale="0..255").astype(int) - COLOUR).max() == 0
    assert np.abs(seen((COLOUR / 255).astype(ml_dtypes.bfloat16), scale="0..1").astype(int) - COLOUR).max() <= 1
