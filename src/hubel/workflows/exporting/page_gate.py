"""What a page must pass: it is small enough to open, and computes what its classifier does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.arrays import Images
from hubel.classifier.answering import softmax
from hubel.classifier.artefact import Parts, read_architecture
from hubel.classifier.classifier import Classifier
from hubel.engines.held_out import most_proven
from hubel.errors import ClaimFailed, UnreadableImage
from hubel.evaluation.metrics import wilson_interval
from hubel.events import Message, OnEvent
from hubel.exports.gate import Parity
from hubel.exports.precision import FLOAT16, FLOAT32
from hubel.page.contents import LaidOpen
from hubel.page.limits import PageSize, check_page_size
from hubel.page.proof import find_node, prove_page
from hubel.random_streams import stream
from hubel.text import counted
from hubel.wishes import MIRROR
from hubel.workflows.exporting.own_images import OwnImages
from hubel.workflows.exporting.page_parts import PageParts

LIMITS = {FLOAT32: 1e-3, FLOAT16: 0.05}
"""What a probability may differ by."""
PATIENCE_S, FEWEST = 20.0, 8
"""Images are computed in Node for about so long, and so many at least."""
NOISE = 8
"""Images of noise where there are no test images."""


@dataclass(frozen=True)
class _HeldOut:
    """Images that the page and the classifier are asked about.

    Args:
        pixels: uint8 [images, height, width, 3].
        labels: class indices; empty where the images are noise.
    """

    pixels: Images
    labels: Sequence[int]


def check_size(parts: Parts, *, weights: str, images: int) -> None:
    """See that a browser can open the page, before a framework is loaded.

    Args:
        parts: the artefact.
        weights: how weights are written.
        images: the most that travel.

    Raises:
        UnusableInput: it would be too large, or too slow.
    """
    spec = read_architecture(parts.manifest.document, parts.folder).spec
    height, width = spec.image_size
    parameters = sum(each.size for each in parts.tensors.values())
    check_page_size(PageSize(parameters, spec.count_work()[0], 0, images, height * width), weights=weights)


def check_pace(network: LaidOpen, *, weights: str, on_event: OnEvent) -> float:
    """The same of how long an image takes, now that every layer is known.

    Args:
        network: laid open.
        weights: how they are written.
        on_event: hears a warning.

    Returns:
        Seconds that an image is expected to take.

    Raises:
        UnusableInput: it takes too long.
    """
    rows = network.rows
    values = sum(int(np.prod(row.output)) for row in rows)
    size = PageSize(sum(row.parameters for row in rows), sum(row.macs or 0 for row in rows), values, 0, 1)
    warning = check_page_size(size, weights=weights)
    if warning is not None:
        on_event(Message(warning, warning=True))
    return size.seconds_per_image


def prove(
    page: PageParts, classifier: Classifier, own: OwnImages | None, *, weights: str, on_event: OnEvent
) -> tuple[Parity | None, float | None]:
    """Have the page's own engine compute images, where Node is installed, and hold it against the classifier.

    Args:
        page: that was made.
        classifier: on Keras.
        own: the images of its run; None where they are not there.
        weights: how those of the page are written.
        on_event: hears what could not be done.

    Returns:
        How they compare on test images, and seconds for an image; None where that is not known.

    Raises:
        ClaimFailed: they do not compute the same.
    """
    pace = check_pace(page.network, weights=weights, on_event=on_event)
    node = find_node()
    if node is None:
        itself = " It checks itself when it is opened." if page.examples else ""
        on_event(Message(f"The page was not held against the classifier here, for Node is not installed.{itself}"))
        return None, None
    most = min(most_proven(classifier.blueprint.spec), max(FEWEST, int(PATIENCE_S / max(pace, 1e-9))))
    held = _held_out(own, classifier, most=most)
    mirrored = classifier.tta == MIRROR
    pixels = np.concatenate([held.pixels, held.pixels[:, :, ::-1]]) if mirrored else held.pixels
    proof = prove_page(page.html, classifier.model, graph=page.network.graph, pixels=pixels, weights=weights, node=node)
    if not held.labels:
        on_event(
            Message(f"The page was held against the classifier on {NOISE} images of noise: no test images are there.")
        )
        return None, proof.answers.seconds_per_image
    both = [
        each.reshape(-1, len(held.pixels), each.shape[1]).mean(axis=0)
        for each in (proof.answers.logits, proof.expected)
    ]
    found, expected = (softmax(each, temperature=classifier.calibration.temperature) for each in both)
    return _parity(found, expected, labels=held.labels, limit=LIMITS[weights]), proof.answers.seconds_per_image


def _held_out(own: OwnImages | None, classifier: Classifier, *, most: int) -> _HeldOut:
    index_of = {name: index for index, name in enumerate(classifier.class_names)}
    pixels, labels = [], []
    for label, content in [] if own is None else own.contents("test", most=most):
        try:
            pixels.append(classifier.read_pixels(content))
            labels.append(index_of.get(label, -1))
        except UnreadableImage:  # whoever chose the images that travel has said so
            continue
    if pixels:
        return _HeldOut(np.stack(pixels), labels)
    shape = (NOISE, *classifier.preprocessing.size, 3)
    return _HeldOut(stream("noise for a page", 0).integers(0, 256, shape, np.uint8), ())


def _parity(found: np.ndarray, expected: np.ndarray, *, labels: Sequence[int], limit: float) -> Parity:
    """Of probabilities, float64 [images, classes] each."""
    largest = float(np.abs(found - expected).max())
    if not largest <= limit:
        raise ClaimFailed(
            f"The page does not answer like the classifier on {counted(len(found), 'held-out image')}: a probability "
            f"differs by {largest:.2g}, and {limit:g} is allowed. Nothing was written."
        )
    theirs, ours, true = found.argmax(axis=1), expected.argmax(axis=1), np.asarray(labels)
    right = int((theirs == true).sum())
    return Parity(
        examples=len(found),
        agreement=float((theirs == ours).mean()),
        accuracy=right / len(found),
        accuracy_of_classifier=float((ours == true).mean()),
        accuracy_interval=wilson_interval(right, len(found)),
        max_probability_difference=float(f"{largest:.1e}"),
        limit=limit,
        passed=True,
    )
