"""``hubel train``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.architectures.catalogue import ARCHITECTURES
from hubel.cli.reading import reading_options
from hubel.errors import StoppedByUser
from hubel.text import counted

if TYPE_CHECKING:
    from hubel.corpus.reading import Reading
    from hubel.runs.request import TrainRequest
    from hubel.workflows.training.train import Run

STARTED = time.monotonic()
"""The time limit counts from here: the first thing a training command does."""

SCRATCH_HELP = "; ".join(f"{name}: {entry.summary}" for name, entry in ARCHITECTURES.items() if not entry.pretrained)
PRETRAINED_HELP = ", ".join(name for name, entry in ARCHITECTURES.items() if entry.pretrained)
ARCHITECTURE_HELP = (
    f"{SCRATCH_HELP}; with ImageNet's knowledge: {PRETRAINED_HELP}; or FILE.toml: a network of your own. "
    "Default: chosen from the corpus."
)


@click.command("train")
@click.argument("corpus")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="RUN",
    help="The run folder to write. Default: runs/ and the name of the corpus.",
)  # fmt: skip
@click.option("--architecture", metavar="NAME|FILE.toml", help=ARCHITECTURE_HELP)
@click.option("--weights", metavar="imagenet|none|FILE", help="What a pretrained architecture begins with.")
@click.option(
    "--alpha", type=float, help="Width of a pretrained MobileNet; of mobilenet: 0.25 (default), 0.5, 0.75 or 1."
)
@click.option("--image-size", type=int, metavar="N", help="Working size in pixels, square. Default: from the corpus.")
@click.option("--resize", metavar="squash|crop|pad", help="How images reach that size. Default: from the corpus.")
@click.option("--epochs", type=int, metavar="N", help="Passes over the training images; repeatable to the bit.")
@click.option("--time-limit", metavar="90s|5m|2h", help="Seconds, minutes or hours from Enter to the saved classifier.")
@click.option("--batch-size", type=int, metavar="N", help="Images per step.")
@click.option("--learning-rate", type=float, metavar="X", help="Peak learning rate; warms up, then anneals to 0.")
@click.option("--mirror/--no-mirror", default=None, help="Swap left and right in training. Default: only with colour.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of split, weights, shuffling, augmentation.")
@reading_options()
@click.option("--corrections", type=click.Path(path_type=Path), metavar="FILE", help="Labels corrected by a person.")
@click.option("--learning-curve", is_flag=True, help="Train on parts too; say what twice the images would bring.")
@click.option(
    "--from", "from_run", type=click.Path(path_type=Path), metavar="RUN",
    help="Begin with the weights of a finished run: its network; classes by name; its test images stay unseen.",
)  # fmt: skip
@click.option(
    "--resume", is_flag=True, help="Go on with an interrupted run: the same options as before, plus --resume."
)
@click.option("--overwrite", is_flag=True, help="Replace a run that is in the folder; other files stay.")
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    corpus: str, out: Path | None, *, time_limit: str | None, as_json: bool, architecture: str | None,
    weights: str | None, alpha: float | None, image_size: int | None, resize: str | None, epochs: int | None,
    batch_size: int | None, learning_rate: float | None, mirror: bool | None, corrections: Path | None, seed: int,
    from_run: Path | None, overwrite: bool, learning_curve: bool, resume: bool, reading: Reading,
) -> int:  # fmt: skip
    """Train a classifier on CORPUS and write a run folder.

    CORPUS is a folder of class folders, with or without train/ validation/ test/ around them; a zip or tar of that; a
    list of images in CSV, Excel, Parquet or JSON Lines; an export of COCO, Label Studio or FiftyOne; Hugging Face
    Parquet or a folder written by datasets; WebDataset shards; TFRecords; IDX files; an .npz file; or the word digits.

    Without options, what suits the corpus is chosen and said before it starts.
    """
    from hubel.runs.out_folder import run_folder_of
    from hubel.runs.request import TrainRequest
    from hubel.text import parse_duration

    folder = out or run_folder_of(corpus)
    request = TrainRequest(
        corpus, folder, architecture=architecture, weights=weights, alpha=alpha, image_size=image_size, resize=resize,
        epochs=epochs, time_limit_s=None if time_limit is None else parse_duration(time_limit), batch_size=batch_size,
        learning_rate=learning_rate, mirror=mirror, corrections=corrections, seed=seed, overwrite=overwrite,
        learning_curve=learning_curve, resume=resume, from_run=from_run, reading=reading,
        command=("hubel", *sys.argv[1:]),
    )  # fmt: skip
    _check(request, corpus)
    if out is None:
        click.echo(f"The run goes to {folder}. Choose another folder with -o.", err=True)
    return _train(request, as_json=as_json)


def _check(request: TrainRequest, corpus: str) -> None:
    """Say at once, before the framework is loaded, what would stop the training later."""
    from hubel.runs.out_folder import check_place
    from hubel.workflows.training.start_run import find_start

    choices = (request.architecture, request.weights, request.alpha, request.image_size, request.resize)
    check_place(
        request.out,
        corpus,
        reading=request.reading,
        overwrite=request.overwrite,
        resume=request.resume,
        learning_curve=request.learning_curve,
        anew=request.from_run is not None or request.learning_curve or any(choices),
    )
    if request.corrections is not None:
        from hubel.corpus.corrections import read_corrections

        read_corrections(request.corrections)
    find_start(request)


def _train(request: TrainRequest, *, as_json: bool) -> int:
    from hubel.cli.asking import asking
    from hubel.cli.show.listen import Listener, print_document
    from hubel.cli.signals import stoppable
    from hubel.runs.commands import how_to_go_on
    from hubel.workflows.training.train import train_classifier

    try:
        with Listener() as listener, stoppable(listener) as signals:
            allow, stop = asking(listener, asked=request.weights == "imagenet"), signals.stop
            run = train_classifier(request, started=STARTED, stop=stop, may_download=allow, on_event=signals.on_event)
    except KeyboardInterrupt:
        raise StoppedByUser(f"Stopped. {how_to_go_on(request)}") from None
    if as_json:
        print_document({"run": str(request.out), **run.metrics}, listener)
    else:
        _show(run)
    if run.fitted.interrupted or run.curve_interrupted:
        click.echo(how_to_go_on(request), err=True)
        return 130
    return 4 if run.corpus.refused else 0


def _show(run: Run) -> None:
    from hubel.cli.show.advice import show_advice
    from hubel.cli.show.learning_curve import show_learning_curve
    from hubel.cli.show.results import console, show_report, show_without_leaks
    from hubel.pipeline.division import LEAST

    out = console()
    counts, seconds = run.metrics["intake"], run.metrics["time"]
    out.print()
    if run.metrics["test"]["examples"]:
        show_report(out, run.reports["test"], split="test")
        show_without_leaks(out, run.reports["test"], run.without_leaks)
    else:
        out.print(f"There are no test images: the classifier has no score. {LEAST}. Add some.")
    if run.learning_curve is not None:
        show_learning_curve(out, run.learning_curve)
    out.print(
        f"{counted(counts['found'], 'file')} found: {counts['read']:,} read, {counts['refused']:,} refused, "
        f"{counts['ignored']:,} ignored   {seconds['total_s']:.0f} s in all, {seconds['training_s']:.0f} s training"
    )
    out.print(f"Saved in {run.path}: report.html to read and send, classifier/ to use, and the tables behind them.")
    show_advice(out, run.advice)
