"""``hubel maps``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.layer_option import LAYER, LAYER_HELP
from hubel.cli.run_command import RunCommand, model_file_options, typed_line
from hubel.text import counted, one_line

if TYPE_CHECKING:
    from hubel.workflows.opening import Said


@click.command("maps", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("image", type=click.Path(path_type=Path), required=False)
@click.option("--layer", metavar=LAYER, help=f"Which layer. {LAYER_HELP} last by default.")
@model_file_options("pixels", "size")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="PNG", help="Write them there.")
def command(run: Path, image: Path | None, *, layer: str | None, out: Path | None, said: Said) -> int:
    """Show all feature maps of a layer for IMAGE: what each filter of the network makes of it.

    RUN is a run folder, or a Keras model file, such as model.keras. IMAGE is a file, or an example image, digits:0
    to digits:9. Without IMAGE the layers are listed.

    A feature map is what one filter makes of the layer's input. All maps of a layer have the same size; black is 0, and
    where there are negative values, blue is below 0 and orange above.
    """
    from hubel.cli.show.layers import show_layers
    from hubel.errors import WrongRequest
    from hubel.files import write_bytes
    from hubel.runs.out_folder import check_output_file
    from hubel.workflows.looking.layer_images import MOST_FILTERS, image_of_maps, list_layers

    if image is None and layer is None and out is None:
        show_layers(list_layers(run, with_filters=False, said=said), typed_line(("maps", run, "IMAGE"), said))
        return 0
    layer = layer or "last"
    if image is None or out is None:
        given = typed_line(("maps", run, image or "IMAGE"), said, "--layer", layer)
        raise WrongRequest(f"Give the image and the file to write: {given} -o maps.png")
    check_output_file(out, endings=(".png",), run=run, made_of=[image])
    made, png = image_of_maps(run, image, layer=layer, said=said)
    write_bytes(out, png)
    height, width, filters = made.maps.shape
    silent = int((made.maps.max(axis=(0, 1)) <= 0).sum())
    shown = min(filters, MOST_FILTERS)
    click.echo(f"{one_line(made.layer)} ({made.kind}): {counted(filters, 'feature map')} of {height} x {width}")
    click.echo(f"values {made.maps.min():.4g} to {made.maps.max():.4g}; {silent} of {filters} maps have none above 0")
    click.echo(f"Wrote {out}: {shown} of {filters} maps shown, strongest first; the strongest also over the image")
    strongest = str(made.strongest_first[0])
    line = typed_line(("trace", run, image), said, "--layer", made.layer, "--filter", strongest)
    click.echo(f"Next\n  One value, worked out: {line}")
    return 0
