"""name → probe: one thing that a class should not be told by, and what to do where it can."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hubel.corpus.outline import SIDE
from hubel.corpus.shortcuts.columns import CellColumn, Column, NumberColumn, WordColumn

MADE, SHOWN = 0.6, 0.7
"""Balanced accuracy of one class against the others, from which there is an alarm: by how the files were made; and by
what the images show, in which classes differ for good reasons."""
DATED = 0.5
"""Share of the images that must have a date; else the numbers in their names are taken."""
_SHORT = 2
"""Letters of a class name that counts only where it stands as a word: "a" is in many names."""
CELL = 4
"""Pixels of a thumbnail to a cell of its frame, whose side is 64."""


@dataclass(frozen=True)
class Traced:
    """Images and what was read of them.

    Args:
        paths: relative to the corpus.
        class_names: of the corpus.
        measurements: `MEASUREMENT` [images].
        traces: `TRACE` [images].
    """

    paths: tuple[str, ...]
    class_names: tuple[str, ...]
    measurements: np.ndarray
    traces: np.ndarray

    @property
    def names(self) -> list[str]:
        """Of the files, without folders; a class name in them is replaced by ``*``: everybody may name files so."""
        names = sorted({each.casefold() for each in self.class_names if each}, key=len, reverse=True)
        words = (re.escape(each) if len(each) > _SHORT else rf"\b{re.escape(each)}(?=\b|_)" for each in names)
        known = re.compile("|".join(words) or r"(?!)")
        return [known.sub("*", path.rpartition("/")[2].casefold()) for path in self.paths]


@dataclass(frozen=True)
class Probe:
    """One thing to tell classes by.

    Args:
        title: what they are told by, for the end of a sentence.
        limit: balanced accuracy from which there is an alarm.
        honest: why it may be no fault; empty where it always is one. A sentence.
        cure: what to do. Sentences.
        columns: what is read of the images.
    """

    title: str
    limit: float
    honest: str
    cure: str
    columns: Callable[[Traced], Sequence[Column]]


def _file_size(traced: Traced) -> list[Column]:
    size, rows = traced.traces["bytes"].astype(float), traced.measurements
    pixels = np.maximum(rows["width"].astype(float) * rows["height"], 1)
    if not size.any():  # pixels that came without files
        return []
    bits = np.round(8 * size / pixels, 3)
    return [NumberColumn("size", size, _kilobytes), NumberColumn("bits per pixel", bits, "{:.2f}".format)]


def _kilobytes(size: float) -> str:
    return f"{size / 1000:,.1f} KB"


def _image_size(traced: Traced) -> list[Column]:
    width, height = (traced.measurements[name].astype(float) for name in ("width", "height"))
    words = [f"{wide:.0f} x {high:.0f}" for wide, high in zip(width, height, strict=True)]
    return [WordColumn("size", words), NumberColumn("width", width), NumberColumn("height", height)]


def _aspect(traced: Traced) -> list[Column]:
    rows = traced.measurements
    aspect = np.round(rows["width"] / np.maximum(rows["height"].astype(float), 1), 2)
    return [
        NumberColumn("width over height", aspect, "{:.2f}".format),
        WordColumn("width over height", [*map(str, aspect)]),
    ]


def _jpeg(traced: Traced) -> list[Column]:
    traces = traced.traces
    first = traces["tables"][:, 0].astype(float).mean(axis=1)
    known = {each.tobytes(): f"tables {place + 1}" for place, each in enumerate(np.unique(traces["tables"], axis=0))}
    tables = [known[each.tobytes()] if each.any() else "" for each in traces["tables"]]
    progressive = ["progressive" if each else "baseline" for each in traces["progressive"]]
    return [
        NumberColumn("mean step of the luminance table", first, "{:.1f}".format),
        WordColumn("quantisation", tables),
        WordColumn("subsampling", [*map(_text, traces["subsampling"])]),
        WordColumn("order", progressive),
    ]


def _format(traced: Traced) -> list[Column]:
    return [WordColumn("format", [*map(_text, traced.measurements["format"])])]


def _camera(traced: Traced) -> list[Column]:
    traces = traced.traces
    dated = ["a date" if date else "no date" for date in traces["date"]]
    return [
        WordColumn("camera", [*map(_text, traces["camera"])]),
        WordColumn("software", [*map(_text, traces["software"])]),
        WordColumn("EXIF", dated),
    ]


def _brightness(traced: Traced) -> list[Column]:
    rows = traced.measurements
    mean = rows["thumbnail"].reshape(len(rows), -1).mean(axis=1)
    return [
        NumberColumn("mean brightness", mean),
        NumberColumn("darkest parts", rows["dark_end"].astype(float)),
        NumberColumn("brightest parts", rows["bright_end"].astype(float)),
        NumberColumn("contrast", rows["contrast"].astype(float)),
    ]


def _colour(traced: Traced) -> list[Column]:
    rows = traced.measurements
    names = {"colour": "colourfulness", "blue_yellow": "blue against yellow", "red_green": "red against green"}
    return [NumberColumn(said, rows[name].astype(float), "{:.1f}".format) for name, said in names.items()]


def _sharpness(traced: Traced) -> list[Column]:
    return [NumberColumn("sharpness", traced.measurements["sharpness"].astype(float), "{:.2f}".format)]


def _border(traced: Traced) -> list[Column]:
    """Mean and spread of grey in each cell of a frame that is a sixteenth of the side wide."""
    thumbnails = traced.measurements["thumbnail"].astype(np.float32)
    count = SIDE // CELL
    cells = thumbnails.reshape(-1, count, CELL, count, CELL)
    values = np.stack([cells.mean(axis=(2, 4)), cells.std(axis=(2, 4))], axis=-1)
    frame = np.ones((count, count), bool)
    frame[1:-1, 1:-1] = False
    return [CellColumn("brightness along the border differs", values[:, frame], _middles(frame))]


def _background(traced: Traced) -> list[Column]:
    """Mean colour of each cell but those of the middle, half of the side wide and high."""
    colours = traced.measurements["colours"].astype(np.float32)
    around = np.ones(colours.shape[1:3], bool)
    quarter = len(around) // 4
    around[quarter:-quarter, quarter:-quarter] = False
    return [CellColumn("colour around the middle differs", colours[:, around], _middles(around))]


def _middles(chosen: np.ndarray) -> np.ndarray:
    return (np.argwhere(chosen) + 0.5) / chosen.shape


def _file_name(traced: Traced) -> list[Column]:
    names = traced.names
    stems = [name.rpartition(".")[0] or name for name in names]
    shapes = [re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", stem)) for stem in stems]
    prefixes = ["".join(re.findall(r"[^\W\d_]+", stem)[:1]) for stem in stems]
    digits = np.array([sum(map(str.isdigit, stem)) for stem in stems], float)
    return [
        WordColumn("beginning", prefixes),
        WordColumn("pattern", shapes),
        WordColumn("ending", [name.rpartition(".")[2] for name in names]),
        NumberColumn("digits", digits),
        NumberColumn("letters", np.array([*map(len, stems)], float)),
    ]


def _time(traced: Traced) -> list[Column]:
    """By the dates in the files; else by the last number in each name. The dates of a disk say when it was copied."""
    dates = np.array([_seconds(_text(date)) for date in traced.traces["date"]])
    if np.isfinite(dates).mean() >= DATED:
        earliest = np.nanmin(dates)
        return [NumberColumn("date taken", np.where(np.isfinite(dates), dates, earliest - 1), _day)]
    found = [re.findall(r"\d+", name.rpartition(".")[0] or name) for name in traced.names]
    if np.mean([bool(each) for each in found]) < DATED:
        return []
    return [NumberColumn("number in the name", np.array([float(each[-1][:15]) if each else -1.0 for each in found]))]


def _seconds(date: str) -> float:
    try:
        return datetime.strptime(date[:19], "%Y:%m:%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, OSError):
        return float("nan")


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "ignore")


_ONE_WAY = "Save the images of all classes again in one way, from the originals if you have them"
_SAME_SOURCE = "Take images of every class from each source"
_LOOK = "Look at the images: if the difference is not what makes the class, take images of every class in the same way"

PROBES = {
    "jpeg-settings": Probe(
        "the JPEG settings (quality, quantisation tables, subsampling)",
        MADE,
        "",
        f"{_ONE_WAY}: every quality leaves its own pattern in the pixels.",
        _jpeg,
    ),
    "file-format": Probe(
        "the file format",
        MADE,
        "",
        f"{_ONE_WAY}: a lossy format leaves a pattern in the pixels.",
        _format,
    ),
    "camera": Probe(
        "the EXIF tags of camera and software",
        MADE,
        "",
        f"{_SAME_SOURCE}: a camera has its own colours and noise, which a network can learn.",
        _camera,
    ),
    "image-size": Probe(
        "the width and height in pixels",
        MADE,
        "Classes that are cropped to their objects may differ in size.",
        f"{_SAME_SOURCE}; enlarged images are softer than reduced ones.",
        _image_size,
    ),
    "aspect-ratio": Probe(
        "the aspect ratio",
        MADE,
        "Classes that are cropped to their objects may differ in shape.",
        "Crop all images to one shape before you train.",
        _aspect,
    ),
    "file-name": Probe(
        "the file name (a class name in it does not count)",
        MADE,
        "The network does not see it.",
        "It shows that the classes come from different sources: check whether these look different in other ways.",
        _file_name,
    ),
    "time-order": Probe(
        "the order in which they were made",
        SHOWN,
        "The network does not see it.",
        "It shows that the classes were not made together: check that light, place and camera did not change between "
        "them, and keep later images for a test.",
        _time,
    ),
    "file-size": Probe(
        "the size of the file",
        SHOWN,
        "Images with more detail make larger files.",
        f"{_ONE_WAY}, unless the detail is part of the class.",
        _file_size,
    ),
    "brightness": Probe(
        "the brightness alone", SHOWN, "Some classes are brighter than others.", f"{_LOOK}.", _brightness
    ),
    "colour": Probe("the colour alone", SHOWN, "Some classes have a colour of their own.", f"{_LOOK}.", _colour),
    "sharpness": Probe("the sharpness alone", SHOWN, "Some classes have more fine detail.", f"{_LOOK}.", _sharpness),
    "border": Probe(
        "the border alone (a sixteenth of the side)",
        SHOWN,
        "Large objects reach the border.",
        "Look at the corners and edges for frames, captions and watermarks, and crop them off in all classes.",
        _border,
    ),
    "background": Probe(
        "the background alone (the middle covered)",
        SHOWN,
        "Large objects reach beyond the middle, and some classes have a place of their own.",
        "Look at what is around the objects: add images of each class in the places of the others.",
        _background,
    ),
}
"""Those that read how the files were made first: these are faults more often."""
