"""``hubel.load``, ``hubel.evaluate`` and ``hubel.verify``."""

# ruff: noqa: A002  (keywords are called as the options of the command are)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.api.explain import explain
from hubel.api.words import Numbers, RunLike, optional_path, path_of, said_of_a_model
from hubel.classifier.classifier import Classifier
from hubel.classifier.foreign_classifier import ForeignClassifier
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore
from hubel.wishes import AUTO, SCORING
from hubel.workflows.evaluating.score import Score, score
from hubel.workflows.evaluating.score_wishes import ScoreWishes
from hubel.workflows.opening import open_target
from hubel.workflows.verify import Verification, verify_artefact


def load(
    run: RunLike,
    *,
    engine: str = AUTO,
    class_names: str | Path | None = None,
    pixels: str | None = None,
    input: Numbers = None,
) -> Classifier | ForeignClassifier:
    """Load a classifier: a run folder, or its ``classifier/`` folder, or a model file of Keras. It runs no code of it.

    Args:
        run: its path, or the `Run` that ``hubel.train`` returned.
        engine: of a run: ``"onnx"``, which runs its compiled graph; ``"keras"``; or ``"auto"`` for the first where it
            can be used.
        class_names: of a model file: a text file with its class names, one a line, in the order of its outputs.
        pixels: of a model file that does not scale its pixels itself: ``"0..255"``, ``"0..1"``, ``"-1..1"``,
            ``"caffe"`` or ``"torch"``.
        input: of a model file that takes images of any size: (height, width).

    Raises:
        UnusableInput: there is no classifier.
        DamagedArtefact: it has changed since it was written.
        ClaimFailed: it does not answer here as it did where it was saved; asked once for each machine and libraries.
    """
    said = said_of_a_model(pixels=pixels, size=input, class_names=class_names)
    return open_target(path_of(run), said, engine=engine)


@explain(SCORING)
def evaluate(  # noqa: PLR0913, D417  (each is a wish the user may have)
    run: RunLike,
    corpus: str | Path | None = None,
    *,
    against: RunLike | None = None,
    strangers: str | Path | None = None,
    engine: str = AUTO,
    splits: Mapping[str, str] | str | None = None,
    path_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    images: str | Path | None = None,
    class_names: str | Path | None = None,
    pixels: str | None = None,
    input: Numbers = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    on_event: OnEvent = ignore,
) -> Score:
    """Score a run on its own test split, or a run or a model file on another corpus; as ``hubel evaluate``.

    Args:
        run: a run folder or a model file, or the `Run` that ``hubel.train`` returned.
        corpus: a location that `hubel.read_corpus` takes; None for the run's own test split.
        the wishes: each as its row in `hubel.wishes` says.
        class_names: of a model file, as of `hubel.load`; or ``"corpus"`` for the classes of the corpus.
        pixels: of a model file, as of `hubel.load`.
        input: of a model file, as of `hubel.load`.
        on_event: hears the values of `hubel.events`.

    Returns:
        The score; with ``against`` the comparison of the two, with ``strangers`` how many of them are flagged.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    reading = make_reading(locals())
    other = None if against is None else path_of(against)
    said = said_of_a_model(pixels=pixels, size=input, class_names=class_names)
    location, strange = (None if each is None else str(each) for each in (corpus, strangers))
    wishes = ScoreWishes(
        path_of(run), location, said, other, strange, reading, optional_path(out), overwrite, engine=engine
    )
    return score(wishes, on_event=on_event)


def verify(run: RunLike) -> Verification:
    """Check that a classifier is undamaged and answers as it did when it was saved. As ``hubel verify``.

    Returns:
        ``verification.holds``, and the checks one by one.

    Raises:
        UnusableInput: there is no classifier.
    """
    return verify_artefact(path_of(run))
