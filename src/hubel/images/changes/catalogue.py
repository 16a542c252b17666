"""Every change: what it does, its strengths, and its direction, which depends on the image alone.

A change is made to the decoded image before it is resized, as if the file itself were changed. `turn_of` gives each
image a number from its content, so that the same image always changes in the same way: where a change has two
directions, such as brighter and darker, half of the images go each way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image as PillowImage

from hubel.catalogue import find
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.images.changes import light, moves, quality

MOST_SIDE = 1024
"""Pixels of the longer side that is changed; larger images are made smaller first."""


class Alter(Protocol):
    """Makes the change."""

    def __call__(self, image: PillowImage.Image, level: float, /, *, turn: int) -> PillowImage.Image:
        """The changed image, of the same size; the one that was given stays as it is.

        Args:
            image: in mode RGB.
            level: the strength, in the change's own unit.
            turn: of the image, from `turn_of`.
        """
        ...


@dataclass(frozen=True)
class Change:
    """One change.

    Args:
        summary: what it does to an image.
        unit: of its strengths; empty where there is but one.
        levels: the strengths, the weakest first.
        alter: makes it.
        phrase: in a sentence, with ``{}`` for the strength: "moves of {} % of the side".
    """

    summary: str
    unit: str
    levels: tuple[float, ...]
    alter: Alter
    phrase: str

    def said(self, level: float) -> str:
        """The change at this strength, in a sentence."""
        return self.phrase.format(f"{level:g}")

    def told(self, level: float) -> str:
        """The strength with its sign, for an axis or a caption."""
        if not self.unit:
            return ""
        if self.unit == "quality":
            return f"quality {level:g}"
        return f"{level:g}{'°' if self.unit == 'degrees' else ' %'}"


CHANGES: dict[str, Change] = {
    "shift": Change(
        "moved up, down, left or right; what comes in repeats the edge",
        "% of the side", (2, 4, 8, 16), moves.shift, "moves of {} % of the side",
    ),
    "scale": Change(
        "made larger, or smaller by the inverse factor, around its centre; what comes in repeats the edge",
        "% larger or smaller", (10, 20, 40, 80), moves.scale, "a size that differs by {} %",
    ),
    "rotation": Change(
        "turned to either side; what comes in repeats the edge",
        "degrees", (5, 10, 20, 40), moves.rotation, "rotations by {} degrees",
    ),
    "mirror": Change("left and right swapped", "", (1,), moves.mirror, "mirroring"),
    "blur": Change(
        "blurred by a Gaussian, whose standard deviation is the strength",
        "% of the shorter side", (0.5, 1, 2, 4), quality.blur, "a blur of {} % of the shorter side",
    ),
    "noise": Change(
        "Gaussian noise on every value of every pixel, whose standard deviation is the strength",
        "% of the range", (2, 4, 8, 16), quality.noise, "noise of {} % of the range",
    ),
    "brightness": Change(
        "every value multiplied, to brighter or darker",
        "% brighter or darker", (10, 20, 40, 60), light.brightness, "a brightness that differs by {} %",
    ),
    "contrast": Change(
        "every value further from the image's mean grey, or nearer to it",
        "% more or less", (20, 40, 60, 80), light.contrast, "a contrast that differs by {} %",
    ),
    "temperature": Change(
        "more red and less blue, or the other way",
        "% warmer or colder", (5, 10, 20, 40), light.temperature, "light that is {} % warmer or colder",
    ),
    "jpeg": Change(
        "saved as JPEG at this quality (Pillow, colours at half the size)",
        "quality", (60, 30, 15, 7), quality.jpeg, "JPEG at quality {}",
    ),
    "occlusion": Change(
        "a grey square in front, of this side",
        "% of the shorter side", (10, 20, 35, 50), quality.occlusion, "a square of {} % of the shorter side in front",
    ),
}  # fmt: skip
"""name → change; a new one is a function and its entry here."""


def turn_of(digest: str) -> int:
    """The number that says how an image changes: the first eight hexadecimal digits of its SHA-256.

    Args:
        digest: SHA-256 of the file, or of the pixels of an image that never was a file.
    """
    return int(digest[:8], 16)


def bounded(image: PillowImage.Image, most: int = MOST_SIDE) -> PillowImage.Image:
    """The image, with at most so many pixels along its longer side (Pillow's antialiased bilinear filter).

    Args:
        image: in mode RGB.
        most: pixels.
    """
    longer = max(image.size)
    if longer <= most:
        return image
    size = (max(1, round(side * most / longer)) for side in image.size)
    return image.resize((next(size), next(size)), PillowImage.Resampling.BILINEAR)


def choose_changes(names: str | Sequence[str] | None) -> dict[str, Change]:
    """The changes of these names, in the order of the catalogue; all where none are named.

    Args:
        names: several, or a text in which commas part them.

    Raises:
        UnknownName: there is no such change.
        WrongRequest: no name at all.
    """
    if names is None:
        return dict(CHANGES)
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    wanted = [name for name in wanted if name]
    if not wanted:
        raise WrongRequest(Option("only"), f" needs names of changes: {', '.join(CHANGES)}.")
    for name in wanted:
        find(CHANGES, name, kind="change")
    return {name: change for name, change in CHANGES.items() if name in wanted}
