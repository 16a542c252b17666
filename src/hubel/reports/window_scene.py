"""What a drawing of a sliding window shows, and where: cells, titles, the window's way, the arithmetic of each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hubel.arithmetic.windows import Calculation, Step
from hubel.drawing.shapes import INK, Colour, tinted
from hubel.errors import WrongRequest
from hubel.errors.wording import Option

MOST_FRAMES = 400
MOST_CELLS = 2_500
"""Cells of the matrix: more than 50 x 50 cannot be read on one screen."""

CHANNEL_NAMES = ("red", "green", "blue")

_WIDTH = 1080
_MARGIN, _GAP, _TITLE, CAPTION = 40, 64, 34, 76
_LARGEST, _SMALLEST = 60.0, 30.0
_MOST_ROWS, _MOST_COLUMNS = 100, 64
"""Of all panels together: about one screen."""
_MOST_TERMS = 9
_NARROW, _LARGEST_NARROW, _SMALLEST_NARROW = 340, 48.0, 22.0
_PAPER = (241, 243, 246)
_PADDED_ZERO = (72, 78, 90)
"""Nearly the black of a pixel that is 0, and yet no pixel."""
LIGHT: Colour = (240, 243, 247)
LINE: Colour = (195, 202, 212)
EMPTY: Colour = (245, 247, 250)
_BLUE, _ORANGE, _GREY = (126, 176, 230), (247, 190, 120), (226, 230, 236)

_NOTHING = 1e-12
"""Below this a value is what rounding left of zero."""


@dataclass(frozen=True)
class Cell:
    """One square with a number, ``ink`` its colour; ``step`` is the step that fills it in, None from the start."""

    x: float
    y: float
    text: str
    fill: Colour
    step: int | None = None
    ink: Colour = INK


@dataclass(frozen=True)
class WindowScene:
    """Everything in pixels from the top left.

    Args:
        width: of the image.
        height: of the image.
        side: of a cell.
        font: size of the numbers.
        cells: in drawing order.
        titles: (x, y, text), x in the middle of the text.
        taps: top left corners of the window's taps at the first step.
        weights: the kernel's weight at each tap; empty for pooling.
        moves: (x, y) that the window is away from the first step, for each step.
        targets: top left corners of the first number of each result.
        target_moves: (x, y) that the number being filled in is away from it, for each step.
        captions: the arithmetic of each step.
    """

    width: int
    height: int
    side: float
    font: float
    cells: Sequence[Cell]
    titles: Sequence[tuple[float, float, str]]
    taps: Sequence[tuple[float, float]]
    weights: Sequence[str]
    moves: Sequence[tuple[float, float]]
    targets: Sequence[tuple[float, float]]
    target_moves: Sequence[tuple[float, float]]
    captions: Sequence[str]

    @property
    def frame_s(self) -> float:
        """Seconds a step stands: long enough to follow a few, short enough for hundreds."""
        return float(np.clip(40 / len(self.moves), 0.2, 1.2))


def digits_of(values: NDArray[np.float64], *, most: int = 2) -> int:
    """Decimals that show these numbers exactly.

    Args:
        values: of any shape, [...].
        most: decimals where no number of them is exact.
    """
    return next((digits for digits in range(most) if np.allclose(values, np.round(values, digits), 0, 1e-9)), most)


def shown(value: float, digits: int) -> str:
    """A number with so many decimals; nothing is 0, and never -0.

    Args:
        value: the number.
        digits: decimals.
    """
    text = f"{value:.{digits}f}"
    return "0" if abs(value) < _NOTHING else text.lstrip("-") if not text.strip("-0.") else text


def equation(calculation: Calculation, step: Step, *, digits: int = 2, most_terms: int = _MOST_TERMS) -> str:
    """What is computed at one step, as a line: ``0.2·1 + 0.8·0 + … = 2.1``.

    Args:
        calculation: the step's.
        step: the window.
        digits: decimals where numbers have more; the line then says ≈.
        most_terms: with more taps, only the sums are written.
    """
    value = calculation.result[step.row, step.column]
    numbers = np.concatenate([step.window.ravel(), step.products.ravel(), value])
    exact = digits_of(numbers, most=digits + 1) <= digits
    result = ", ".join(shown(number, digits_of(value, most=digits)) for number in value)
    return f"{_terms(calculation, step, digits=digits, most_terms=most_terms)} {'=' if exact else '≈'} {result}"


def _terms(calculation: Calculation, step: Step, *, digits: int, most_terms: int) -> str:
    def number(value: float) -> str:
        text = shown(value, digits_of(np.array(value), most=digits))
        return f"({text})" if text.startswith("-") else text

    kernel, channels = calculation.kernel, step.window.shape[2]
    if kernel is None:
        if channels > 1 or step.inside.sum() > most_terms * 2:
            return f"{calculation.mode} of {step.inside.sum()} pixels" + (" in each channel" if channels > 1 else "")
        return f"{calculation.mode}({', '.join(number(value) for value in step.window[step.inside][:, 0])})"
    if channels > 1:
        sums = zip(step.products.sum(axis=(0, 1)), CHANNEL_NAMES, strict=False)
        text = " + ".join(f"{number(value)} {name}" for value, name in sums)
    elif kernel.size > most_terms:
        text = f"sum of {kernel.size} products"
    else:
        pairs = zip(step.window.ravel(), kernel.ravel(), strict=True)
        text = " + ".join(f"{number(pixel)}·{number(weight)}" for pixel, weight in pairs)
    text += f" + {number(calculation.bias)} bias" if calculation.bias else ""
    return f"ReLU({text})" if calculation.relu else text


def make_scene(calculation: Calculation, *, narrow: bool = False) -> WindowScene:
    """Lay everything out: matrix on the left, kernel in the middle, result on the right, arithmetic below.

    Args:
        calculation: what to show.
        narrow: for the screen of a phone: the three below each other.

    Raises:
        WrongRequest: more windows or cells than can be followed or read.
    """
    _check(calculation)
    layout = _Layout(calculation, narrow=narrow)
    cells, titles = layout.matrix()
    for more_cells, more_titles in (layout.kernel(), layout.output()):
        cells, titles = [*cells, *more_cells], [*titles, *more_titles]
    steps = list(calculation.steps())
    longest = max((len(cell.text) for cell in cells), default=1)
    return WindowScene(
        width=layout.width,
        height=round(layout.height),
        side=layout.side,
        font=min(layout.side * 0.38, layout.side * (0.98 if narrow else 0.86) / (longest * 0.58)),
        cells=cells,
        titles=titles,
        taps=layout.taps(),
        weights=layout.weights(),
        moves=[((step.left - steps[0].left) * layout.side, (step.top - steps[0].top) * layout.side) for step in steps],
        targets=layout.targets(),
        target_moves=[(step.column * layout.side, step.row * layout.side) for step in steps],
        captions=[f"result[{step.row}][{step.column}] = {equation(calculation, step)}" for step in steps],
    )


def _check(calculation: Calculation) -> None:
    pixels = calculation.maps.size
    if calculation.count > MOST_FRAMES or pixels > MOST_CELLS:
        raise WrongRequest(
            f"{calculation.count:,} windows over {pixels:,} numbers are too many for an animation: at most "
            f"{MOST_FRAMES} windows and {MOST_CELLS:,} numbers. Take a part with ",
            Option("region", "0,0,14,14"),
            ", or a larger ",
            Option("stride"),
            "; ",
            Option("out", "result.png"),
            " writes the whole result as an image.",
        )


class _Layout:
    """Where the three columns of panels stand; for a narrow screen they stand below each other.

    Raises:
        WrongRequest: they do not fit a screen.
    """

    def __init__(self, calculation: Calculation, *, narrow: bool) -> None:
        maps, options = calculation.maps, calculation.options
        self._calculation = calculation
        (above, below), (before, after) = options.pads(maps.shape[:2])
        self._pads = above, before
        self._rows, self._columns = maps.shape[0] + above + below, maps.shape[1] + before + after
        self._channels = maps.shape[2]
        kernel = (0, 2) if calculation.kernel is None else options.kernel_size
        widths = np.array([self._columns, kernel[1], calculation.result.shape[1]])
        rows = max(self._rows, options.kernel_size[0]) * self._channels
        if widths.sum() > _MOST_COLUMNS or rows > _MOST_ROWS:
            raise WrongRequest(
                f"{rows} rows and {widths.sum()} columns of numbers cannot be read in an animation: at most "
                f"{_MOST_ROWS} and {_MOST_COLUMNS}, matrix and result side by side. Take a part with ",
                Option("region", "0,0,14,14"),
                ".",
            )
        if narrow:
            self._stand_below(widths, (self._rows, kernel[0], calculation.result.shape[0]))
        else:
            self._stand_beside(widths, max(self._rows, options.kernel_size[0]))

    def _stand_beside(self, widths: NDArray[np.int64], rows: int) -> None:
        borders = 2 * _MARGIN + 2 * _GAP
        columns = int(widths.sum())
        self.side = float(np.clip((_WIDTH - borders) / columns, _SMALLEST, _LARGEST))
        self.width = max(_WIDTH, round(columns * self.side + borders))
        spare = (self.width - borders - columns * self.side) / 2
        self._lefts = np.cumsum([_MARGIN + spare, *(widths[:2] * self.side + _GAP)])
        self._panel = np.full(3, rows * self.side + _TITLE + _MARGIN / 2)
        self._tops = np.full(3, _MARGIN / 2)
        self.height = _MARGIN / 2 + self._panel[0] * self._channels + CAPTION

    def _stand_below(self, widths: NDArray[np.int64], rows: tuple[int, int, int]) -> None:
        columns = int(widths.max())
        self.side = float(np.clip((_NARROW - _MARGIN) / columns, _SMALLEST_NARROW, _LARGEST_NARROW))
        self.width = max(_NARROW, round(columns * self.side + _MARGIN))
        self._lefts = (self.width - widths * self.side) / 2
        self._panel = np.array(rows) * self.side + _TITLE + _MARGIN / 2
        inputs, results = self._channels, self._calculation.result.shape[2]
        self._tops = np.cumsum([_MARGIN / 4, self._panel[0] * inputs, self._panel[1]])
        self.height = float(self._tops[2] + self._panel[2] * results) + CAPTION

    def _top(self, column: int, channel: int) -> float:
        return float(self._tops[column] + self._panel[column] * channel) + _TITLE

    def _title(self, column: int, channel: int, *, columns: int, text: str) -> tuple[float, float, str]:
        return float(self._lefts[column]) + columns * self.side / 2, self._top(column, channel) - 12, text

    def matrix(self) -> tuple[list[Cell], list[tuple[float, float, str]]]:
        """One panel for each channel, padding around it where there is any."""
        maps = self._calculation.maps
        digits = digits_of(maps)
        zero, empty = ("0", _PADDED_ZERO if _are_pixels(maps) else _PAPER), ("", _PAPER)
        text, fill = empty if self._calculation.mode in ("max", "average") else zero
        cells, titles = [], []
        for channel in range(maps.shape[2]):
            tint = _pixel_colours(channel, maps.shape[2]) if _are_pixels(maps) else _tints(maps, _BLUE)
            for row, column in np.ndindex(self._rows, self._columns):
                at = row - self._pads[0], column - self._pads[1]
                place = self._at(0, channel, (row, column))
                if 0 <= at[0] < maps.shape[0] and 0 <= at[1] < maps.shape[1]:
                    cells.append(_cell(place, shown(maps[at][channel], digits), fill=tint(maps[at][channel])))
                else:
                    cells.append(_cell(place, text, fill=fill))
            titles.append(self._title(0, channel, columns=self._columns, text=self._matrix_title(channel)))
        return cells, titles

    def _matrix_title(self, channel: int) -> str:
        maps = self._calculation.maps
        name = CHANNEL_NAMES[channel] if maps.shape[2] > 1 else "matrix"
        size = f"{name} {maps.shape[0]} × {maps.shape[1]}"
        padded = (self._rows, self._columns) != maps.shape[:2]
        return f"{size}, padded {self._rows} × {self._columns}" if padded else size

    def kernel(self) -> tuple[list[Cell], list[tuple[float, float, str]]]:
        """The weights; for pooling only the word and an arrow."""
        kernel = self._calculation.kernel
        if kernel is None:
            x = float(self._lefts[1]) + self.side
            if self._tops[1] > self._tops[0]:
                return [], [(x, self._top(1, 0) + 4, f"{self._calculation.mode} ↓")]
            middle = self._top(1, 0) + self._rows * self.side / 2
            return [], [(x, middle - 12, self._calculation.mode), (x, middle + 18, "→")]
        digits = digits_of(kernel, most=3)
        cells = [Cell(*self._at(1, 0, at), shown(value, digits), _GREY) for at, value in np.ndenumerate(kernel)]
        return cells, [self._title(1, 0, columns=kernel.shape[1], text=f"kernel {kernel.shape[0]} × {kernel.shape[1]}")]

    def output(self) -> tuple[list[Cell], list[tuple[float, float, str]]]:
        """One panel for each feature map."""
        result = self._calculation.result
        digits, tint = digits_of(result), _tints(result, _ORANGE)
        cells, titles = [], []
        for channel in range(result.shape[2]):
            for position, (row, column) in enumerate(np.ndindex(*result.shape[:2])):
                x, y = self._at(2, channel, (row, column))
                value = result[row, column, channel]
                cells.append(Cell(x, y, shown(value, digits), tint(value), position))
            text = f"result {result.shape[0]} × {result.shape[1]}"
            titles.append(self._title(2, channel, columns=result.shape[1], text=text))
        return cells, titles

    def _at(self, column: int, channel: int, at: tuple[int, ...]) -> tuple[float, float]:
        return float(self._lefts[column]) + at[1] * self.side, self._top(column, channel) + at[0] * self.side

    def taps(self) -> list[tuple[float, float]]:
        """The window's corners at the first step, in every channel."""
        options = self._calculation.options
        return [
            self._at(0, channel, (row * options.dilation[0], column * options.dilation[1]))
            for channel in range(self._calculation.maps.shape[2])
            for row, column in np.ndindex(*options.kernel_size)
        ]

    def targets(self) -> list[tuple[float, float]]:
        """The corner of the first number of each result."""
        return [self._at(2, channel, (0, 0)) for channel in range(self._calculation.result.shape[2])]

    def weights(self) -> list[str]:
        """What stands in the corner of each tap."""
        kernel = self._calculation.kernel
        if kernel is None or self.side < 34:
            return []
        digits = digits_of(kernel, most=2)
        return [f"×{shown(value, digits)}" for value in kernel.ravel()] * self._calculation.maps.shape[2]


def _cell(place: tuple[float, float], text: str, *, fill: Colour) -> Cell:
    dark = sum(share * part for share, part in zip((0.3, 0.59, 0.11), fill, strict=True)) < 128
    return Cell(*place, text, fill, ink=LIGHT if dark else INK)


def _are_pixels(maps: NDArray[np.float64]) -> bool:
    """Values from 0 to 1, as images have them: 0 is drawn black."""
    return bool(maps.min() >= 0 and maps.max() <= 1)


def _pixel_colours(channel: int, channels: int) -> Callable[[float], Colour]:
    """Value → colour as on a screen: grey, or of one channel of several its own colour."""

    def colour(value: float) -> Colour:
        level = round(255 * value)
        parts = [level if channels == 1 or each == channel else 0 for each in range(3)]
        return parts[0], parts[1], parts[2]

    return colour


def _tints(values: NDArray[np.float64], strongest: Colour) -> Callable[[float], Colour]:
    """Value → colour: white for the smallest, the given one for the largest, so that numbers stay readable."""
    low, high = float(values.min()), float(values.max())

    return lambda value: tinted(strongest, 0.0 if high == low else (value - low) / (high - low))
