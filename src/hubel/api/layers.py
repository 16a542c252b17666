"""``hubel.anatomy``, ``hubel.trace``, ``hubel.maps`` and ``hubel.filters``."""

# ruff: noqa: A002  (keywords are called as the options of the command are)

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hubel.api.drawn import LayerImage
from hubel.api.words import Numbers, RunLike, numbers_of, optional_path, path_of, said_of_a_model
from hubel.arithmetic.stacks import Stack, stack_table
from hubel.drawing.raster import render_png
from hubel.drawing.svg import render_svg
from hubel.errors import WrongRequest
from hubel.events import OnEvent, ignore
from hubel.files import write_bytes
from hubel.reports.network import draw_network
from hubel.reports.stacks import draw_stacks
from hubel.reports.trace import draw_trace
from hubel.runs.out_folder import check_output_file, keep_out_of_the_corpus
from hubel.workflows.looking.anatomy import Anatomy, AnatomyRequest, examine
from hubel.workflows.looking.layer_images import (
    LayerChoice,
    image_of_excitement,
    image_of_filters,
    image_of_maps,
    list_layers,
)
from hubel.workflows.looking.trace import TraceableLayer, TracedRun, list_traceable, trace_run

KERNEL, CHANNELS = 3, 64


def anatomy(  # noqa: PLR0913  (each is a wish the user may have)
    target: RunLike = None,
    *,
    input: Numbers = None,
    classes: int | None = None,
    units: int | None = None,
    stacks: bool = False,
    kernel: int = KERNEL,
    channels: int = CHANNELS,
    out: str | Path | None = None,
) -> Anatomy | list[Stack]:
    """Every layer in numbers: output, parameters, work, memory, and what it sees of the image; as ``hubel anatomy``.

    Args:
        target: a run folder, the name of an architecture, a model file of Keras, or a ``.toml`` file.
        input: (height, width), or (height, width, channels), of the image.
        classes: how many logits; 10 by default.
        units: of the first hidden layer; for ``"dense"`` only.
        stacks: instead: small kernels in a row against the large one that sees the same.
        kernel: of the stacks: height and width of each kernel.
        channels: of the stacks: of every layer.
        out: an ``.svg`` file for a drawing.

    Returns:
        ``anatomy.rows``, one for each layer, and ``anatomy.total``; with ``stacks`` a list of them.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    if stacks:
        if (target, input, classes, units) != (None, None, None, None):
            raise WrongRequest("stacks describes no network: leave target, input, classes and units out.")
        file, table = _output(out, ".svg"), stack_table(kernel_size=kernel, channels=channels)
        if file is not None:
            write_bytes(file, render_svg(draw_stacks(table)))
        return table
    if target is None:
        raise WrongRequest('Say what to look at: hubel.anatomy("small-cnn"), or hubel.anatomy(stacks=True).')
    if (kernel, channels) != (KERNEL, CHANNELS):
        raise WrongRequest("kernel and channels belong to stacks: leave them out, or add stacks=True.")
    path = path_of(target)
    typed = target if isinstance(target, str) else str(path)  # "dense" is an architecture, "./dense" a folder
    file = _output(out, ".svg", run=path, made_of=[path])
    image = numbers_of(input, name="input", counts=(2, 3), example="(100, 100, 1)")
    found = examine(AnatomyRequest(typed, image, classes, units))
    if file is not None:
        title = f"{found.title} at {' × '.join(map(str, found.shape))}"
        headline = f"{found.total.parameters:,} parameters, {found.total.macs:,} MACs for one image"
        write_bytes(file, render_svg(draw_network(title, headline, image=found.image, rows=found.rows)))
    return found


def trace(  # noqa: PLR0913  (each is a wish the user may have)
    run: RunLike,
    image: str | Path | None = None,
    *,
    layer: str | int | None = None,
    at: Numbers = None,
    filter: int | str | None = None,
    class_names: str | Path | None = None,
    pixels: str | None = None,
    input: Numbers = None,
    out: str | Path | None = None,
) -> TracedRun | list[TraceableLayer]:
    """Work out one value of a layer for an image, from the numbers that go in to what comes out; as ``hubel trace``.

    Args:
        run: a run folder or a model file, or the `Run` that ``hubel.train`` returned.
        image: the path of an image, or an example such as ``"digits:8"``.
        layer: whose value: ``"first"``, ``"last"``, a number of `hubel.anatomy`, a name, or ``"probabilities"``; None
            for a list of the layers.
        at: (row, column) of the feature map, from 0; by default where the value is largest.
        filter: feature map or unit, from 0, or a class name; by default the largest there.
        class_names: of a model file, as of `hubel.load`.
        pixels: of a model file, as of `hubel.load`.
        input: of a model file, as of `hubel.load`.
        out: a ``.png`` or ``.svg`` file for a drawing.

    Returns:
        ``traced.trace``; without ``layer`` a list of those that can be traced.

    Raises:
        ClaimFailed: what was worked out is not what the model computed.
        HubelError: another subclass says what is wrong and what to change.
    """
    path, said = path_of(run), said_of_a_model(pixels=pixels, size=input, class_names=class_names)
    if layer is None:
        return list_traceable(path, said=said)
    if image is None:
        raise WrongRequest(f"Give the image: hubel.trace(run, image, layer={layer!r})")
    file = _output(out, ".png", ".svg", run=path, made_of=[Path(image)])
    place = numbers_of(at, name="at", counts=(2,), example="(5, 7)")
    where = None if place is None else (place[0], place[1])
    name = None if filter is None else str(filter)
    traced = trace_run(path, Path(image), layer=str(layer), at=where, filter_name=name, said=said)
    if file is not None:
        render = render_svg if file.suffix.lower() == ".svg" else render_png
        write_bytes(file, render(draw_trace(traced.trace, traced.pixels, class_name=traced.class_name)))
    return traced


def maps(
    run: RunLike,
    image: str | Path | None = None,
    *,
    layer: str | int | None = None,
    pixels: str | None = None,
    input: Numbers = None,
    out: str | Path | None = None,
) -> LayerImage | list[LayerChoice]:
    """All feature maps of a layer for an image; as ``hubel maps``.

    Args:
        run: a run folder or a model file, or the `Run` that ``hubel.train`` returned.
        image: the path of an image, or an example such as ``"digits:8"``.
        layer: whose feature maps: ``"first"``, ``"last"``, a number of `hubel.anatomy`, or a name; by default the last.
        pixels: of a model file, as of `hubel.load`.
        input: of a model file, as of `hubel.load`.
        out: a ``.png`` file for the drawing.

    Returns:
        ``maps.values`` [height, width, filters], and the drawing, which a notebook shows; without ``image`` and
        ``layer`` a list of the layers.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    path, said = path_of(run), said_of_a_model(pixels=pixels, size=input)
    if image is None and layer is None and out is None:
        return list_layers(path, with_filters=False, said=said)
    layer = "last" if layer is None else str(layer)
    if image is None:
        raise WrongRequest(f"Give the image: hubel.maps(run, image, layer={layer!r})")
    file = _output(out, ".png", run=path, made_of=[Path(image)])
    made, png = image_of_maps(path, Path(image), layer=layer, said=said)
    return _written(LayerImage("Feature maps", made.layer, png, made.maps), file)


def filters(  # noqa: PLR0913  (each is a wish the user may have)
    run: RunLike,
    *,
    layer: str | int | None = None,
    excite: bool = False,
    corpus: str | Path | None = None,
    filter: int | Sequence[int] = (),
    pixels: str | None = None,
    input: Numbers = None,
    out: str | Path | None = None,
    on_event: OnEvent = ignore,
) -> LayerImage | list[LayerChoice]:
    """The filters of a layer, or what they respond to; as ``hubel filters``.

    Args:
        run: a run folder or a model file, or the `Run` that ``hubel.train`` returned.
        layer: whose filters, as of `maps`; ``"first"`` by default, with ``excite`` ``"last"``.
        excite: instead, for each filter an image made to excite it.
        corpus: with ``excite``: also the patches of its images that excite them most.
        filter: with ``excite``: which; one number or several.
        pixels: of a model file, as of `hubel.load`.
        input: of a model file, as of `hubel.load`.
        out: a ``.png`` file for the drawing.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``filters.values`` [kernel_height, kernel_width, in_channels, filters], and the drawing, which a notebook shows;
        without ``layer``, ``excite`` and ``out`` a list of the layers.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    path, said = path_of(run), said_of_a_model(pixels=pixels, size=input)
    if layer is None and not excite and out is None:
        return list_layers(path, with_filters=True, said=said)
    layer = ("last" if excite else "first") if layer is None else str(layer)
    chosen = (filter,) if isinstance(filter, int) else tuple(filter)
    if not excite and (corpus is not None or chosen):
        raise WrongRequest("corpus and filter choose what excite looks for: add excite=True, or leave them out.")
    file = _output(out, ".png", run=path)
    if not excite:
        sheet = image_of_filters(path, layer, said=said)
        return _written(LayerImage("Filters", sheet.layer, sheet.png, sheet.kernel), file)
    location = None if corpus is None else str(corpus)
    if location is not None and file is not None:
        keep_out_of_the_corpus(file, location, what="file")
    made = image_of_excitement(path, layer, corpus=location, filters=chosen, said=said, on_event=on_event)
    return _written(LayerImage("What excites the filters", made.layer, made.png), file)


def _output(
    out: str | Path | None, *endings: str, run: Path | None = None, made_of: Sequence[Path] = ()
) -> Path | None:
    file = optional_path(out)
    if file is not None:
        check_output_file(file, endings=endings, run=run, made_of=made_of)
    return file


def _written(drawn: LayerImage, file: Path | None) -> LayerImage:
    if file is not None:
        drawn.save(file)
    return drawn
