"""Rows of a manifest → examples: is each path a file below the folder, and is it listed in one way only?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hubel.corpus.corpus import IGNORED, REFUSED, Corpus, Found, IntakeRow, Note, make_corpus
from hubel.corpus.formats.delimited_text import MOST_CELL
from hubel.corpus.formats.named_files import NamedFiles
from hubel.corpus.formats.table_columns import usable_splits
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.corpus.trees.folder import FolderTree
from hubel.corpus.trees.tree import TreeSource
from hubel.errors import UnreadableImage, UnusableCorpus

BLANK_ROW, LISTED_TWICE, OTHER_SPLIT = "blank-row", "listed-twice", "other-split"
"""Codes of rows that are ignored; all others are refused."""

FAULTS_OF_LABELS = ("no-label", "several-labels", "no-such-class", "bad-label", "unknown-split", OTHER_SPLIT)
"""Codes of rows that name a file all the same."""

SHOWN = 60
"""Characters of a cell that a message repeats."""


class Row(NamedTuple):
    """One row of a list; `check_rows` makes its path relative with ``/``.

    Args:
        where: for a person, such as ``"line 5"``.
        key: stands for the path of a row without one, such as ``"list.csv:5"``.
        path: of the image.
        class_name: as it is written.
        split: ``"train"``, ``"validation"`` or ``"test"``; None without one.
        group: as it is written; None or empty without one.
        code: a short stable word for a fault; empty for a good row.
        reason: why, and what to do.
    """

    where: str
    key: str
    path: str | None = None
    class_name: str | None = None
    split: str | None = None
    group: str | None = None
    code: str = ""
    reason: str = ""

    def left_out(self, code: str = "", reason: str = "") -> IntakeRow:
        """Its intake row, with this fault or its own.

        Args:
            code: another than its own, with ``reason``.
            reason: why, and what to do.
        """
        code, reason = code or self.code, reason or self.reason
        status = IGNORED if code in (BLANK_ROW, LISTED_TWICE, OTHER_SPLIT) else REFUSED
        usable = self.path and self.path.strip() and is_text(self.path) and len(self.path) <= MOST_CELL
        return IntakeRow(str(self.path) if usable else self.key, status, code, f"{self.where}: {reason}")


def check_rows(rows: Iterable[Row], files: NamedFiles, *, base: str = "") -> list[Row]:
    """Look at every row by itself; those with a fault get a code and a reason.

    Args:
        rows: as they are written.
        files: where files are looked for, and nowhere else; none is opened.
        base: the folder of the list, below that of the files.
    """
    return [_checked(row, files, base=base) for row in rows]


def settle(rows: Iterable[Row]) -> tuple[list[Found], list[IntakeRow]]:
    """Examples, and the rows that are none: those with a fault, and paths listed twice or in two ways."""
    found: list[Found] = []
    left_out: list[IntakeRow] = []
    by_path: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.code:
            left_out.append(row.left_out())
        else:
            by_path[str(row.path)].append(row)
    for path, same in by_path.items():
        code, reason = _contradiction(same)
        if code:
            left_out += [row.left_out(code, reason) for row in same]
        else:
            found.append(Found(path, str(same[0].class_name), same[0].split, same[0].group or None))
            left_out += [row.left_out(LISTED_TWICE, f"{same[0].where} lists it already") for row in same[1:]]
    return found, left_out


def _contradiction(same: list[Row]) -> tuple[str, str]:
    """Code and reason if one path is listed in two ways; both empty if not."""
    if len(same) == 1:
        return "", ""
    for kind, values in (
        ("labels", [row.class_name for row in same]),
        ("splits", [row.split for row in same]),
        ("groups", [row.group or None for row in same]),
    ):
        first: dict[str | None, str] = {}
        for value, row in zip(values, same, strict=True):
            first.setdefault(value, row.where)
        if len(first) > 1:
            said = ", ".join(f"{(value or '')[:SHOWN]!r} ({where})" for value, where in list(first.items())[:5])
            return f"two-{kind}", f"it is listed with several {kind}: {said}. Keep one of them"
    return "", ""


def _checked(row: Row, files: NamedFiles, *, base: str) -> Row:
    """The row with the file's own path, also where its label is at fault: each file is accounted for once."""
    if not row.code:
        code, reason = _fault_of_cells(row)
        row = row._replace(code=code, reason=reason)
    if row.code and (row.code not in FAULTS_OF_LABELS or not row.path):
        return row
    try:
        return row._replace(path=files.find(str(row.path), base))
    except UnreadableImage as error:
        return row if row.code else row._replace(code=error.code, reason=error.reason)


def _fault_of_cells(row: Row) -> tuple[str, str]:
    """Code and reason; both empty where all cells are usable text."""
    cells = [cell for cell in (row.path, row.class_name, row.split, row.group) if cell]
    if any("\0" in cell for cell in cells):
        return "nul", "it holds a NUL character: remove it"
    if not all(map(is_text, cells)):
        return "not-text", "it holds half a character, which is not text: correct it"
    if any(len(cell) > MOST_CELL for cell in cells):
        return "cell-too-long", f"a cell has more than {MOST_CELL:,} characters: shorten it"
    if row.path is None or not row.path.strip():
        return "no-path", "it names no file: write its path, or remove the row"
    if row.class_name is None or not row.class_name.strip():
        return "no-label", "it has no label: write one, or remove the row"
    return "", ""


def is_text(cell: str) -> bool:
    """Whether a file can hold it: JSON can name NULs, and halves of characters."""
    if cell.isascii():
        return "\0" not in cell
    try:
        return b"\0" not in cell.encode()
    except UnicodeEncodeError:
        return False


def make_listed_corpus(
    location: Path, format_name: str, *, checked: Sequence[Row], files: NamedFiles, notes: Sequence[Note], whole: bool
) -> Corpus:
    """The corpus that a list names.

    Args:
        location: what the user named.
        format_name: the format's name in its catalogue.
        checked: its rows, looked at.
        files: where the images are.
        notes: what the user should know.
        whole: whether every file below the folder is accounted for, not only those that the list names.

    Raises:
        UnusableCorpus: it lists nothing.
    """
    if all(row.code == BLANK_ROW for row in checked):
        raise UnusableCorpus(f"{location} has a header, but lists no file: add a row for each image.")
    found, left_out = settle(checked)
    found, said = _splits_of_folders(found, used=whole)
    found, more = usable_splits(found)
    paths = [each.path for each in found]
    if whole:
        left_out += _not_listed(files.root, {*paths, *(row.path for row in left_out)})
    source = TreeSource(FolderTree(files.root), paths)
    notes = [*notes, *_note_on_searched(files), *said, *more]
    return make_corpus(str(location), format_name, found=found, source=source, left_out=left_out, notes=notes)


def _splits_of_folders(found: list[Found], *, used: bool) -> tuple[list[Found], list[str]]:
    """The examples with the splits that their folders are called, where nothing else says any; or a note about that."""
    folders = {each.path.partition("/")[0] for each in found}
    splits = {SPLIT_FOLDERS.get(folder.lower()) for folder in folders}
    if any(each.split for each in found) or None in splits or len(splits) < 2:
        return found, []
    if used:
        return [each._replace(split=SPLIT_FOLDERS[each.path.partition("/")[0].lower()]) for each in found], []
    shown = ", ".join(map(repr, sorted(folders)))
    note = (
        f"The files lie in {shown}, but no column names their splits, and a split is made. To keep them, add a column "
        "split with the name of the folder."
    )
    return found, [note]


def _not_listed(root: Path, known: set[str]) -> Iterator[IntakeRow]:
    for row in FolderTree(root).rows():
        if row.path not in known:
            yield row if row.status else IntakeRow(row.path, IGNORED, "not-listed", "the list does not name it")


def _note_on_searched(files: NamedFiles) -> Iterator[str]:
    if files.searched:
        written, found = files.searched[0]
        count = len(files.searched)
        what = "1 file was" if count == 1 else f"{count:,} files were"
        yield f"{what} found by name below {files.root} (first: {written[:SHOWN]!r} is {found!r})."
