"""A run as one page that opens offline, computes its network in the browser, and shows every number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hubel.catalogue import Later
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import load_classifier
from hubel.errors import OutputNotWritable, UnusableInput, WrongRequest
from hubel.errors.wording import Command, Option, Remedy, Text
from hubel.events import Message, OnEvent, ignore
from hubel.exports.description import check_exportable
from hubel.exports.precision import FLOAT16
from hubel.files import is_file, is_folder, is_there, real_path, said_plainly, shown, write_bytes
from hubel.page.exported import ExportedPage, file_of
from hubel.page.mark import is_page
from hubel.runs.is_run import RUN
from hubel.runs.out_folder import check_output_file, keep_out_of_the_corpus
from hubel.wishes import EXPORTING, check_bounds
from hubel.workflows.exporting.own_images import OwnImages, Purpose, find_own_images
from hubel.workflows.exporting.page_request import PageRequest, images_that_travel

check_size: Callable[..., None] = Later("hubel.workflows.exporting.page_gate", "check_size")
prove: Callable[..., Any] = Later("hubel.workflows.exporting.page_gate", "prove")
choose_examples: Callable[..., list[Any]] = Later("hubel.workflows.exporting.page_parts", "choose_examples")
compose: Callable[..., Any] = Later("hubel.workflows.exporting.page_parts", "compose")
ENDINGS = (".html", ".htm")
WHY = "The images of a page, and those that it is held against, are test images of its run"


def export_page(request: PageRequest, *, on_event: OnEvent = ignore) -> ExportedPage:
    """Write the page of a run; it appears whole under its final name, or not at all.

    Args:
        request: what is asked for.
        on_event: hears what goes on.

    Raises:
        WrongRequest: something that is needed was not said, or there is no such thing.
        UnusableInput: it is no run, or its network cannot be laid open in a page.
        OutputNotWritable: something else is there, or the file cannot be written.
        ClaimFailed: the page does not compute what the classifier does; nothing is written.
    """
    out = _check(request)
    return make_page(request, out, on_event=on_event)


def make_page(request: PageRequest, out: Path, *, on_event: OnEvent = ignore) -> ExportedPage:
    """The same without a look at what is there.

    Args:
        request: what is asked for.
        out: the file to write.
        on_event: hears what goes on.

    Raises:
        HubelError: as of `export_page`.
    """
    parts = read_parts(find_artefact(request.run))
    images = images_that_travel(len(parts.manifest.document["class_names"]), each=request.examples)
    check_size(parts, weights=request.weights, images=images)
    classifier = load_classifier(request.run, engine="keras")
    check_can_be_laid_open(classifier)
    own = _own_images(request, on_event=on_event)
    examples = [] if own is None or request.examples == 0 else choose_examples(own, classifier, each=request.examples)
    page = compose(classifier, request, artefact=find_artefact(request.run), examples=examples, on_event=on_event)
    parity, seconds = prove(page, classifier, own, weights=request.weights, on_event=on_event)
    data = page.html.encode()
    with said_plainly(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(out, data)
    return ExportedPage(out, request.quantize, len(examples), file_of(out, data), parity, seconds)


def check_can_be_laid_open(classifier: Classifier) -> None:
    """See that a browser can read images as this classifier does.

    Args:
        classifier: that is asked for.

    Raises:
        UnusableInput: it takes certain bands, or deep images by ranges of their own.
    """
    check_exportable(classifier)
    if classifier.preprocessing.ranges:
        raise UnusableInput(
            "This classifier has learned from images with more than 8 bits for each colour, and a browser reads 8. It "
            "cannot be laid open in a page.",
            Remedy("Another format reads them: ", Option("format", "onnx"), "."),
        )


def _check(request: PageRequest) -> Path:
    """The file to write; everything that needs no framework is asked here."""
    out = request.out
    if out is None:
        raise WrongRequest("Say where the page goes: ", Option("out", "FILE.html"), ".")
    check_bounds({"examples": EXPORTING["examples"]}, request)
    if request.quantize not in (None, FLOAT16):
        raise WrongRequest(
            "The weights of a page can be float16 beside float32. Received: ", Option("quantize", request.quantize),
            ".", Remedy("Leave it out for float32."),
        )  # fmt: skip
    artefact = find_artefact(request.run)
    if real_path(out).is_relative_to(real_path(artefact)):
        raise WrongRequest(
            f"{shown(out)} lies inside the classifier itself, where nothing else may be. Choose one beside the run: ",
            Option("out", "FILE.html"), ".",
        )  # fmt: skip
    if is_folder(out):
        better = Option("out", str(out / "classifier.html"))
        raise WrongRequest(f"{shown(out)} is a folder, and a page is one file. Name the file: ", better, ".")
    check_output_file(out, endings=ENDINGS, run=request.run if is_file(request.run / RUN) else None)
    if request.corpus is not None:
        keep_out_of_the_corpus(out, request.corpus, what="file")
    _check_free(out, overwrite=request.overwrite)
    return out


def _check_free(out: Path, *, overwrite: bool) -> None:
    if not is_there(out):
        return
    elsewhere = Remedy("Choose another file with ", Option("out"), ".")
    if not is_page(out):
        raise OutputNotWritable(f"{shown(out)} is something else than a page of a classifier.", elsewhere)
    if not overwrite:
        raise OutputNotWritable(
            f"{shown(out)} is a page already.", elsewhere,
            Remedy("Or replace it with ", Option("overwrite", value=True), "."),
        )  # fmt: skip


def _own_images(request: PageRequest, *, on_event: OnEvent) -> OwnImages | None:
    """The images of the run; None where they are not there, and nobody said where they are."""
    if not is_file(request.run / RUN):
        text = f"{shown(request.run)} is a classifier without its run, so no images travel in its page"
        on_event(Message(f"{text}. Give a run folder for that."))
        return None

    def where(run: Path) -> tuple[str | Command, ...]:
        return "Put it back, or say where it is now: ", Command(request.command, (str(run), "CORPUS"))

    try:
        return find_own_images(request.run, request.corpus, purpose=Purpose(WHY, where), on_event=on_event)
    except UnusableInput as error:
        if request.corpus is not None or request.examples:
            raise
        on_event(Message(Text("The page is made without images. ", error.text), warning=True))
        return None
