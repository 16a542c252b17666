"""``hubel.audit_corpus``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.api.explain import explain
from hubel.api.words import optional_path
from hubel.catalogue import Later
from hubel.corpus.reading import make_reading
from hubel.events import OnEvent, ignore
from hubel.wishes import AUDITING
from hubel.workflows.auditing.audit import Audit, prepare_audit_folder, write_audit
from hubel.workflows.auditing.audit import audit_corpus as look_at
from hubel.workflows.auditing.audit_words import Given

add_suspects = Later("hubel.workflows.auditing.suspects", "add_suspects")
"""It loads the framework, which an audit alone does without."""
add_shortcuts = Later("hubel.workflows.auditing.shortcuts", "add_shortcuts")


@explain(AUDITING)
def audit_corpus(  # noqa: PLR0913, D417  (each is a wish the user may have)
    corpus: str | Path,
    out: str | Path | None = None,
    *,
    suspect_labels: bool = False,
    shortcuts: bool = False,
    corrections: str | Path | None = None,
    splits: Mapping[str, str] | str | None = None,
    path_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    images: str | Path | None = None,
    bands: Sequence[int] = (),
    copies: str = "near",
    overwrite: bool = False,
    weights: str | None = None,
    time_limit: str | float | None = None,
    seed: int = 0,
    on_event: OnEvent = ignore,
) -> Audit:
    """Look at every file of a corpus and say what is wrong with it; as ``hubel audit``.

    Args:
        corpus: a location that `hubel.read_corpus` takes.
        the wishes: each as its row in `hubel.wishes` says.
        on_event: hears the values of `hubel.events`.

    Returns:
        The audit: ``audit.findings``, ``audit.corpus``, ``audit.leaks``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    reading = make_reading(locals())
    folder, labels = optional_path(out), optional_path(corrections)
    limit = None if time_limit is None else str(time_limit)
    given = Given(str(corpus), reading.options, labels, weights, seed, limit)
    if folder is not None:
        prepare_audit_folder(folder, str(corpus), reading=reading, overwrite=overwrite)
    audit = look_at(corpus, corrections=labels, reading=reading, on_event=on_event)
    if suspect_labels:
        audit = add_suspects(audit, given, on_event=on_event)
    if shortcuts:
        audit = add_shortcuts(audit, seed=seed, on_event=on_event)
    if folder is not None:
        write_audit(audit, folder, given=given, on_event=on_event)
    return audit
