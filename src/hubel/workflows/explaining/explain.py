"""Explain an image: find the class and the method, make the map, score it, bring it back to the image's own pixels."""

from __future__ import annotations

import difflib
import os
import time
from dataclasses import dataclass, replace
from typing import Any

from hubel.arrays import Image
from hubel.classifier.answering import Answering, softmax
from hubel.classifier.given import to_model_pixels, to_whole_pixels
from hubel.errors import PackageMissing, UnknownName, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.explanation.catalogue import EXPLANATIONS, NEAREST, find_explanation
from hubel.explanation.faithfulness import is_flat, score_beside
from hubel.explanation.heat_map import HeatMap
from hubel.explanation.of_classifier import subject_of
from hubel.explanation.subject import Question
from hubel.images.preprocessing import seen_box, to_original
from hubel.text import few_names, listed
from hubel.workflows.explaining.explained import ExplainedImage
from hubel.workflows.explaining.recommended import NOT_ASSESSED, Assessed

SEED = 0


@dataclass(frozen=True)
class Asked:
    """What is asked of an explanation.

    Args:
        method: a name in `EXPLANATIONS`; None for the recommended one.
        class_name: whose evidence; None for the class that is answered.
        against: another class, or None.
        layer: whose maps, as a user says it; None for the last.
    """

    method: str | None = None
    class_name: str | None = None
    against: str | None = None
    layer: str | None = None


NOTHING_ASKED = Asked()


def check_asked(asked: Asked) -> None:
    """See that what is asked can be had together, before anything is loaded.

    Raises:
        UnknownName: there is no such method.
        WrongRequest: a layer is named for a method that looks at none.
    """
    if asked.method is None:
        return
    if asked.method == NEAREST:
        given = next((name for name in ("class_name", "against", "layer") if getattr(asked, name) is not None), None)
        if given is not None:
            raise WrongRequest(
                f"{NEAREST} looks at the answer, not at one class or layer. Leave ", Option(given), " out."
            )
        return
    explanation = find_explanation(asked.method)
    if asked.layer is not None and not explanation.needs_maps:
        looking = [name for name, each in EXPLANATIONS.items() if each.needs_maps]
        raise WrongRequest(
            f"{asked.method} looks at no layer. Leave ", Option("layer"), f" out, or take one of {listed(looking)}."
        )


def explain_image(
    classifier: Answering, image: Any, *, asked: Asked = NOTHING_ASKED, assessed: Assessed = NOT_ASSESSED
) -> ExplainedImage:
    """The evidence of a classifier in an image.

    Args:
        classifier: a run's, or that of a model file.
        image: as of `Answering.predict`: one.
        asked: by the user.
        assessed: what is known of the methods on this classifier.

    Raises:
        UnknownName: there is no such method, class or layer.
        WrongRequest: the network has no feature maps, and the method needs some.
        PackageMissing: the method needs a framework, and none is installed.
        UnreadableImage: the image cannot be read.
    """
    check_asked(asked)
    if asked.method == NEAREST:
        raise WrongRequest(
            f"{NEAREST} finds images of a run, not a map. Give the run's folder, not a loaded classifier."
        )
    method = _method(asked, assessed)
    given = _to_be_read_twice(image)
    pixels, whole = (read(given, classifier.preprocessing) for read in (to_model_pixels, to_whole_pixels))
    logits = classifier.compute_logits(pixels[None])
    probabilities = softmax(logits, temperature=classifier.calibration.temperature)[0]
    answer = int(probabilities.argmax())
    question = _question(classifier.class_names, asked, answer=answer)
    heat_map = _heat_map(classifier, pixels, question=question, method=method, layer=asked.layer)
    size = (whole.shape[0], whole.shape[1])
    return ExplainedImage(
        path=os.fsdecode(image) if isinstance(image, (str, os.PathLike)) else "",
        seen=seen_box(size, classifier.preprocessing),
        heat_map=in_pixels_of(heat_map, classifier, image=whole),
        answer=classifier.class_names[answer],
        probability=float(probabilities[question.class_index]),
        marked=assessed.marked.get(method, ""),
    )


def _to_be_read_twice(image: Any) -> Any:
    """The bytes of an open file, which can be read once; everything else as it is."""
    read = getattr(image, "read", None)
    return read() if callable(read) and not hasattr(image, "__array__") else image


def _method(asked: Asked, assessed: Assessed) -> str:
    """The method that is asked for; else the recommended one; with a layer, one that looks at it."""
    if asked.method is not None:
        return asked.method
    if asked.layer is not None and not EXPLANATIONS[assessed.usual].needs_maps:
        return "grad-cam"
    return assessed.usual


def _question(class_names: tuple[str, ...], asked: Asked, *, answer: int) -> Question:
    chosen = answer if asked.class_name is None else _class_index(class_names, asked.class_name, option="class_name")
    other = None if asked.against is None else _class_index(class_names, asked.against, option="against")
    if other == chosen:
        said = "is the answer" if asked.class_name is None else "is named twice"
        raise WrongRequest(
            f"{class_names[chosen]!r} {said}: a class cannot be held against itself. Choose another one for ",
            Option("against"), ", or another one for ", Option("class_name"), ".",
        )  # fmt: skip
    return Question(chosen, other)


def _class_index(class_names: tuple[str, ...], said: str, *, option: str) -> int:
    if said in class_names:
        return class_names.index(said)
    spelt = {name.lower(): name for name in class_names}
    near = difflib.get_close_matches(said.lower(), spelt, n=1)
    hint = f" Did you mean {spelt[near[0]]!r}?" if near else ""
    raise UnknownName(
        Option(option), f" takes a class of this classifier, and {said!r} is none.{hint} "
        f"Its classes: {few_names(class_names, most=20)}.",
    )  # fmt: skip


def _heat_map(classifier: Answering, pixels: Image, *, question: Question, method: str, layer: str | None) -> HeatMap:
    """The map at the working size, with its score."""
    subject, explanation = subject_of(classifier, layer=layer), find_explanation(method)
    begun = time.perf_counter()
    try:
        heat = explanation.compute(subject, pixels, question=question, seed=SEED)
    except PackageMissing as error:
        raise type(error)(
            f"{method} takes derivatives, which need a framework. ", error.text, _others(method)
        ) from error
    except WrongRequest as error:
        if layer is not None or not explanation.needs_maps:
            raise
        raise WrongRequest(error.text, _others(method, maps=False)) from error
    seconds = time.perf_counter() - begun
    names = classifier.class_names
    return HeatMap(
        pixels,
        heat,
        method,
        names[question.class_index],
        None if question.against is None else names[question.against],
        explanation.signed,
        is_flat(heat),
        score_beside(subject, pixels, heat=heat, question=question, seed=SEED),
        seconds,
    )


def _others(method: str, *, maps: bool = True) -> Remedy:
    """Methods that need no framework; without ``maps``, of them those that look at none."""
    names = [name for name, each in EXPLANATIONS.items() if not each.needs_framework and (maps or not each.needs_maps)]
    first, *others = [name for name in names if name != method]
    return Remedy("Or take another method: ", Option("method", first), f", or {listed(others, last='or')}.")


def in_pixels_of(heat_map: HeatMap, classifier: Answering, *, image: Image) -> HeatMap:
    """A map at the working size in pixels of the image: values float32 [height, width].

    Args:
        heat_map: at the working size.
        classifier: that it is of.
        image: as it is: uint8 [height, width, 3].
    """
    size = (image.shape[0], image.shape[1])
    return replace(heat_map, image=image, values=to_original(heat_map.values, classifier.preprocessing, size=size))
