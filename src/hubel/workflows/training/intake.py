"""Request → a prepared corpus and what is trained on it; and what the user should know of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.catalogue import Later
from hubel.corpus.corpus import Corpus, alike, difference
from hubel.corpus.measured_corpus import describe_frames
from hubel.errors import DownloadFailed, WeightsNotAvailable
from hubel.errors.wording import Command, Option, Remedy, Text
from hubel.events import Message, OnEvent
from hubel.pipeline.prepare import Chosen, Preparation, Prepared, prepare_corpus
from hubel.pipeline.survey import Survey
from hubel.runs.out_folder import keep_out_of_the_images
from hubel.runs.request import TrainRequest
from hubel.wishes import MIRROR
from hubel.workflows.training.choose import Choice, check_classes, choose

if TYPE_CHECKING:
    from hubel.architectures.families.weight_files import MayDownload
    from hubel.workflows.training.warm_start import WarmStart

find_weight_file: Callable[[str, float], object] = Later(
    "hubel.architectures.families.weight_files", "find_weight_file"
)
not_here: Callable[[str, float], str] = Later("hubel.architectures.families.weight_files", "not_here")
pretrained_weights = Later("hubel.architectures.families.backbones", "pretrained_weights")
apply_corrections = Later("hubel.corpus.corrections", "apply_corrections")
read_corrections = Later("hubel.corpus.corrections", "read_corrections")
describe_classes = Later("hubel.workflows.training.warm_start", "describe_classes")
describe_parts = Later("hubel.workflows.training.warm_start", "describe_parts")
keep_parts = Later("hubel.workflows.training.warm_start", "keep_parts")

SHOWN = 5
"""Refused files that are named."""


def prepare_training(
    request: TrainRequest,
    warm: WarmStart | None,
    *,
    may_download: MayDownload | None = None,
    on_listed: Callable[[], None] = lambda: None,
    on_event: OnEvent,
) -> Prepared[Choice]:
    """Read a corpus, choose what is trained on it, decode and split it; and say what the user should know.

    Args:
        request: the user's words.
        warm: the run whose weights it begins with; None to begin anew.
        may_download: asked for ImageNet weights that this machine does not have; None for whether the request names
            them.
        on_listed: called when the files are listed, before the first is decoded.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says what is wrong with the corpus or the request.
    """
    allow = may_download or (lambda _: request.weights == "imagenet")

    def refine(corpus: Corpus) -> Corpus:
        keep_out_of_the_images(request.out, corpus)
        if request.corrections is not None:
            corpus = apply_corrections(corpus, read_corrections(request.corrections))
        on_listed()
        return corpus

    def choose_for(survey: Survey, corpus: Corpus) -> Choice:
        classes = len(corpus.class_names)
        if warm is None:
            return _choose_with_weights(request, survey, classes=classes, may_download=allow, on_event=on_event)
        start = warm.start
        return replace(start.choose(classes), pretrained=warm.backbone_weights(), begun_from=start.digest)

    reading = request.reading
    how = Preparation(reading, bands=reading.bands, seed=request.seed, refine=refine)
    if warm is not None:
        keep = partial(keep_parts, warm.start, on_event=on_event)
        how = replace(how, bands=warm.start.preprocessing.bands, keep=keep)
    prepared = prepare_corpus(request.corpus, choose_for, how=how, on_event=on_event)
    prepared = _with_its_weights(request, prepared, how=how, on_event=on_event)
    doubt = doubt_of_tta(request, grey=prepared.survey.grey)
    for message in (*describe_intake(prepared), *([] if doubt is None else [doubt])):
        on_event(message)
    if warm is not None:
        on_event(describe_classes(warm.start, prepared.corpus.class_names))
        for message in describe_parts(prepared.kept, prepared.splits, start=warm.start):
            on_event(message)
    return prepared


def _choose_with_weights(
    request: TrainRequest, survey: Survey, *, classes: int, may_download: MayDownload, on_event: OnEvent
) -> Choice:
    choice = choose(request, survey)
    check_classes(choice, classes)
    spec = make_blueprint(choice.entry, choice.preprocessing.size, classes=classes, alpha=request.alpha).spec
    if choice.weights == "none" or not isinstance(spec, PretrainedSpec) or _are_here(choice, spec):
        return choice
    try:
        weights = pretrained_weights(spec.backbone, spec.alpha, source=choice.weights, may_download=may_download)
        return replace(choice, pretrained=weights)
    except DownloadFailed:  # after a yes, going on without them would be another answer than was given
        raise
    except WeightsNotAvailable:
        if request.architecture is not None or request.weights is not None:
            raise
        fallback = choose(replace(request, weights="none"), survey)
        text = Text(
            not_here(spec.backbone, spec.alpha),
            f" Training {fallback.architecture} from scratch instead. Photographs are usually classified better with "
            "pretrained weights.",
            Remedy("To download them, add ", Option("weights", "imagenet"), "."),
        )
        on_event(Message(text, warning=True))
        return fallback


def _are_here(choice: Choice, spec: PretrainedSpec) -> bool:
    """Its ImageNet weights lie on this machine: they are read when the framework is there, which takes seconds."""
    return choice.weights == "imagenet" and find_weight_file(spec.backbone, spec.alpha) is not None


def _with_its_weights(
    request: TrainRequest, prepared: Prepared[Choice], *, how: Preparation, on_event: OnEvent
) -> Prepared[Choice]:
    """The same with the weights of its backbone; where their file is damaged, what is trained without them.

    The framework, which reads them, was loaded while the images were decoded.
    """
    choice, classes = prepared.chosen, len(prepared.corpus.class_names)
    spec = make_blueprint(choice.entry, choice.preprocessing.size, classes=classes, alpha=choice.alpha).spec
    if choice.pretrained is not None or not isinstance(spec, PretrainedSpec) or not _are_here(choice, spec):
        return prepared
    try:
        weights = pretrained_weights(spec.backbone, spec.alpha, source=choice.weights)
        return replace(prepared, chosen=replace(choice, pretrained=weights))
    except WeightsNotAvailable as error:
        if request.architecture is not None or request.weights is not None:
            raise
        fallback = choose(replace(request, weights="none"), prepared.survey)
        on_event(Message(Text(error.text, f" Training {fallback.architecture} from scratch instead."), warning=True))
        return prepare_corpus(request.corpus, lambda _, __: fallback, how=how, on_event=on_event)


def doubt_of_tta(request: TrainRequest, *, grey: bool) -> Message | None:
    """That the network learned from no mirror image, where answers are averaged with them; None where all is well.

    Args:
        request: the user's words.
        grey: the images have no colour, and are not mirrored in training unless the user asks for it.
    """
    if request.tta != MIRROR or request.mirror or not grey:
        return None
    text = Text(
        "The answers are means over each image and its mirror image, but the network learns from no mirror images: "
        "images without colour are often signs, such as digits, and mirrored they are other signs.",
        Remedy("Leave out ", Option("tta"), "."),
        Remedy("If left and right do not matter in your images, add ", Option("mirror", value=True), "."),
    )
    return Message(text, warning=True)


def describe_intake(prepared: Prepared[Chosen]) -> Iterator[Message]:
    """Copies, classes of nearly one name, frames of one scene, what the split lacks, and what was refused."""
    corpus = prepared.corpus
    if prepared.copies:
        text = (
            f"{prepared.copies:,} images are copies of one another; if Hubel makes the split, each set of copies "
            "stays in one part. See them: "
        )
        yield Message(Text(text, Command("audit", (corpus.location,))))
    for note in (*corpus.notes, *_on_names(corpus), *describe_frames(prepared.examined), *prepared.splits.notes):
        yield Message(note, warning=True)
    for row in corpus.refused[:SHOWN]:
        yield Message(f"Refused {row.path!r}: {row.reason}.", warning=True)
    more = len(corpus.refused) - SHOWN
    if more > 0:
        yield Message(f"Refused {more:,} more files; intake.csv in the run folder lists them all.", warning=True)


def _on_names(corpus: Corpus) -> list[str]:
    return [
        f"The classes {', '.join(ascii(name) for name in names)} differ only by {difference(names)}: they are kept "
        "apart. If they are one class, give their images one folder."
        for names in alike(corpus.class_names)
    ]
