"""A sliding window → text for people, or JSON, on standard output."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from click.core import ParameterSource
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from hubel.arithmetic.kernels import KERNELS
from hubel.arithmetic.windows import Calculation, Step
from hubel.cli.show.results import console
from hubel.reports.window_scene import CHANNEL_NAMES, MOST_CELLS, MOST_FRAMES, digits_of, equation, shown

ROWS_SHOWN, COLUMNS_SHOWN = 16, 16
_WIDTH = 100
_GAP = "     "
_DIGITS = 4
"""Decimals in a line of arithmetic, where there is room for them."""

_LONG = 64
"""Letters of a command to type, beyond which the others are not spaced to match."""

_MARK = "bold reverse yellow"


def show_kernels(*, as_json: bool) -> None:
    """The catalogue of kernels."""
    if as_json:
        document = {name: {"summary": entry.summary, "kernel": entry.values} for name, entry in KERNELS.items()}
        click.echo(json.dumps(document))
        return
    screen = console()
    for name, entry in KERNELS.items():
        screen.print(Text(f"{name:10}", "bold").append(entry.summary, "not bold"))
        for row in _grid(entry.weights, most=4):
            screen.print(f"{'':10}{row}")
    screen.print('\nUse one: hubel convolve --kernel sobel-x; your own: --kernel "1,0,1;0,1,0;1,0,1" or a CSV file')


def show_calculation(
    calculation: Calculation, context: click.Context, *, steps: bool, as_json: bool, out: Path | None
) -> None:
    """Print a calculation, and write its image if one was asked for.

    Args:
        calculation: what was computed.
        context: of the command, for the lines that say what to type next.
        steps: show every window.
        as_json: print JSON instead of text.
        out: file of the image; its ending is checked already.

    Raises:
        WrongRequest: too many windows for what was asked.
        OutputNotWritable: the image cannot be written.
    """
    if steps and not as_json:
        calculation.check_steps()
    document = json.dumps(calculation.to_json()) if as_json else ""
    if out is not None:
        from hubel.page.window_steps import write_steps

        written = write_steps(out, calculation)
        click.echo(f"Wrote {out}: {written}.", err=True)
    if as_json:
        click.echo(document)
        return
    screen = console()
    _overview(screen, calculation)
    if steps:
        for position, step in enumerate(calculation.steps()):
            _block(screen, calculation, step=step, position=position)
    else:
        _example(screen, calculation)
    _next(screen, calculation, context)


def _overview(screen: Console, calculation: Calculation) -> None:
    maps, options, result = calculation.maps, calculation.options, calculation.result
    what = "Convolution" if calculation.kernel is not None else f"{calculation.mode.capitalize()} pooling"
    moves = f"stride {_by(options.stride)}, padding {options.padding}"
    moves += f", dilation {_by(options.dilation)}" if calculation.kernel is not None else ""
    windows = "window" if calculation.count == 1 else "windows"
    screen.print(Text(f"{what}  ", "bold").append(f"{moves}; {calculation.count:,} {windows}", "not bold"))
    screen.print()
    names = CHANNEL_NAMES if maps.shape[2] > 1 else ("matrix",)
    panels = [
        (f"{name} ({_by(maps.shape)})", _grid(maps[..., index], digits=digits_of(maps)))
        for index, name in enumerate(names)
    ]
    if calculation.kernel is not None:
        panels.append((f"kernel ({_by(calculation.kernel.shape)})", _grid(calculation.kernel, most=4)))
    names = CHANNEL_NAMES if result.shape[2] > 1 else ("",)
    panels += [
        (f"result {name}".strip() + f" ({_by(result.shape)})", _grid(result[..., index], digits=digits_of(result)))
        for index, name in enumerate(names)
    ]
    _side_by_side(screen, panels)
    if max(maps.shape[0], result.shape[0]) > ROWS_SHOWN or max(maps.shape[1], result.shape[1]) > COLUMNS_SHOWN:
        screen.print(
            f"Only the first {ROWS_SHOWN} rows and {COLUMNS_SHOWN} columns are shown. "
            "--region TOP,LEFT,HEIGHT,WIDTH picks a part; -o result.png writes the whole result."
        )
        low, high = result.min(), result.max()
        screen.print(f"The whole result ranges from {low:.4g} to {high:.4g}, {result.mean():.4g} on average.")
        screen.print()


def _side_by_side(screen: Console, panels: Sequence[tuple[str, list[str]]]) -> None:
    """Panels in a row, a new row where the line is full."""
    line: list[tuple[str, list[str]]] = []
    for panel in [*panels, None]:
        full = panel is None or sum(_breadth(member) + len(_GAP) for member in [*line, panel]) > _WIDTH
        if full and line:
            for row in range(-1, max(len(rows) for _, rows in line)):
                cells = [
                    (title if row < 0 else rows[row] if row < len(rows) else "").ljust(_breadth((title, rows)))
                    for title, rows in line
                ]
                screen.print(Text(_GAP.join(cells).rstrip(), "dim" if row < 0 else ""))
            screen.print()
            line = []
        if panel is not None:
            line.append(panel)


def _breadth(panel: tuple[str, list[str]]) -> int:
    return max(len(text) for text in (panel[0], *panel[1]))


def _grid(values: NDArray[np.float64], *, digits: int | None = None, most: int = 2) -> list[str]:
    """Aligned rows of a matrix; a large one is cut."""
    part = values[:ROWS_SHOWN, :COLUMNS_SHOWN]
    cells = _cells(part, digits_of(part, most=most) if digits is None else digits)
    dots = " …" if values.shape[1] > COLUMNS_SHOWN else ""
    rows = ["  ".join(row) + dots for row in cells]
    return [*rows, "…"] if values.shape[0] > ROWS_SHOWN else rows


def _cells(values: NDArray[np.float64], digits: int) -> list[list[str]]:
    texts = [[shown(value, digits) for value in row] for row in values]
    width = max(len(text) for row in texts for text in row)
    return [[text.rjust(width) for text in row] for row in texts]


def _example(screen: Console, calculation: Calculation) -> None:
    """The arithmetic of one window."""
    position = calculation.result.shape[1] if calculation.result.shape[0] > 1 else 0
    _arithmetic(screen, calculation, step=calculation.step(position))
    screen.print()


def _arithmetic(screen: Console, calculation: Calculation, *, step: Step) -> None:
    if calculation.kernel is not None and step.window.shape[2] > 1:
        for index, name in enumerate(CHANNEL_NAMES):
            one = Calculation(
                calculation.maps[..., index : index + 1],
                calculation.options,
                np.full(calculation.result.shape, step.products[..., index].sum()),
                calculation.kernel,
            )
            part = one.step(step.row * calculation.result.shape[1] + step.column)
            screen.print(f"  {name}: {equation(one, part, digits=_DIGITS, most_terms=25)}")
    line = equation(calculation, step, digits=_DIGITS, most_terms=25)
    screen.print(Text(f"result[{step.row}][{step.column}] = ", "bold").append(line, "not bold"))


def _block(screen: Console, calculation: Calculation, *, step: Step, position: int) -> None:
    """One window: the matrix around it with its taps in brackets, the products, the sum."""
    at = f"row {step.row}, column {step.column} of the result"
    screen.print(Text(f"Window {position + 1} of {calculation.count}  ", "bold").append(at, "not bold dim"))
    digits = digits_of(calculation.maps)
    for channel in range(calculation.maps.shape[2]):
        marked = _marked(calculation, step, channel=channel, digits=digits)
        products = []
        if calculation.kernel is not None:
            products = _grid(step.products[..., channel], most=_DIGITS)
        title = CHANNEL_NAMES[channel] if calculation.maps.shape[2] > 1 else ""
        if title:
            screen.print(Text(f"  {title}", "dim"))
        width = max(len(line) for line in marked)
        for row in range(max(len(marked), len(products) + 1 if products else 0)):
            left = marked[row] if row < len(marked) else Text("")
            left.pad_right(width - len(left))
            right = "products" if row == 0 else products[row - 1] if row <= len(products) else ""
            screen.print(Text("  ").append(left).append(f"{_GAP}{right}" if products else "", ""))
    _arithmetic(screen, calculation, step=step)
    screen.print()


def _marked(calculation: Calculation, step: Step, *, channel: int, digits: int) -> list[Text]:
    """Rows of the matrix near the window, padding as dots; taps stand in brackets, so that no colour is needed."""
    maps, options = calculation.maps[..., channel], calculation.options
    (above, below), (before, after) = options.pads(maps.shape)
    rows = _near(step.top, options.reach[0], places=range(-above, maps.shape[0] + below), most=ROWS_SHOWN)
    columns = _near(step.left, options.reach[1], places=range(-before, maps.shape[1] + after), most=COLUMNS_SHOWN)
    taps_down = {step.top + tap * options.dilation[0] for tap in range(options.kernel_size[0])}
    taps_across = {step.left + tap * options.dilation[1] for tap in range(options.kernel_size[1])}
    width = max(len(shown(value, digits)) for value in maps[max(0, rows[0]) : rows[-1] + 1].ravel())
    lines = []
    for row in rows:
        line = Text()
        for column in columns:
            inside = 0 <= row < maps.shape[0] and 0 <= column < maps.shape[1]
            text = (shown(maps[row, column], digits) if inside else "·").rjust(width)
            tap = row in taps_down and column in taps_across
            line.append(f"[{text}]" if tap else f" {text} ", _MARK if tap else "" if inside else "dim")
        lines.append(line)
    return lines


def _near(start: int, reach: int, *, places: range, most: int) -> range:
    """Of the places along one axis, padding included: all of them if they are few, else those near the window."""
    if len(places) <= most:
        return places
    spare = max(0, most - reach) // 2
    return range(max(places.start, start - spare), min(places.stop, start + reach + spare))


def _next(screen: Console, calculation: Calculation, context: click.Context) -> None:
    typed = _typed(context)
    name = "convolution" if calculation.kernel is not None else "pooling"
    lines = []
    few = calculation.count <= MOST_FRAMES and calculation.maps.size <= MOST_CELLS
    if few and not context.params["steps"]:
        lines.append((f"{typed} --steps", "every window, one after the other"))
    if context.params["out"] is None and not few:
        lines.append((f"{typed} -o result.png", "the whole result as an image"))
    elif context.params["out"] is None:
        lines.append((f"{typed} -o {name}.html", "the same as a page with buttons; .svg or .gif for slides"))
    if calculation.kernel is not None:
        lines.append(("hubel convolve --list", "other kernels"))
    lines.append((f"hubel {context.info_name} --matrix photo.jpg --region 40,60,12,12", "a part of your own image"))
    width = min(_LONG, max(len(line) for line, _ in lines))
    screen.print(Text("Next", "bold"))
    for line, what in lines:
        screen.print(Text(f"  {line.ljust(width)}  ").append(what, "dim"))


def _typed(context: click.Context) -> str:
    """The command again, without what changes only how it is shown."""
    words = ["hubel", str(context.info_name)]
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or name in ("steps", "out", "as_json"):
            continue
        words.append(parameter.opts[-1])
        if not getattr(parameter, "is_flag", False):
            words.append(shlex.quote(str(context.params[name])))
    return " ".join(words)


def _by(size: Sequence[int]) -> str:
    return f"{size[0]} x {size[1]}"
