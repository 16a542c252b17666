"""Image files, one after the other: each explained, drawn where that is asked for, or refused with the reason."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.file_kinds import is_model_target
from hubel.catalogue import Later
from hubel.classifier.answering import Answering
from hubel.classifier.classifier import Classifier
from hubel.drawing.raster import render_png
from hubel.drawing.shapes import Drawing
from hubel.drawing.svg import render_svg
from hubel.errors import OutputNotWritable, UnreadableImage, UnusableInput, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.events import OnEvent, Progress, ignore
from hubel.explanation.catalogue import NEAREST, USUAL
from hubel.files import is_file, is_folder, is_there, real_path, said_plainly, shown, write_bytes
from hubel.reports.explanation import Panel, draw_explanation, render_drawing, render_page
from hubel.reports.nearest import NearTile, draw_nearest
from hubel.runs.out_folder import check_output_file
from hubel.workflows.explaining.explain import NOTHING_ASKED, Asked, check_asked, explain_image
from hubel.workflows.explaining.explained import ExplainedImage
from hubel.workflows.explaining.nearest_images import NearestImages
from hubel.workflows.explaining.recommended import read_assessed
from hubel.workflows.opening import NOTHING_SAID, Said, check_inputs, open_target
from hubel.workflows.predicting.inputs import Inputs

make_gallery: Callable[..., Any] = Later("hubel.workflows.explaining.nearest", "make_gallery")
find_nearest: Callable[..., NearestImages] = Later("hubel.workflows.explaining.nearest", "find_nearest")
ENDINGS = (".png", ".svg", ".html")
VALUES = ".npy"


@dataclass(frozen=True)
class ExplainRequest:
    """What is to be explained.

    Args:
        run: a run folder or a model file.
        images: paths of files or of folders, or example images.
        asked: method, classes and layer.
        said: of a model file, by the user.
        out: a file for one image, a folder for several; None to draw nothing.
        values: also write each map as numbers, beside its drawing.
        overwrite: what is there may be replaced.
    """

    run: Path
    images: tuple[str, ...]
    asked: Asked = NOTHING_ASKED
    said: Said = NOTHING_SAID
    out: Path | None = None
    values: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class ExplainedFile:
    """What became of one image.

    Args:
        path: as it was given.
        explained: None where it was refused.
        error: why it was refused.
        drawing: the file that was drawn.
        values: the file with the numbers.
    """

    path: str
    explained: ExplainedImage | NearestImages | None = None
    error: UnreadableImage | None = None
    drawing: Path | None = None
    values: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data; of a refused image, its path and the error."""
        if self.explained is None:
            code, reason = ("", "") if self.error is None else (self.error.code, self.error.reason)
            return {"path": self.path, "error": {"code": code, "message": reason}}
        return self.explained.to_json(None if self.values is None else str(self.values))


def explain_files(request: ExplainRequest, *, on_event: OnEvent = ignore) -> Iterator[ExplainedFile]:
    """Explain images, one after the other; what is asked is checked before the first.

    Args:
        request: which, how, and where drawings go.
        on_event: hears `Progress`.

    Raises:
        WrongRequest: what is asked cannot be had; an image that is the only one cannot be read.
        UnusableInput: no such run or images.
        OutputNotWritable: a drawing is there already, or cannot be written.
    """
    check_asked(request.asked)
    check_inputs(request.images)
    request = replace(request, images=tuple(_files(request.images)))
    drawings = _drawings(request)
    classifier = open_target(request.run, request.said)
    return _each(request, classifier, drawings=drawings, on_event=on_event)


def _files(named: Sequence[str]) -> Iterator[str]:
    """What is named, and of a folder every file in it that may be an image, by path.

    Raises:
        UnusableInput: a folder holds none.
    """
    for each in named:
        if not is_folder(each):
            yield each
            continue
        inside = [found.path for found in Inputs([each]) if not found.passed_over and is_file(found.path)]
        if not inside:
            raise UnusableInput(f"The folder '{shown(each)}' holds no images. Give one that does, or image files.")
        yield from inside


def _each(
    request: ExplainRequest, classifier: Answering, *, drawings: Sequence[Path | None], on_event: OnEvent
) -> Iterator[ExplainedFile]:
    assessed, count = read_assessed(request.run), len(request.images)
    gallery = _gallery(request, classifier, on_event=on_event)
    for place, (path, out) in enumerate(zip(request.images, drawings, strict=True)):
        if count > 1:
            on_event(Progress("explaining", place, count))
        try:
            explained: ExplainedImage | NearestImages
            if gallery is not None:
                explained = find_nearest(classifier, path, gallery=gallery)
            else:
                explained = explain_image(classifier, path, asked=request.asked, assessed=assessed)
        except UnreadableImage as error:
            if count == 1:
                raise
            yield ExplainedFile(path, error=error.without_traceback())
            continue
        if out is None:
            yield ExplainedFile(path, explained)
            continue
        draw(explained, out)
        values = out.with_suffix(VALUES) if request.values and isinstance(explained, ExplainedImage) else None
        if values is not None and isinstance(explained, ExplainedImage):
            write_bytes(values, _numbers(explained.heat_map.values))
        yield ExplainedFile(path, explained, drawing=out, values=values)


def _gallery(request: ExplainRequest, classifier: Answering, *, on_event: OnEvent) -> Any:
    """The training images, where they are asked for."""
    if request.asked.method != NEAREST:
        return None
    if not isinstance(classifier, Classifier):
        raise WrongRequest(
            f"{NEAREST} looks at the training images of a run, and {request.run} is a model file. Take another method, "
            "such as ", Option("method", USUAL), ".",
        )  # fmt: skip
    return make_gallery(classifier, request.run, on_event=on_event)


def panel_of(explained: ExplainedImage) -> Panel:
    """What is drawn of an explained image."""
    return Panel(explained.heat_map, explained.seen, explained.question, explained.caption)


def draw(explained: ExplainedImage | NearestImages, out: Path) -> None:
    """Write the drawing of an explained image: PNG, SVG or HTML, as the file's name says.

    Args:
        explained: the image with its map.
        out: the file.

    Raises:
        OutputNotWritable: it cannot be written.
    """
    ending = out.suffix.lower()
    if isinstance(explained, NearestImages):
        drawing, page = _draw_nearest(explained), ""
    else:
        panel = panel_of(explained)
        drawing, page = draw_explanation(panel), render_page(panel) if ending == ".html" else ""
    if ending == ".html":
        write_bytes(out, (page or render_drawing(explained.question, drawing)).encode())
        return
    write_bytes(out, (render_svg if ending == ".svg" else render_png)(drawing))


def _draw_nearest(explained: NearestImages) -> Drawing:
    tiles = [
        NearTile(each.image, each.class_name, f"similarity {each.similarity:.3f}", each.class_name == explained.answer)
        for each in explained.neighbours
    ]
    return draw_nearest(explained.image, tiles, heading=explained.question, caption=explained.caption)


def _numbers(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _drawings(request: ExplainRequest) -> list[Path | None]:
    """The file for each image; nothing is written yet, but that it can be is seen to.

    Raises:
        WrongRequest: one file for several images, another ending, or among the images of the corpus.
        OutputNotWritable: a file is there already.
    """
    out, images = request.out, request.images
    if out is None:
        if request.overwrite:
            raise WrongRequest(
                Option("overwrite"), " replaces a drawing that is there. Name it with ", Option("out", "FILE"), "."
            )
        return [None] * len(images)
    is_one = bool(out.suffix) and not is_folder(out)
    if is_one and len(images) > 1:
        raise WrongRequest(
            f"{out.name!r} is one file, and there are {len(images)} images. Name a folder for their drawings: ",
            Option("out", str(out.with_suffix(""))), ".",
        )  # fmt: skip
    made_of = [Path(each) for each in images if is_file(each)]
    run = None if is_model_target(request.run) else request.run
    check_output_file(out, endings=ENDINGS if is_one else (), run=run, made_of=made_of)
    folder = out.parent if is_one else out
    with said_plainly(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files = [out] if is_one else _names(out, images)
    sources = {real_path(each) for each in made_of}
    for file in files:
        if real_path(file) in sources:
            raise WrongRequest(
                Option("out", str(out)), f" would replace {shown(file)}, which is explained. Choose another folder."
            )
        for each in (file, file.with_suffix(VALUES)) if request.values else (file,):
            if is_there(each) and not request.overwrite:
                raise OutputNotWritable(
                    f"{shown(each)} is there already.",
                    Remedy("Replace it with ", Option("overwrite", value=True), "."),
                    Remedy("Or choose another name with ", Option("out"), "."),
                )
    return list(files)


def _names(folder: Path, images: Sequence[str]) -> list[Path]:
    """A PNG for each image, called as it is; of images with one name, the later ones with a number."""
    taken: dict[str, int] = {}
    names = []
    for each in images:
        stem = (Path(each).stem if is_file(each) else each.replace(":", "-")) or "image"
        taken[stem] = taken.get(stem, 0) + 1
        names.append(folder / f"{stem}{'' if taken[stem] == 1 else f'-{taken[stem]}'}.png")
    return names
