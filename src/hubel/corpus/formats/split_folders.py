"""Which folders are classes and which are parts such as train and test: told by their names, and by what is in them.

One pure function of an outline, so that a table of layouts can test it. Its rules, in this order:

1. Folders that hold nothing but ``train`` and ``test`` are classes, with the parts below them.
2. A folder called like a training part, with class folders in it, and another one called like a part: parts.
3. Folders that hold the same class folders: parts, if their names tell which; else it is doubtful.
4. Folders called like parts, or like folds, without class folders: doubtful.
5. One folder of class folders among others that say nothing: doubtful.
6. All others are classes.

Nothing doubtful is guessed: a classifier of "train or test?" would look as good as any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hubel.corpus.formats.layout import (
    Folder,
    FolderDoubt,
    FolderReading,
    Layout,
    LeftOutFolder,
    folder_names,
    in_pairs,
    look_through,
)
from hubel.corpus.reading import NO_SPLITS
from hubel.corpus.split_words import (
    EVALUATED,
    EXACT,
    INSIDE,
    PLAIN,
    SHARED,
    is_filler,
    is_fold,
    is_to_be_named,
    is_without_labels,
    part_name,
)
from hubel.errors.wording import Option, Remedy, Text
from hubel.text import counted, listed

ALIKE = 0.5
"""Share of the names of class folders that two parts have in common at least."""
MOST_PARTS = 20
"""More folders than this, and more than there are names in them, are classes: few corpora have so many parts."""
_MOST_CHOICES = 3
_NO_LABELS = "it has no class folders, so its images have no labels"
_NAMED_SO = "its name says that its images have no labels"
NOT_NAMED = "the splits that were named leave it out"


@dataclass(frozen=True)
class Child:
    """A folder that is a class or a part.

    Args:
        folder: as it lies there.
        part: the part that its name speaks of, if any.
        sure: how sure the name is: `PLAIN`, `EXACT`, `SHARED` or `INSIDE`.
    """

    folder: Folder
    part: str = ""
    sure: int = INSIDE

    @property
    def is_named(self) -> bool:
        """Its name is that of a part, and not just a name with such a word in it."""
        return bool(self.part) and self.sure <= SHARED

    @cached_property
    def inside(self) -> Folder:
        """Where its class folders are: often in a folder of its own name, or in one called ``images``."""
        node = self.folder
        while len(node.folders) == 1 and node.images <= node.folders[0].total:
            only = node.folders[0]
            if len(only.folders) < 2 and only.name.casefold() != node.name.casefold() and not is_filler(only.name):
                break
            node = only
        return node

    @property
    def has_classes(self) -> bool:
        """Most of its images lie in folders of their own."""
        return bool(self.inside.folders) and 2 * self.inside.images <= self.inside.total

    @property
    def classes(self) -> frozenset[str]:
        """The names of its class folders, in lower case."""
        return self.inside.names


def decide(root: Folder) -> Layout | FolderDoubt:
    """How a tree of folders is to be read.

    Args:
        root: of a whole corpus.
    """
    top = look_through(root)
    children = _children(top)
    if len(children) > 1:
        for rule in (_parts_below_classes, _named_parts, _same_classes, _parts_without_classes, _one_holder):
            found = rule(top, children)
            if found is not None:
                return found
    return _classes(top, children)


def as_classes(root: Folder) -> Layout:
    """Every folder is a class, whatever it is called: ``splits="none"``."""
    return Layout({look_through(root).path: None})


def make_parts(top: Folder, pairs: Sequence[tuple[Child, str]], *, reasons: dict[str, LeftOutFolder]) -> Layout:
    """A layout of parts; every other folder is left out.

    Args:
        top: the folder around everything.
        pairs: the parts and the split of each.
        reasons: path of a folder that is left out → why.
    """
    parts = {child.inside.path: split for child, split in pairs}
    others = _others(top, set(parts))
    left_out = {folder.path: LeftOutFolder(folder.path, folder.total, "left-out", NOT_NAMED) for folder in others}
    left_out |= {path: reasons[path] for path in left_out if path in reasons}
    reason = f"{_NAMED_SO}. Rename it to make it a class"
    for child, _ in pairs:
        unlabelled = [each for each in child.inside.folders if is_without_labels(each.name)]
        left_out |= {each.path: LeftOutFolder(each.path, each.total, "unlabelled", reason) for each in unlabelled}
    return Layout(parts, left_out=left_out)


def _others(top: Folder, used: set[str]) -> list[Folder]:
    """The highest folders that hold no part and lie in none."""
    found = []
    for folder in top.folders:
        if folder.path in used:
            continue
        if any(path.startswith(f"{folder.path}/") for path in used):
            found += _others(folder, used)
        else:
            found.append(folder)
    return found


def _children(top: Folder) -> list[Child]:
    names = {each.path: part_name(each.name) for each in top.folders}
    by_rest = defaultdict(set)
    for name in names.values():
        if name is not None:
            by_rest[name.rest].add(name.part)
    children = []
    for folder in top.folders:
        name = names[folder.path]
        if name is None:
            children.append(Child(folder))
        else:
            shared = name.sure == INSIDE and len(by_rest[name.rest]) > 1
            children.append(Child(folder, name.part, SHARED if shared else name.sure))
    return children


def _parts_below_classes(top: Folder, children: Sequence[Child]) -> Layout | FolderDoubt | None:
    if any(child.is_named for child in children):
        return None
    below = {child.folder.path: _children(child.folder) for child in children}
    divided = [
        child
        for child in children
        if below[child.folder.path] and all(each.part and each.sure <= EXACT for each in below[child.folder.path])
    ]
    inner = [each for child in divided for each in below[child.folder.path]]
    by_part: dict[str, set[str]] = defaultdict(set)
    for each in inner:
        by_part[each.part].add(each.folder.name.casefold())
    splits = _settled(set(by_part))
    if "train" not in by_part or len(by_part) < 2 or 2 * len(divided) < len(children):
        return None
    if any(len(each.classes) > 1 and each.has_classes for each in inner):
        pairs = [(each.folder.path.removeprefix(top.path).lstrip("/"), splits[each.part]) for each in inner]
        words = f"Parts of their own in {folder_names([each.folder for each in divided])}, with class folders in them"
        return _doubt(top, f"{words}: name one of these folders, or read all of them together", splits=in_pairs(pairs))
    if any(len(names) > 1 for names in by_part.values()) or len(set(splits.values())) < len(splits):
        pairs = [(min(names), splits[part]) for part, names in by_part.items()]
        return _doubt(top, "Classes with parts below them, of which some are left out", splits=in_pairs(pairs))
    given = {name: splits[part] for part, names in by_part.items() for name in names}
    said = listed([f"{name!r} is {split}" for name, split in sorted(given.items())])
    return Layout({top.path: None}, below_classes=given, notes=(f"The parts lie below the classes: {said}.",))


def _named_parts(top: Folder, children: Sequence[Child]) -> Layout | FolderDoubt | None:
    trains = [child for child in children if child.is_named and child.part == "train" and child.has_classes]
    if not trains:
        return None
    candidates = {"train": trains, **_candidates_beside(trains, children)}
    beside = [child for child in children if child not in trains]
    if not any(_speaks_of_part(child) for child in beside) and beside:
        named = folder_names([child.folder for child in trains])
        words = f"A part to train on, {named}; and left out, {folder_names([child.folder for child in beside])}"
        return _doubt(top, words, splits=_in_pairs([(child, "train") for child in trains]))
    best = {part: _surest(found) for part, found in candidates.items()}
    if any(len(found) > 1 for found in best.values()):
        return _several(top, best)
    pairs = [(found[0], part) for part, found in best.items()]
    layout = make_parts(top, pairs, reasons=_reasons(children, pairs))
    return replace(layout, notes=_how_parts_are_read(pairs))


def _candidates_beside(trains: Sequence[Child], children: Sequence[Child]) -> dict[str, list[Child]]:
    """Split → the folders that may be that part, other than the training part."""
    found: dict[str, list[Child]] = defaultdict(list)
    learned = frozenset().union(*(child.classes for child in trains))
    for child in children:
        if child.part and child.part != "train" and child.has_classes:
            shared = len(child.classes & learned) / min(len(child.classes), len(learned))
            if child.sure <= EXACT or shared >= ALIKE:
                found[child.part].append(child)
    splits = _settled(set(found))
    return {splits[part]: each for part, each in found.items() if part in splits}


def _settled(parts: set[str]) -> dict[str, str]:
    """Part → split; ``eval`` is what is missing of test and validation, or nothing."""
    free = [split for split in ("test", "validation") if split not in parts]
    settled = {part: part for part in parts if part != EVALUATED}
    return {**settled, EVALUATED: free[0]} if EVALUATED in parts and free else settled


def _speaks_of_part(child: Child) -> bool:
    return child.is_named or (not child.has_classes and is_to_be_named(child.folder.name))


def _surest(found: Sequence[Child]) -> list[Child]:
    sure = min(child.sure for child in found)
    return [child for child in found if child.sure == sure]


def _several(top: Folder, best: dict[str, list[Child]]) -> FolderDoubt:
    """Several folders are equally called like one part: all training parts together, and one of the others."""
    pairs = [[(child, "train") for child in best["train"]]]
    for part in ("validation", "test"):
        pairs = [[*before, (child, part)] for before in pairs for child in best.get(part, [])] or pairs
    choices = [FolderReading(_read_so(each), _in_pairs(each)) for each in pairs[:_MOST_CHOICES]]
    return FolderDoubt((*choices, _none(top)))


def _same_classes(top: Folder, children: Sequence[Child]) -> Layout | FolderDoubt | None:
    holders = [child for child in children if child.has_classes and len(child.classes) > 1]
    largest = max((child.classes for child in holders), key=len, default=frozenset())
    alike = [child for child in holders if len(child.classes & largest) >= ALIKE * len(child.classes | largest)]
    named = [child for child in alike if child.is_named]
    if len(alike) < 2 or (2 * len(alike) < len(children) and not named):
        return None
    if not named and len(alike) > max(MOST_PARTS, len(largest)):
        return None
    others = [child for child in alike if not child.is_named]
    splits = _settled({child.part for child in named})
    pairs = [(child, splits.get(child.part, "test")) for child in named]
    if len(others) == 1 and named and len(set(splits.values())) == len(named):
        pairs = [(others[0], "train"), *pairs]
        layout = make_parts(top, pairs, reasons=_reasons(children, pairs))
        return replace(layout, notes=_how_parts_are_read(pairs))
    if not named:
        pairs = [*((child, "train") for child in others[:-1]), (others[-1], "test")]
    elif others:
        pairs = [*((child, "train") for child in others), *pairs]
    else:
        pairs.sort(key=lambda pair: pair[1] == "test")  # what tests is the last to be trained on
        pairs = [(pairs[0][0], "train"), *pairs[1:]]
    return _doubt(top, _read_so(pairs), splits=_in_pairs(pairs))


def _parts_without_classes(top: Folder, children: Sequence[Child]) -> FolderDoubt | None:
    named = [child for child in children if child.is_named]
    folds = all(is_fold(child.folder.name) and not child.has_classes for child in children)
    if not folds and len({child.part for child in named}) < 2:
        return None
    holders = [child for child in named if child.has_classes]
    bare = folder_names([child.folder for child in (children if folds else named) if not child.has_classes])
    if not holders:
        words = (
            f"Parts without class folders: {bare}. Then nothing says which class an image has: put the images of each "
            "class into a folder of its own in each part"
        )
        return _doubt(top, words)
    beside = [(child, child.part) for child in holders[1:] if child.part in ("validation", "test")]
    pairs = [(holders[0], "train"), *beside]
    return _doubt(top, _read_so(pairs), splits=_in_pairs(pairs))


def _one_holder(top: Folder, children: Sequence[Child]) -> FolderDoubt | None:
    holders = [child for child in children if child.has_classes]
    if len(holders) != 1 or len(holders[0].classes) < 2 or not is_filler(holders[0].folder.name):
        return None
    others = [child.folder for child in children if child is not holders[0]]
    words = f"Classes in {folder_names([holders[0].folder])}; and left out, {folder_names(others)}"
    return _doubt(top, words, splits=_in_pairs([(holders[0], "train")]))


def _classes(top: Folder, children: Sequence[Child]) -> Layout | FolderDoubt:
    unlabelled = [child.folder for child in children if is_without_labels(child.folder.name)]
    if not unlabelled:
        return Layout({top.path: None})
    classes = [child.folder for child in children if child.folder not in unlabelled]
    if len(classes) < 2:
        without = folder_names(unlabelled)
        words = f"One class, {folder_names(classes)}, and images without labels, {without}; two classes are needed"
        return _doubt(top, words) if classes else Layout({top.path: None})
    remedy = Remedy("To make it a class: ", Option("splits", NO_SPLITS), ".")
    left_out = {each.path: LeftOutFolder(each.path, each.total, "unlabelled", _NAMED_SO, remedy) for each in unlabelled}
    return Layout({top.path: None}, left_out=left_out)


def _reasons(children: Sequence[Child], pairs: Sequence[tuple[Child, str]]) -> dict[str, LeftOutFolder]:
    """Path of a folder beside the parts → why it is left out."""
    learned = pairs[0][0].classes
    splits = {split for _, split in pairs}
    reasons = {}
    for child in children:
        code, remedy = "left-out", None
        if not child.has_classes:
            unlabelled = is_to_be_named(child.folder.name)
            code, reason = ("unlabelled", _NO_LABELS) if unlabelled else (code, "it has no class folders")
        elif child.part in splits:
            instead = [(child, split) if split == child.part else (each, split) for each, split in pairs]
            reason = f"another folder is the {child.part} part"
            remedy = Remedy("To take this one instead: ", Option("splits", _in_pairs(instead)))
        elif child.classes & learned:
            reason = "its name does not say which part it is"
            more = _in_pairs([pairs[0], (child, "train"), *pairs[1:]])
            remedy = Remedy("To train on it too: ", Option("splits", more))
        else:
            held = listed([repr(each.name) for each in child.inside.folders[:3]])
            reason = f"it holds other folders than the parts do: {held}"
        reasons[child.folder.path] = LeftOutFolder(child.folder.path, child.folder.total, code, reason, remedy)
    return reasons


def _how_parts_are_read(pairs: Sequence[tuple[Child, str]]) -> tuple[Text, ...]:
    if all(child.sure == PLAIN and child.folder.name.lower().startswith(split[:3]) for child, split in pairs):
        return ()  # train, val and test: nobody would take them for anything else
    words = [f"{child.folder.name!r} ({counted(child.folder.total, 'image')}) is {split}" for child, split in pairs]
    remedy = Remedy("If they are classes: ", Option("splits", NO_SPLITS), ".")
    return (Text(f"Read as parts: {listed(words)}.", remedy),)


def _read_so(pairs: Sequence[tuple[Child, str]]) -> str:
    by_split: dict[str, list[Folder]] = defaultdict(list)
    for child, split in pairs:
        by_split[split].append(child.folder)
    said = "; ".join(f"{split}: {folder_names(folders)}" for split, folders in by_split.items())
    classes = pairs[0][0].inside.folders
    names = listed([*(repr(each.name) for each in classes[:3]), *([f"{len(classes) - 3} more"] if classes[3:] else [])])
    return f"Parts with the classes {names} in them ({said})"


def _in_pairs(pairs: Sequence[tuple[Child, str]]) -> str:
    return in_pairs([(child.folder.name, split) for child, split in pairs])


def _doubt(top: Folder, words: str, *, splits: str = "") -> FolderDoubt:
    """They can be read so, or every folder is a class."""
    return FolderDoubt((FolderReading(words, splits), _none(top)))


def _none(top: Folder) -> FolderReading:
    return FolderReading(f"{len(top.folders)} classes: {folder_names(top.folders)}", NO_SPLITS)
