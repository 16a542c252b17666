"""Class folders, or train/ validation/ test/ with class folders in each; in a folder or in an archive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hubel.corpus.corpus import IGNORED, Corpus, Found, IntakeRow, make_corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.folder import FolderTree, list_folder
from hubel.corpus.trees.tree import Tree, TreeSource, ending_of, is_debris_folder, list_rows
from hubel.errors import UnusableCorpus
from hubel.events import OnEvent

SPLIT_FOLDERS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Which part of a path is the class.

    Args:
        splits: top folder → given split; empty where there are none.
        skipped: folders around everything, with ``/`` at the end; empty without.
    """

    splits: dict[str, str]
    skipped: str = ""

    @property
    def depth(self) -> int:
        """Place of the class folder in a path, after what is skipped."""
        return 1 if self.splits else 0


def matches(path: Path) -> bool:
    """Every folder may be one of class folders."""
    return path.is_dir()


def read(path: Path, on_event: OnEvent, reading: Reading = AS_FOUND) -> Corpus:  # noqa: ARG001
    """List the corpus; no picture is opened yet.

    Raises:
        UnusableCorpus: no class folders, or no files in them.
    """
    entries, _ = list_folder(path)
    folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    tree = FolderTree(path)
    return arrange(path, "folders", tree, list_rows(tree, on_event), folders=folders)


def arrange(
    path: Path, format_name: str, tree: Tree, rows: Iterable[IntakeRow], *, folders: Sequence[str], skipped: str = ""
) -> Corpus:
    """Give every picture of a tree the class of its folder.

    Args:
        path: what the user named.
        format_name: the format's name in its catalogue.
        tree: where the pictures are.
        rows: its files.
        folders: the top folders, with those that hold no file.
        skipped: a folder around everything, with ``/`` at the end.

    Raises:
        UnusableCorpus: no class folders, or no files in them.
    """
    folders = [name for name in folders if not is_debris_folder(name)]
    given = {name: SPLIT_FOLDERS[name.lower()] for name in folders if name.lower() in SPLIT_FOLDERS}
    has_splits = bool(folders) and len(given) == len(folders) and "train" in given.values()
    layout = Layout(given if has_splits else {}, skipped)
    found: list[Found] = []
    left_out: list[IntakeRow] = []
    inner: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        parts = row.path.removeprefix(skipped).split("/")
        has_class = len(parts) > layout.depth + 1
        class_name = parts[layout.depth] if has_class else ""
        if row.status:
            left_out.append(replace(row, class_name=class_name) if has_class else row)
        elif not has_class:
            left_out.append(IntakeRow(row.path, IGNORED, "outside-classes", "it lies in no class folder"))
        else:
            found.append(Found(row.path, class_name, layout.splits.get(parts[0])))
            if len(parts) > layout.depth + 2:
                inner[class_name].add(parts[layout.depth + 1])
    lists = [row.path for row in left_out if "/" not in row.path and ending_of(row.path) in ("csv", "tsv", "parquet")]
    if lists and not folders:
        raise UnusableCorpus(
            f"{path} has no class folders. If {lists[0]} lists its pictures with their classes, name that: "
            f"{path / lists[0]}"
        )
    _explain_unusual(path, folders, found, inner, layout)
    notes = _notes_on_folders(folders, found, inner, layout)
    source = TreeSource(tree, [each.path for each in found])
    return make_corpus(str(path), format_name, found, source=source, left_out=left_out, notes=notes)


def _explain_unusual(
    path: Path, folders: Sequence[str], found: list[Found], inner: dict[str, set[str]], layout: Layout
) -> None:
    if found and len({each.class_name for each in found}) > 1:
        return
    if not folders:
        raise UnusableCorpus(
            f"{path} has no class folders. Put the pictures of each class into a folder of its own: "
            f"{path.name}/cat/1.jpg, {path.name}/dog/2.jpg."
        )
    inside_it = inner.get(folders[0], set())
    if found and not layout.splits and len(folders) == 1 and len(inside_it) > 1:
        inside = ", ".join(sorted(inside_it)[:3])
        raise UnusableCorpus(
            f"A classifier needs at least two classes; {path} has only {folders[0]!r}, which has folders itself "
            f"({inside}). If those are the classes, name the folder above them: {path / folders[0]}"
        )


def _notes_on_folders(
    folders: Sequence[str], found: list[Found], inner: dict[str, set[str]], layout: Layout
) -> list[str]:
    notes = []
    if layout.skipped:
        notes.append(f"Everything lies in {layout.skipped!r}: that is taken for the corpus.")
    if not layout.splits:
        used = {each.class_name for each in found}
        notes += [f"Folder {name!r} holds no pictures: it is no class." for name in folders if name not in used]
    if inner:
        name = min(inner)
        inside = ", ".join(repr(each) for each in sorted(inner[name])[:3]) + (" ..." if len(inner[name]) > 3 else "")
        others = f" ({len(inner) - 1} more classes have folders too.)" if len(inner) > 1 else ""
        notes.append(
            f"Class {name!r} has folders of its own ({inside}): their pictures count as {name!r}. If those are the "
            f"classes, put them side by side, above their pictures.{others}"
        )
    return notes
