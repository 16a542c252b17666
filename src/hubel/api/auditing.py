"""``hubel.audit_corpus``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hubel.api.reading_wishes import explain_reading, reading_of
from hubel.api.words import optional_path
from hubel.events import OnEvent, ignore
from hubel.workflows.auditing.audit import Audit, prepare_audit_folder, write_audit
from hubel.workflows.auditing.audit import audit_corpus as look_at
from hubel.workflows.auditing.audit_words import Given


@explain_reading
def audit_corpus(  # noqa: PLR0913, D417  (each is a wish the user may have)
    corpus: str | Path,
    out: str | Path | None = None,
    *,
    suspect_labels: bool = False,
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
        out: a folder for a page with the images, and tables; None to write nothing.
        suspect_labels: also rank the labels that are worth a second look.
        corrections: a CSV of labels that a person corrected; the audit is of the corrected corpus.
        splits, path_column, label_column, split_column, group_column, images, bands, copies: how it is read.
        overwrite: replace an audit that is in ``out``.
        weights: of the network behind ``suspect_labels``: ``"imagenet"``, which may download them; ``"none"``; or the
            path of a Keras weights file of mobilenet. By default ImageNet's where this machine has them.
        time_limit: of ``suspect_labels``, as of `hubel.train`.
        seed: of the classifiers behind ``suspect_labels``.
        on_event: hears the values of `hubel.events`.

    Returns:
        The audit: ``audit.findings``, ``audit.corpus``, ``audit.leaks``.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    reading = reading_of(
        splits=splits, path_column=path_column, label_column=label_column, split_column=split_column,
        group_column=group_column, images=images, bands=bands, copies=copies,
    )  # fmt: skip
    folder = optional_path(out)
    if folder is not None:
        prepare_audit_folder(folder, str(corpus), reading=reading, overwrite=overwrite)
    audit = look_at(corpus, corrections=optional_path(corrections), reading=reading, on_event=on_event)
    if suspect_labels and len(audit.corpus.class_names) > 1:
        audit = _doubted(audit, (weights, time_limit, seed, reading.bands), on_event)
    if folder is not None:
        given = Given(str(corpus), reading.options, optional_path(corrections), weights, seed)
        write_audit(audit, folder, given=given, on_event=on_event)
    return audit


def _doubted(
    audit: Audit, wishes: tuple[str | None, str | float | None, int, tuple[int, ...]], on_event: OnEvent
) -> Audit:
    from hubel.text import parse_duration  # noqa: PLC0415  (both load the framework, only where asked)
    from hubel.workflows.auditing.suspects import LIMIT_S, Doubts, find_suspects  # noqa: PLC0415

    weights, time_limit, seed, bands = wishes
    limit_s = LIMIT_S if time_limit is None else parse_duration(str(time_limit))
    suspects = find_suspects(audit.corpus, Doubts(weights, seed, limit_s, bands), on_event=on_event)
    return audit.with_suspects(suspects.findings, suspects.ranking, expected_share=suspects.expected_share)
