"""Class folders, or train/ validation/ test/ with class folders in each; in a folder or in an archive.

Folders of labels for detection look like that and are none: a refusal names what they are.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from hubel.catalogue import Later
from hubel.corpus.corpus import IGNORED, Corpus, Found, IntakeRow, Note, make_corpus
from hubel.corpus.formats.layout import Folder, FolderDoubt, FolderPlace, Layout, look_through, outline
from hubel.corpus.formats.split_folders import as_classes, decide
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.folder import FolderTree, ListedFolder, is_folder, list_files, paths_in
from hubel.corpus.trees.tree import Tree, TreeSource, ending_of, is_debris_folder, row_of_file
from hubel.errors import UnusableCorpus
from hubel.errors.wording import Command, Remedy, Text
from hubel.events import OnEvent
from hubel.files import real_path
from hubel.images.formats import IMAGE_ENDINGS
from hubel.text import counted, listed

choose: Callable[[Folder, Sequence[tuple[str, str]]], Layout] = Later("hubel.corpus.formats.chosen_splits", "choose")

LIST_ENDINGS = ("csv", "tsv", "parquet", "xlsx")
MOST_LOOKED_AT = 200
"""Entries of a folder that are looked at to tell what it is."""
MOST_NOTES = 5
"""Notes on folders of one kind."""
YOLO_FILES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt")
LABELS, IMAGES = "labels", "images"


@dataclass(frozen=True)
class Files:
    """What a tree holds.

    Args:
        tree: gives the content of the files.
        rows: of every file.
        folders: the paths of its folders, also of empty ones.
        notes: what the user should know of how it was listed.
    """

    tree: Tree
    rows: Sequence[IntakeRow]
    folders: Sequence[str]
    notes: Sequence[str] = ()


def matches(path: Path) -> bool:
    """Every folder may be one of class folders."""
    return path.is_dir()


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:
    """List the corpus; no image is opened yet.

    Args:
        path: what the user named.
        on_event: hears `Progress`.
        reading: what the user said about it.

    Raises:
        UnusableCorpus: no class folders, no files in them, or folders that can be read in several ways.
        WrongRequest: the reading names a folder that is not there.
    """
    found = list_files(path, on_event)
    files = Files(FolderTree(path), found.rows, found.folders, _notes_on_links(found))
    return arrange(path, "folders", files=files, reading=reading)


def arrange(path: Path, format_name: str, *, files: Files, reading: Reading) -> Corpus:
    """Give every image of a tree the class of its folder, and its part where the folders are divided into parts.

    Args:
        path: what the user named.
        format_name: the format's name in its catalogue.
        files: what is there.
        reading: may say which folders are the parts.

    Raises:
        UnusableCorpus: no class folders, no files in them, or folders that can be read in several ways.
        WrongRequest: the reading names a folder that is not there.
    """
    counts = Counter(row.path.rpartition("/")[0] for row in files.rows if not row.status)
    root = outline(counts)
    lists = [row.path for row in files.rows if "/" not in row.path and ending_of(row.path) in LIST_ENDINGS]
    layout = _layout(path, root, reading=reading, lists=lists)
    places = {folder: layout.place(folder) for folder in {row.path.rpartition("/")[0] for row in files.rows}}
    found: list[Found] = []
    left_out: list[IntakeRow] = []
    for row in files.rows:
        place = places[row.path.rpartition("/")[0]]
        if row.status:
            left_out.append(replace(row, class_name=place.class_name) if place.class_name else row)
        elif place.class_name:
            found.append(Found(row.path, place.class_name, place.split))
        else:
            left_out.append(IntakeRow(row.path, IGNORED, *place.why_no_example))
    _explain_unusual(path, files, class_names={each.class_name for each in found}, lists=lists)
    notes = [
        *files.notes,
        *_notes_on_layout(path, format_name, root=root, layout=layout),
        *_notes_on_folders(files, layout, places=places, counts=counts),
    ]
    source = TreeSource(files.tree, [each.path for each in found])
    return make_corpus(str(path), format_name, found=found, source=source, left_out=left_out, notes=notes)


def _layout(path: Path, root: Folder, *, reading: Reading, lists: Sequence[str]) -> Layout:
    if reading.no_splits:
        return as_classes(root)
    if reading.splits:
        return choose(root, reading.splits)
    layout = decide(root)
    if isinstance(layout, FolderDoubt):
        other = f" If {lists[0]} lists the images with their classes, name that: {path / lists[0]}" if lists else ""
        raise UnusableCorpus(f"The folders of {path} can be read in more than one way.", layout.text, other)
    return layout


def _explain_unusual(path: Path, files: Files, *, class_names: set[str], lists: Sequence[str]) -> None:
    if len(class_names) > 1:
        return
    folders = [each for each in files.folders if not any(map(is_debris_folder, each.split("/")))]
    if lists and (class_names or not folders):
        only = f"only one class folder, {min(class_names)!r}" if class_names else "no class folders"
        raise UnusableCorpus(
            f"{path} has {only}. If {lists[0]} lists its images with their classes, name that: {path / lists[0]}"
        )
    if not class_names and not folders:
        above = real_path(path).parent
        one = ""
        if files.rows and _is_one_class_of(above):
            folder = os.path.relpath(above)
            one = f" If it is itself one class, name the folder of all classes, which is above it: {folder!r}. Else"
        raise UnusableCorpus(
            f"{path} has no class folders.{one} {'put' if one else 'Put'} the images of each class into a folder of "
            f"its own: {path.name}/cat/1.jpg, {path.name}/dog/2.jpg."
        )


def _is_one_class_of(above: Path) -> bool:
    """Whether at least two of its folders, of the first few, hold images themselves."""
    try:
        inside = (each for each in islice(above.iterdir(), MOST_LOOKED_AT) if each.is_dir())
        holding = (each for each in inside if any(map(_is_image, islice(each.iterdir(), MOST_LOOKED_AT))))
        return len(list(islice(holding, 2))) == 2
    except OSError:
        return False


def _is_image(path: Path) -> bool:
    return ending_of(path.name) in IMAGE_ENDINGS


def _notes_on_links(found: ListedFolder) -> list[str]:
    notes = []
    if found.links:
        link, target = next(iter(found.links.items()))
        more = len(found.links) - 1
        others = f" So {'is 1 more link' if more == 1 else f'are {more:,} more links'} to folders." if more else ""
        notes.append(f"{link!r} is a link to {target}, and is followed.{others}")
    if found.twice:
        folder, link = next(iter(found.twice.items()))
        more = len(found.twice) - 1
        others = f" So are those in {counted(more, 'more folder')}." if more else ""
        notes.append(f"The files in {folder!r} are listed once: in {link!r}, a link to it.{others}")
    return notes


def _notes_on_layout(path: Path, format_name: str, *, root: Folder, layout: Layout) -> list[Note]:
    top = look_through(root).path
    notes: list[Note] = [f"Everything is in {top + '/'!r}, which is taken as the corpus."] if top else []
    notes += layout.notes
    left_out = list(layout.left_out.values())
    for each in left_out[:MOST_NOTES]:
        verb = "is" if each.images == 1 else "are"
        remedies = [] if each.remedy is None else [each.remedy]
        if each.code == "unlabelled" and format_name == "folders":
            remedies.append(Remedy("After training, name them: ", Command("predict", ("RUN", str(path / each.folder)))))
        said = f"{counted(each.images, 'image')} in {each.folder!r} {verb} left out: {each.reason}."
        notes.append(Text(said, *remedies))
    more = left_out[MOST_NOTES:]
    if more:
        images = counted(sum(each.images for each in more), "image")
        notes.append(f"{images} in {counted(len(more), 'more folder')} are left out too.")
    return notes


def _notes_on_folders(
    files: Files, layout: Layout, *, places: Mapping[str, FolderPlace], counts: Mapping[str, int]
) -> list[str]:
    notes = []
    above = next(iter(layout.parts)) if len(layout.parts) == 1 else None
    if above is not None:
        used = {place.class_name for folder, place in places.items() if counts.get(folder)}
        depth = len(above) + 1 if above else 0
        names = {each[depth:] for each in files.folders if each.startswith(above) and "/" not in each[depth:]}
        empty = sorted(
            name
            for name in names - used - {""}
            if not is_debris_folder(name) and f"{above}/{name}".lstrip("/") not in layout.left_out
        )
        notes += [f"Folder {name!r} holds no images, so it is not a class." for name in empty[:MOST_NOTES]]
        if empty[MOST_NOTES:]:
            notes.append(f"{len(empty) - MOST_NOTES} more folders hold no images either.")
    return [*notes, *_note_on_debris(files), *_note_on_inner(places, counts)]


def _note_on_debris(files: Files) -> list[str]:
    inside: Counter[str] = Counter()
    for row in files.rows:
        if row.code == "debris" and not row_of_file(row.path).status:
            inside[next(name for name in row.path.split("/") if is_debris_folder(name))] += 1
    if not inside:
        return []
    shown = [repr(name) for name in sorted(inside)][:MOST_NOTES]
    names = listed([*shown, "others"] if len(inside) > MOST_NOTES else shown)
    files_in = counted(sum(inside.values()), "file")
    return [f"Hidden folders and folders of the system or of programs are not classes: {names}, with {files_in}."]


def _note_on_inner(places: Mapping[str, FolderPlace], counts: Mapping[str, int]) -> list[str]:
    inner: dict[str, set[str]] = defaultdict(set)
    for folder, place in places.items():
        if place.inner and counts.get(folder):
            inner[place.class_name].add(place.inner)
    if not inner:
        return []
    name = min(inner)
    inside = ", ".join(repr(each) for each in sorted(inner[name])[:3]) + (" ..." if len(inner[name]) > 3 else "")
    others = f" ({len(inner) - 1} more classes have folders too.)" if len(inner) > 1 else ""
    note = (
        f"Class {name!r} has folders of its own ({inside}): their images count as {name!r}. If those folders are the "
        f"classes, put them side by side at the top of the corpus.{others}"
    )
    return [note]


def refuse_detection(path: Path) -> None:
    """Nothing, for a folder that holds no labels for detection in the form of YOLO.

    Raises:
        UnusableCorpus: what it is, and what to do.
    """
    if not is_folder(path):
        return
    inside = paths_in(path)
    folders = [path, *filter(is_folder, inside)]
    pairs = [folder for folder in folders if is_folder(folder / LABELS) and is_folder(folder / IMAGES)]
    named = {each.name.lower() for each in inside} & set(YOLO_FILES)
    if not pairs or not (named or _has_texts(pairs[0] / LABELS)):
        return
    raise UnusableCorpus(
        f"{path} holds YOLO detection labels: the text files in {LABELS}/ list the boxes of each "
        "image, and Hubel names one class per image. Export the labels as COCO, which Hubel reads if all boxes of "
        "an image have the same class, or cut the boxes out into a folder for each class. (YOLO's format for "
        "classification is class folders.)"
    )


def _has_texts(folder: Path) -> bool:
    paths = paths_in(folder)
    inner = [each for path in filter(is_folder, paths[:5]) for each in paths_in(path)[:5]]
    return any(path.name.lower().endswith(".txt") for path in (*paths[:20], *inner))
