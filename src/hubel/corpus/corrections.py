"""Corrections: a CSV in which a person has written the right labels, applied to a corpus; the corpus is not touched."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from hubel.corpus.corpus import IGNORED, Corpus, IntakeRow, without
from hubel.errors import UnusableInput
from hubel.errors.wording import Command, Option, Remedy
from hubel.files import look_at, not_defused, shown
from hubel.text import counted

REMOVE = "!remove"
"""What is written instead of a class name to leave an image out."""
FILE = "corrections.csv"
COLUMNS = ("path", "label", "suggested", "correction")


@dataclass(frozen=True)
class Corrections:
    """What a person decided.

    Args:
        file: where it was written.
        decided: path → class name, or `REMOVE`.
        lines: path → line in the file, for messages.
    """

    file: Path
    decided: Mapping[str, str]
    lines: Mapping[str, int]


def read_corrections(file: Path) -> Corrections:
    """Read a corrections file: a CSV with ``path`` and ``correction``, or with ``path`` and ``label``.

    A blank correction leaves the image as it is.

    Raises:
        UnusableInput: no such file, no such columns, or two decisions on one image.
    """
    if look_at(file) is None:
        folder = file.parent
        near = get_close_matches(file.name, [each.name for each in folder.glob("*.csv")], n=1)
        said = f" Did you mean {str(folder / near[0])!r}?" if near else _what_writes_one()
        raise UnusableInput(f"There is no file '{shown(file)}' with corrections.", said)
    if file.is_dir():
        raise UnusableInput(f"{file} is a folder. Name the file of corrections in it, such as {file / FILE}.")
    try:
        text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise UnusableInput(f"The corrections {file} cannot be read ({error.strerror}).") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        column = next((name for name in ("correction", "label") if name in names), None)
        if "path" not in names or column is None:
            raise UnusableInput(
                f"{file} has the columns {', '.join(names) or '(none)'}; it needs path and correction.",
                _what_writes_one(),
            )
        decided: dict[str, str] = {}
        lines: dict[str, int] = {}
        for row in reader:
            path, decision = not_defused(row["path"] or ""), not_defused(row[column] or "")
            if not decision.strip():
                continue
            if decided.get(path, decision) != decision:
                raise UnusableInput(
                    f"{file}, line {reader.line_num}: {path!r} becomes {decision!r}, but {decided[path]!r} in line "
                    f"{lines[path]}. Keep one of them."
                )
            decided[path] = decision
            lines[path] = reader.line_num
    except csv.Error as error:
        raise UnusableInput(f"{file}, line {reader.line_num}: {error}. Save it as CSV again.") from error
    return Corrections(file, decided, lines)


def _what_writes_one() -> Remedy:
    return Remedy(
        "This writes such a file: ",
        Command("audit", ("CORPUS",), (Option("suspect_labels", value=True), Option("out", "FOLDER"))),
    )


def apply_corrections(corpus: Corpus, corrections: Corrections) -> Corpus:
    """The corpus with these labels; an image that is removed joins ``left_out``, a class left empty goes.

    Args:
        corpus: what `read_corpus` listed.
        corrections: of images in it; those of other images change nothing, and a note counts them.

    Raises:
        UnusableInput: a class that the corpus does not have.
    """
    place_of = {example.path: place for place, example in enumerate(corpus.examples)}
    label_of = {name: label for label, name in enumerate(corpus.class_names)}
    examples = list(corpus.examples)
    removed: dict[int, IntakeRow] = {}
    changed, strangers = 0, []
    for path, written in corrections.decided.items():
        place = place_of.get(path)
        decision = written if written in label_of else written.strip()
        if place is None:
            strangers.append(path)
        elif decision == REMOVE:
            reason = f"removed by {corrections.file.name}"
            removed[place] = IntakeRow(path, IGNORED, "removed", reason, corpus.class_names[examples[place].label])
        elif decision not in label_of:
            raise UnusableInput(_unknown_class(corpus, corrections, path=path))
        elif label_of[decision] != examples[place].label:
            examples[place] = replace(examples[place], label=label_of[decision])
            changed += 1
    notes = [f"{corrections.file.name}: {counted(changed, 'label')} changed, {counted(len(removed), 'image')} removed."]
    if strangers:
        notes.append(
            f"Not in this corpus: {counted(len(strangers), 'image')} of {corrections.file.name}, such as "
            f"{strangers[0]!r}. Those lines change nothing."
        )
    if not corrections.decided:
        notes = [f"{corrections.file.name} corrects nothing: write the right class into its column 'correction'."]
    return without(replace(corpus, examples=tuple(examples), notes=(*corpus.notes, *notes)), removed)


def _unknown_class(corpus: Corpus, corrections: Corrections, *, path: str) -> str:
    name = corrections.decided[path].strip()
    near = get_close_matches(name, corpus.class_names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    known = ", ".join(corpus.class_names[:8]) + (" ..." if len(corpus.class_names) > 8 else "")
    return (
        f"{corrections.file}, line {corrections.lines[path]}: {path!r} becomes {name!r}, which is no class of this "
        f"corpus.{hint} Its classes are {known}; {REMOVE} leaves an image out."
    )
