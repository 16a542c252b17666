"""``hubel convolve``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("convolve")
@click.option(
    "--matrix",
    metavar="FILE|IMAGE",
    help='CSV, image, example image such as digits:8, or rows "0,1;1,0". Without it: the worked example.',
)
@click.option(
    "--kernel", default="x", show_default=True, metavar="FILE|NAME|ROWS", help='CSV, name, or rows "1,0,1;0,1,0;1,0,1".'
)
@click.option("--stride", default="1", show_default=True, metavar="N|H,W", help="Pixels between windows.")
@click.option("--padding", default="valid", show_default=True, metavar="valid|same", help="Zeros around the matrix.")
@click.option("--dilation", default="1", show_default=True, metavar="N|H,W", help="Pixels between the kernel's taps.")
@click.option("--region", metavar="TOP,LEFT,HEIGHT,WIDTH", help="Take this part only, in pixels.")
@click.option("--channel", metavar="grey|red|green|blue|all", help="Channel of an image. Default: grey (luminosity).")
@click.option("--bias", type=float, default=0.0, show_default=True, help="Added to every sum.")
@click.option("--relu", is_flag=True, help="Then set negative values to 0.")
@click.option("--steps", is_flag=True, help="Show every window.")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Animation .svg, .html, .gif; the result as .png.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
@click.option("--list", "as_list", is_flag=True, help="List the named kernels.")
@click.pass_context
def command(  # noqa: PLR0913  (one for each option)
    context: click.Context, *, matrix: str | None, kernel: str, stride: str, padding: str, dilation: str,
    region: str | None, channel: str | None, bias: float, relu: bool, steps: bool, out: Path | None, as_json: bool,
    as_list: bool,
) -> None:  # fmt: skip
    """Slide a kernel over a matrix and sum the products, window by window.

    What deep-learning libraries call convolution is cross-correlation: the kernel is applied as it is, not flipped.
    Images are shown as numbers from 0 to 1. With --channel all the kernel is applied to red, green and blue, and the
    three sums are added.

    \b
    hubel convolve                                                  the worked example
    hubel convolve --steps                                          the same, window by window
    hubel convolve --matrix cat.jpg --kernel sobel-x -o edges.png   a feature map of a photograph
    hubel convolve --matrix cat.jpg --region 40,60,12,12 -o steps.html
    """  # noqa: D301  (click's mark against re-wrapping)
    if as_list:
        from hubel.cli.show.windows import show_kernels

        show_kernels(as_json=as_json)
        return
    from hubel.arithmetic.windows import WindowOptions, calculate_convolution
    from hubel.errors import WrongRequest
    from hubel.workflows.looking.matrices import parse_pair, read_kernel, read_matrix

    if out is not None:
        from hubel.page.window_steps import check_steps_file

        check_steps_file(out, matrix)
    weights = read_kernel(kernel)
    options = WindowOptions(
        (weights.shape[0], weights.shape[1]),
        stride=parse_pair(stride, option="stride"),
        padding=padding,
        dilation=parse_pair(dilation, option="dilation"),
    )
    if not abs(bias) < float("inf"):
        raise WrongRequest(f"--bias must be a finite number. Received: {bias}.")
    maps = read_matrix(matrix, channel=channel, region=region)
    calculation = calculate_convolution(maps, weights, options=options, bias=bias, relu=relu)
    from hubel.cli.show.windows import show_calculation

    show_calculation(calculation, context, steps=steps, as_json=as_json, out=out)
