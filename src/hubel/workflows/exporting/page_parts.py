"""What a page is made of: a classifier, what its run knows of it, and images of that run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.layer_table import layer_rows
from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.catalogue import Later
from hubel.classifier.classifier import Classifier
from hubel.classifier.stored_score import score_tensors
from hubel.errors import UnreadableImage
from hubel.events import Message, OnEvent, ignore
from hubel.exports.description import describe
from hubel.files import is_file
from hubel.graphs.network_graph import NetworkGraph
from hubel.page.contents import Example, LaidOpen, page_data
from hubel.page.excitation import exciting_images
from hubel.page.mark import mark_of
from hubel.page.proof import LIMITS
from hubel.page.render import render_page
from hubel.page.weights import pack
from hubel.runs.documents import read_document
from hubel.runs.is_run import METRICS, RUN
from hubel.workflows.exporting.own_images import OwnImages
from hubel.workflows.exporting.page_request import EACH, MOST_CLASSES, PageRequest

plain_graph = Later("hubel.engines.compiling", "plain_graph")
DEPTHWISE = "depthwise_convolution"
DIGITS = 7
"""Of a reference logit."""


@dataclass(frozen=True)
class PageParts:
    """A page, and what it was made of.

    Args:
        html: the whole file.
        document: what travels in it, as plain data.
        network: laid open.
        examples: images that travel.
    """

    html: str
    document: dict[str, Any]
    network: LaidOpen
    examples: tuple[Example, ...]


def lay_open(classifier: Classifier) -> LaidOpen:
    """Its network as plain operations, its layers, and their numbers.

    Args:
        classifier: on Keras.

    Raises:
        UnusableInput: it holds a layer that a page has no operation for.
    """
    graph, walked = plain_graph(classifier.model), walk(classifier.model)
    return LaidOpen(graph, walked, tuple(layer_rows(walked)))


def compose(
    classifier: Classifier,
    request: PageRequest,
    *,
    artefact: Path | None,
    examples: Sequence[Example],
    on_event: OnEvent = ignore,
) -> PageParts:
    """Make the page.

    Args:
        classifier: on Keras.
        request: how weights are written, and whether filters are excited.
        artefact: the folder that it was loaded from; None of one that was never saved.
        examples: images that travel.
        on_event: hears what takes long.

    Raises:
        UnusableInput: as of `lay_open`.
    """
    network = lay_open(classifier)
    score = classifier.off_corpus
    many, few = _many_and_few(network.graph)
    index, data = pack(many, dtype=request.weights, exact={**few, **score_tensors(score)})
    document = page_data(
        network, describe(classifier), tensors=index, sets=classifier.sets, examples=examples, off_corpus=score
    )
    document |= {
        "run": facts_of_run(classifier, artefact),
        "checks": _checks(classifier, examples, weights=request.weights),
    }
    if request.excite:
        document["excitation"] = exciting_images(network, on_event=on_event)
    mark = "" if artefact is None else mark_of(artefact)
    html = render_page(document, data, title=document["run"]["title"], mark=mark)
    return PageParts(html, document, network, tuple(examples))


def _many_and_few(graph: NetworkGraph) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Weights that may be written with fewer bits, and those that stay: they are few, and rounding them shows.

    A small variance of a normalisation, say, has next to no digits left in half the bits.
    """
    depthwise = {name for step in graph.steps if step.kind == DEPTHWISE for name in step.weights.values()}
    few = {name for name, weight in graph.weights.items() if weight.ndim < 2 or name in depthwise}
    return (
        {name: weight for name, weight in graph.weights.items() if name not in few},
        {name: weight for name, weight in graph.weights.items() if name in few},
    )


def facts_of_run(classifier: Classifier, artefact: Path | None) -> dict[str, Any]:
    """What a page says of where its classifier comes from; None for what is not known.

    Args:
        classifier: of the page.
        artefact: its folder; its run, if any, lies around it.

    Raises:
        UnusableInput: a document of the run is damaged.
    """
    run = None if artefact is None else artefact.parent
    known = run is not None and is_file(run / RUN) and is_file(run / METRICS)
    document, metrics = (read_document(run), read_document(run, METRICS)) if run is not None and known else ({}, {})
    location, test = str(document.get("corpus", {}).get("location", "")), metrics.get("test", {})
    return {
        "title": re.split(r"[/\\]", location.rstrip("/\\"))[-1] or classifier.blueprint.name,
        "accuracy": test.get("accuracy"),
        "accuracy_interval": test.get("accuracy_interval"),
        "examples": test.get("examples", 0),
        "trained": document.get("finished_at"),
        "architecture": classifier.blueprint.name,
    }


def choose_examples(own: OwnImages, classifier: Classifier, *, each: int | None) -> list[Example]:
    """Test images of a run, of each class spread evenly; the same ones every time.

    Args:
        own: the images of the run.
        classifier: that reads them.
        each: so many of a class; None for `EACH`, and of many classes fewer.
    """
    labels = {placed.label for placed in own.placed.values() if placed.split == "test"}
    if each is None and len(labels) > MOST_CLASSES:
        found = own.spread("test", most=EACH * MOST_CLASSES)
    else:
        found = own.of_each_class("test", most=EACH if each is None else each)
    examples = []
    for path, label, content in found:
        try:
            examples.append(Example(path, label, classifier.read_pixels(content)))
        except UnreadableImage as error:
            own.on_event(Message(f"{path!r} is left out: {error.reason}.", warning=True))
    return examples


def _checks(classifier: Classifier, examples: Sequence[Example], *, weights: str) -> Mapping[str, Any]:
    """The model's own logits of the images that travel, with which a page checks what a browser computes.

    And the classes that the classifier gives them, which also looks at the mirror image where it was trained to.
    """
    if not examples:
        return {"logits": {}, "named": {}, "limit": LIMITS[weights]}
    pixels = np.stack([each.pixels for each in examples])
    rows = keras.ops.convert_to_numpy(classifier.model(pixels.astype(np.float32), training=False)).tolist()
    named = classifier.compute_logits(pixels).argmax(axis=1).tolist()
    return {
        "logits": {str(place): [float(f"{value:.{DIGITS}g}") for value in row] for place, row in enumerate(rows)},
        "named": {str(place): index for place, index in enumerate(named)},
        "limit": LIMITS[weights],
    }
