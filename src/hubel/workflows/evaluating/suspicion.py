"""A score near chance, of a model whose pixels and class names are hearsay: which of the two is wrong?"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from hubel.arrays import Images
from hubel.classifier.foreign_classifier import ForeignClassifier
from hubel.classifier.pixel_scales import PIXELS
from hubel.errors import UnusableInput
from hubel.errors.wording import Option, Text
from hubel.evaluation.metrics import confusion_matrix, wilson_interval
from hubel.evaluation.report import EvaluationReport

MOST_ORDERED = 2000
"""Classes among which a better order is looked for: the work grows with their third power."""
TRIED = 64
"""Images that the other settings are tried on, spread evenly over those that were scored."""
NAMED = 20
"""Class names that are listed in a better order."""


def suspect(classifier: ForeignClassifier, report: EvaluationReport, images: Images, labels: np.ndarray) -> list[Text]:
    """What may be wrong with a score near chance, and what to change; nothing of another score.

    Args:
        classifier: that was scored.
        report: of all images.
        images: at most `TRIED` of them, uint8 [batch, height, width, 3].
        labels: class indices of these.
    """
    count = len(report.class_names)
    low, _ = wilson_interval(int(report.hits.sum()), len(report.hits))
    if low > 1 / count:
        return []
    order = "the order of the class names"
    doubtful = f"{order} differs" if classifier.pixels_found else f"the pixel values or {order} differ"
    near = Text(
        f"This score cannot be distinguished from guessing, which is right for 1 image in {count:,}. Unless the model "
        f"knows nothing about such images, {doubtful} from its training."
    )
    better = None if classifier.pixels_found else _better_pixels(classifier, images, labels=labels)
    if better is not None:
        return [near, better]
    reordered = _better_order(report)
    if reordered is not None:
        return [near, reordered]
    pixels = () if classifier.pixels_found else (Option("pixels"), " and no other ")
    return [near, Text("No other ", *pixels, "order of the class names is clearly better on these images.")]


def _better_pixels(classifier: ForeignClassifier, images: Images, *, labels: np.ndarray) -> Text | None:
    """The setting that names clearly more of the images rightly, if there is one."""
    hits = {}
    for name, scale in PIXELS.items():
        if classifier.channels == 3 or not scale.needs_colour:
            hits[name] = _hits(classifier.with_pixels(name), images, labels=labels)
    stated = hits.pop(str(classifier.pixels))
    most = max(hits.values())
    low, _ = wilson_interval(most, len(labels))
    _, high = wilson_interval(stated, len(labels))
    if low <= max(high, 1 / len(classifier.class_names)):
        return None
    first, *others = (Option("pixels", name) for name, count in hits.items() if count == most)
    return Text(
        first,
        *(part for option in others for part in (" or ", option)),
        f" is right for {most} of {len(labels)} images that it was tried on, ",
        Option("pixels", str(classifier.pixels)),
        f" for {stated}. Look up which of them the training used.",
    )


def _hits(classifier: ForeignClassifier, images: Images, *, labels: np.ndarray) -> int:
    try:
        logits = classifier.compute_logits(images)
    except UnusableInput:  # numbers that are not finite: the setting is not the right one
        return 0
    return int((logits.argmax(axis=1) == labels).sum())


def _better_order(report: EvaluationReport) -> Text | None:
    """The order of the class names that suits the answers clearly better: found on one half, tried on the other."""
    if len(report.class_names) > MOST_ORDERED:
        return None
    count, even = len(report.class_names), np.arange(len(report.labels)) % 2 == 0
    confusion = confusion_matrix(report.predicted[even], report.labels[even], classes=count)
    true, named = linear_sum_assignment(-confusion)
    class_of = np.empty(count, np.int64)
    class_of[named] = true
    others = ~even
    if not others.any():
        return None
    right = int((class_of[report.predicted[others]] == report.labels[others]).sum())
    low, _ = wilson_interval(right, int(others.sum()))
    _, high = wilson_interval(int(report.hits.sum()), len(report.hits))
    if low <= max(high, 1 / count):
        return None
    names = [report.class_names[each] for each in class_of]
    listed = f"in the order {', '.join(names)}" if count <= NAMED else "in another order"
    return Text(
        f"With the class names {listed}, {right:,} of {int(others.sum()):,} images that were not used to find this "
        "order would be right. Look up the order that the training used."
    )
