"""A run that answers through Keras is given its compiled graph, and answers without a framework from then on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from hubel.arrays import Image
from hubel.catalogue import Later
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import load_classifier
from hubel.engines.held_out import HeldOut, most_proven
from hubel.errors import UnreadableImage, WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.exports.catalogue import choose_target
from hubel.exports.description import check_exportable
from hubel.exports.folder import Export, files_of, write_export
from hubel.workflows.exporting.export import model_of
from hubel.workflows.exporting.held_out import held_out_files
from hubel.workflows.exporting.own_images import find_own_images

if TYPE_CHECKING:
    from hubel.engines.compiling import Compiled

_compiled: Callable[..., Compiled] = Later("hubel.engines.keras_artefact", "compiled")
_save_classifier: Callable[..., None] = Later("hubel.engines.keras_artefact", "save_classifier")
GRAPH_FORMAT = "onnx"
"""The format that classifiers keep their compiled graph in."""


def export_into_run(
    run: Path,
    corpus: str | None = None,
    *,
    format_name: str | None,
    out: Path | None,
    quantize: str | None = None,
    on_event: OnEvent = ignore,
) -> Export:
    """Give a run's classifier its compiled graph, or compile it anew; everything else in the run stays as it is.

    It is held against the classifier twice: as an export is, from files; and with its off-corpus score.

    Args:
        run: a run folder.
        corpus: where its images are now; None for where they were.
        format_name: ``"onnx"``, or None for the same.
        out: None: it goes into the run.
        quantize: None: weights stay as they are.
        on_event: hears what goes on.

    Returns:
        The export, whose folder is that of the classifier.

    Raises:
        WrongRequest: something else was asked for that has no place in a run.
        UnusableInput: there are no test images to hold the graph against.
        ClaimFailed: it does not answer like the classifier; the run stays as it was.
    """
    _check(format_name, out=out, quantize=quantize)
    target, artefact = choose_target(GRAPH_FORMAT, None), find_artefact(run)
    made_by = str(read_parts(artefact).manifest.document["made_by"])
    classifier = load_classifier(run, engine="keras")
    check_exportable(classifier)
    own = find_own_images(run, corpus, on_event=on_event)
    model, most = model_of(own, classifier), most_proven(classifier.blueprint.spec)
    with held_out_files(own, most=most) as files, TemporaryDirectory(prefix="hubel-graph-") as place:
        proven = write_export(model, target, files=files, out=Path(place, "export"), on_event=on_event)
        pixels = np.stack(list(_readable(classifier, files.paths)))
    graph = _compiled(classifier, held_out=HeldOut(pixels, np.arange(len(pixels)))).graph
    _save_classifier(classifier, artefact, made_by=made_by, graph=graph)
    return replace(proven, folder=artefact, files=tuple(files_of(artefact)))


def _check(format_name: str | None, *, out: Path | None, quantize: str | None) -> None:
    if format_name not in (None, GRAPH_FORMAT):
        wrong = Option("format", format_name)
        raise WrongRequest(
            f"A run keeps its compiled graph as {GRAPH_FORMAT}, in no other format. Received: ", wrong, "."
        )
    if quantize is not None:
        wrong = Option("quantize", quantize)
        raise WrongRequest(
            "The compiled graph of a run has the weights of its classifier. Leave this out: ", wrong, "."
        )
    if out is not None:
        raise WrongRequest(
            "The compiled graph goes into the run itself. Leave one of these out: ", Option("into_run", value=True),
            ", ", Option("out", str(out)), ".",
        )  # fmt: skip


def _readable(classifier: Classifier, paths: Sequence[Path]) -> Iterator[Image]:
    """The pixels of the files that are images: uint8 [height, width, 3] each."""
    for path in paths:
        with contextlib.suppress(UnreadableImage):  # the gate has said so
            yield classifier.read_pixels(path)
