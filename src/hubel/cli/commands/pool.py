"""``hubel pool``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("pool")
@click.option(
    "--matrix",
    metavar="FILE|IMAGE",
    help='CSV, image, example image such as digits:8, or rows "0,1;1,0". Without it: the worked example.',
)
@click.option("--window", default="2", show_default=True, metavar="N|H,W", help="Pixels that become one.")
@click.option("--stride", metavar="N|H,W", help="Pixels between windows. Default: the size of the window.")
@click.option("--padding", default="valid", show_default=True, metavar="valid|same", help="Whether the border is kept.")
@click.option("--mode", default="max", show_default=True, metavar="max|average|sum", help="How to pool each window.")
@click.option("--region", metavar="TOP,LEFT,HEIGHT,WIDTH", help="Take this part only, in pixels.")
@click.option("--channel", metavar="grey|red|green|blue|all", help="Channel of an image. Default: grey (luminosity).")
@click.option("--steps", is_flag=True, help="Show every window.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Animation .svg, .html, .gif; the result as .png.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.pass_context
def command(  # noqa: PLR0913  (one for each option)
    context: click.Context, *, matrix: str | None, window: str, stride: str | None, padding: str, mode: str,
    region: str | None, channel: str | None, steps: bool, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Subsample a matrix: of every window take the largest, the average or the sum.

    No weights, no bias; each channel is pooled on its own, so the depth stays the same. With --padding same, max and
    average look at real pixels only; for a sum, padding adds zero. In --json, null is padding.

    \b
    hubel pool                                        the matrix of the worked example, 2 x 2
    hubel pool --mode average --window 3 --stride 1
    hubel pool --matrix cat.jpg --channel all --window 8 -o small.png
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.arithmetic.windows import WindowOptions, calculate_pooling
    from hubel.workflows.looking.matrices import parse_pair, read_matrix

    if out is not None:
        from hubel.page.window_steps import check_steps_file

        check_steps_file(out, matrix)
    size = parse_pair(window, option="window")
    options = WindowOptions(
        size, stride=size if stride is None else parse_pair(stride, option="stride"), padding=padding
    )
    calculation = calculate_pooling(read_matrix(matrix, channel=channel, region=region), mode, options=options)
    from hubel.cli.show.windows import show_calculation

    show_calculation(calculation, context, steps=steps, as_json=as_json, out=out)
