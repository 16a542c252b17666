"""What the user typed → what answers for images, a run or a model file with what is said of it; are images there?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hubel.architectures.file_kinds import is_model_target
from hubel.catalogue import Later
from hubel.engines.catalogue import load_classifier, load_foreign_classifier
from hubel.errors import UnusableInput, WrongRequest
from hubel.errors.wording import Option, Remedy
from hubel.files import is_file, is_there, look_at, shown
from hubel.wishes import AUTO

if TYPE_CHECKING:
    from hubel.classifier.classifier import Classifier
    from hubel.classifier.foreign_classifier import ForeignClassifier

OF_THE_CORPUS = "corpus"
"""What is typed for: the class names of the corpus, in alphabetical order."""
is_example: Callable[[str], bool] = Later("hubel.corpus.example_images", "is_example")
why_not_there: Callable[[str | Path], str] = Later("hubel.corpus.not_there", "why_not_there")
MOST_NAME_BYTES = 10_000_000


@dataclass(frozen=True)
class Said:
    """What the user says of a model file, which does not say it itself.

    Args:
        class_names: a file of class names, one a line, or ``"corpus"``.
        pixels: a name in `hubel.classifier.pixel_scales.PIXELS`.
        size: (height, width) of the images, for a model that takes any.
    """

    class_names: str | None = None
    pixels: str | None = None
    size: tuple[int, int] | None = None

    @property
    def options(self) -> tuple[Option, ...]:
        """What is said."""
        size = None if self.size is None else "x".join(map(str, self.size))
        given = {"class_names": self.class_names, "pixels": self.pixels, "input": size}
        return tuple(Option(name, text) for name, text in given.items() if text is not None)


NOTHING_SAID = Said()


def check_said(run: Path, said: Said) -> None:
    """See that nothing is said of a run that it knows itself.

    Args:
        run: its folder.
        said: what the user says.

    Raises:
        WrongRequest: it is.
    """
    if said.options:
        option = Option(said.options[0].name)
        raise WrongRequest(
            option, f" is for model files, and {run} is a run, which knows this itself. Leave out ", option, "."
        )


def open_target(target: Path, said: Said = NOTHING_SAID, *, engine: str = AUTO) -> Classifier | ForeignClassifier:
    """A run's classifier, or that of a model file.

    Args:
        target: a run folder, or a model file.
        said: of a model file, what the user knows of it.
        engine: of a run: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``. A model file is run by Keras.

    Raises:
        WrongRequest: something is said of a run, which knows it itself; or it does not fit the model.
        UnusableInput: there is no such run or file, or it cannot be used.
    """
    if is_model_target(target):
        if engine == "onnx":
            raise WrongRequest(
                f"{target} is a model file, which holds no compiled graph.", Remedy("Leave ", Option("engine"), " out.")
            )
        return open_foreign(target, said)
    check_said(target, said)
    return load_classifier(target, engine=engine)


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
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").rstrip().splitlines()]
    except UnicodeDecodeError as error:
        raise UnusableInput(f"{path} is not UTF-8 text: {error.reason}. It needs one class name per line.") from error
    if not names:
        raise UnusableInput(f"{path} is empty. It needs one class name per line, in the order of the model's outputs.")
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if not name or name in seen:
            what = f"names {name!r} again" if name else "is empty"
            raise UnusableInput(f"{path}: line {number} {what}. Each line is the name of one output.")
        seen.add(name)
    return tuple(names)


def check_inputs(inputs: Sequence[str | bytes]) -> None:
    """Refuse inputs of which none is there, before any model is loaded; a part of them is answered one by one.

    Raises:
        UnusableInput: naming the first input.
    """
    if not inputs:
        raise UnusableInput("Standard input named no image. Send paths, one per line, or the bytes of one image.")
    paths = [each for each in inputs if isinstance(each, str)]
    if len(paths) == len(inputs) and not any(map(_may_be_there, paths)):
        look_at(paths[0])  # says why where the system does
        raise UnusableInput(
            f"There is no file or folder '{shown(paths[0])}'."
            f"{why_not_there(paths[0]) or ' Give images, or folders or archives of images.'}"
        )


def _may_be_there(path: str) -> bool:
    try:
        return is_there(path) or is_example(path)
    except UnusableInput:
        return False
