"""The labels of a list: spaces around them, one column for each class, and several labels for one image.

1. Labels are text. Spaces around them are kept, unless every cell of the column, or its name, begins with one (``a.jpg,
   cat``), or the same label is there without: ``" cat"`` beside ``"cat"`` is one class, and a note says so.
2. Several labels for one image are refused: parts joined by a comma, a semicolon, a bar or a space, where the parts are
   labels of other rows themselves, or come back in other labels of a column whose name is a plural.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from hubel.corpus.formats.list_columns import ONE_HOT
from hubel.corpus.formats.listed_files import Row
from hubel.corpus.formats.table_columns import plain_name
from hubel.text import counted

SEPARATORS = ("|", ";", ",", " ")
PLURALS = ("labels", "tags", "categories", "classes", "attributes")
MISSING = ("nan", "None", "<NA>")
"""What pandas makes of empty cells where they are turned into text."""
SHOWN = 60
"""Characters of a label that a message repeats."""

_CHOICE = re.compile(r'"((?:[^"\\]|\\.)*)"(?!:)')
_WHOLE_FLOAT = re.compile(r"-?\d+\.0")


def one_hot_label(cells: Sequence[str | None], names: Sequence[str]) -> tuple[str | None, str, str]:
    """The column that holds 1, or a code and a reason why there is not exactly one.

    Args:
        cells: of the class columns of one row.
        names: of these columns.
    """
    words = [(cell or "").strip().casefold() for cell in cells]
    odd = next((place for place, word in enumerate(words) if word and word not in ONE_HOT), None)
    if odd is not None:
        said = f"its column {names[odd]!r} holds {str(cells[odd])[:SHOWN]!r}"
        return None, "bad-label", f"{said}: write 1 for the class of the image, and 0 elsewhere"
    chosen = [name.strip() for name, word in zip(names, words, strict=True) if ONE_HOT.get(word)]
    if not chosen:
        return None, "no-label", "none of its class columns holds 1: write 1 for its class, or remove the row"
    if len(chosen) > 1:
        several = ", ".join(map(repr, chosen[:5]))
        return None, "several-labels", f"it has {len(chosen)} labels ({several}): an image has one. Keep one of them"
    return chosen[0], "", ""


def tidy_labels(rows: Sequence[Row], column: str) -> tuple[list[Row], list[str]]:
    """The rows with their labels as they are meant, and notes on what was changed or refused.

    Args:
        rows: with labels as they are written.
        column: its name.
    """
    rows, notes = _without_space(rows, column)
    rows = _refuse_several(rows, column)
    labels = Counter(str(row.class_name) for row in _labelled(rows))
    notes += [
        f"There is a class {name!r}, of {counted(labels[name], 'row')}: if these were empty cells, leave them empty."
        for name in MISSING
        if name in labels
    ]
    if labels and all(_WHOLE_FLOAT.fullmatch(label) for label in labels):
        notes.append(
            f"The labels are numbers with a fraction of 0, such as {min(labels)!r}: that is how pandas writes whole "
            f"numbers where cells are empty. For classes named without it: table[{column!r}].astype('Int64')"
        )
    return rows, notes


def note_on_several(rows: Iterable[Row]) -> list[str]:
    """How many images have several labels, and which is the first."""
    rows = [row for row in rows if row.code != "blank-row"]
    several = [row for row in rows if row.code == "several-labels"]
    if not several:
        return []
    first = several[0]
    shown = f" {first.class_name[:SHOWN]!r}" if first.class_name else ""
    verb, be = ("has", "is") if len(several) == 1 else ("have", "are")
    note = (
        f"{len(several):,} of {len(rows):,} images {verb} several labels (first: {first.where}{shown}) and {be} "
        "refused; Hubel names one class per image. Keep one label each, or make one list for each question."
    )
    return [note]


def _labelled(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if not row.code and row.class_name and row.class_name.strip()]


def _without_space(rows: Sequence[Row], column: str) -> tuple[list[Row], list[str]]:
    labels = {str(row.class_name) for row in _labelled(rows)}
    spaced = {label for label in labels if label != label.strip(" ")}
    if not spaced:
        return list(rows), []
    everywhere = column[:1] == " " or all(label[:1] == " " for label in labels)
    ways: dict[str, set[str]] = defaultdict(set)
    for label in labels:
        ways[label.strip(" ")].add(label)
    twice = sorted(name for name, several in ways.items() if len(several) > 1)
    changed = {label: label.strip(" ") for label in spaced if everywhere or label.strip(" ") in twice}
    notes = []
    if twice and not everywhere:
        notes.append(
            f"Labels that differ only in spaces around them are one class: {', '.join(map(repr, twice[:5]))}"
            f"{' ...' if len(twice) > 5 else ''}."
        )
    return [row._replace(class_name=changed.get(str(row.class_name), row.class_name)) for row in rows], notes


def _refuse_several(rows: Sequence[Row], column: str) -> list[Row]:
    counts = Counter(str(row.class_name) for row in _labelled(rows))
    several = _several(list(counts), plural=plain_name(column) in PLURALS)
    if not several:
        return list(rows)
    checked = []
    for row in rows:
        parts = () if row.code else several.get(str(row.class_name), ())
        reason = _reason(str(row.class_name), parts) if parts else ""
        checked.append(row._replace(code="several-labels", reason=reason) if parts else row)
    return checked


def _reason(label: str, parts: Sequence[str]) -> str:
    said = f"it has {len(parts)} labels ({label[:SHOWN]!r}): an image has one. Keep one of them"
    return f"{said}; if that is the name of one class, write it with '_' between the words"


def _several(labels: Sequence[str], *, plural: bool) -> dict[str, list[str]]:
    """Labels that are several → their parts."""
    several = {label: _CHOICE.findall(label) for label in labels if label.startswith('{"choices":')}  # Label Studio
    for separator in SEPARATORS:
        parts = {label: _parts(label, separator) for label in labels if separator in label}
        parts = {label: each for label, each in parts.items() if len(each) > 1}
        alone = set(labels) - set(parts)
        often = Counter(part for each in parts.values() for part in set(each))
        recur = plural and _are_tags(parts, alone, often=often, separator=separator)
        for label, each in parts.items():
            if all(part in alone for part in each) or (
                recur and any(often[part] > 1 or part in alone for part in each)
            ):
                several.setdefault(label, each)
    return several


def _parts(label: str, separator: str) -> list[str]:
    return [part.strip() for part in label.split(separator) if part.strip()]


def _are_tags(parts: dict[str, list[str]], alone: set[str], *, often: Counter[str], separator: str) -> bool:
    """Whether parts look like tags. Words of names come back too: tags are few, and come in different numbers."""
    if separator != " ":
        return True
    words = alone | set(often)
    lengths = {len(each) for each in parts.values()} | ({1} if alone else set())
    return len(lengths) > 1 and len(words) * 2 <= len(alone) + len(parts)
