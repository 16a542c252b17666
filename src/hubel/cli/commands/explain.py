"""``hubel explain``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.run_command import RunCommand, model_file_options, typed_line
from hubel.cli.wish_options import option
from hubel.wishes import EXPLAINING

if TYPE_CHECKING:
    from hubel.workflows.opening import Said


class ExplainCommand(RunCommand):
    """A list of the methods needs no run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without a run, what there is to list is listed at once.

        Args:
            ctx: of this command.
            args: the words behind it.
        """
        if set(args) - {"--json"} == {"--list"}:
            from hubel.cli.show.explain import show_methods

            show_methods(None, as_json="--json" in args)
            ctx.exit()
        return super().parse_args(ctx, args)


@click.command("explain", cls=ExplainCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGE...", nargs=-1)
@option("out", EXPLAINING["out"])
@option("method", EXPLAINING["method"])
@click.option("--assess", is_flag=True, help="Test every method on test images of RUN, and recommend one from then on.")
@click.option(
    "--max-examples", type=click.IntRange(min=1), metavar="N", help="With --assess: on how many. Default: 12."
)
@click.option(
    "--list",
    "listing",
    is_flag=True,
    help="List the methods, and what an assessment of RUN said of them; also without RUN.",
)
@option("class_name", EXPLAINING["class_name"])
@option("against", EXPLAINING["against"])
@option("layer", EXPLAINING["layer"])
@model_file_options()
@option("overwrite", EXPLAINING["overwrite"])
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a line; with -o, also write FILE.npy.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, images: tuple[str, ...], *, out: Path | None, method: str | None, listing: bool, class_name: str | None,
    against: str | None, layer: str | None, overwrite: bool, as_json: bool, said: Said, assess: bool,
    max_examples: int | None,
) -> int:  # fmt: skip
    """Show where in IMAGE the classifier finds its evidence, and whether that map can be believed.

    RUN is a run folder, or a Keras model file, such as model.keras. IMAGE is a file, a folder of images, or an example
    image, digits:0 to digits:9.

    Each map is tested: insertion puts the marked pixels into the blurred image, deletion covers them. Beside it stand a
    random map and a blob in the middle; a map that does no better says so.

    \b
    hubel explain runs/photos photo.jpg -o explained.png
    hubel explain runs/photos photos/ -o explained/
    hubel explain runs/photos photo.jpg --class cat --against dog -o why.html
    hubel explain runs/photos --assess
    hubel explain runs/photos --list
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.cli.show.explain import show_explained, show_methods
    from hubel.cli.show.listen import Listener
    from hubel.errors import WrongRequest
    from hubel.files import is_folder
    from hubel.workflows.explaining.explain import Asked
    from hubel.workflows.explaining.explain_files import ExplainRequest, explain_files
    from hubel.workflows.explaining.recommended import read_assessed

    if assess:
        alone = {"IMAGE": images, "-o": out, "--method": method, "--class": class_name, "--against": against,
                 "--layer": layer, "--list": listing}  # fmt: skip
        _assess(run, max_examples, beside=[name for name, value in alone.items() if value], as_json=as_json)
        return 0
    if max_examples is not None:
        raise WrongRequest("--max-examples says on how many images methods are tested: it needs --assess.")
    if listing:
        show_methods(read_assessed(run), as_json=as_json)
        return 0
    if not images:
        raise WrongRequest(f"Give the image: {typed_line(('explain', run, 'IMAGE'), said, '-o', 'explained.png')}")
    asked = Asked(method, class_name, against, layer)
    refused = 0
    with Listener() as listener:
        request = ExplainRequest(run, images, asked, said, out, as_json, overwrite)
        for each in explain_files(request, on_event=listener):
            refused += each.explained is None
            if as_json:
                click.echo(json.dumps(each.to_json()))
            else:
                show_explained(each)
    if out is None and not as_json:
        several = len(images) > 1 or is_folder(images[0])
        line = typed_line(("explain", run, *images[:1]), said, "-o", "explained/" if several else "explained.png")
        click.echo(f"Next\n  Draw {'them' if several else 'it'}: {line}")
    return 4 if refused else 0


def _assess(run: Path, max_examples: int | None, *, beside: list[str], as_json: bool) -> None:
    from hubel.cli.show.assess import show_assessment
    from hubel.cli.show.listen import Listener, print_document
    from hubel.errors import WrongRequest
    from hubel.text import listed
    from hubel.workflows.explaining.assess import USUAL_IMAGES, assess

    if beside:
        raise WrongRequest(
            f"--assess tests every method on test images of {run}. Leave out {listed(beside)}, or leave out --assess."
        )
    with Listener() as listener:
        found = assess(run, images=max_examples or USUAL_IMAGES, on_event=listener)
    if as_json:
        print_document(found.to_json(), listener)
    else:
        show_assessment(found)
