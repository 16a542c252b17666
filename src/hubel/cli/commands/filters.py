"""``hubel filters``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.layer_option import LAYER, LAYER_HELP
from hubel.cli.run_command import RunCommand, model_file_options, typed_line
from hubel.text import counted, one_line

if TYPE_CHECKING:
    from hubel.workflows.opening import Said


@click.command("filters", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--layer", metavar=LAYER, help=f"Which layer. {LAYER_HELP} first by default, with --excite last.")
@click.option("--excite", is_flag=True, help="What the filters respond to: for each, an image made to excite it.")
@click.option("--corpus", metavar="CORPUS", help="With --excite: also the patches of its images that excite them most.")
@click.option("--filter", "chosen", type=int, multiple=True, metavar="F", help="With --excite: which; repeatable.")
@model_file_options("pixels", "size")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="PNG", help="Write them there.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, *, layer: str | None, excite: bool, corpus: str | None, chosen: tuple[int, ...], out: Path | None,
    said: Said,
) -> int:  # fmt: skip
    """Show the filters of a layer, or with --excite what they respond to.

    RUN is a run folder, or a Keras model file, such as model.keras. Only --excite needs to know its pixels. Without
    --layer and -o the layers are listed.

    A filter is the kernel that all positions of one feature map share. --excite follows the gradient for 96 steps: a
    few seconds for small networks, up to a few minutes for deep ones.
    """
    from hubel.cli.show.layers import show_layers
    from hubel.cli.show.listen import Listener
    from hubel.errors import WrongRequest
    from hubel.files import write_bytes
    from hubel.runs.out_folder import check_output_file, keep_out_of_the_corpus
    from hubel.workflows.looking.layer_images import image_of_excitement, image_of_filters, list_layers

    given = typed_line(("filters", run), said, *(["--excite"] if excite else []))
    if layer is None and out is None:
        show_layers(list_layers(run, with_filters=not excite, said=said), given)
        return 0
    layer = layer or ("last" if excite else "first")
    if out is None:
        raise WrongRequest(f"Say where to write the image: {given} --layer {layer} -o filters.png")
    check_output_file(out, endings=(".png",), run=run)
    if corpus is not None:
        keep_out_of_the_corpus(out, corpus, what="file")
    if not excite and (corpus is not None or chosen):
        raise WrongRequest("--corpus and --filter choose what --excite looks for. Add --excite, or leave them out.")
    if excite:
        with Listener() as listener:
            made = image_of_excitement(run, layer, corpus=corpus, filters=chosen, said=said, on_event=listener)
        write_bytes(out, made.png)
        rows = f"{made.shown}, each row a filter of {one_line(made.layer)}"
        click.echo(f"Wrote {out}: {rows}; first an image made to excite it")
        if corpus is None:
            click.echo("Add --corpus CORPUS to see what excites them in your images.")
        return 0
    sheet = image_of_filters(run, layer, said=said)
    write_bytes(out, sheet.png)
    kernel = sheet.kernel
    height, width, channels, filters = kernel.shape
    size = f"{height} x {width} x {channels} = {kernel.size:,} shared weights"
    click.echo(f"{one_line(sheet.layer)}: {counted(filters, 'filter')} of {size}")
    click.echo(f"values {kernel.min():.4g} to {kernel.max():.4g}")
    click.echo(f"Wrote {out}: {sheet.shown}")
    line = typed_line(("filters", run), said, "--layer", sheet.layer, "--excite", "-o", "excite.png")
    click.echo(f"Next\n  What they respond to: {line}")
    return 0
