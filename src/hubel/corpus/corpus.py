"""Example, IntakeRow, Corpus: immutable and ordered; and class names that a person would read as one."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeAlias

from hubel.arrays import Image
from hubel.catalogue import Later
from hubel.errors import UnreadableImage, UnusableCorpus
from hubel.errors.wording import Option, Remedy, Text
from hubel.text import brief, counted, elided, name_counts, none_of

cell: Callable[..., str] = Later("hubel.images.notebook", "cell")
document: Callable[..., str] = Later("hubel.images.notebook", "document")
tile: Callable[..., str] = Later("hubel.images.notebook", "tile")

Note: TypeAlias = Text | str
"""What the user should know; options and commands stand in remedies, so that the facts can be stored."""

READ, REFUSED, IGNORED = "read", "refused", "ignored"
SPLITS = ("train", "validation", "test")
SHOWN_CLASSES, SHOWN_OF_A_CLASS = 8, 3
"""In a notebook."""
LEAST_IMAGES = 3
"""Of a class that is to be trained, validated and tested on."""
_CYRILLIC = dict(
    zip("\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb", "aeopcyxijsdh", strict=True)
)
_GREEK = dict(zip("\u03bf\u03b1\u03bd\u03c4\u03c1\u03c5\u03b9\u03ba", "oavtpuik", strict=True))
_MARKS = dict(zip("\u2019\u2018\u00b4`\u2010\u2011\u2012\u2013\u2014", "''''-----", strict=True))
_LOOK_ALIKES = str.maketrans({**_CYRILLIC, **_GREEK, **_MARKS})
"""Letters of other alphabets that look like Latin ones, as they are after `str.casefold`."""


@brief
@dataclass(frozen=True, slots=True)
class Example:
    """One image with its label.

    Args:
        path: relative to the corpus, with ``/``; unique in it.
        label: class index, a place in ``Corpus.class_names``.
        split: ``"train"``, ``"validation"`` or ``"test"`` where the corpus gives one.
        group: examples of one group stay on one side of a split.
    """

    path: str
    label: int
    split: str | None = None
    group: str | None = None


class Found(NamedTuple):
    """What a format says of one example, before class names have their places."""

    path: str
    class_name: str
    split: str | None = None
    group: str | None = None


@brief
@dataclass(frozen=True, slots=True)
class IntakeRow:
    """What became of one file found: ``status`` is ``read``, ``refused`` or ``ignored``.

    Args:
        path: relative to the corpus, with ``/``.
        status: one of the three.
        code: a short stable word for the kind of fault.
        reason: why, and what to do, for people to read.
        class_name: of an image whose class is known although it could not be read.
    """

    path: str
    status: str
    code: str = ""
    reason: str = ""
    class_name: str = ""


class Source(Protocol):
    """Where a corpus' pixels are."""

    def read(self, position: int) -> bytes | Image:
        """The bytes of the file at this place of ``Corpus.examples`` as first read, or its decoded pixels.

        Raises:
            UnreadableImage: the file is gone or may not be read.
        """
        ...


@brief
@dataclass(frozen=True)
class Corpus:
    """Labelled images, in the order of their paths.

    Args:
        location: what the user typed, for messages and for reading it again.
        format: the name of the format it was read by.
        class_names: sorted by code point; an example's label is a place in it.
        examples: sorted by path.
        left_out: one row per file found that is *not* an example, and why.
        source: gives the content of example ``i`` at its place ``positions[i]``.
        positions: place of each example in the source.
        notes: what the user should know.
    """

    location: str
    format: str
    class_names: tuple[str, ...]
    examples: tuple[Example, ...]
    left_out: tuple[IntakeRow, ...]
    source: Source
    positions: tuple[int, ...]
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.examples)

    def read(self, index: int) -> bytes | Image:
        """File content, or decoded pixels, of ``examples[index]``."""
        return self.source.read(self.positions[index])

    @property
    def intake(self) -> tuple[IntakeRow, ...]:
        """One row for every file found, sorted by path: found = read + refused + ignored."""
        taken = (IntakeRow(each.path, READ, class_name=self.class_names[each.label]) for each in self.examples)
        return tuple(sorted([*taken, *self.left_out], key=lambda row: row.path))

    @property
    def intake_counts(self) -> dict[str, int]:
        """``found``, ``read``, ``refused`` and ``ignored``."""
        counts = Counter(row.status for row in self.left_out)
        return {
            "found": len(self.examples) + len(self.left_out),
            READ: len(self.examples),
            REFUSED: counts[REFUSED],
            IGNORED: counts[IGNORED],
        }

    @property
    def refused(self) -> tuple[IntakeRow, ...]:
        """The files that should have been images and are not."""
        return tuple(row for row in self.left_out if row.status == REFUSED)

    @property
    def class_counts(self) -> dict[str, int]:
        """Examples of each class, in the order of ``class_names``."""
        counts = Counter(example.label for example in self.examples)
        return {name: counts[index] for index, name in enumerate(self.class_names)}

    def _brief(self) -> Iterator[str]:
        counts = self.intake_counts
        classes = counted(len(self.class_names), "class", "classes")
        yield f"Corpus {elided(self.location)}: {counted(len(self), 'image')} in {classes}"
        yield name_counts(self.class_counts)
        yield (
            f"{counted(counts['found'], 'file')} found: {counts[READ]:,} read, {counts[REFUSED]:,} refused, "
            f"{counts[IGNORED]:,} ignored"
        )

    def _repr_html_(self) -> str:
        first: dict[int, list[int]] = {}
        for place, example in enumerate(self.examples):
            first.setdefault(example.label, []).append(place)
        rows = [
            (cell(self.class_names[label]), f"{len(places):,}", self._tiles(places[:SHOWN_OF_A_CLASS]))
            for label, places in sorted(first.items())[:SHOWN_CLASSES]
        ]
        return document(self._brief(), rows, header=("class", "images", "the first of them"))

    def _tiles(self, places: Sequence[int]) -> str:
        return "".join(tile_of(self, place, caption=self.examples[place].path.rpartition("/")[2]) for place in places)


def tile_of(corpus: Corpus, place: int, *, caption: str) -> str:
    """An example as a small image for a notebook; where it cannot be read, why.

    Args:
        corpus: what is shown.
        place: of the example in ``examples``.
        caption: stands below the image.
    """
    try:
        content = corpus.read(place)
    except UnreadableImage as error:
        return cell(f"{caption}: {error.reason}")
    return tile(content, caption)


def make_corpus(
    location: str,
    format_name: str,
    *,
    found: Sequence[Found],
    source: Source,
    left_out: Sequence[IntakeRow] = (),
    notes: Sequence[Note] = (),
) -> Corpus:
    """Build a corpus from what a format found.

    Args:
        location: what the user typed.
        format_name: the format's name in its catalogue.
        found: the examples, in the order of the source.
        source: reads the pixels of each of these, by place.
        left_out: files that are not examples.
        notes: what the user should know.

    Raises:
        UnusableCorpus: nothing in it was meant to be an example.
    """
    if not found and all(row.status != REFUSED for row in left_out):
        raise UnusableCorpus(
            f"{location} holds no images: {counted(len(left_out), 'file')} found, and no image in a class folder. "
            "Put the images of each class into a folder of its own."
        )
    class_names = tuple(sorted({each.class_name for each in found}))
    index_of = {name: index for index, name in enumerate(class_names)}
    order = sorted(range(len(found)), key=lambda place: found[place].path)
    ordered = (found[place] for place in order)
    examples = tuple(Example(each.path, index_of[each.class_name], each.split, each.group) for each in ordered)
    return Corpus(location, format_name, class_names, examples, tuple(left_out), source, tuple(order), tuple(notes))


def refused_row(corpus: Corpus, index: int, *, fault: UnreadableImage) -> IntakeRow:
    """The row of an example that turns out to be unreadable.

    Args:
        corpus: what `read_corpus` listed.
        index: place of the example.
        fault: why it cannot be read.
    """
    example = corpus.examples[index]
    return IntakeRow(example.path, REFUSED, fault.code, fault.reason, corpus.class_names[example.label])


def without(corpus: Corpus, refused: Mapping[int, IntakeRow]) -> Corpus:
    """The corpus less the examples at these places, which join ``left_out``; a class without any goes too.

    Args:
        corpus: what `read_corpus` listed.
        refused: place of an example → its row from now on.
    """
    if not refused and all(corpus.class_counts.values()):
        return corpus
    kept = [index for index in range(len(corpus)) if index not in refused]
    names = {corpus.class_names[corpus.examples[index].label] for index in kept}
    class_names = tuple(name for name in corpus.class_names if name in names)
    new_label = {old: class_names.index(name) for old, name in enumerate(corpus.class_names) if name in names}
    gone = [name for name in corpus.class_names if name not in names]
    return replace(
        corpus,
        class_names=class_names,
        examples=tuple(replace(corpus.examples[i], label=new_label[corpus.examples[i].label]) for i in kept),
        left_out=(*corpus.left_out, *(refused[index] for index in sorted(refused))),
        positions=tuple(corpus.positions[index] for index in kept),
        notes=(*corpus.notes, *(f"Class {name!r} is left out: none of its images can be read." for name in gone)),
    )


LISTS = ("manifest", "coco", "label-studio")
"""Formats whose images may lie elsewhere: those that take ``images``."""


def check_trainable(corpus: Corpus) -> None:
    """Refuse a corpus that no classifier can learn from.

    Raises:
        UnusableCorpus: fewer than two classes, or fewer than `LEAST_IMAGES` images in every class.
    """
    refused = corpus.refused
    first = f" First: {refused[0].path!r}: {refused[0].reason}." if refused else ""
    if len(corpus) == 0:
        codes = Counter(row.code for row in refused)
        said = ", ".join(f"{count} {code}" for code, count in codes.most_common())
        remedies = []
        if corpus.format in LISTS and set(codes) <= {"vanished", "outside"}:
            remedies.append(Remedy("If they lie in another folder, name it: ", Option("images", "FOLDER")))
        if set(codes) <= {"many-bands", "no-such-band"}:
            bands = ("3", "2", "1")
            remedies.append(Remedy("Say which bands are red, green and blue, such as ", Option("bands", bands), "."))
        said = f"{none_of(len(refused))} in {corpus.location} can be read ({said}).{first}"
        raise UnusableCorpus(said, *remedies)
    if len(corpus.class_names) < 2:
        cure = "Put the images of each class into a folder of its own, side by side, and name the folder above them."
        if refused:
            cure = f"{counted(len(refused), 'image')} could not be read.{first}"
        (only,) = corpus.class_names
        raise UnusableCorpus(f"A classifier needs at least two classes; {corpus.location} has only {only!r}. {cure}")
    most = max(corpus.class_counts.values())
    if most < LEAST_IMAGES:
        raise UnusableCorpus(
            f"{corpus.location} has at most {counted(most, 'image')} in a class. Training, validation and testing each "
            f"need images of their own, so a class needs {LEAST_IMAGES}; 30 or more of each are a good start. Add "
            "images."
        )


def alike(class_names: Sequence[str]) -> list[list[str]]:
    """The sets of two and more names that read alike: but for case, Unicode form, spaces, dots, look-alike letters."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in class_names:
        groups[_read_as(name)].append(name)
    return [names for names in groups.values() if len(names) > 1]


def _read_as(name: str) -> str:
    return _words_of(unicodedata.normalize("NFKC", name).casefold().translate(_LOOK_ALIKES))


def _words_of(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("-", " ").split()).rstrip(". ")


def difference(names: Sequence[str]) -> str:
    """In what such names differ, in words."""
    if len({unicodedata.normalize("NFC", name) for name in names}) == 1:
        return "Unicode form"
    if len({name.casefold() for name in names}) == 1:
        return "upper and lower case"
    if len(set(map(_words_of, names))) == 1:
        return "spaces, dots, hyphens or underscores"
    return "letters that look alike, case, spaces or Unicode form"
