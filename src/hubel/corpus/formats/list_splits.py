"""Which column of a list gives the splits, and which of its words is which; none is passed over in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hubel.corpus.formats.list_columns import FLAG_COLUMNS, MAYBE_SPLIT_COLUMNS, ONE_HOT
from hubel.corpus.formats.list_tables import ListTable
from hubel.corpus.formats.table_columns import SPLIT_COLUMNS, find_column, named_column, plain_name
from hubel.corpus.reading import PARTS, Reading
from hubel.corpus.split_words import SPLIT_FOLDERS
from hubel.errors import UnusableCorpus, WrongRequest
from hubel.errors.wording import Option, Remedy, Text

MOST_WORDS = 100
"""Different words in a column of splits; one with more is something else."""

FLAGS = {**ONE_HOT, "yes": True, "y": True, "t": True, "no": False, "n": False, "f": False}

_HINTS = {"train": "train", "val": "validation", "dev": "validation", "public": "validation"}
"""Part of a word → the split that it probably means."""


class ListSplits(NamedTuple):
    """How splits are read.

    Args:
        column: where they are; None without any.
        words: word, in lower case → split; None where the usual words are meant.
        said: whether the user named the words: rows with another one are left out.
        notes: what the user should know.
    """

    column: str | None = None
    words: Mapping[str, str] | None = None
    said: bool = False
    notes: tuple[Text | str, ...] = ()


class _Candidate(NamedTuple):
    column: str
    counts: Counter[str]

    @property
    def folded(self) -> set[str]:
        return {word.casefold() for word in self.counts}

    @property
    def shown(self) -> str:
        words = [f"{word!r} ({count:,})" for word, count in self.counts.most_common(6)]
        return ", ".join(words) + (" ..." if len(self.counts) > 6 else "")


def choose_splits(table: ListTable, reading: Reading, *, used: Sequence[str]) -> ListSplits:
    """The column of the splits, and what its words mean.

    Args:
        table: the list.
        reading: what the user said.
        used: columns that are something else.

    Raises:
        WrongRequest: a column or a word that the user names is not there.
        UnusableCorpus: some words of a column are those of splits, and others are not.
    """
    if reading.no_splits:
        return ListSplits()
    named = named_column(table.path, table.names, wish="split_column", name=reading.split_column)
    columns = [named] if named is not None else _candidates([name for name in table.names if name not in used])
    found = [_Candidate(column, counts) for column, counts in _count_words(table, columns).items() if counts]
    if reading.splits:
        return _as_said(table, reading, found=found)
    return _as_found(table, found) if named is None else _of_named(table, named, found=found)


def _as_found(table: ListTable, found: Sequence[_Candidate]) -> ListSplits:
    """The first column that can only be that of the splits; notes on the others."""
    _refuse_several_flags(table, found)
    notes: list[Text | str] = []
    chosen: ListSplits | None = None
    doubtful: UnusableCorpus | None = None
    for each in found:
        usual = plain_name(each.column) in SPLIT_COLUMNS
        words = _words_of(each)
        known = each.folded & set(SPLIT_FOLDERS)
        if chosen is not None:
            if words is not None:
                notes.append(f"The splits are read from column {chosen.column!r}, not from {each.column!r}.")
        elif words is not None:
            chosen = ListSplits(each.column, words or None)
        elif usual and known:
            chosen = ListSplits(each.column)  # rows with other words are refused one by one
        elif usual or known:
            doubtful = doubtful or _doubt(table, each)
        else:
            notes.append(_note_on_unused(each))
    if chosen is None and doubtful is not None:
        raise doubtful
    return (chosen or ListSplits())._replace(notes=tuple(notes))


def _refuse_several_flags(table: ListTable, found: Sequence[_Candidate]) -> None:
    flags = [each.column for each in found if _flags_of(each.column) is not None]
    if len(flags) > 1 and not any(plain_name(each.column) in SPLIT_COLUMNS for each in found):
        raise UnusableCorpus(
            f"{table.path} has the columns {' and '.join(map(repr, flags))}: what to train on is not clear. Write "
            "a single column split with train, validation and test.",
            Remedy("Or choose one of them: ", Option("split_column", flags[0])),
        )


def _candidates(names: Sequence[str]) -> list[str]:
    usual = (*SPLIT_COLUMNS, *FLAG_COLUMNS, *MAYBE_SPLIT_COLUMNS)
    return list(dict.fromkeys(name for word in usual if (name := find_column(names, (word,))) is not None))


def _count_words(table: ListTable, columns: Sequence[str]) -> dict[str, Counter[str]]:
    """How often each word is there, of the first `MOST_WORDS` that come and one more."""
    counts: dict[str, Counter[str]] = {column: Counter() for column in columns}
    if not columns:
        return {}
    for row in table.read_rows(columns):
        for column, cell in zip(columns, row.cells, strict=True):
            word, counted = (cell or "").strip(), counts[column]
            if word and not row.code and (word in counted or len(counted) <= MOST_WORDS):
                counted[word] += 1
    return counts


def _flags_of(column: str) -> tuple[str, str] | None:
    """What True and False stand for in a column of this name."""
    names = {plain_name(name): splits for name, splits in FLAG_COLUMNS.items()}
    return names.get(plain_name(column))


def _words_of(candidate: _Candidate) -> dict[str, str] | None:
    """What all words mean, if that is clear; empty where they are the usual ones."""
    flags = _flags_of(candidate.column)
    if flags is not None:
        known = candidate.folded <= set(FLAGS)
        return {word: flags[0] if value else flags[1] for word, value in FLAGS.items()} if known else None
    return {} if candidate.folded <= set(SPLIT_FOLDERS) else None


def _as_said(table: ListTable, reading: Reading, *, found: Sequence[_Candidate]) -> ListSplits:
    said = {word.casefold(): part for word, part in reading.splits}
    for each in found:
        if set(said) <= each.folded:
            others = {word: count for word, count in each.counts.items() if word.casefold() not in said}
            left = ", ".join(map(repr, list(others)[:6]))
            count = sum(others.values())
            rows = "1 row is" if count == 1 else f"{count:,} rows are"
            note = f"{rows} left out: the splits that were named leave out {left} of column {each.column!r}."
            return ListSplits(each.column, said, said=True, notes=(note,) if others else ())
    if not found:
        raise WrongRequest(
            f"Splits were named, but Hubel finds no column of splits in {table.path}. Its columns are: "
            f"{', '.join(map(repr, table.names[:30]))}.",
            Remedy("Name the one with the splits: ", Option("split_column", "NAME"), "."),
        )
    missing = next(word for word, _ in reading.splits if word.casefold() not in found[0].folded)
    raise WrongRequest(
        f"{missing!r} was named as a word for a split, but it is not in column {found[0].column!r} of {table.path}. "
        f"That holds: {found[0].shown}."
    )


def _of_named(table: ListTable, column: str, *, found: Sequence[_Candidate]) -> ListSplits:
    if not found or len(found[0].counts) > MOST_WORDS:
        raise UnusableCorpus(
            f"{table.path}: the column {column!r} cannot name the splits: it is empty, or holds more than {MOST_WORDS} "
            "different words.",
            Remedy("Name another one: ", Option("split_column", "NAME"), "."),
        )
    words = _words_of(found[0])
    if words is None and not found[0].folded & set(SPLIT_FOLDERS):
        if found[0].folded <= {"true", "false"}:
            return ListSplits(column, {"true": "validation", "false": "train"})
        raise _doubt(table, found[0])
    return ListSplits(column, words or None)


def _doubt(table: ListTable, candidate: _Candidate) -> UnusableCorpus:
    return UnusableCorpus(
        f"{table.path}: which words of the column {candidate.column!r} are train, validation and test? It holds "
        f"{candidate.shown}. Without the column, Hubel makes a split itself.",
        _advice("Say which word is which: ", candidate),
    )


def _note_on_unused(candidate: _Candidate) -> Text:
    column = candidate.column
    if all(word.isdecimal() for word in candidate.counts):
        return Text(
            f"Column {column!r} holds numbers ({candidate.shown}). Numbered folds do not say what to test on, so Hubel "
            "makes a split itself.",
            _advice("To test on one of them: ", candidate),
        )
    return Text(
        f"Column {column!r} is not used: its words ({candidate.shown}) name no splits, so Hubel makes a split itself.",
        _advice("If they do: ", candidate),
    )


def _advice(when: str, candidate: _Candidate) -> Remedy:
    """Options that would read it, with a guess at what each word means."""
    words = [word for word, _ in candidate.counts.most_common(6)]
    guesses = {word: _guess(word) for word in words}
    if "train" not in guesses.values():
        guesses[words[0]] = "train"
    if all(word.isdecimal() for word in words) and len(words) > 1:
        words.sort(key=int)
        guesses = dict.fromkeys(words, "train") | {words[-1]: "test"}
    pairs = sorted(((part, word) for word, part in guesses.items()), key=lambda pair: PARTS.index(pair[0]))
    splits = ",".join(f"{part}={word}" for part, word in pairs)
    return Remedy(when, Option("split_column", candidate.column), " ", Option("splits", splits))


def _guess(word: str) -> str:
    hinted = (part for hint, part in _HINTS.items() if hint in word.casefold())
    return SPLIT_FOLDERS.get(word.casefold()) or next(hinted, "test")
