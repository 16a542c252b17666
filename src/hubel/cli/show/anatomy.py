"""An anatomy → text for people, on standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hubel.architectures.layer_table import LayerRow, Total, least_macs
from hubel.architectures.volumes import Volume, make_stages, make_volumes
from hubel.arithmetic.stacks import Stack
from hubel.cli.show.results import console
from hubel.cli.wording import worded
from hubel.text import counted, one_line
from hubel.workflows.looking.anatomy import Anatomy, Sharing

WIDTH = 120
MOST_ROWS = 40
NAME, KIND = 25, 15
MANY = 5
"""Layers from which on a line names their number: fewer are one layer with its padding, normalisation, activation."""
SHORT_KINDS = {
    "BatchNormalization": "BatchNorm",
    "LayerNormalization": "LayerNorm",
    "GlobalAveragePooling2D": "GlobalAverage",
    "GlobalMaxPooling2D": "GlobalMax",
    "LocallyConnected2D": "LocallyConnected",
}
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def human(count: float | None) -> str:
    """Three digits and a unit: 1.14 M, 448, -."""
    if count is None:
        return "-"
    for size, unit in _UNITS:
        if count >= size * 0.9995:
            return f"{count / size:#.3g}".rstrip(".") + f" {unit}"
    return f"{count:,.0f}"


def human_bytes(count: int) -> str:
    """Bytes with three digits: 3.40 MB; 1 MB is a million bytes."""
    words = human(count).split()
    return f"{words[0]} {words[1] if len(words) > 1 else ''}B"


def headline(anatomy: Anatomy) -> str:
    """The totals in one line."""
    total = anatomy.total
    macs = f"{'at least ' if total.macs is None else ''}{human(least_macs(anatomy.rows))} MACs"
    memory = f"{human_bytes(total.activation_bytes)} of activations"
    return f"{human(total.parameters)} parameters, {macs} and {memory} for one {anatomy.takes}"


def _wide_console() -> Console:
    """Wide enough for every column: a narrow terminal wraps lines, but no number is cut off."""
    screen = console()
    screen.width = max(screen.width, WIDTH)
    return screen


def show_anatomy(anatomy: Anatomy, *, every_layer: bool, image: Path | None) -> None:
    """The table, the totals, what sharing saves, and the warnings.

    Args:
        anatomy: what to show.
        every_layer: one line for each layer, however many there are.
        image: the file that it was drawn to.
    """
    screen = _wide_console()
    takes = f"{anatomy.takes} {' × '.join(map(str, anatomy.shape))}"
    screen.print(Text(one_line(anatomy.title), "bold").append(f"  {takes}", "not bold"))
    volumes, said = _lines(anatomy, every_layer=every_layer)
    of_images = anatomy.takes == "image" or any(row.receptive_field is not None for row in anatomy.rows)
    numbers = {id(row): place for place, row in enumerate(anatomy.rows, start=1)}
    screen.print(_table(volumes, numbers, merged=bool(said), fields=of_images))
    if said:
        screen.print(Text(said, "dim"))
    total = anatomy.total
    screen.print(Text("In all ", "bold").append(f"{headline(anatomy)}.", "not bold"))
    least = "at least " if total.macs is None else ""
    exact = f"{total.parameters:,} parameters, {least}{least_macs(anatomy.rows):,} MACs; "
    screen.print(f"Exactly: {exact}dense layers instead: {total.dense_parameters:,} parameters.")
    if anatomy.sharing is not None:
        _show_sharing(screen, anatomy.sharing)
    for doubt in anatomy.doubts:
        screen.print(Text("Warning: ", "bold yellow").append(one_line(worded(doubt.text)), "not bold default"))
    if image is not None:
        screen.print(f"The image is in {one_line(str(image))}")


def _lines(anatomy: Anatomy, *, every_layer: bool) -> tuple[list[Volume], str]:
    if every_layer or len(anatomy.rows) <= MOST_ROWS:
        return [Volume("layer", (row,), row.output) for row in anatomy.rows], ""
    volumes = make_volumes(anatomy.image, anatomy.rows)[1:]
    what = "a convolution with its normalisation and activation is one line"
    if len(volumes) > MOST_ROWS:
        volumes, what = make_stages(volumes), "one line for each size of map"
    return volumes, f"{counted(len(anatomy.rows), 'layer')}: {what}; --all shows every layer."


def _table(volumes: Sequence[Volume], numbers: Mapping[int, int], *, merged: bool, fields: bool) -> Table:
    """A line for each volume; ``numbers`` has the place of each row among all layers, for ``--layer``."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True)
    table.add_column("", justify="right", no_wrap=True, style="dim")
    table.add_column("layers" if merged else "layer", no_wrap=True, max_width=NAME)
    table.add_column("kind", no_wrap=True, max_width=KIND)
    table.add_column("kernel", no_wrap=True)
    for name in ("output", "parameters", "MACs", "memory", *(("sees",) if fields else ()), "dense instead"):
        table.add_column(name, justify="right", no_wrap=True)
    for volume in volumes:
        table.add_row(str(numbers[id(_named(volume))]), *_cells(volume, fields=fields))
    return table


def _cells(volume: Volume, *, fields: bool) -> tuple[str | Text, ...]:
    main, last, total = volume.main or volume.rows[0], volume.rows[-1], volume.total
    return (
        Text(_short_name(volume)),
        SHORT_KINDS.get(main.kind, main.kind) if len(volume.rows) < MANY else f"{len(volume.rows)} layers",
        _kernel(main) if len(volume.rows) < MANY else "",
        "×".join(map(str, volume.output)) if volume.output[:2] != (1, 1) else f"{volume.output[-1]:,}",
        _parameters(volume, total),
        "unknown" if total.macs is None else human(total.macs) if total.macs else "",
        human_bytes(total.activation_bytes),
        *((_sees(last),) if fields else ()),
        human(total.dense_parameters) if total.dense_parameters else "",
    )


def _parameters(volume: Volume, total: Total) -> str:
    if len(volume.rows) == 1 and volume.rows[0].reused:
        return "as before"
    return human(total.parameters) if total.parameters else ""


def _named(volume: Volume) -> LayerRow:
    """The layer whose name stands for the line."""
    return volume.rows[0] if len(volume.rows) >= MANY else volume.main or volume.rows[0]


def _short_name(volume: Volume) -> str:
    """The layer's own name, without the models around it; the middle of a long one is left out."""
    row = _named(volume)
    name = one_line(row.name.rsplit("/", 1)[-1])
    if len(name) <= NAME:
        return name
    half = (NAME - 1) // 2
    return f"{name[:half]}…{name[half + 1 - NAME :]}"


def _kernel(row: LayerRow) -> str:
    if row.kernel is None or row.stride is None:
        return ""
    stride = "" if row.stride == (1, 1) else f" /{row.stride[0]}"
    if row.stride[0] != row.stride[1]:
        stride = f" /{row.stride[0]}×{row.stride[1]}"
    return f"{row.kernel[0]}×{row.kernel[1]}{stride} {row.padding}"


def _sees(row: LayerRow) -> str:
    if row.receptive_field is None:
        return "not known"
    if row.receptive_field_stride == (0, 0):
        ungated = row.receptive_field_without_gates
        if ungated is None or ungated == row.receptive_field:
            return "all"
        return f"all ({ungated[0]})" if ungated[0] == ungated[1] else f"all ({ungated[0]}×{ungated[1]})"
    return f"{row.receptive_field[0]}×{row.receptive_field[1]}"


def _show_sharing(screen: Console, sharing: Sharing) -> None:
    height, width = sharing.kernel
    text = (
        f"{sharing.name}, {height}×{width}: {human(sharing.connections)} connections share "
        f"{human(sharing.parameters)} parameters; with separate weights at each place "
        f"{human(sharing.local_parameters)}; dense {human(sharing.dense_connections)} connections, "
        f"{human(sharing.dense_parameters)} parameters."
    )
    screen.print(Text("Sparse and shared: ", "bold").append(one_line(text), "not bold"))


def show_stacks(stacks: Sequence[Stack], *, image: Path | None) -> None:
    """Kernels in a row against one large kernel that sees as much.

    Args:
        stacks: one line for each.
        image: the file that they were drawn to.
    """
    screen = _wide_console()
    first = stacks[0]
    size = f"{first.kernel_size} × {first.kernel_size}"
    screen.print(Text(f"Kernels of {size} in a row, {first.channels:,} channels, stride 1", "bold"))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name in ("in a row", "sees", "parameters", "one kernel instead", "its parameters", "share", "MACs per position",
                 "its MACs"):  # fmt: skip
        table.add_column(name, justify="right", no_wrap=True)
    for stack in stacks:
        table.add_row(
            f"{stack.layers}",
            f"{stack.sees} × {stack.sees}",
            f"{stack.parameters:,}",
            f"{stack.sees} × {stack.sees}",
            f"{stack.single_parameters:,}",
            f"{stack.ratio:.0%}",
            f"{stack.macs_per_position:,}",
            f"{stack.single_macs_per_position:,}",
        )
    screen.print(table)
    screen.print(
        "Each of the small ones is followed by an activation, so together they can express more than one large kernel."
    )
    if image is not None:
        screen.print(f"The image is in {one_line(str(image))}")
