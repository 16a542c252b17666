"""Pictures of what is inside a classifier: feature maps of an image, filters, and what excites them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.walk import Call, Graph, find_call, walk
from hubel.arrays import Image
from hubel.classifier.answering import Answering
from hubel.corpus.formats.catalogue import read_corpus
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.events import OnEvent, ignore
from hubel.explanation.excitation import find_patches, make_exciting_image
from hubel.explanation.feature_maps import (
    FeatureMaps,
    compute_feature_maps,
    kernel_of,
    layers_with_filters,
    layers_with_maps,
)
from hubel.images.render import colour_tile, grey_tile, in_rows, render_tiles, signed_tile
from hubel.pipeline.decoded import DecodedCorpus, decode_corpus
from hubel.workflows.opening import open_target
from hubel.workflows.said import NOTHING_SAID, Said

MOST_FILTERS = 64
COLUMNS = 8
TILE = 72
PATCHES = 8
EXCITED_FILTERS = 8
MOST_EXAMPLES = 2000
"""Images of a corpus that are searched for patches, spread evenly over it."""


@dataclass(frozen=True)
class LayerChoice:
    """A layer that can be looked at."""

    name: str
    kind: str
    output: tuple[int | None, ...]


def list_layers(run: Path, *, with_filters: bool, said: Said = NOTHING_SAID) -> list[LayerChoice]:
    """The layers of a run or model file that make feature maps, or those that have filters."""
    graph = walk(open_target(run, said).model)
    calls = layers_with_filters(graph) if with_filters else layers_with_maps(graph)
    return [LayerChoice(call.name, call.kind, call.output_shapes[0]) for call in calls]


def picture_maps(run: Path, image: Path, *, layer: str, said: Said = NOTHING_SAID) -> tuple[FeatureMaps, bytes]:
    """All feature maps of a layer for an image, as numbers and as a PNG.

    Raises:
        UnknownName: no such layer.
        WrongRequest: the layer makes no maps.
        UnreadableImage: the image cannot be read.
    """
    classifier = open_target(run, said)
    graph = walk(classifier.model)
    pixels = classifier.read_pixels(image)
    made = compute_feature_maps(graph, find_call(graph, layer), classifier.to_input(pixels))
    shown = made.strongest_first[:MOST_FILTERS]
    largest = float(np.abs(made.maps).max())
    tile = signed_tile if (made.maps < 0).any() else grey_tile
    tiles = [(f"{each}", tile(made.maps[..., each], largest=largest)) for each in shown]
    height, width, filters = made.maps.shape
    count = f"the {len(shown)} strongest of {filters}" if len(shown) < filters else f"{filters}"
    title = f"{made.layer}: {count} feature maps of {height} x {width}, largest value {largest:.3g}"
    rows = [[("input", pixels)], *in_rows(tiles, columns=COLUMNS)]
    return made, render_tiles(rows, side=TILE, title=title)


def picture_filters(run: Path, layer: str, *, said: Said = NOTHING_SAID) -> tuple[np.ndarray, bytes]:
    """The filters of a layer: the kernel, and a PNG.

    Filters that see red, green and blue are shown in colour; of others, each input channel is a tile of its own.

    Raises:
        UnknownName: no such layer.
        WrongRequest: the layer has no filters.
    """
    graph = walk(open_target(run, said).model)
    call = find_call(graph, layer)
    kernel = kernel_of(graph, call)
    height, width, channels, filters = kernel.shape
    largest = float(np.abs(kernel).max())
    seen = min(filters, MOST_FILTERS)
    if channels == 3:
        rows = in_rows([(f"{i}", colour_tile(kernel[..., i], largest=largest)) for i in range(seen)], columns=COLUMNS)
        how = "red, green and blue as they are, grey is 0"
    elif channels == 1:
        tiles = [(f"{i}", signed_tile(kernel[:, :, 0, i], largest=largest)) for i in range(seen)]
        rows, how = in_rows(tiles, columns=COLUMNS), "orange above 0, blue below"
    else:
        shown = range(min(channels, COLUMNS))
        rows = [
            [(f"{i} of {c}", signed_tile(kernel[:, :, c, i], largest=largest)) for c in shown]
            for i in range(min(filters, COLUMNS))
        ]
        how = f"a row is a filter ({len(rows)} of {filters}), a column an input channel ({len(shown)} of {channels})"
    title = f"{call.name}: {filters} filters of {height} x {width} x {channels}, largest {largest:.3g}; {how}"
    return kernel, render_tiles(rows, side=TILE, title=title)


def picture_excitement(
    run: Path,
    layer: str,
    *,
    corpus: str | None,
    filters: Sequence[int] = (),
    said: Said = NOTHING_SAID,
    on_event: OnEvent = ignore,
) -> bytes:
    """What some filters of a layer respond to: an image made to excite each, and the patches of a corpus that do.

    Args:
        run: a run folder, or a model file.
        layer: one that makes feature maps.
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
    call = find_call(graph, layer)
    chosen = _check_filters(graph, call, filters)
    decoded, places = _some_images(classifier, corpus, on_event)
    patches = {}
    if decoded is not None:
        taken = _AsTaken(decoded.images[places], classifier)
        patches = find_patches(graph, call, taken, filters=chosen, most=PATCHES, on_event=on_event)
    rows = []
    for each in chosen:
        made = make_exciting_image(graph, call, each, scale=classifier.scale)
        row: list[tuple[str, Image]] = [(f"filter {each}", classifier.show(made))]
        for patch in patches.get(each, []):
            top, left, bottom, right = patch.box
            pixels = decoded.images[places[patch.example]] if decoded is not None else row[0][1]
            row.append((f"{patch.value:.3g}", np.asarray(pixels)[top:bottom, left:right]))
        rows.append(row)
    where = f"; the patches of {corpus} that excite it most, with the value" if corpus else ""
    return render_tiles(rows, side=TILE, title=f"{call.name}: left, an image made to excite the filter{where}")


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


def _check_filters(graph: Graph, call: Call, filters: Sequence[int]) -> list[int]:
    if call not in layers_with_maps(graph):
        raise WrongRequest(
            f"{call.name} ({call.kind}) makes no feature maps. Leave --layer out for a list of the layers that do."
        )
    count = int(call.output_shapes[0][2] or 0)
    wrong = [each for each in filters if not 0 <= each < count]
    if wrong:
        raise WrongRequest(f"--filter: {call.name} has the filters 0 to {count - 1}. Received: {wrong[0]}.")
    return list(filters) or list(range(min(count, EXCITED_FILTERS)))


def _some_images(
    classifier: Answering, location: str | None, on_event: OnEvent
) -> tuple[DecodedCorpus | None, np.ndarray]:
    if location is None:
        return None, np.zeros(0, np.int64)
    corpus = read_corpus(location, on_event=on_event)
    decoded = decode_corpus(corpus, classifier.preprocessing, on_event=on_event)
    count = len(decoded.corpus)
    if not count:
        raise UnusableCorpus(
            f"None of the {len(decoded.corpus.refused):,} images in {location} can be read. Name another corpus."
        )
    return decoded, np.unique(np.linspace(0, count - 1, min(count, MOST_EXAMPLES)).astype(np.int64))
