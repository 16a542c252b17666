"""The folder that a command writes into: never inside the corpus, never over what is there without being asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hubel.errors import OutputNotWritable, WrongRequest
from hubel.files import said_plainly


def keep_out_of_the_corpus(out: Path, location: str | Path) -> None:
    """See that a folder lies beside the corpus.

    Raises:
        WrongRequest: it lies inside, where nothing is ever written.
    """
    if Path(location).is_dir() and out.resolve().is_relative_to(Path(location).resolve()):
        raise WrongRequest(
            f"The folder {out} lies inside the corpus {location}, where nothing is ever written. "
            "Choose a folder beside it with -o."
        )


def prepare_folder(out: Path, location: str | Path, names: Iterable[str], *, what: str, overwrite: bool) -> None:
    """Make a folder, and show that it can be written, before time is spent; other files in it stay.

    Args:
        out: the folder.
        location: of the corpus.
        names: the files that will be written.
        what: they are, with its article: ``"an audit"``.
        overwrite: those files may be there already.

    Raises:
        WrongRequest: it lies inside the corpus.
        OutputNotWritable: it holds one of the files already, or cannot be written.
    """
    keep_out_of_the_corpus(out, location)
    taken = [name for name in names if (out / name).exists()]
    if taken and not overwrite:
        raise OutputNotWritable(
            f"{out} holds {what} already ({taken[0]}). Choose another folder with -o, or replace it with --overwrite."
        )
    with said_plainly(out):
        out.mkdir(parents=True, exist_ok=True)
