"""Layers that can be looked at → text for people, on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from hubel.errors import WrongRequest
from hubel.text import one_line
from hubel.workflows.looking.layer_images import LayerChoice


def check_png(out: Path) -> None:
    """The file is a PNG, so its name must say so.

    Raises:
        WrongRequest: it says something else.
    """
    if out.suffix.lower() != ".png":
        raise WrongRequest(f"-o takes a file that ends in .png. Received: {out.name!r}.")


def show_layers(layers: Sequence[LayerChoice], words: str) -> None:
    """One line for each layer, and the command that shows the last.

    Args:
        layers: in the order of computation.
        words: the command without its layer.
    """
    width = max((len(one_line(layer.name)) for layer in layers), default=0)
    for layer in layers:
        size = " x ".join(str(side) for side in layer.output)
        click.echo(f"{layer.number:>4}  {one_line(layer.name):<{width}}  {layer.kind:<20}  {size}")
    if layers:
        click.echo(f"Next\n  {words} --layer last -o last.png")
    else:
        click.echo("It has no such layer. hubel anatomy RUN shows those it has.")
