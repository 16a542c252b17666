"""Links to files and folders: what is followed, what is refused, and that nothing is listed twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image

from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.trees.folder import FolderTree, list_files

PIXELS = np.zeros((4, 4, 3), np.uint8)


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        write_image(root / path, PIXELS)
    return root


def link(root: Path, links: dict[str, str | Path]) -> Path:
    for name, target in links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    return root


def status(corpus: Corpus) -> dict[str, str]:
    return {row.path: f"{row.status} {row.code}".strip() for row in corpus.intake}


def test_classes_that_are_links_out_of_the_corpus_are_followed(tmp_path: Path):
    store = make(tmp_path / "store", "felis/1.png", "felis/kittens/2.png", "canis/3.png")
    corpus = read_corpus(link(tmp_path / "corpus", {"cat": store / "felis", "dog": "../store/canis"}))
    assert status(corpus) == {"cat/1.png": "read", "cat/kittens/2.png": "read", "dog/3.png": "read"}
    assert corpus.class_counts == {"cat": 2, "dog": 1}
    assert corpus.read(0) == (store / "felis/1.png").read_bytes()
    assert corpus.notes[0] == f"'cat' is a link to {store / 'felis'}, and is followed. So is 1 more link to folders."


def test_classes_that_are_links_to_a_store_beside_them_count_once(tmp_path: Path):
    root = link(make(tmp_path, "store/cat/1.png", "store/dog/2.png"), {"cat": "store/cat", "dog": "store/dog"})
    corpus = read_corpus(root)
    assert status(corpus) == {"cat/1.png": "read", "dog/2.png": "read"}
    assert corpus.class_names == ("cat", "dog")
    assert (
        "The files in 'store/cat' are listed once: in 'cat', a link to it. So are those in 1 more folder."
        in corpus.notes
    )


def test_two_links_to_one_folder_do_not_double_it(tmp_path: Path):
    store = make(tmp_path / "store", "1.png")
    root = link(make(tmp_path / "corpus", "dog/1.png"), {"cat": store, "kitty": store})
    corpus = read_corpus(root)
    assert status(corpus) == {"cat/1.png": "read", "dog/1.png": "read", "kitty": "ignored listed-twice"}
    row = next(row for row in corpus.intake if row.path == "kitty")
    assert row.reason == "it leads to 'cat', where the same files are listed"


def test_a_class_counts_before_a_link_to_it(tmp_path: Path):
    root = link(make(tmp_path, "cat/1.png", "dog/1.png"), {"a": "dog", "cat/more": "../dog"})
    assert status(read_corpus(root)) == {
        "a": "ignored listed-twice",
        "cat/1.png": "read",
        "cat/more": "ignored listed-twice",
        "dog/1.png": "read",
    }


@pytest.mark.timeout(60)
def test_links_to_what_holds_them_are_refused(tmp_path: Path):
    outside = make(tmp_path / "elsewhere", "deep/1.png")
    link(outside, {"deep/up": ".."})
    root = make(tmp_path / "corpus", "cat/1.png", "dog/1.png")
    link(root, {"cat/loop": root, "cat/here": ".", "dog/disk": "/", "dog/above": tmp_path, "owl": outside})
    link(root, {"cat/self.png": "self.png", "dog/system": "/proc/self/fd"})
    assert status(read_corpus(root)) == {
        "cat/1.png": "read",
        "cat/here": "refused link-to-parent",
        "cat/loop": "refused link-to-parent",
        "cat/self.png": "refused vanished",
        "dog/1.png": "read",
        "dog/above": "refused link-to-parent",
        "dog/disk": "refused link-to-parent",
        "dog/system": "refused link-to-system",
        "owl/deep/1.png": "read",
        "owl/deep/up": "refused link-to-parent",
    }


@pytest.mark.timeout(60)
def test_links_in_a_circle_end(tmp_path: Path):
    make(tmp_path / "x", "1.png")
    make(tmp_path / "y", "2.png")
    link(tmp_path, {"x/to_y": "../y", "y/to_x": "../x"})
    root = link(make(tmp_path / "corpus", "dog/1.png"), {"cat": tmp_path / "x"})
    assert status(read_corpus(root)) == {
        "cat/1.png": "read",
        "cat/to_y/2.png": "read",
        "cat/to_y/to_x": "ignored listed-twice",
        "dog/1.png": "read",
    }


def test_links_to_files_are_followed_wherever_they_lead(tmp_path: Path):
    """As in the folders of download caches and of data versioning, where every file is a link to a store."""
    root = make(tmp_path / "corpus", "cat/1.png", "dog/1.png")
    blob = make(tmp_path / "store", "blob.png") / "blob.png"
    link(root, {"cat/out.png": blob, "cat/in.png": "../dog/1.png", "cat/dead.png": "nothing.png"})
    os.mkfifo(tmp_path / "pipe")
    link(root, {"dog/pipe.png": tmp_path / "pipe"})
    corpus = read_corpus(root)
    assert status(corpus) == {
        "cat/1.png": "read",
        "cat/dead.png": "refused vanished",
        "cat/in.png": "read",
        "cat/out.png": "read",
        "dog/1.png": "read",
        "dog/pipe.png": "refused not-a-file",
    }


@pytest.mark.parametrize(
    "name",
    [
        ".git", ".svn", ".hg", ".picasaoriginals", ".venv", ".idea", ".Trash-1000", ".Spotlight-V100", ".AppleDouble",
        "$RECYCLE.BIN", "System Volume Information", "lost+found", "@eaDir", "#recycle", "node_modules", "__pycache__",
        "venv", "__MACOSX",
    ],
)  # fmt: skip
def test_folders_of_systems_and_programs_are_never_classes(tmp_path: Path, name: str):
    make(tmp_path, "cat/1.png", "dog/1.png", f"{name}/1.png", f"{name}/sub/2.png", f"cat/{name}/3.png")
    corpus = read_corpus(tmp_path)
    assert corpus.class_counts == {"cat": 1, "dog": 1}
    assert corpus.intake_counts == {"found": 5, "read": 2, "refused": 0, "ignored": 3}
    assert corpus.notes == (
        f"Hidden folders and folders of the system or of programs are not classes: {name!r}, with 3 files.",
    )


def test_a_link_with_the_name_of_such_a_folder_is_not_followed(tmp_path: Path):
    root = link(make(tmp_path / "corpus", "cat/1.png", "dog/1.png"), {".git": make(tmp_path / "store", "1.png")})
    corpus = read_corpus(root)
    assert corpus.class_names == ("cat", "dog")
    assert status(corpus)[".git"] == "ignored debris"


@contextlib.contextmanager
def a_thousand_folders(outer: Path, *, holding: bytes) -> Iterator[None]:
    """Folders `d/d/d/...` with `deep.png` in the last; taken away afterwards, for `shutil.rmtree` cannot go so deep."""
    here = os.open(outer, os.O_RDONLY)
    try:
        for _ in range(1000):
            os.mkdir("d", dir_fd=here)
            here = enter(here, "d")
        with os.fdopen(os.open("deep.png", os.O_CREAT | os.O_WRONLY, dir_fd=here), "wb") as file:
            file.write(holding)
        yield
        os.unlink("deep.png", dir_fd=here)
        for _ in range(1000):
            here = enter(here, "..")
            os.rmdir("d", dir_fd=here)
    finally:
        os.close(here)


def enter(folder: int, name: str) -> int:
    """The open folder of this name in an open folder, which is closed."""
    entered = os.open(name, os.O_RDONLY, dir_fd=folder)
    os.close(folder)
    return entered


def test_a_thousand_folders_in_one_another_are_listed(tmp_path: Path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    with a_thousand_folders(tmp_path / "cat", holding=(tmp_path / "cat/1.png").read_bytes()):
        corpus = read_corpus(tmp_path)
    assert corpus.class_counts == {"cat": 2, "dog": 1}
    assert [path.name for path in (tmp_path / "cat").iterdir()] == ["1.png"]


def test_a_tree_lists_its_files_by_path_and_its_empty_folders(tmp_path: Path):
    make(tmp_path, "b.png", "a/z.png", "a/sub/1.png", "a.png")
    (tmp_path / "empty").mkdir()
    assert [row.path for row in FolderTree(tmp_path).rows()] == ["a.png", "a/sub/1.png", "a/z.png", "b.png"]
    assert set(list_files(tmp_path).folders) == {"a", "a/sub", "empty"}
