"""Whether answers can be written where the user says: looked at before any model is loaded."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hubel.errors import OutputNotWritable, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import is_folder, is_there, real_path, said_plainly
from hubel.text import counted
from hubel.workflows.predicting.forms import FEATURES_ENDING, form_of
from hubel.workflows.predicting.unfinished import Unfinished


def check_place(
    out: Path, features: Path | None, *, inputs: Sequence[str], resume: bool = False, overwrite: bool = False
) -> bool:
    """See that answers can be written there; nothing is written yet.

    Args:
        out: the file with the answers.
        features: the file with the feature vectors, if any.
        inputs: what the user named.
        resume: what is unfinished is gone on with.
        overwrite: what is there may be replaced.

    Returns:
        Whether there is something to do: False where the file that is to be resumed is finished.

    Raises:
        WrongRequest: the name does not fit, or lies in a folder that is read.
        OutputNotWritable: something is there already, or nothing can be written there.
    """
    form_of(out)
    if features is not None and features.suffix.lower() != FEATURES_ENDING:
        raise WrongRequest(
            f"Feature vectors go into a file that ends in {FEATURES_ENDING}. Received: {features.name!r}."
        )
    if resume and overwrite:
        raise WrongRequest(
            Option("resume"), " goes on with what is there, and ", Option("overwrite"), " replaces it. Leave one out."
        )
    paths = [out] if features is None else [out, features]
    for path in paths:
        _check_beside(path, inputs)
    unfinished = Unfinished(out)
    begun = unfinished.read() if is_there(unfinished.folder) else None
    there = [path for path in paths if is_there(path)]
    if resume and begun is None and there:
        return _finished(paths, there)
    if not resume and not overwrite:
        _check_free(unfinished, answered=0 if begun is None else begun[0].named + begun[0].refused, there=there)
    for path in paths:
        _check_writable(path)
    return True


def _check_beside(path: Path, inputs: Sequence[str]) -> None:
    """Nothing is written where images are read: what is written would be found there."""
    for each in inputs:
        if is_folder(each) and real_path(path).is_relative_to(real_path(each)):
            beside = os.path.relpath(real_path(each).parent / path.name)
            raise WrongRequest(
                f"The file {path} lies inside {each}, which is read. Choose a file beside it: ", Option("out", beside)
            )


def _finished(paths: Sequence[Path], there: Sequence[Path]) -> bool:
    """There is nothing to go on with.

    Raises:
        OutputNotWritable: a part of what is wanted is missing.
    """
    missing = [path for path in paths if path not in there]
    if missing:
        raise OutputNotWritable(
            f"{there[0]} is finished, but {missing[0]} is not there: nothing is left to go on with.",
            Remedy(
                "Make both anew: ", Option("overwrite", value=True), " in place of ", Option("resume", value=True), "."
            ),
        )
    return False


def _check_free(unfinished: Unfinished, *, answered: int, there: Sequence[Path]) -> None:
    out = unfinished.out
    names = (out.with_stem(f"{out.stem}-{number}") for number in itertools.count(2))
    free = next(each for each in names if not is_there(each))
    elsewhere = Remedy("Or choose another file with ", Option("out", str(free)), ".")
    if answered:
        raise OutputNotWritable(
            f"{out} is not finished: {unfinished.folder} keeps the answers of {counted(answered, 'image')}.",
            Remedy("Go on: the same options, plus ", Option("resume", value=True), "."),
            Remedy("Or begin anew with ", Option("overwrite", value=True), "."),
            elsewhere,
        )
    if there:
        raise OutputNotWritable(
            f"{there[0]} is there already.", Remedy("Replace it with ", Option("overwrite", value=True), "."), elsewhere
        )


def _check_writable(path: Path) -> None:
    if is_folder(path):
        raise OutputNotWritable(f"{path} is a folder. Name a file in it: ", Option("out", str(path / "names.csv")))
    with said_plainly(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
