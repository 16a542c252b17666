"""A page that was written: where it is, and what it was held against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.exports.catalogue import PAGE
from hubel.exports.folder import ExportedFile
from hubel.exports.gate import Parity
from hubel.text import brief, counted, elided


@brief
@dataclass(frozen=True)
class ExportedPage:
    """A classifier laid open in one file.

    Args:
        path: of the file.
        quantize: how its weights are written; None for as they are.
        examples: images of the run that travel in it.
        file: its size and checksum.
        parity: how its engine compares with the classifier on held-out images; None where nothing could be compared.
        seconds_per_image: of its engine in Node, from pixels to answer; None where it was not run.
    """

    path: Path
    quantize: str | None
    examples: int
    file: ExportedFile
    parity: Parity | None = None
    seconds_per_image: float | None = None

    @property
    def folder(self) -> Path:
        """It lies in."""
        return self.path.parent

    @property
    def files(self) -> tuple[ExportedFile, ...]:
        """The one."""
        return (self.file,)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as of other exports."""
        file = self.file
        return {
            "format": PAGE,
            "quantize": self.quantize,
            "folder": str(self.folder),
            "files": [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256}],
            "examples": self.examples,
            "parity": None if self.parity is None else self.parity.to_json(),
            "seconds_per_image": self.seconds_per_image,
        }

    def _brief(self) -> Iterator[str]:
        yield f"Page {elided(self.path)}: {self.file.bytes:,} bytes, {counted(self.examples, 'example image')}"
        if self.parity is not None:
            yield f"same class on {self.parity.agreement:.4f} of {counted(self.parity.examples, 'held-out image')}"


def file_of(path: Path, data: bytes) -> ExportedFile:
    """A page as a file of an export.

    Args:
        path: of the page.
        data: its content.
    """
    return ExportedFile(path.name, len(data), hashlib.sha256(data).hexdigest())
