"""Which folders are parts, where the user says so: ``--splits train=Training,test=Test``."""

from __future__ import annotations

from collections.abc import Sequence

from hubel.corpus.formats.layout import Folder, Layout, LeftOutFolder, folder_names, is_within, look_through
from hubel.corpus.formats.split_folders import NOT_NAMED, Child, make_parts
from hubel.errors import WrongRequest


def choose(root: Folder, splits: Sequence[tuple[str, str]]) -> Layout:
    """The layout that the user names.

    Args:
        root: of a whole corpus.
        splits: name or path of a folder, or name of a folder in the class folders; and the part that it is.

    Raises:
        WrongRequest: there is no such folder, or it has no class folders.
    """
    top = look_through(root)
    found = [(name, top.find(name.strip("/")) or root.find(name.strip("/")), split) for name, split in splits]
    missing = [(name, split) for name, folder, split in found if folder is None]
    below = {name for child in top.folders for name in child.names}
    if len(missing) == len(found) and all(name.casefold() in below for name, _ in missing):
        return _below_classes(top, splits)
    if missing:
        name, split = missing[0]
        raise WrongRequest(
            f"{name!r} was named as the {split} part, but no folder with images is called that. There are: "
            f"{folder_names(top.folders)}."
        )
    pairs = [(Child(folder), split) for _, folder, split in found if folder is not None]
    for child, split in pairs:
        if not child.has_classes:
            raise WrongRequest(
                f"{child.folder.path!r} was named as the {split} part, but it has no class folders: its images have no "
                "labels. Put the images of each class into a folder of its own, or leave the part out."
            )
    paths = [child.inside.path for child, _ in pairs]
    for place, path in enumerate(paths):
        around = next((each for each in paths[:place] + paths[place + 1 :] if is_within(path, each)), None)
        if around is not None:
            raise WrongRequest(f"Two parts were named, {around!r} and {path!r}, which lies in it. Name one of them.")
    return make_parts(top, pairs, reasons={})


def _below_classes(top: Folder, splits: Sequence[tuple[str, str]]) -> Layout:
    given = {name.casefold(): split for name, split in splits}
    others = [each for child in top.folders for each in child.folders if each.name.casefold() not in given]
    left_out = {each.path: LeftOutFolder(each.path, each.total, "left-out", NOT_NAMED) for each in others}
    return Layout({top.path: None}, below_classes=given, left_out=left_out)
