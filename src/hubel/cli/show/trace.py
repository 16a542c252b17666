"""A trace → text for people, on standard output."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from hubel.cli.show.results import console
from hubel.errors.wording import Option
from hubel.explanation.trace import PROBABILITIES
from hubel.explanation.worked_value import Patch, Term
from hubel.shell import option_words
from hubel.text import counted, one_line
from hubel.workflows.looking.trace import TracedRun

CHANNELS_SHOWN, SUMS_SHOWN, TERMS_SHOWN = 3, 8, 10
LARGEST_MATRIX = 11
_GAP = "   "


def show_trace(traced: TracedRun, typed: Sequence[str], *, image: Path | None) -> None:
    """What is traced, the numbers, the sum, the model's own value, and what to look at next.

    Args:
        traced: what to show.
        typed: the words of the command, without its layer.
        image: the file it was drawn to.
    """
    screen, trace = console(), traced.trace
    screen.print(Text(one_line(trace.layer), "bold").append(f"  {_where(traced)}", "not bold"))
    height, width = traced.pixels.shape[:2]
    source = ", ".join(map(one_line, traced.takes)) or "the image"
    screen.print(f"Input from {source}. The image reaches the model as {height} x {width} pixels.")
    if traced.note:
        screen.print(traced.note)
    if trace.receptive_field is not None:
        screen.print(_field(trace.receptive_field, height, width=width))
    screen.print()
    if trace.patch is not None:
        _show_patch(screen, trace.patch)
    if trace.terms:
        _show_terms(screen, traced)
    screen.print(Text("Worked out  ", "bold").append(trace.formula, "not bold"))
    screen.print(
        Text("The model   ", "bold").append(
            f"computed {trace.model_value:.9g} (difference {trace.difference:.1g}; "
            f"rounding explains up to {trace.tolerance:.1g})",
            "not bold",
        )
    )
    if image is not None:
        screen.print(f"Wrote {one_line(str(image))}")
    _show_next(screen, traced, words=typed)


def _where(traced: TracedRun) -> str:
    trace = traced.trace
    made = " x ".join(map(str, traced.makes))
    if trace.at is not None:
        return (
            f"{trace.kind}, makes {made}; here row {trace.at[0]}, column {trace.at[1]} of feature map "
            f"{trace.filter_index}"
        )
    named = f", class {one_line(traced.class_name)!r}" if traced.class_name is not None else ""
    return f"{trace.kind}, makes {made} numbers; here number {trace.filter_index}{named}"


def _field(box: tuple[int, int, int, int], height: int, *, width: int) -> str:
    top, left, bottom, right = box
    if bottom <= top or right <= left:
        return "It sees only padding, nothing of the image."
    whole = " (the whole image)" if box == (0, 0, height, width) else ""
    return (
        f"It sees rows {top} to {bottom - 1} and columns {left} to {right - 1} of the image, {bottom - top} x "
        f"{right - left} pixels{whole}."
    )


def _show_patch(screen: Console, patch: Patch) -> None:
    sums = patch.channel_sums
    channels = len(patch.channels)
    size = f"{len(patch.rows)} x {len(patch.columns)}"
    if patch.kernel is None or sums is None:
        screen.print(f"The window: {size}, channel {patch.channels[0]} of the input{_padded(patch)}")
        _show_window(screen, patch)
        return
    screen.print(f"The window: {size}, {channels} channel{'s' * (channels != 1)} of the input{_padded(patch)}")
    order = np.argsort(-np.abs(sums), kind="stable")
    many = channels > CHANNELS_SHOWN
    if max(len(patch.rows), len(patch.columns)) <= LARGEST_MATRIX:
        chosen = order[:CHANNELS_SHOWN] if many else np.arange(channels)
        for channel in chosen:
            _show_channel(screen, patch, channel=int(channel), total=float(sums[channel]))
    if many:
        _show_sums(screen, patch, sums=sums, order=order)


def _padded(patch: Patch) -> str:
    if patch.inside.all():
        return f", rows {_range(patch.rows)}, columns {_range(patch.columns)}"
    lies = int((~patch.inside).sum())
    padding = f"{counted(lies, 'place')} of padding, shown as ·"
    return f", rows {_range(patch.rows)}, columns {_range(patch.columns)}; {padding}"


def _range(places: tuple[int, ...]) -> str:
    return str(places[0]) if len(places) == 1 else f"{places[0]} to {places[-1]}"


def _show_window(screen: Console, patch: Patch) -> None:
    if max(len(patch.rows), len(patch.columns)) > LARGEST_MATRIX:
        screen.print(f"  {patch.values.size} values, {patch.values.min():.5g} to {patch.values.max():.5g}")
    else:
        for line in matrix(patch.values[..., 0], patch.inside):
            screen.print(f"  {line}")
    screen.print()


def _show_channel(screen: Console, patch: Patch, *, channel: int, total: float) -> None:
    kernel, products = np.asarray(patch.kernel), np.asarray(patch.products)
    blocks = [
        matrix(patch.values[..., channel], patch.inside),
        matrix(kernel[..., channel], None),
        matrix(products[..., channel], patch.inside),
    ]
    titles = ("input", "kernel", "products")
    widths = [max(len(title), *map(len, block)) for title, block in zip(titles, blocks, strict=True)]
    middle = len(blocks[0]) // 2
    screen.print(Text(f"  channel {patch.channels[channel]}", "bold"))
    screen.print(Text("  " + f"{_GAP} {_GAP}".join(map(str.ljust, titles, widths)).rstrip(), "dim"))
    for row in range(len(blocks[0])):
        signs = ("×", "=") if row == middle else (" ", " ")
        cells = [block[row].ljust(width) for block, width in zip(blocks, widths, strict=True)]
        line = f"{cells[0]}{_GAP}{signs[0]}{_GAP}{cells[1]}{_GAP}{signs[1]}{_GAP}{cells[2]}"
        screen.print(f"  {line}{f'   sum {total:.6g}' if row == middle else ''}")
    screen.print()


def matrix(values: np.ndarray, inside: np.ndarray | None) -> list[str]:
    """Aligned rows with four decimals, fewer for large numbers; padding as a dot.

    Args:
        values: [rows, columns].
        inside: bool [rows, columns], False for padding; None where there is none.
    """
    largest = float(np.abs(values).max()) if values.size else 0.0
    digits = 0 if largest >= 10_000 else 2 if largest >= 100 else 4
    whole = bool((values == np.rint(values)).all())
    tiny = 0 < largest < 0.01
    texts = [
        [
            "·" if inside is not None and not inside[row, column]
            else f"{value + 0.0:.2e}" if tiny else f"{value + 0.0:.{0 if whole else digits}f}"
            for column, value in enumerate(line)
        ]
        for row, line in enumerate(values)
    ]  # fmt: skip
    width = max(len(text) for row in texts for text in row)
    return [" ".join(text.rjust(width) for text in row) for row in texts]


def _show_sums(screen: Console, patch: Patch, *, sums: np.ndarray, order: np.ndarray) -> None:
    shown = order[:SUMS_SHOWN]
    rest = order[SUMS_SHOWN:]
    screen.print(f"  Sums of the products of each of the {len(sums)} channels, the largest first")
    for channel in shown:
        screen.print(f"    channel {patch.channels[channel]:<5} {sums[channel]:>12.6g}")
    if len(rest):
        screen.print(f"    {counted(len(rest), 'other'):<13} {sums[rest].sum():>12.6g}")
    screen.print(f"    {'together':<13} {sums.sum():>12.6g}")
    screen.print()


def _show_terms(screen: Console, traced: TracedRun) -> None:
    terms = traced.trace.terms
    weighted = len(terms) > 1 and all(term.weight is not None for term in terms)
    labels = [_label(term, traced) for term in terms]
    many = len(terms) > TERMS_SHOWN
    if many:
        screen.print(f"  The {TERMS_SHOWN} of {len(terms)} that count most")
    width = max(len(label) for label in labels[:TERMS_SHOWN])
    for label, term in list(zip(labels, terms, strict=True))[:TERMS_SHOWN]:
        text = f"{term.value:>12.6g}"
        if term.weight is not None:
            text += f"  × {term.weight:>12.6g}  = {term.product:>12.6g}"
        screen.print(f"    {label:<{width}}  {text}")
    if weighted and traced.trace.layer != PROBABILITIES:
        _show_rest(screen, terms, width=width)
    screen.print()


def _show_rest(screen: Console, terms: tuple[Term, ...], *, width: int) -> None:
    indent = " " * 36
    rest = terms[TERMS_SHOWN:]
    if rest:
        total = sum(term.product for term in rest)
        name = counted(len(rest), "other")
        screen.print(f"    {name:<{max(width, 2)}}{indent[: 2 + 12 + 4 + 12 + 2]}= {total:>12.6g}")
    total = sum(term.product for term in terms)
    screen.print(f"    {'together':<{width}}{indent[: 2 + 12 + 4 + 12 + 2]}= {total:>12.6g}")


def _label(term: Term, traced: TracedRun) -> str:
    """Of an input of a dense layer behind a flattened map also the place in that map."""
    kind, _, text = term.label.partition(" ")
    if traced.flattened is None or kind != "input":
        return one_line(term.label)
    height, width, channels = traced.flattened
    place, channel = divmod(int(text), channels)
    if height * width == 1:
        return f"{term.label} (channel {channel})"
    return f"{term.label} (row {place // width}, column {place % width}, channel {channel})"


def _show_next(screen: Console, traced: TracedRun, *, words: Sequence[str]) -> None:
    further = traced.following[:2]
    if not further and traced.takes:
        further = ((Option("layer", traced.takes[0]), Option("filter", traced.trace.filter_index)),)
    lines = [shlex.join([*words, *(word for each in options for word in option_words(each))]) for options in further]
    if not lines:
        return
    screen.print(Text("Next", "bold"))
    what = "where it goes" if traced.following else "where it comes from"
    for line in lines:
        screen.print(Text(f"  {one_line(line)}  ").append(what, "dim"))
