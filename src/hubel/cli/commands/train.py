"""``hubel train``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hubel.architectures.catalogue import ARCHITECTURES
from hubel.cli.wish_options import wish_options
from hubel.cli.wording import worded
from hubel.errors import StoppedByUser
from hubel.text import counted
from hubel.wishes import MIRROR, TRAINING

if TYPE_CHECKING:
    from hubel.corpus.reading import Reading
    from hubel.runs.request import TrainRequest
    from hubel.workflows.training.write_run import Run

STARTED = time.monotonic()
"""The time limit counts from here: the first thing a training command does."""

SCRATCH_HELP = "; ".join(f"{name}: {entry.summary}" for name, entry in ARCHITECTURES.items() if not entry.pretrained)
PRETRAINED_HELP = ", ".join(name for name, entry in ARCHITECTURES.items() if entry.pretrained)
ARCHITECTURE_HELP = (
    f"{SCRATCH_HELP}; pretrained on ImageNet: {PRETRAINED_HELP}; or FILE.toml: a network of your own. "
    "Default: chosen from the corpus."
)


@click.command("train")
@click.argument("corpus")
@wish_options(TRAINING, architecture=ARCHITECTURE_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the metrics as one JSON document.")
def command(corpus: str, *, out: Path | None, reading: Reading, as_json: bool, **wishes: Any) -> int:
    """Train a classifier on CORPUS and write a run folder.

    CORPUS is a folder of class folders, with or without train/ validation/ test/ around them; a zip or tar of that; a
    list of images in CSV, Excel, Parquet or JSON Lines; an export of COCO, Label Studio or FiftyOne; Hugging Face
    Parquet or a folder written by datasets; WebDataset shards; TFRecords; IDX files; an .npz file; or the word digits.

    Without options, Hubel chooses what suits the corpus, and says so before it starts.
    """
    from hubel.runs.out_folder import run_folder_of
    from hubel.runs.request import make_request

    folder = out or run_folder_of(corpus)
    typed = ("hubel", *sys.argv[1:])
    request = make_request(corpus, {**wishes, "out": folder}, reading=reading, command=typed)
    _check(request, corpus)
    if out is None:
        click.echo(f"The run goes to {folder}. Choose another folder with -o.", err=True)
    return _train(request, as_json=as_json)


def _check(request: TrainRequest, corpus: str) -> None:
    """Say at once, before the framework is loaded, what would stop the training later."""
    from hubel.runs.out_folder import check_place

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
    if request.from_run is not None:
        from hubel.workflows.training.start_run import find_start

        find_start(request)


def _train(request: TrainRequest, *, as_json: bool) -> int:
    from hubel.cli.show.listen import Listener, asking, print_document
    from hubel.cli.signals import stoppable
    from hubel.runs.request import how_to_go_on
    from hubel.workflows.training.train import train_classifier

    try:
        with Listener() as listener, stoppable(listener) as signals:
            allow, stop = asking(listener, asked=request.weights == "imagenet"), signals.stop
            run = train_classifier(request, started=STARTED, stop=stop, may_download=allow, on_event=signals.on_event)
    except KeyboardInterrupt:
        raise StoppedByUser("Stopped. ", how_to_go_on(request)) from None
    if as_json:
        print_document({"run": str(request.out), **run.metrics}, listener)
    else:
        _show(run)
    if run.fitted.interrupted or run.curve_interrupted:
        click.echo(worded(how_to_go_on(request)), err=True)
        return 130
    return 4 if run.corpus.refused else 0


def _show(run: Run) -> None:
    from hubel.classifier.mirrored import MEAN_OF_BOTH
    from hubel.cli.show.advice import show_advice
    from hubel.cli.show.learning_curve import show_learning_curve
    from hubel.cli.show.results import console, show_report, show_without_leaks
    from hubel.pipeline.prepare import LEAST

    out = console()
    counts, seconds = run.metrics["intake"], run.metrics["time"]
    out.print()
    if run.metrics["test"]["examples"]:
        show_report(out, run.reports["test"], split="test")
        show_without_leaks(out, run.reports["test"], without=run.without_leaks)
    else:
        out.print(f"There are no test images: the classifier has no score. {LEAST}. Add some.")
    if run.classifier.tta == MIRROR:
        out.print(f"This classifier {MEAN_OF_BOTH}; the scores are of these answers.")
    if run.learning_curve is not None:
        show_learning_curve(out, run.learning_curve)
    out.print(
        f"{counted(counts['found'], 'file')} found: {counts['read']:,} read, {counts['refused']:,} refused, "
        f"{counts['ignored']:,} ignored   {seconds['total_s']:.0f} s in all, {seconds['training_s']:.0f} s training"
    )
    out.print(f"Saved in {run.path}: report.html to read and send, classifier/ to use, and the tables behind them.")
    show_advice(out, run.advice)
