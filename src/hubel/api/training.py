"""``hubel.train``, ``hubel.compare`` and ``hubel.reproduce``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.api.reading_wishes import explain_reading, reading_of
from hubel.api.words import RunLike, optional_path, path_of
from hubel.architectures.families.cnn import CnnSpec
from hubel.corpus.corpus import Corpus
from hubel.events import OnEvent, ignore
from hubel.runs.request import TrainRequest
from hubel.text import parse_duration
from hubel.workflows.comparing.compare import compare_variants
from hubel.workflows.comparing.compare_folder import prepare_compare_folder, write_comparison
from hubel.workflows.comparing.comparison import CompareRequest, Comparison
from hubel.workflows.comparing.variants import select
from hubel.workflows.reproducing.reproduce import reproduce_run
from hubel.workflows.reproducing.reproduce_check import check_repeatable
from hubel.workflows.reproducing.same_result import Reproduction
from hubel.workflows.training.train import Run, train_classifier


@explain_reading
def train(  # noqa: PLR0913, D417  (each is a wish the user may have; a bundle would only hide them)
    corpus: str | Path | Corpus,
    out: str | Path,
    *,
    architecture: str | Path | CnnSpec | None = None,
    weights: str | None = None,
    alpha: float | None = None,
    image_size: int | None = None,
    resize: str | None = None,
    epochs: int | None = None,
    time_limit: str | float | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    mirror: bool | None = None,
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
    from_run: RunLike | None = None,
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
        resize: how images reach that size: ``"squash"``, ``"crop"`` or ``"pad"``.
        epochs: passes over the training split.
        time_limit: seconds, or a text such as ``"90s"``, ``"5m"``, ``"2h"``; for everything up to the saved artefact.
        batch_size: images per step.
        learning_rate: its peak.
        mirror: swap left and right in training; None for only where images have colour.
        corrections: a CSV of labels that a person corrected.
        splits, path_column, label_column, split_column, group_column, images, bands, copies: how it is read.
        seed: of split, weights, shuffling and augmentation.
        overwrite: replace a run that is in ``out``.
        resume: go on with a run that was interrupted in ``out``; everything else as in the call that began it.
        learning_curve: also train on 25 % and 50 % of the training split, and forecast what twice the images bring.
        from_run: begin with the weights of this finished run: its network, its outputs for the classes that it knows
            by name, and its images in the parts that they had there.
        on_event: hears the values of `hubel.events`.

    Returns:
        The run: ``run.classifier``, ``run.metrics``, ``run.path``; with ``learning_curve``, ``run.learning_curve``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.

    Example:
        >>> run = hubel.train("photos/", out="runs/photos", time_limit="5m")  # doctest: +SKIP
        >>> run.metrics["test"]["accuracy"]  # doctest: +SKIP
    """
    reading = reading_of(
        splits=splits, path_column=path_column, label_column=label_column, split_column=split_column,
        group_column=group_column, images=images, bands=bands, copies=copies,
    )  # fmt: skip
    request = TrainRequest(
        corpus,
        Path(out),
        architecture=architecture,
        weights=weights,
        alpha=alpha,
        image_size=image_size,
        resize=resize,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        mirror=mirror,
        time_limit_s=_seconds(time_limit),
        corrections=optional_path(corrections),
        reading=reading,
        seed=seed,
        overwrite=overwrite,
        resume=resume,
        learning_curve=learning_curve,
        from_run=None if from_run is None else path_of(from_run),
    )
    return train_classifier(request, on_event=on_event)


@explain_reading
def compare(  # noqa: PLR0913, D417  (each is a wish the user may have)
    corpus: str | Path | Corpus,
    *,
    architectures: str | Sequence[str] | None = None,
    claims: str | Sequence[str] | None = None,
    epochs: int | None = None,
    time_limit: str | float | None = None,
    image_size: int | None = None,
    max_examples: int | None = None,
    splits: Mapping[str, str] | str | None = None,
    path_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    images: str | Path | None = None,
    bands: Sequence[int] = (),
    copies: str = "near",
    out: str | Path | None = None,
    overwrite: bool = False,
    seed: int = 0,
    on_event: OnEvent = ignore,
) -> Comparison:
    """Train variants side by side, with the same split and budget, and say which is better; as ``hubel compare``.

    Args:
        corpus: a `Corpus`, or a location that `hubel.read_corpus` takes.
        architectures: names, or paths of TOML files, each against each.
        claims: names of sentences that are put to the test, or ``"all"``.
        epochs: passes over the training images, of each.
        time_limit: seconds, or a text such as ``"5m"``, for everything.
        image_size: pixels of the square working size.
        max_examples: use a random part of so many images.
        splits, path_column, label_column, split_column, group_column, images, bands, copies: how it is read.
        out: a folder for compare.json, .csv, .md and .svg; None to write nothing.
        overwrite: replace a comparison that is in ``out``.
        seed: of split, part, weights and shuffling.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``comparison.rows``, ``.pairs`` and ``.claims``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    reading = reading_of(
        splits=splits, path_column=path_column, label_column=label_column, split_column=split_column,
        group_column=group_column, images=images, bands=bands, copies=copies,
    )  # fmt: skip
    folder = optional_path(out)
    request = CompareRequest(
        corpus, select(_joined(architectures), _joined(claims)), epochs=epochs, time_limit_s=_seconds(time_limit),
        image_size=image_size, max_examples=max_examples, seed=seed, reading=reading,
    )  # fmt: skip
    if folder is not None:
        location = corpus.location if isinstance(corpus, Corpus) else str(corpus)
        prepare_compare_folder(folder, location, reading=reading, overwrite=overwrite)
    comparison = compare_variants(request, on_event=on_event)
    if folder is not None:
        write_comparison(comparison, folder)
    return comparison


def reproduce(
    run: RunLike,
    corpus: str | Path | None = None,
    *,
    out: str | Path | None = None,
    anyway: bool = False,
    on_event: OnEvent = ignore,
) -> Reproduction:
    """Train a run again as it wrote itself down, and say whether the result is the same; as ``hubel reproduce``.

    Args:
        run: its folder, or the `Run` that ``hubel.train`` returned.
        corpus: where its images are now, if they have moved.
        out: keep the repetition there; by default it is deleted.
        anyway: go on though images or files are not what they were.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``reproduction.result.same``, and ``.differences``.

    Raises:
        HubelError: a subclass says what is missing or changed.
    """
    checked = check_repeatable(path_of(run), corpus, anyway=anyway, on_event=on_event)
    return reproduce_run(checked, out=optional_path(out), on_event=on_event)


def _seconds(time_limit: str | float | None) -> float | None:
    return parse_duration(time_limit) if isinstance(time_limit, str) else time_limit


def _joined(names: str | Sequence[str] | None) -> str | None:
    return names if names is None or isinstance(names, str) else ",".join(names)
