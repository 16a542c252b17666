"""``hubel.train``, ``hubel.compare`` and ``hubel.reproduce``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hubel.api.explain import explain
from hubel.api.words import RunLike, optional_path, path_of
from hubel.architectures.families.cnn import CnnSpec
from hubel.corpus.corpus import Corpus
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore
from hubel.runs.request import make_request
from hubel.wishes import COMPARING, TRAINING
from hubel.workflows.comparing.compare_folder import compare_into
from hubel.workflows.comparing.comparison import Comparison, make_compare_request
from hubel.workflows.reproducing.reproduce import reproduce_run
from hubel.workflows.reproducing.reproduce_check import check_repeatable
from hubel.workflows.reproducing.same_result import Reproduction
from hubel.workflows.training.train import train_classifier

if TYPE_CHECKING:
    from hubel.workflows.training.write_run import Run


@explain(TRAINING)
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
    augment: str | None = None,
    tta: str | None = None,
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
        the wishes: each as its row in `hubel.wishes` says.
        on_event: hears the values of `hubel.events`.

    Returns:
        The run: ``run.classifier``, ``run.metrics``, ``run.path``; with ``learning_curve``, ``run.learning_curve``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.

    Example:
        >>> run = hubel.train("photos/", out="runs/photos", time_limit="5m")  # doctest: +SKIP
        >>> run.metrics["test"]["accuracy"]  # doctest: +SKIP
    """
    wishes = locals() | {"from_run": None if from_run is None else path_of(from_run)}
    return train_classifier(make_request(corpus, wishes, reading=make_reading(wishes)), on_event=on_event)


@explain(COMPARING)
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
        the wishes: each as its row in `hubel.wishes` says.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``comparison.rows``, ``.pairs`` and ``.claims``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    wishes = locals()
    request = make_compare_request(corpus, wishes, reading=make_reading(wishes))
    return compare_into(optional_path(out), request, overwrite=overwrite, on_event=on_event)


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
        anyway: continue even if images or files are not what they were.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``reproduction.result.same``, and ``.differences``.

    Raises:
        HubelError: a subclass says what is missing or changed.
    """
    checked = check_repeatable(path_of(run), corpus, anyway=anyway, on_event=on_event)
    return reproduce_run(checked, out=optional_path(out), on_event=on_event)
