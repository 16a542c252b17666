"""The test images of a run as files, for whoever reads files."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image as PillowImage

from hubel.arrays import Image
from hubel.errors import UnusableInput
from hubel.exports.gate import HeldOutFiles
from hubel.workflows.exporting.own_images import WHY, OwnImages, elsewhere


@contextmanager
def held_out_files(own: OwnImages, *, most: int) -> Generator[HeldOutFiles]:
    """Test images of a run, spread evenly, as files in a temporary folder; they have the bytes of the corpus.

    Args:
        own: the images of the run.
        most: so many are taken.

    Raises:
        UnusableInput: none is there as it was.
    """
    with TemporaryDirectory(prefix="hubel-held-out-") as folder:
        paths, labels = [], []
        for label, content in own.contents("test", most=most):
            paths.append(Path(folder, f"{len(paths):04}"))
            paths[-1].write_bytes(as_file(content))
            labels.append(label)
        if not paths:
            where = f"None of the test images of {own.run} in {own.corpus.location}"
            raise UnusableInput(f"{where} can be read and is as the run had it. {WHY}. ", *elsewhere(own.run))
        yield HeldOutFiles(tuple(paths), tuple(labels))


def as_file(content: bytes | Image) -> bytes:
    """The bytes of an image's file; of an image that comes from none, a PNG.

    Args:
        content: of an example.
    """
    if isinstance(content, bytes):
        return content
    png = io.BytesIO()
    PillowImage.fromarray(content).save(png, "PNG")
    return png.getvalue()
