"""A target that the user typed → what answers for images: a run, or a model file with what the user says of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hubel.architectures.file_kinds import is_model_target
from hubel.engines.catalogue import load_classifier, load_foreign_classifier
from hubel.errors import UnusableInput, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import is_file, look_at
from hubel.workflows.said import NOTHING_SAID, OF_THE_CORPUS, Said, check_said

if TYPE_CHECKING:
    from hubel.classifier.answering import Answering
    from hubel.classifier.foreign_classifier import ForeignClassifier

MOST_NAME_BYTES = 10_000_000


def open_target(target: Path, said: Said = NOTHING_SAID) -> Answering:
    """A run's classifier, or that of a model file.

    Args:
        target: a run folder, or a model file.
        said: of a model file, what the user knows of it.

    Raises:
        WrongRequest: something is said of a run, which knows it itself; or it does not fit the model.
        UnusableInput: there is no such run or file, or it cannot be used.
    """
    if is_model_target(target):
        return open_foreign(target, said)
    check_said(target, said)
    return load_classifier(target)


def open_foreign(path: Path, said: Said, *, corpus_names: tuple[str, ...] = ()) -> ForeignClassifier:
    """A model file with what is said of it.

    Args:
        path: of the file.
        said: by the user.
        corpus_names: the classes of the corpus, where there is one.

    Raises:
        WrongRequest: it does not fit the model.
        UnusableInput: the model or the class names cannot be read.
    """
    names = _class_names(said.class_names, corpus_names)
    return load_foreign_classifier(path, class_names=names, pixels=said.pixels, size=said.size)


def _class_names(typed: str | None, corpus_names: tuple[str, ...]) -> tuple[str, ...] | None:
    if typed is None:
        return None
    if typed != OF_THE_CORPUS:
        return read_class_names(Path(typed))
    if not corpus_names:
        raise WrongRequest(
            f"{OF_THE_CORPUS!r} takes the class names from the corpus that is scored, and here there is none.",
            Remedy("Give a file with one name per line: ", Option("class_names", "FILE"), "."),
            Remedy("If the file has that name: ", Option("class_names", f"./{OF_THE_CORPUS}"), "."),
        )
    return tuple(sorted(corpus_names))


def read_class_names(path: Path) -> tuple[str, ...]:
    """A text file of class names, one a line, in the order of a model's outputs.

    Raises:
        UnusableInput: it is not there, no text, or a name is empty or there twice.
    """
    if not is_file(path):
        what = "is not a file" if look_at(path) is not None else "is not there"
        raise UnusableInput(f"The file of class names {str(path)!r} {what}. It needs one name per line.")
    if path.stat().st_size > MOST_NAME_BYTES:
        raise UnusableInput(f"{path} has more than {MOST_NAME_BYTES:,} bytes: too many for a list of class names.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path} is not UTF-8 text: {error.reason}. It needs one class name per line.") from error
    names = [line.strip() for line in lines]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise UnusableInput(f"{path} is empty. It needs one class name per line, in the order of the model's outputs.")
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name or name in seen:
            what = f"names {name!r} again" if name else "is empty"
            raise UnusableInput(f"{path}: line {number} {what}. Each line is the name of one output.")
        seen.add(name)
    return tuple(names)
