"""Where results go: never among the images of the corpus, and over what is there only when asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hubel.catalogue import Later
from hubel.corpus.corpus import Corpus
from hubel.corpus.formats.catalogue import BUILT_IN, FORMATS, check_there, names_near, read_corpus
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.corpus.trees.folder import FolderTree
from hubel.corpus.trees.tree import TreeSource
from hubel.errors import OutputNotWritable, UnusableInput, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import is_file, is_folder, is_there, real_path, said_plainly
from hubel.runs.documents import read_document
from hubel.runs.is_run import RUN, RUNS
from hubel.runs.request_record import reading_of
from hubel.runs.run_folder import RunFolder
from hubel.runs.which_run import check_is_no_run

folder_of_images: Callable[[Path], Path] = Later("hubel.corpus.formats.coco", "folder_of_images")
ENDINGS = (
    ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".npz", ".csv", ".tsv", ".json", ".jsonl", ".xlsx",
    ".parquet", ".tfrecord",
)  # fmt: skip
"""Of corpora that are files."""


def keep_out_of_the_corpus(
    out: Path, location: str | Path, *, reading: Reading = AS_FOUND, what: str = "folder"
) -> None:
    """See that what is written lies beside the corpus; a file that lists images is read for that, if it must be.

    Args:
        out: the folder or file that will be written.
        location: of the corpus, as `read_corpus` takes it.
        reading: how the corpus is read.
        what: it is: ``"folder"`` or ``"file"``.

    Raises:
        WrongRequest: it lies inside, where nothing is ever written.
        HubelError: a path, or the list, cannot be read.
    """
    if str(location) in BUILT_IN:
        return
    path = Path(location)
    if is_folder(path) and real_path(out).is_relative_to(real_path(path)):
        raise _refused(out, f"lies inside the corpus {path}, where nothing is ever written", folder=path, what=what)
    near = [path.parent, folder_of_images(path)] if is_file(path) else []
    near = near if reading.images is None else [reading.images]
    if any(real_path(out).is_relative_to(real_path(folder)) for folder in near) and _is_list(path):
        keep_out_of_the_images(out, read_corpus(path, reading=reading), what=what)


def run_folder_of(location: str | Path) -> Path:
    """Where the run of a corpus goes when nothing else is said: ``runs/`` and the name of the corpus."""
    name = Path(os.path.abspath(location)).name if str(location) not in BUILT_IN else str(location)  # noqa: PTH100  (a link keeps its name)
    while Path(name).suffix.lower() in ENDINGS and Path(name).stem:
        name = Path(name).stem
    return Path(RUNS) / (name or "run")


def check_place(out: Path, location: str | Path, *, reading: Reading, **wishes: bool) -> None:
    """See that a run can go to a folder, before any framework is loaded; nothing is written yet.

    Args:
        out: the run folder.
        location: of the corpus.
        reading: how the corpus is read.
        wishes: of `RunFolder.check`.

    Raises:
        HubelError: as `keep_out_of_the_corpus` and `RunFolder.check`; or there is no corpus.
    """
    check_there(location)
    check_is_no_run(location)
    keep_out_of_the_corpus(out, location, reading=reading)
    if os.path.isdir(out) or wishes["resume"]:  # noqa: PTH112  (a name that no file system takes is said when it is made)
        RunFolder(out).check(**wishes)


def _is_list(path: Path) -> bool:
    """Whether the images lie in folders that the corpus only names."""
    lists = [entry for entry in FORMATS.values() if "images" in entry.honours]
    return is_there(path) and any(entry.fits(path, names_near(path)) for entry in lists)


def keep_out_of_the_images(out: Path, corpus: Corpus, *, what: str = "folder") -> None:
    """See that what is written lies in no folder that holds images of a corpus, nor below one.

    Args:
        out: the folder or file that will be written.
        corpus: whose images must stay alone.
        what: it is: ``"folder"`` or ``"file"``.

    Raises:
        WrongRequest: it does.
    """
    holding = [folder for folder in image_folders(corpus) if real_path(out).is_relative_to(real_path(folder))]
    if holding:
        top = min(holding, key=lambda folder: len(folder.parts))
        holds = f"holds images of the corpus {corpus.location}, where nothing is ever written"
        same = real_path(out) == real_path(top)
        raise _refused(out, holds if same else f"lies inside {top}, which {holds}", folder=top, what=what)


def image_folders(corpus: Corpus) -> list[Path]:
    """The folders on disk that hold images of a corpus themselves; none where its images lie inside of files."""
    source = corpus.source
    if not isinstance(source, TreeSource) or not isinstance(source.tree, FolderTree):
        return []
    names = dict.fromkeys(os.path.dirname(path) for path in source.paths)  # noqa: PTH120  (one Path for each image is slow)
    return [source.tree.root / name for name in names]


def check_output_file(
    out: Path, *, endings: Sequence[str] = (), run: Path | None = None, made_of: Iterable[Path] = ()
) -> None:
    """See that a file that is drawn has the right ending, and lies neither in the corpus nor in place of its source.

    Args:
        out: the file that will be written.
        endings: in small letters; any where none is given.
        run: the run folder that is looked into.
        made_of: files that are read for it.

    Raises:
        WrongRequest: it has another ending, or lies there.
    """
    if endings and out.suffix.lower() not in endings:
        known = " or ".join(endings)
        raise WrongRequest(Option("out"), f" takes a file that ends in {known}. Received: {out.name!r}.")
    for source in made_of:
        if real_path(out) == real_path(source):
            raise WrongRequest(
                Option("out", str(out)), " would replace the file that it is drawn from. Choose another name."
            )
    corpus = None if run is None else _corpus_of(run)
    if corpus is not None:
        keep_out_of_the_corpus(out, corpus[0], reading=corpus[1], what="file")


def _corpus_of(run: Path) -> tuple[str, Reading] | None:
    """Where the corpus of a run was, and how it was read; None where that is not known, or nothing is there."""
    try:
        document = read_document(run) if is_file(run / RUN) else {}
        location = document.get("corpus", {}).get("location", "")
        return (location, reading_of(document.get("request", {}))) if location and is_there(location) else None
    except (UnusableInput, AttributeError):
        return None  # a damaged run is the matter of who reads it


def _refused(out: Path, why: str, *, folder: Path, what: str) -> WrongRequest:
    """The error, with a place beside the folder that would do."""
    beside = real_path(folder).parent / ("runs" if what == "folder" else "") / real_path(out).name
    better = Option("out", os.path.relpath(beside))
    return WrongRequest(f"The {what} {out} {why}. Choose a {what} beside it: ", better)


def prepare_folder(
    out: Path, location: str | Path, *, names: Iterable[str], reading: Reading, what: str, overwrite: bool
) -> None:
    """Make a folder, and show that it can be written, before time is spent; other files in it stay.

    Args:
        out: the folder.
        location: of the corpus.
        names: the files that will be written.
        reading: how the corpus is read.
        what: they are, with its article: ``"an audit"``.
        overwrite: those files may be there already.

    Raises:
        WrongRequest: it lies inside the corpus.
        OutputNotWritable: it holds one of the files already, or cannot be written.
    """
    keep_out_of_the_corpus(out, location, reading=reading)
    with said_plainly(out):
        out.mkdir(parents=True, exist_ok=True)
    taken = [name for name in names if is_there(out / name)]
    if taken and not overwrite:
        raise OutputNotWritable(
            f"{out} holds {what} already ({taken[0]}).",
            Remedy("Choose another folder with ", Option("out"), "."),
            Remedy("Or replace it with ", Option("overwrite", value=True), "."),
        )
