"""A matrix or a kernel, from whatever the user has: numbers in the command, a CSV, an image, or a part of one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubel.arithmetic.kernels import KERNELS, find_kernel
from hubel.corpus.example_images import example_png, is_example
from hubel.errors import UnreadableImage, UnusableInput, WrongRequest
from hubel.errors.wording import Option
from hubel.files import is_folder, is_there
from hubel.images.decode import CORPUS_LIMITS, decode_image
from hubel.text import one_line

CHANNELS = ("grey", "red", "green", "blue", "all")

WORKED_EXAMPLE = (
    (0, 0, 0, 0, 0, 0),
    (0.2, 0.8, 0, 0.3, 0.6, 0),
    (0.2, 0.9, 0, 0.3, 0.8, 0),
    (0.3, 0.8, 0.7, 0.8, 0.9, 0),
    (0, 0, 0, 0.2, 0.8, 0),
    (0, 0, 0, 0.2, 0.2, 0),
)
"""The matrix of the worked example, 6 x 6."""

_LUMINOSITY = np.array([299, 587, 114])  # thousandths of red, green and blue; ITU-R BT.601, as Pillow's mode L
_ROWS = re.compile(r"[^/\\]*[,;](?![^,;]*\.[a-zA-Z]\w*$)[^/\\]*")  # also with a slip in them; no file's name
_NUMBERS = re.compile(r"[\s\d.,;eE+-]*\d[\s\d.,;eE+-]*")

_Matrix = NDArray[np.float64]
_Error = type[WrongRequest] | type[UnusableInput]


def read_matrix(source: str | None, *, channel: str | None = None, region: str | None = None) -> _Matrix:
    """Read the matrix that a window is to slide over.

    Args:
        source: rows as text, ``"1,0,1;0,1,0"``; a CSV or an image file; the name of an example image;
            None for the worked example.
        channel: of an image, one of `CHANNELS`; None is grey. A matrix of numbers has none to choose.
        region: ``"top,left,height,width"`` in pixels; None for everything.

    Returns:
        Float64 [height, width, channels]. An image's values are 0 to 1; grey is 0.299 red + 0.587 green + 0.114 blue.

    Raises:
        WrongRequest: the text, the channel or the region is wrong.
        UnusableInput: there is no such file, or it holds neither numbers nor an image.
    """
    if channel is not None and channel not in CHANNELS:
        raise WrongRequest(f"The channel must be one of {', '.join(CHANNELS)}. Received: {channel!r}.")
    if source is not None and not source.strip():
        raise WrongRequest("The matrix is empty. Give rows of numbers, a CSV or an image file.")
    values = np.array(WORKED_EXAMPLE, np.float64) if source is None else _read(source)
    if values.ndim == 2 and channel is not None:
        raise WrongRequest(
            Option("channel", channel), " picks from an image; this matrix has one channel. Leave it out."
        )
    part = values if region is None else cut(values, region)
    return part[..., None] if part.ndim == 2 else _channel(part, channel or "grey")


def read_kernel(source: str) -> _Matrix:
    """Read a kernel: a name of the catalogue, rows as text, or a CSV file.

    Returns:
        Float64 [kernel_height, kernel_width].

    Raises:
        WrongRequest: the text is not a matrix.
        UnknownName: no such kernel.
        UnusableInput: the file cannot be used.
    """
    if source in KERNELS:
        return find_kernel(source).weights
    if not source.strip():
        raise WrongRequest(
            f"The kernel is empty. Give rows of numbers, a CSV file, or a name: {', '.join(sorted(KERNELS))}."
        )
    if _ROWS.fullmatch(source) and not _is_there(source):
        return _parse_rows(source.split(";"), ",", where="the kernel in the command", error=WrongRequest)
    is_word = Path(source).name == source and "." not in source and not _NUMBERS.fullmatch(source)
    if is_word and not _is_there(source):
        return find_kernel(source).weights
    values = _read(source)
    if values.ndim == 3:
        raise UnusableInput(f"{one_line(source)} is an image, and a kernel needs weights. Give a CSV of numbers.")
    return values


def parse_pair(text: str, *, option: str) -> tuple[int, int]:
    """``"2"`` or ``"2,1"`` as (height, width).

    Args:
        text: what the user typed.
        option: whose value it is, by its name in Python.

    Raises:
        WrongRequest: not one or two whole numbers of at least 1.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:[,x]\s*(\d{1,6})\s*)?", text)
    if match is None or int(match[1]) < 1 or (match[2] is not None and int(match[2]) < 1):
        raise WrongRequest(
            Option(option),
            f" takes one or two whole numbers of at least 1, such as 2 or 2,1 (height, width). Received: {text!r}.",
        )
    return int(match[1]), int(match[2] or match[1])


def cut(values: NDArray[Any], region: str) -> NDArray[Any]:
    """A part of a matrix or an image.

    Args:
        values: [height, width], or [height, width, channels].
        region: ``"top,left,height,width"`` in pixels.

    Raises:
        WrongRequest: the region is not four numbers, or reaches outside.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,\s*(\d{1,6})\s*", region)
    if match is None:
        raise WrongRequest(
            Option("region"),
            f" takes four whole numbers: top,left,height,width, such as 10,20,12,12. Received: {region!r}.",
        )
    top, left, height, width = map(int, match.groups())
    rows, columns = values.shape[:2]
    if not (height and width) or top + height > rows or left + width > columns:
        raise WrongRequest(
            f"The region of {height}x{width} pixels from row {top}, column {left} is not inside the "
            f"{rows}x{columns} pixels there are (height x width). Rows go from 0 to {rows - 1}, columns from 0 to "
            f"{columns - 1}, and a region has at least one pixel."
        )
    return values[top : top + height, left : left + width]


def _channel(pixels: NDArray[Any], channel: str) -> _Matrix:
    if channel == "all":
        return pixels / 255
    if channel == "grey":
        # Whole numbers until the one division: equal channels keep their value to the last digit.
        return ((pixels.astype(np.int64) @ _LUMINOSITY) / 255_000)[..., None]
    index = ("red", "green", "blue").index(channel)
    return pixels[..., index : index + 1] / 255


def _read(source: str) -> NDArray[Any]:
    """Float64 [height, width], or of an image uint8 [height, width, 3]."""
    if is_example(source):
        return _decoded(source, example_png)
    if not _is_there(source):
        if _NUMBERS.fullmatch(source):
            return _parse_rows(source.split(";"), ",", where="the matrix in the command", error=WrongRequest)
        raise UnusableInput(
            f"There is no file {one_line(source)}. Give a CSV or an image file, rows of numbers like "
            '"1,0,1;0,1,0;1,0,1", or an example image, such as digits:8.'
        )
    data = _bytes(Path(source))
    name = one_line(source)
    if not data.strip():
        raise UnusableInput(f"{name} is empty. Give a CSV of numbers, one row per line, or an image.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    return _parse_csv(text, name) if "\0" not in text else _decoded(source, lambda _: data)


def _decoded(source: str, read: Callable[[str], bytes]) -> NDArray[np.uint8]:
    try:
        return decode_image(read(source))
    except UnreadableImage as error:
        raise UnreadableImage(error.code, f"{one_line(source)} cannot be read: {error.reason}.") from error


def _is_there(source: str) -> bool:
    """A file; a path that cannot be looked at is said to be one unless it may be numbers."""
    try:
        return is_there(source)
    except UnusableInput:
        if _ROWS.fullmatch(source) or _NUMBERS.fullmatch(source):
            return False
        raise


def _bytes(path: Path) -> bytes:
    name = one_line(str(path))
    if is_folder(path):
        raise UnusableInput(f"{name} is a folder. Name one CSV or image file in it.")
    try:
        with path.open("rb") as file:
            data = file.read(CORPUS_LIMITS.max_bytes + 1)
    except OSError as error:
        raise UnusableInput(f"{name} cannot be read: {error.strerror}. Check the file and its permissions.") from error
    if len(data) > CORPUS_LIMITS.max_bytes:
        raise UnusableInput(f"{name} has more than {CORPUS_LIMITS.max_bytes:,} bytes. Cut out the part you need.")
    return data


def _parse_csv(text: str, name: str) -> _Matrix:
    lines = text.strip("\r\n ").splitlines()
    if len(lines) == 1 and ";" in text and "," in text:
        return _parse_rows(text.split(";"), ",", where=name, error=UnusableInput)
    delimiter = next((mark for mark in "\t;," if mark in lines[0]), None)
    if delimiter == ";":
        lines = [line.replace(",", ".") for line in lines]  # spreadsheets write so where the comma is decimal
    return _parse_rows(lines, delimiter, where=name, error=UnusableInput)


def _parse_rows(lines: list[str], delimiter: str | None, *, where: str, error: _Error) -> _Matrix:
    rows = [
        [_number(cell, (row, column), where=where, error=error) for column, cell in enumerate(_cells(line, delimiter))]
        for row, line in enumerate(lines)
    ]
    for row, cells in enumerate(rows):
        if len(cells) != len(rows[0]):
            numbers = f"{len(cells)} number{'' if len(cells) == 1 else 's'}"
            raise error(
                f"Row {row + 1} of {where} has {numbers}, row 1 has {len(rows[0])}. "
                "Every row needs as many numbers as the first."
            )
    return np.array(rows, np.float64)


def _cells(line: str, delimiter: str | None) -> list[str]:
    return line.split(delimiter) or [""]


def _number(cell: str, at: tuple[int, int], *, where: str, error: _Error) -> float:
    text = cell.strip().strip('"').strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        what = f"{one_line(text)[:40]!r}, which is not a number" if text else "nothing"
        raise error(
            f"Row {at[0] + 1}, column {at[1] + 1} of {where} holds {what}. Give plain numbers such as 0.5, "
            "without a header."
        )
    return value
