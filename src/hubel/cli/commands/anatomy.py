"""``hubel anatomy``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from hubel.cli.wording import worded

if TYPE_CHECKING:
    from hubel.workflows.looking.anatomy import Anatomy

LARGEST_NUMBER_DIGITS = 6


@click.command("anatomy")
@click.argument("target", required=False)
@click.option("--input", "image", metavar="HxWxC", help="Image size, such as 100x100x1; without C, 3 channels.")
@click.option("--classes", type=int, help="How many logits; 10 by default.")
@click.option("--units", type=int, help="Units of the first hidden layer; for dense only.")
@click.option("--all", "every_layer", is_flag=True, help="A line for every layer, even of very deep networks.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw the network there.")
@click.option(
    "--stacks", is_flag=True, help="Instead: compare small kernels in a row with the large one that sees the same."
)
@click.option("--kernel", type=int, default=3, show_default=True, help="With --stacks: the side of each kernel.")
@click.option("--channels", type=int, default=64, show_default=True, help="With --stacks: channels of every layer.")
@click.option("--json", "as_json", is_flag=True, help="Print exact numbers as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    target: str | None, image: str | None, *, classes: int | None, units: int | None, every_layer: bool,
    out: Path | None, stacks: bool, kernel: int, channels: int, as_json: bool,
) -> None:  # fmt: skip
    """Show every layer of TARGET in numbers: output, parameters, work, memory, and what it sees of the image.

    TARGET is a run folder, the name of an architecture, a Keras model that Hubel did not make (a .keras file or folder,
    or an .h5 file with the whole model), or a .toml file with a network of your own. Nothing is trained and no
    weights are needed, so the answer is immediate for a network of any size.

    \b
    hubel anatomy small-cnn --input 96x96 -o network.svg
    hubel anatomy dense --input 100x100x1 --units 10000
    hubel anatomy --stacks --channels 64
    """  # noqa: D301  (click's mark against re-wrapping)
    if out is not None:
        from hubel.runs.out_folder import check_output_file

        read = [] if target is None else [Path(target)]
        check_output_file(out, endings=(".svg",), run=read[0] if read else None, made_of=read)
    _check_kind(stacks=stacks)
    if stacks:
        _show_stacks(kernel, channels, out=out, as_json=as_json)
        return
    if target is None:
        raise click.UsageError("Say what to look at: hubel anatomy small-cnn, or hubel anatomy --stacks.")
    from hubel.workflows.looking.anatomy import AnatomyRequest, examine

    anatomy = examine(AnatomyRequest(target, _size(image), classes, units))
    if out is not None:
        _write_image(anatomy, out)
    if as_json:
        click.echo(json.dumps(anatomy.to_json(worded)))
        return
    from hubel.cli.show.anatomy import show_anatomy

    show_anatomy(anatomy, every_layer=every_layer, image=out)


def _check_kind(*, stacks: bool) -> None:
    """A network and the stacks are two questions: no word about the one is passed over when asking the other."""
    from hubel.errors import WrongRequest

    context = click.get_current_context()
    names = {"target": "TARGET", "image": "--input", "classes": "--classes", "units": "--units", "every_layer": "--all"}
    if not stacks:
        names = {"kernel": "--kernel", "channels": "--channels"}
    given = [
        words for name, words in names.items() if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if given and stacks:
        raise WrongRequest(f"--stacks describes kernels in a row, not a network. Leave {given[0]} out, or --stacks.")
    if given:
        raise WrongRequest(f"{given[0]} belongs to --stacks. Add --stacks, or leave {given[0]} out.")


def _size(text: str | None) -> tuple[int, ...] | None:
    from hubel.errors import WrongRequest

    if text is None:
        return None
    if not re.fullmatch(rf"\d{{1,{LARGEST_NUMBER_DIGITS}}}([x×]\d{{1,{LARGEST_NUMBER_DIGITS}}}){{1,2}}", text.lower()):
        raise WrongRequest(
            f"--input must be HEIGHTxWIDTH or HEIGHTxWIDTHxCHANNELS, such as 100x100x1. Received: {text!r}."
        )
    return tuple(int(number) for number in re.split("[x×]", text.lower()))


def _write_image(anatomy: Anatomy, out: Path) -> None:
    from hubel.cli.show.anatomy import headline
    from hubel.drawing.svg import render_svg
    from hubel.files import write_bytes
    from hubel.reports.network import draw_network

    title = f"{anatomy.title} at {' × '.join(map(str, anatomy.shape))}"
    write_bytes(out, render_svg(draw_network(title, headline(anatomy), image=anatomy.image, rows=anatomy.rows)))


def _show_stacks(kernel: int, channels: int, *, out: Path | None, as_json: bool) -> None:
    from hubel.arithmetic.stacks import stack_table

    table = stack_table(kernel_size=kernel, channels=channels)
    if out is not None:
        from hubel.drawing.svg import render_svg
        from hubel.files import write_bytes
        from hubel.reports.stacks import draw_stacks

        write_bytes(out, render_svg(draw_stacks(table)))
    if as_json:
        click.echo(json.dumps({"stacks": [stack.to_json() for stack in table]}))
        return
    from hubel.cli.show.anatomy import show_stacks

    show_stacks(table, image=out)
