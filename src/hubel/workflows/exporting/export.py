"""Export: a run in the format of others, held against its classifier before it is handed over."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from hubel.classifier.artefact import find_artefact
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import ENGINES, load_classifier
from hubel.engines.held_out import most_proven
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.exports.catalogue import PAGE, Target, choose_target
from hubel.exports.description import check_exportable, describe
from hubel.exports.folder import Export, check_folder, write_export
from hubel.exports.model import Model
from hubel.files import is_file, real_path
from hubel.page.exported import ExportedPage
from hubel.runs.documents import read_document
from hubel.runs.is_run import RUN
from hubel.runs.out_folder import keep_out_of_the_corpus
from hubel.runs.request_record import reading_of
from hubel.wishes import AUTO
from hubel.workflows.exporting.held_out import held_out_files
from hubel.workflows.exporting.own_images import OwnImages, find_own_images, training_pixels
from hubel.workflows.exporting.page import export_page
from hubel.workflows.exporting.page_request import PageRequest


def export_as(request: PageRequest, format_name: str | None, *, on_event: OnEvent = ignore) -> Export | ExportedPage:
    """Export a run to a format by its name.

    Args:
        request: what is asked for; ``examples`` and ``excite`` only of a page.
        format_name: ``"page"``, or a name in `hubel.exports.catalogue.FORMATS`.
        on_event: hears what goes on.

    Raises:
        WrongRequest: something that is needed was not said, or there is no such thing.
        HubelError: as of `export_page` and `export_run`.
    """
    if format_name == PAGE:
        return export_page(request, on_event=on_event)
    check_no_page(request.examples, excite=request.excite)
    target = choose_target(format_name, request.quantize)
    return export_run(
        request.run, request.corpus, target=target, out=request.out, overwrite=request.overwrite, on_event=on_event
    )


def check_no_page(examples: int | None, *, excite: bool) -> None:
    """Refuse what only a page has room for.

    Args:
        examples: as they were asked for; None where nobody did.
        excite: images that excite filters were asked for.

    Raises:
        WrongRequest: some of it was.
    """
    wrong = Option("examples") if examples is not None else Option("excite", value=True) if excite else None
    if wrong is not None:
        raise WrongRequest(
            wrong, " is about what travels in a page. Add ", Option("format", PAGE), ", or leave it out."
        )


def export_run(
    run: Path,
    corpus: str | None = None,
    *,
    target: Target,
    out: Path | None,
    overwrite: bool = False,
    on_event: OnEvent = ignore,
) -> Export:
    """Export a run.

    Args:
        run: a run folder.
        corpus: where its images are now; None for where they were.
        target: of `hubel.exports.catalogue.choose_target`.
        out: the folder to write.
        overwrite: an export that is in the folder may be replaced.
        on_event: hears what goes on.

    Raises:
        WrongRequest: something that is needed was not said, or there is no such thing.
        UnusableInput: it is no run, or there are no test images to hold the export against.
        OutputNotWritable: the folder holds other things, or cannot be written.
        ClaimFailed: the export does not answer like the classifier; nothing is written.
    """
    if out is None:
        raise WrongRequest("Say where the export goes: ", Option("out", "FOLDER"), ".")
    artefact = find_artefact(run)
    _check_place(out, run, artefact=artefact, corpus=corpus)
    check_folder(out, overwrite=overwrite)
    classifier = load_classifier(run, engine="keras" if ENGINES["keras"].installed else AUTO)  # the reference
    check_exportable(classifier)
    own = find_own_images(run, corpus, on_event=on_event)
    model = model_of(own, classifier)
    with held_out_files(own, most=most_proven(classifier.blueprint.spec)) as files:
        return write_export(model, target, files=files, out=out, on_event=on_event)


def model_of(own: OwnImages, classifier: Classifier) -> Model:
    """What is exported.

    Args:
        own: the images of the run.
        classifier: that was loaded from it.
    """
    return Model(own.run, classifier, describe(classifier), partial(training_pixels, own, classifier))


def _check_place(out: Path, run: Path, *, artefact: Path, corpus: str | None) -> None:
    """Nothing is written among the images of the corpus, nor into the folder of the classifier."""
    if real_path(out).is_relative_to(real_path(artefact)):
        raise WrongRequest(
            f"{out} lies inside the classifier itself, where nothing else may be. Choose a folder beside the run: ",
            Option("out", "FOLDER"), ".",
        )  # fmt: skip
    if is_file(run / RUN):
        document = read_document(run)
        location, reading = document.get("corpus", {}).get("location", ""), reading_of(document.get("request", {}))
        for each in (location, *([] if corpus is None else [corpus])):
            keep_out_of_the_corpus(out, each, reading=reading)
