"""``hubel.explain``."""

# ruff: noqa: A002  (keywords are called as the options of the command are)

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubel.api.explain import explain as explained_by
from hubel.api.words import Numbers, RunLike, optional_path, path_of, said_of_a_model
from hubel.classifier.answering import Answering
from hubel.classifier.given import is_one_image
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.wishes import EXPLAINING
from hubel.workflows.explaining.assess import USUAL_IMAGES
from hubel.workflows.explaining.assess import assess as assess_methods
from hubel.workflows.explaining.assessment import Assessment
from hubel.workflows.explaining.explain import Asked, explain_image
from hubel.workflows.explaining.explain_files import ExplainedFile, ExplainRequest, explain_files
from hubel.workflows.explaining.explained import ExplainedImage
from hubel.workflows.explaining.nearest_images import NearestImages
from hubel.workflows.explaining.recommended import NOT_ASSESSED, read_assessed


@explained_by(EXPLAINING)
def explain(  # noqa: PLR0913, D417  (each is a wish the user may have)
    run: RunLike | Answering,
    images: Any = (),
    *,
    assess: bool = False,
    max_examples: int | None = None,
    out: str | Path | None = None,
    method: str | None = None,
    class_name: str | None = None,
    against: str | None = None,
    layer: str | None = None,
    class_names: str | Path | None = None,
    pixels: str | None = None,
    input: Numbers = None,
    overwrite: bool = False,
    on_event: OnEvent = ignore,
) -> ExplainedImage | NearestImages | list[ExplainedFile] | Assessment:
    """Where in an image a classifier finds its evidence, and whether that map can be believed; as ``hubel explain``.

    Args:
        run: a run folder or a model file, or the `Run` that ``hubel.train`` returned; or a loaded classifier.
        images: the path of an image, or an example such as ``"digits:8"``; or several, which gives a list. Of a loaded
            classifier one image of any kind that its ``predict`` takes.
        assess: test every method on test images of a run instead, and recommend one from then on. Give no images.
        max_examples: with ``assess``, on how many; 12 by default.
        the wishes: each as its row in `hubel.wishes` says.
        class_names: of a model file, as of `hubel.load`.
        pixels: of a model file, as of `hubel.load`.
        input: of a model file, as of `hubel.load`.
        on_event: hears the values of `hubel.events`.

    Returns:
        The `Assessment`; else ``heat_map`` and ``caption``, of ``"nearest"`` its ``neighbours``; of several images a
        list, with ``explained``, or ``error`` of those refused.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    said = said_of_a_model(pixels=pixels, size=input, class_names=class_names)
    asked = Asked(method, class_name, against, layer)
    if assess:
        return _assessed(run, images, asked=asked, most=max_examples, on_event=on_event)
    if max_examples is not None:
        raise WrongRequest(Option("max_examples"), " says on how many images methods are tested: it needs ",
                           Option("assess", value=True), ".")  # fmt: skip
    if isinstance(run, Answering):
        return _in_memory(run, images, asked=asked, out=optional_path(out), is_said=bool(said.options) or overwrite)
    one = is_one_image(images)
    paths = (str(images),) if one else tuple(map(str, images))
    request = ExplainRequest(path_of(run), paths, asked, said, optional_path(out), overwrite=overwrite)
    made = list(explain_files(request, on_event=on_event))
    return made[0].explained if one and made[0].explained is not None else made


def _assessed(
    run: RunLike | Answering, images: Any, *, asked: Asked, most: int | None, on_event: OnEvent
) -> Assessment:
    """Every method on test images of a run."""
    if isinstance(run, Answering) or is_one_image(images) or len(images) or asked != Asked():
        raise WrongRequest(
            Option("assess", value=True), " tests every method on test images of a run: give its folder, and nothing "
            "that is asked of one image.",
        )  # fmt: skip
    if most is not None and most < 1:
        raise WrongRequest(Option("max_examples"), f" must be at least 1. Received: {most}.")
    return assess_methods(path_of(run), images=USUAL_IMAGES if most is None else most, on_event=on_event)


def _in_memory(classifier: Answering, image: Any, *, asked: Asked, out: Path | None, is_said: bool) -> ExplainedImage:
    """One image of any kind, by a classifier that is loaded."""
    if out is not None or is_said:
        raise WrongRequest(
            "A loaded classifier explains one image in memory. Leave ", Option("out"), ", ", Option("overwrite"),
            " and what is said of a model file out, or give the run's folder in its place.",
        )  # fmt: skip
    if not is_one_image(image):
        raise WrongRequest("A loaded classifier explains one image at a time. Give one.")
    assessed = NOT_ASSESSED if classifier.folder is None else read_assessed(classifier.folder)
    return explain_image(classifier, image, asked=asked, assessed=assessed)
