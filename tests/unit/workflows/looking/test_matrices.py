"""Matrices from text, CSV and images; what is wrong with one is said with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hubel.errors import HubelError, UnknownName, UnreadableImage, UnusableInput, WrongRequest
from hubel.workflows.looking.matrices import parse_pair, read_kernel, read_matrix

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)


@pytest.fixture
def image(tmp_path: Path) -> str:
    Image.fromarray(PIXELS).save(tmp_path / "image.png")
    return str(tmp_path / "image.png")


def written(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "matrix.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_without_a_source_it_is_the_worked_example():
    matrix = read_matrix(None)
    assert matrix.shape == (6, 6, 1)
    assert matrix[3, :, 0].tolist() == [0.3, 0.8, 0.7, 0.8, 0.9, 0]


@pytest.mark.parametrize(
    "text",
    [
        "1,0.5\n-2,3e1\n",
        "\ufeff1,0.5\r\n-2,30\r\n",
        "1\t0.5\n-2\t30",
        "1 0.5\n-2   30\n",
        "1;0,5\n-2;30,0\n",
        '"1","0.5"\n"-2","30"\n\n',
        "1,0.5;-2,30",
    ],
)
def test_a_csv_is_read_however_a_spreadsheet_wrote_it(tmp_path: Path, text: str):
    assert read_matrix(written(tmp_path, text))[..., 0].tolist() == [[1, 0.5], [-2, 30]]


@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(st.floats(-1e6, 1e6), min_size=width, max_size=width), min_size=1, max_size=4)
    )
)
def test_rows_in_the_command_are_the_numbers_they_say(rows: list[list[float]]):
    assert read_matrix(";".join(",".join(map(repr, row)) for row in rows))[..., 0].tolist() == rows


def test_an_images_values_go_from_0_to_1_channel_by_channel(image: str):
    np.testing.assert_array_equal(read_matrix(image, channel="all"), PIXELS / 255)
    np.testing.assert_array_equal(read_matrix(image, channel="green"), PIXELS[..., 1:2] / 255)
    grey = (0.299 * PIXELS[..., 0] + 0.587 * PIXELS[..., 1] + 0.114 * PIXELS[..., 2]) / 255
    np.testing.assert_allclose(read_matrix(image)[..., 0], grey, rtol=1e-12)


def test_an_image_of_grey_keeps_its_values_exactly(tmp_path: Path):
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_matrix(str(tmp_path / "grey.png"))[..., 0], values / 255)


def test_a_region_is_the_same_part_that_numpy_cuts(image: str):
    np.testing.assert_array_equal(read_matrix(image, channel="all", region="1,2,3,5"), PIXELS[1:4, 2:7] / 255)
    assert read_matrix(None, region="1,0,2,2")[..., 0].tolist() == [[0.2, 0.8], [0.2, 0.9]]


@pytest.mark.parametrize("region", ["0,0,6,1", "0,0,1,8", "5,0,1,1", "0,0,0,1"])
def test_a_region_outside_of_the_image_says_what_there_is(image: str, region: str):
    with pytest.raises(WrongRequest, match="not inside the 5x7 pixels there are"):
        read_matrix(image, region=region)


@pytest.mark.parametrize("region", ["1,2,3", "a,b,c,d", "-1,0,2,2", ""])
def test_a_region_in_another_form_is_refused(image: str, region: str):
    with pytest.raises(WrongRequest, match="top,left,height,width, such as"):
        read_matrix(image, region=region)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3\n", "Row 2 of .*matrix.csv has 1 number, row 1 has 2"),
        ("a,b\n1,2\n", "Row 1, column 1 of .*matrix.csv holds 'a', which is not a number. .* without a header"),
        ("1,2\n3,x y\n", "Row 2, column 2 of .* holds 'x y', which is not a number"),
        ("1,2\n3,\n", "Row 2, column 2 of .* holds nothing"),
        ("1,nan\n", "Row 1, column 2 of .* holds 'nan'"),
        ("", "matrix.csv is empty"),
    ],
)
def test_a_faulty_csv_names_row_and_column(tmp_path: Path, text: str, message: str):
    with pytest.raises(UnusableInput, match=message):
        read_matrix(written(tmp_path, text))


def test_what_is_no_file_is_said_with_what_to_give(tmp_path: Path):
    with pytest.raises(UnusableInput, match='There is no file nothere.csv. Give a CSV .* rows of numbers like "1,0,1;'):
        read_matrix("nothere.csv")
    with pytest.raises(UnusableInput, match="is a folder. Name one"):
        read_matrix(str(tmp_path))
    with pytest.raises(UnusableInput, match="a name in it is longer than the file system allows; check the path"):
        read_matrix("x" * 5000)


def test_a_damaged_image_is_named(tmp_path: Path, image: str):
    path = written(tmp_path, Path(image).read_bytes()[:-30])
    with pytest.raises(UnreadableImage, match="matrix.csv cannot be read: "):
        read_matrix(path)


def test_wrong_rows_in_the_command_are_the_commands_fault():
    with pytest.raises(WrongRequest, match="Row 2 of the matrix in the command has 1 number, row 1 has 2"):
        read_matrix("1,2;3")
    with pytest.raises(WrongRequest, match="Row 2, column 1 of the matrix in the command holds nothing"):
        read_matrix("1,2;")
    with pytest.raises(WrongRequest, match="The matrix is empty"):
        read_matrix("")


def test_a_channel_is_for_images_only(image: str):
    with pytest.raises(WrongRequest, match="this matrix has one channel"):
        read_matrix("1,2", channel="red")
    with pytest.raises(WrongRequest, match="one of grey, red, green, blue, all. Received: 'alpha'"):
        read_matrix(image, channel="alpha")


def test_a_kernel_is_a_name_rows_or_a_file(tmp_path: Path):
    assert read_kernel("sobel-x").tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert read_kernel("1,2;3,4").tolist() == [[1, 2], [3, 4]]
    assert read_kernel(written(tmp_path, "1,2\n3,4\n")).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("sobel", UnknownName, "no kernel named 'sobel'. Did you mean 'sobel-"),
        ("mine.csv", UnusableInput, "There is no file mine.csv"),
        ("folder/mine", UnusableInput, "There is no file folder/mine"),
        ("a,b.csv", UnusableInput, "There is no file a,b.csv"),
        ("1,a;2,3", WrongRequest, "Row 1, column 2 of the kernel in the command holds 'a', which is not a number"),
        ("1,nan", WrongRequest, "holds 'nan', which is not a number"),
        (" ", WrongRequest, "The kernel is empty. Give rows of numbers, a CSV file, or a name: box, edge"),
    ],
)
def test_a_kernel_that_is_not_there_is_said(source: str, kind: type[HubelError], message: str):
    with pytest.raises(kind, match=message):
        read_kernel(source)


def test_an_image_is_no_kernel(image: str):
    with pytest.raises(UnusableInput, match="is an image, and a kernel needs weights"):
        read_kernel(image)


def test_a_pair_is_one_or_two_numbers():
    assert parse_pair("2", option="--stride") == (2, 2)
    assert parse_pair("2,1", option="--stride") == (2, 1)
    for text in ("0", "1,0", "-1", "1,2,3", "two", "1.5", ""):
        with pytest.raises(WrongRequest, match="--stride takes one or two whole numbers of at least 1"):
            parse_pair(text, option="--stride")
