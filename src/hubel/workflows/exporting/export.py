"""Export: a run in the format of others, held against its classifier before it is handed over."""

from __future__ import annotations

from pathlib import Path

from hubel.classifier.artefact import find_artefact
from hubel.engines.catalogue import ENGINES, load_classifier
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.exports.catalogue import choose_target
from hubel.exports.description import check_exportable, describe
from hubel.exports.folder import Export, check_folder, write_export
from hubel.exports.model import Model
from hubel.files import is_file, real_path
from hubel.runs.documents import read_document
from hubel.runs.is_run import RUN
from hubel.runs.out_folder import keep_out_of_the_corpus
from hubel.runs.request_record import reading_of
from hubel.wishes import AUTO
from hubel.workflows.exporting.held_out import held_out_files


def export_run(
    run: Path,
    *,
    format_name: str | None,
    out: Path | None,
    quantize: str | None = None,
    overwrite: bool = False,
    on_event: OnEvent = ignore,
) -> Export:
    """Export a run.

    Args:
        run: a run folder.
        format_name: in `hubel.exports.catalogue.FORMATS`.
        out: the folder to write.
        quantize: how weights are written; None for as they are.
        overwrite: an export that is in the folder may be replaced.
        on_event: hears what goes on.

    Raises:
        WrongRequest: something that is needed was not said, or there is no such thing.
        UnusableInput: it is no run, or there are no test images to hold the export against.
        OutputNotWritable: the folder holds other things, or cannot be written.
        ClaimFailed: the export does not answer like the classifier; nothing is written.
    """
    target = choose_target(format_name, quantize)
    if out is None:
        raise WrongRequest("Say where the export goes: ", Option("out", "FOLDER"), ".")
    artefact = find_artefact(run)
    _check_place(out, run, artefact=artefact)
    check_folder(out, overwrite=overwrite)
    classifier = load_classifier(run, engine="keras" if ENGINES["keras"].installed else AUTO)  # the reference
    check_exportable(classifier)
    model = Model(run, classifier, describe(classifier))
    with held_out_files(model, on_event=on_event) as files:
        return write_export(model, target, files=files, out=out, on_event=on_event)


def _check_place(out: Path, run: Path, *, artefact: Path) -> None:
    """Nothing is written among the images of the corpus, nor into the folder of the classifier."""
    if real_path(out).is_relative_to(real_path(artefact)):
        raise WrongRequest(
            f"{out} lies inside the classifier itself, where nothing else may be. Choose a folder beside the run: ",
            Option("out", "FOLDER"), ".",
        )  # fmt: skip
    if is_file(run / RUN):
        document = read_document(run)
        location = document.get("corpus", {}).get("location", "")
        keep_out_of_the_corpus(out, location, reading=reading_of(document.get("request", {})))
