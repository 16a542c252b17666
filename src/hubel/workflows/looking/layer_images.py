"""Images of what is inside a classifier: feature maps of an image, filters, and what excites them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.layer_choice import find_layer
from hubel.architectures.walk import Call, Graph, walk
from hubel.classifier.answering import Answering
from hubel.corpus.formats.catalogue import read_corpus
from hubel.drawing.feature_maps import Seen, Tile, draw_excitement, draw_filters, draw_maps
from hubel.drawing.raster import render_png
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.errors.wording import Option
from hubel.events import OnEvent, ignore
from hubel.explanation.excitation import Ascent, ExcitingPatch, find_patches, make_exciting_images
from hubel.explanation.feature_maps import (
    FeatureMaps,
    compute_feature_maps,
    kernel_of,
    layers_with_filters,
    layers_with_maps,
)
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.text import none_of
from hubel.workflows.opening import NOTHING_SAID, Said, open_target

MOST_FILTERS = 64
PATCHES = 8
EXCITED_FILTERS = 8
MOST_EXAMPLES = 2000
"""Images of a corpus that are searched for patches, spread evenly over it."""


@dataclass(frozen=True)
class LayerChoice:
    """A layer that can be looked at; ``number`` counts all layers from 1, as `hubel anatomy` does."""

    number: int
    name: str
    kind: str
    output: tuple[int | None, ...]


@dataclass(frozen=True)
class FilterSheet:
    """The filters of a layer: its name, the kernel, how many filters are shown, in words, and a PNG."""

    layer: str
    kernel: np.ndarray
    shown: str
    png: bytes


@dataclass(frozen=True)
class ExcitementSheet:
    """What filters of a layer respond to: its name, how many are shown, in words, and a PNG."""

    layer: str
    shown: str
    png: bytes


def list_layers(run: Path, *, with_filters: bool, said: Said = NOTHING_SAID) -> list[LayerChoice]:
    """The layers of a run or model file that make feature maps, or those that have filters.

    Args:
        run: a run folder, or a model file.
        with_filters: those that have filters.
        said: of a model file, what the user knows of it.
    """
    graph = walk(open_target(run, said).model)
    number = {id(call): place for place, call in enumerate(graph.calls, start=1)}
    calls = layers_with_filters(graph) if with_filters else layers_with_maps(graph)
    return [LayerChoice(number[id(call)], call.name, call.kind, call.output_shapes[0]) for call in calls]


def image_of_maps(run: Path, image: Path, *, layer: str, said: Said = NOTHING_SAID) -> tuple[FeatureMaps, bytes]:
    """All feature maps of a layer for an image, as numbers and as a PNG.

    Args:
        run: a run folder, or a model file.
        image: a file, or the name of an example image.
        layer: as `find_layer` takes it.
        said: of a model file, what the user knows of it.

    Raises:
        UnknownName: no such layer.
        WrongRequest: the layer makes no maps.
        UnreadableImage: the image cannot be read.
    """
    classifier = open_target(run, said)
    graph = walk(classifier.model)
    call = find_layer(graph, layer, usable=layers_with_maps(graph))
    pixels = classifier.read_pixels(image)
    made = compute_feature_maps(graph, call, image=classifier.to_input(pixels))
    shown = [int(each) for each in made.strongest_first[:MOST_FILTERS]]
    return made, render_png(draw_maps(Seen(made.layer, made.maps, shown, pixels, image.name)))


def image_of_filters(run: Path, layer: str, *, said: Said = NOTHING_SAID) -> FilterSheet:
    """The filters of a layer.

    Args:
        run: a run folder, or a model file.
        layer: one that has filters, as `find_layer` takes it.
        said: of a model file, what the user knows of it.

    Raises:
        UnknownName: no such layer.
        WrongRequest: the layer has no filters.
    """
    graph = walk(open_target(run, said).model)
    call = find_layer(graph, layer, usable=layers_with_filters(graph))
    kernel = kernel_of(graph, call)
    drawing, shown = draw_filters(call.name, kernel, most=MOST_FILTERS)
    return FilterSheet(call.name, kernel, shown, render_png(drawing))


def image_of_excitement(
    run: Path,
    layer: str,
    *,
    corpus: str | None,
    filters: Sequence[int] = (),
    said: Said = NOTHING_SAID,
    on_event: OnEvent = ignore,
) -> ExcitementSheet:
    """What some filters of a layer respond to: an image made to excite each, and the patches of a corpus that do.

    The made images are grey where the model takes grey images, or all images of the corpus are.

    Args:
        run: a run folder, or a model file.
        layer: one that makes feature maps, as `find_layer` takes it.
        corpus: where to look for patches; None to make images only.
        filters: which; by default the first eight.
        said: of a model file, what the user knows of it.
        on_event: hears `Progress`.

    Raises:
        UnknownName: no such layer.
        WrongRequest: the layer makes no maps, or has no such filter.
    """
    classifier = open_target(run, said)
    graph = walk(classifier.model)
    call = find_layer(graph, layer, usable=layers_with_maps(graph))
    chosen = _check_filters(graph, call, filters=filters)
    decoded, places = _some_images(classifier, corpus, on_event=on_event)
    patches: dict[int, list[ExcitingPatch]] = {}
    images = np.zeros((0, 1, 1, 3), np.uint8)
    if decoded is not None:
        images = np.asarray(decoded.images[places])
        taken = _AsTaken(images, classifier)
        patches = find_patches(graph, call, images=taken, filters=chosen, most=PATCHES, on_event=on_event)
    colour = not len(images) or bool((images != images[..., :1]).any())
    made = make_exciting_images(
        graph, call, filters=chosen, scale=classifier.scale, ascent=Ascent(colour=colour), on_event=on_event
    )
    rows = []
    for each, pixels in zip(chosen, made, strict=True):
        row = [Tile(f"filter {each}", classifier.to_image(pixels))]
        for patch in patches.get(each, []):
            top, left, bottom, right = patch.box
            row.append(Tile(f"{patch.value:.3g}", images[patch.example][top:bottom, left:right]))
        rows.append(row)
    count = int(call.output_shapes[0][2] or 0)
    drawing = draw_excitement(call.name, rows, filters=count, corpus=corpus)
    return ExcitementSheet(call.name, f"{len(rows)} of {count} filters shown", render_png(drawing))


@dataclass(frozen=True)
class _AsTaken:
    """Images as a model takes them, made when they are asked for."""

    images: np.ndarray
    classifier: Answering

    @property
    def shape(self) -> tuple[int, ...]:
        return self.images.shape

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, key: Any) -> np.ndarray:
        return self.classifier.to_input(self.images[key])


def _check_filters(graph: Graph, call: Call, *, filters: Sequence[int]) -> list[int]:
    if call not in layers_with_maps(graph):
        raise WrongRequest(
            f"{call.name} ({call.kind}) makes no feature maps. Leave ",
            Option("layer"),
            " out for a list of the layers that do.",
        )
    count = int(call.output_shapes[0][2] or 0)
    wrong = [each for each in filters if not 0 <= each < count]
    if wrong:
        raise WrongRequest(f"{call.name} has the filters 0 to {count - 1}. Received: {wrong[0]}.")
    return list(filters) or list(range(min(count, EXCITED_FILTERS)))


def _some_images(
    classifier: Answering, location: str | None, *, on_event: OnEvent
) -> tuple[DecodedCorpus | None, np.ndarray]:
    if location is None:
        return None, np.zeros(0, np.int64)
    corpus = read_corpus(location, on_event=on_event)
    decoded = decode_corpus(corpus, classifier.preprocessing, on_event=on_event)
    count = len(decoded.corpus)
    if not count:
        raise UnusableCorpus(f"{none_of(len(decoded.corpus.refused))} in {location} can be read. Name another corpus.")
    return decoded, np.unique(np.linspace(0, count - 1, min(count, MOST_EXAMPLES)).astype(np.int64))
