"""Layers that can be looked at → text for people, on standard output."""

from __future__ import annotations

from collections.abc import Sequence

import click

from hubel.text import one_line
from hubel.workflows.looking.layer_images import LayerChoice


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
