"""``hubel.robustness``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.api.explain import explain
from hubel.api.words import RunLike, optional_path, path_of
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore
from hubel.wishes import AUTO, ROBUSTNESS
from hubel.workflows.robustness.robustness import Robustness
from hubel.workflows.robustness.robustness_folder import robustness_into
from hubel.workflows.robustness.robustness_request import RobustnessRequest


@explain(ROBUSTNESS)
def robustness(  # noqa: PLR0913, D417  (each is a wish the user may have)
    run: RunLike,
    corpus: str | Path | None = None,
    *,
    only: str | Sequence[str] | None = None,
    max_examples: int | None = None,
    engine: str = AUTO,
    splits: Mapping[str, str] | str | None = None,
    path_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    images: str | Path | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    on_event: OnEvent = ignore,
) -> Robustness:
    """Change the test images of a run, more and more, and say what that costs; as ``hubel robustness``.

    Args:
        run: a run folder, or the `Run` that ``hubel.train`` returned.
        corpus: a location that `hubel.read_corpus` takes; None for the run's own test split.
        the wishes: each as its row in `hubel.wishes` says.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``robustness.clean``, ``.changes``, ``.groups`` and ``.advice``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    reading = make_reading(locals())
    location = None if corpus is None else str(corpus)
    request = RobustnessRequest(
        path_of(run), location, only, max_examples, engine, reading, optional_path(out), overwrite
    )
    return robustness_into(request, on_event=on_event)
