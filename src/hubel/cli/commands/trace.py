"""``hubel trace``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.layer_option import LAYER, LAYER_HELP
from hubel.cli.run_command import RunCommand, model_file_options, said_words, typed_line

if TYPE_CHECKING:
    from hubel.workflows.opening import Said


@click.command("trace", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("image", type=click.Path(path_type=Path), required=False)
@click.option("--layer", metavar=LAYER, help=f"Which layer. {LAYER_HELP} or probabilities. Default: list them.")
@click.option("--at", "place", metavar="ROW,COLUMN", help="Place in the map, from 0; default: where it is largest.")
@click.option("--filter", "filter_name", metavar="N", help="Feature map or unit, from 0; default: the largest there.")
@click.option("--list", "listing", is_flag=True, help="List the layers with their output sizes.")
@model_file_options()
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: .png or .svg.")
@click.option("--json", "as_json", is_flag=True, help="Print every number as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, image: Path | None, *, layer: str | None, place: str | None, filter_name: str | None, listing: bool,
    out: Path | None, as_json: bool, said: Said,
) -> int:  # fmt: skip
    """Work out one value of a layer for IMAGE: the numbers that go in, the weights, the sums, and what comes out.

    RUN is a run folder, or a Keras model file, such as model.keras. IMAGE is a file, or an example image, digits:0
    to digits:9.

    The value is computed anew from the layer's input and weights, and compared with what the model computed; if they
    differ by more than rounding, nothing is shown and the exit code is 5.

    \b
    hubel trace runs/photos photo.jpg --layer group_1_1_convolution --at 5,7 --filter 3
    hubel trace runs/photos photo.jpg --layer logits
    hubel trace runs/photos photo.jpg --layer probabilities --filter cat
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.errors import WrongRequest

    if listing or layer is None:
        _list(run, image, said=said, as_json=as_json)
        return 0
    if image is None:
        raise WrongRequest(f"Give the image: hubel trace {run} IMAGE --layer {layer}")
    if out is not None:
        from hubel.runs.out_folder import check_output_file

        check_output_file(out, endings=(".png", ".svg"), run=run, made_of=[image])
    at = _at(place)
    from hubel.workflows.looking.trace import trace_run

    traced = trace_run(run, image, layer=layer, at=at, filter_name=filter_name, said=said)
    if out is not None:
        from hubel.drawing.raster import render_png
        from hubel.drawing.svg import render_svg
        from hubel.files import write_bytes
        from hubel.reports.trace import draw_trace

        render = render_svg if out.suffix.lower() == ".svg" else render_png
        write_bytes(out, render(draw_trace(traced.trace, traced.pixels, class_name=traced.class_name)))
    if as_json:
        click.echo(json.dumps(traced.to_json()))
        return 0
    from hubel.cli.show.trace import show_trace

    show_trace(traced, ("hubel", "trace", str(run), str(image), *said_words(said)), image=out)
    return 0


def _at(text: str | None) -> tuple[int, int] | None:
    from hubel.errors import WrongRequest

    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6}),(\d{1,6})", text)
    if found is None:
        raise WrongRequest(f"--at must be ROW,COLUMN, counted from 0, such as 5,7. Received: {text!r}.")
    return int(found[1]), int(found[2])


def _list(run: Path, image: Path | None, *, said: Said, as_json: bool) -> None:
    from hubel.text import one_line
    from hubel.workflows.looking.trace import list_traceable

    choices = list_traceable(run, said=said)
    if as_json:
        rows = [
            {"number": each.number, "layer": each.name, "kind": each.kind, "output": each.output} for each in choices
        ]
        click.echo(json.dumps({"layers": rows}))
        return
    width = max((len(one_line(each.name)) for each in choices), default=0)
    for each in choices:
        size = " x ".join(map(str, each.output))
        takes = f"--filter 0 to {each.output[-1] - 1}"
        if len(each.output) == 3:
            takes = f"--at 0,0 to {each.output[0] - 1},{each.output[1] - 1}  {takes}"
        number = "" if each.number is None else each.number
        click.echo(f"{number:>4}  {one_line(each.name):<{width}}  {each.kind:<22}  {size:<14}  {takes}")
    if not choices:
        click.echo(f"{run} has no layer of a kind that Hubel can work out. See them all: hubel anatomy {run}")
        return
    click.echo(f"Next\n  {typed_line(('trace', run, image or 'IMAGE'), said, '--layer', 'last')}")
