"""How a trained network answers: for the image alone, or with the mean of it and its mirror image."""

from __future__ import annotations

import numpy as np

from hubel.arrays import ImageStore, Logits
from hubel.classifier.engine import Engine, batch_of
from hubel.classifier.mirrored import with_tta
from hubel.engines.keras_engine import KerasEngine
from hubel.errors.wording import Option, Remedy, Text
from hubel.evaluation.mirrored_answers import FEWEST, AnswersCompared, compare_answers
from hubel.events import Message, OnEvent, in_chunks
from hubel.pipeline.prepare import Prepared
from hubel.runs.request import TrainRequest
from hubel.text import counted
from hubel.wishes import MIRROR, NO_TTA
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.fitting import Fitted
from hubel.workflows.training.plan_fit import leaves_tta_open


def choose_answers(
    request: TrainRequest, prepared: Prepared[Choice], *, fitted: Fitted, on_event: OnEvent
) -> tuple[Engine, AnswersCompared | None]:
    """The engine that answers as the user asked, or as the validation images show to be better; and what they showed.

    Args:
        request: the user's words.
        prepared: the corpus.
        fitted: what was trained on it.
        on_event: hears what was decided.
    """
    engine, held_out = KerasEngine(fitted.model), prepared.indices("validation")
    if not leaves_tta_open(request, fitted.plan.recipes) or len(held_out) < FEWEST:
        return with_tta(engine, request.tta or NO_TTA), None
    plain, mirrored = _both(engine, prepared.decoded.images, indices=held_out, on_event=on_event)
    compared = compare_answers(plain, (plain + mirrored) / np.float32(2), labels=prepared.labels[held_out])
    if not compared.mirrored_is_better:
        return engine, compared
    text = (
        f"The mean of an image and its mirror image answers better on {counted(compared.images, 'validation image')}: "
        f"log loss {compared.mirrored:.3f} instead of {compared.plain:.3f}. The classifier answers that way, "
        "which takes twice the time."
    )
    on_event(Message(Text(text, Remedy("To answer by the image alone, add ", Option("tta", NO_TTA), "."))))
    return with_tta(engine, MIRROR), compared


def _both(engine: Engine, images: ImageStore, *, indices: np.ndarray, on_event: OnEvent) -> tuple[Logits, Logits]:
    """Logits of images, and of their mirror images: each float32 [len(indices), classes]."""
    parts = []
    for chunk in in_chunks(len(indices), 4 * batch_of(engine), stage="comparing answers", on_event=on_event):
        pixels = np.asarray(images[indices[chunk]])
        parts.append([engine.compute(each).logits for each in (pixels, np.ascontiguousarray(pixels[:, :, ::-1]))])
    plain, mirrored = zip(*parts, strict=True)
    return np.concatenate(plain), np.concatenate(mirrored)
