"""The Python functions behind ``hubel.train`` and ``hubel.load``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.architectures.spec import CnnSpec
from hubel.classifier.artefact import load_classifier
from hubel.classifier.classifier import Classifier
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore
from hubel.workflows.plan import TrainRequest, parse_duration
from hubel.workflows.train import Run, train_classifier


def train(  # noqa: PLR0913  (each is a wish the user may have; a bundle would only hide them)
    corpus: str | Path | Corpus,
    out: str | Path,
    *,
    architecture: str | Path | CnnSpec | None = None,
    weights: str | None = None,
    alpha: float | None = None,
    image_size: int | None = None,
    epochs: int | None = None,
    time_limit: str | float | None = None,
    corrections: str | Path | None = None,
    splits: Mapping[str, str] | str | None = None,
    path_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    images: str | Path | None = None,
    bands: Sequence[int] = (),
    copies: str = "near",
    seed: int = 0,
    overwrite: bool = False,
    resume: bool = False,
    learning_curve: bool = False,
    on_event: OnEvent = ignore,
) -> Run:
    """Train a classifier and write its run folder; what is None is chosen from the corpus.

    Args:
        corpus: a `Corpus`, or a location that `read_corpus` takes.
        out: the run folder; it is made if it is not there.
        architecture: a name, such as ``"residual"``; the path of a TOML file with a network of your own; or a
            `CnnSpec`, whose image size is the working size unless ``image_size`` says another.
        weights: ``"imagenet"``, ``"none"``, or the path of a Keras weights file.
        alpha: width of a pretrained backbone, a share of the full one.
        image_size: pixels of the square working size.
        epochs: passes over the training split.
        time_limit: seconds, or a text such as ``"90s"``, ``"5m"``, ``"2h"``; for everything up to the saved artefact.
        corrections: a CSV of labels that a person corrected.
        splits: name of a folder, or a word of the split column → ``"train"``, ``"validation"`` or ``"test"``; or
            ``"none"``: every folder is a class.
        path_column: of a list, with the names of the files.
        label_column: with the labels; or several columns that hold 1 for the class and 0 else.
        split_column: with the words train, validation and test.
        group_column: whose equal values stay on one side of the split.
        images: the folder in which the files of a list lie.
        bands: which bands of the images, counted from 1, are red, green and blue (or the one that is grey).
        copies: what stays on one side of the split: ``"near"`` (the same image saved again), ``"exact"``, ``"off"``.
        seed: of split, weights, shuffling and augmentation.
        overwrite: replace a run that is in ``out``.
        resume: go on with a run that was interrupted in ``out``; everything else as in the call that began it.
        learning_curve: also train on 25 % and 50 % of the training split, and forecast what twice the pictures bring.
        on_event: hears the values of `hubel.events`.

    Returns:
        The run: ``run.classifier``, ``run.metrics``, ``run.path``; with ``learning_curve``, ``run.learning_curve``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.

    Example:
        >>> run = hubel.train("photos/", out="runs/photos", time_limit="5m")  # doctest: +SKIP
        >>> run.metrics["test"]["accuracy"]  # doctest: +SKIP
    """
    reading = {
        "splits": splits, "path_column": path_column, "label_column": label_column, "split_column": split_column,
        "group_column": group_column, "images": images, "bands": bands, "copies": copies,
    }  # fmt: skip
    request = TrainRequest(
        corpus,
        Path(out),
        architecture=architecture,
        weights=weights,
        alpha=alpha,
        image_size=image_size,
        epochs=epochs,
        time_limit_s=parse_duration(time_limit) if isinstance(time_limit, str) else time_limit,
        corrections=None if corrections is None else Path(corrections),
        reading=make_reading(reading),
        seed=seed,
        overwrite=overwrite,
        resume=resume,
        learning_curve=learning_curve,
    )
    return train_classifier(request, on_event=on_event)


def load(path: str | Path) -> Classifier:
    """Load a classifier: a run folder, or its ``classifier/`` folder. It runs no code from there.

    Raises:
        UnusableInput: there is no classifier.
        DamagedArtefact: it is not as it was written.
        ClaimFailed: it does not answer here as it did where it was saved; asked once for each machine and libraries.
    """
    return load_classifier(Path(path))
