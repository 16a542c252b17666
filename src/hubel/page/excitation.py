"""Images that excite the filters of a network, made when its page is made."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image as PillowImage

from hubel.architectures.walk import Call
from hubel.events import OnEvent, ignore
from hubel.explanation.excitation import USUAL, Ascent, make_exciting_images
from hubel.page.contents import LaidOpen

LAYERS = 4
"""Convolutions of a network whose filters get images: evenly chosen from the first to the last."""
FILTERS = 16
"""Filters of a layer that get one: the first."""


def exciting_images(
    network: LaidOpen,
    *,
    layers: int = LAYERS,
    filters: int = FILTERS,
    ascent: Ascent = USUAL,
    on_event: OnEvent = ignore,
) -> dict[str, list[str]]:
    """For some layers an image for each of their first filters.

    Args:
        network: laid open.
        layers: at most so many.
        filters: of each layer, at most so many.
        ascent: how many steps, from where.
        on_event: hears `Progress`.

    Returns:
        name of a layer → PNG files as base64, at the size of the network's images; `data.excitation` of the page.
    """
    made = {}
    for name, call in _spread(_convolutions(network), layers):
        count = min(filters, int(call.output_shapes[0][2] or 1))
        images = make_exciting_images(
            network.walked,
            call,
            filters=range(count),
            ascent=replace(ascent, colour=ascent.colour and network.walked.image_shape[2] != 1),
            on_event=on_event,
        )
        made[name] = [_png(image) for image in images]
    return made


def _convolutions(network: LaidOpen) -> list[tuple[str, Call]]:
    """Layers with a kernel and weights that make maps of more than one place."""
    pairs = zip(network.rows, network.walked.calls, strict=True)
    return [
        (row.name, call)
        for row, call in pairs
        if row.kernel and row.parameters and len(row.output) == 3 and row.output[0] * row.output[1] > 1
    ]


def _spread(found: Sequence[tuple[str, Call]], most: int) -> list[tuple[str, Call]]:
    if len(found) <= most:
        return list(found)
    places = {round(place * (len(found) - 1) / max(1, most - 1)) for place in range(most)}
    return [found[place] for place in sorted(places)]


def _png(image: Any) -> str:
    """uint8 [height, width, 1 or 3] → the file."""
    file = io.BytesIO()
    PillowImage.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
