"""The folder of an export: made and proven elsewhere, and only then put where it was asked for."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hubel.errors import OutputNotWritable
from hubel.errors.wording import Option, Remedy
from hubel.events import OnEvent, ignore
from hubel.exports.catalogue import FORMATS, Target, program_file
from hubel.exports.description import DESCRIPTION
from hubel.exports.gate import HeldOutFiles, Parity, Proof, prove
from hubel.exports.model import Model
from hubel.exports.readme import render_readme
from hubel.exports.run_program import PROGRAM
from hubel.files import TEMPORARY_PREFIX, real_path, said_plainly, shown, write_bytes, write_json, written_folder
from hubel.text import brief, counted, elided

NETWORK, README, PARITY = "network.py", "README.md", "parity.json"
DEEP = "deep.py"
"""For classifiers of images with more than 8 bits for each colour."""
LEFT_BY_PYTHON = "__pycache__"
NETWORKS = frozenset(name for each in FORMATS.values() for name in (each.model, *each.beside))


@brief
@dataclass(frozen=True)
class ExportedFile:
    """A file of an export.

    Args:
        path: in the folder, with ``/``.
        bytes: its size.
        sha256: of its content.
    """

    path: str
    bytes: int
    sha256: str

    def _brief(self) -> Iterator[str]:
        yield f"ExportedFile {elided(self.path)}: {self.bytes:,} bytes"


@brief
@dataclass(frozen=True)
class Export:
    """A classifier in another format, which was held against it.

    Args:
        target: the format, and how weights are written.
        folder: of the export.
        files: in it.
        proof: that it answers like the classifier.
    """

    target: Target
    folder: Path
    files: tuple[ExportedFile, ...]
    proof: Proof

    @property
    def parity(self) -> Parity:
        """How it compares with the classifier."""
        return self.proof.parity

    @property
    def seconds_per_image(self) -> float:
        """Of its program, from file to answer, once it has started."""
        return self.proof.seconds_per_image

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "format": self.target.name,
            "quantize": self.target.quantize,
            "folder": str(self.folder),
            "files": [{"path": each.path, "bytes": each.bytes, "sha256": each.sha256} for each in self.files],
            "parity": self.parity.to_json(),
            "seconds_per_image": self.seconds_per_image,
        }

    def _brief(self) -> Iterator[str]:
        yield f"Export to {self.target.name} in {elided(self.folder)}: {counted(len(self.files), 'file')}"
        yield f"same class on {self.parity.agreement:.4f} of {counted(self.parity.examples, 'held-out image')}"


def check_folder(out: Path, *, overwrite: bool) -> None:
    """See that an export can go to a folder; nothing is left there.

    Args:
        out: the folder.
        overwrite: an export that is there may be replaced.

    Raises:
        OutputNotWritable: it holds other things, or cannot be written.
    """
    with said_plainly(out):
        for there in (out, *out.absolute().parents):
            with suppress(FileNotFoundError, NotADirectoryError):
                there.lstat()
                break
        with TemporaryDirectory(prefix=TEMPORARY_PREFIX, dir=there):
            pass
        names = {each.name for each in out.iterdir()} if out.is_dir() else set()
    if not names:
        return
    ours = {DESCRIPTION, PROGRAM, DEEP, NETWORK, README, PARITY, LEFT_BY_PYTHON, *NETWORKS}
    others = sorted(names - ours)
    if others or PARITY not in names:
        raise OutputNotWritable(
            f"{shown(out)} holds other things than an export, such as {(others or sorted(names))[0]!r}.",
            Remedy("Choose another folder with ", Option("out"), "."),
        )
    if not overwrite:
        raise OutputNotWritable(
            f"{shown(out)} holds an export already.",
            Remedy("Choose another folder with ", Option("out"), "."),
            Remedy("Or replace it with ", Option("overwrite", value=True), "."),
        )


def write_export(model: Model, target: Target, *, files: HeldOutFiles, out: Path, on_event: OnEvent = ignore) -> Export:
    """Make an export and prove it; it appears whole under its final name, or not at all.

    Args:
        model: the network, and what is said of it.
        target: what to export to.
        files: on which it must answer like the classifier.
        out: the folder, as `check_folder` wants it; an export that is there is replaced in one rename.
        on_event: hears what goes on.

    Raises:
        OutputNotWritable: the folder cannot be written.
        ClaimFailed: it does not answer like the classifier.
    """
    with TemporaryDirectory(prefix="hubel-export-") as place:
        folder = Path(place, "export")
        folder.mkdir()
        target.entry.write(model, folder / target.entry.model, weights=target.weights)
        deep = [(DEEP, DEEP)] if model.classifier.preprocessing.ranges else []
        for name, source in ((PROGRAM, PROGRAM), (NETWORK, target.entry.network), *deep):
            write_bytes(folder / name, program_file(source).read_bytes())
        write_json(folder / DESCRIPTION, model.description)
        proof = prove(folder, model.classifier, files=files, limit=target.limit, on_event=on_event)
        write_json(folder / PARITY, proof.parity.to_json())
        write_bytes(folder / README, render_readme(target, model.description, proof=proof).encode())
        with written_folder(real_path(out)) as final:
            shutil.copytree(folder, final, dirs_exist_ok=True)
    return Export(target, out, tuple(files_of(out)), proof)


def files_of(folder: Path) -> Iterator[ExportedFile]:
    """What is in a folder, sorted."""
    for path in sorted(Path(each, name) for each, _, names in os.walk(folder) for name in names):
        data = path.read_bytes()
        yield ExportedFile(path.relative_to(folder).as_posix(), len(data), hashlib.sha256(data).hexdigest())
