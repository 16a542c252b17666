"""``hubel.export``."""

# ruff: noqa: A002  (keywords are called as the options of the command are)

from __future__ import annotations

from pathlib import Path

from hubel.api.explain import explain
from hubel.api.words import RunLike, optional_path, path_of
from hubel.events import OnEvent, ignore
from hubel.exports.folder import Export
from hubel.page.exported import ExportedPage
from hubel.wishes import EXPORTING
from hubel.workflows.exporting.export import check_no_page, export_as
from hubel.workflows.exporting.into_run import export_into_run
from hubel.workflows.exporting.page_request import PageRequest


@explain(EXPORTING)
def export(  # noqa: PLR0913, D417  (each is a wish the user may have)
    run: RunLike,
    corpus: str | Path | None = None,
    *,
    format: str | None = None,
    out: str | Path | None = None,
    quantize: str | None = None,
    examples: int | None = None,
    excite: bool = False,
    overwrite: bool = False,
    into_run: bool = False,
    on_event: OnEvent = ignore,
) -> Export | ExportedPage:
    """Write a run in the format of others, with a program of its own, held against the classifier; as ``hubel export``.

    Args:
        run: its folder, or the `Run` that ``hubel.train`` returned.
        corpus: where its images are now, if they have moved.
        the wishes: each as its row in `hubel.wishes` says.
        on_event: hears the values of `hubel.events`.

    Returns:
        ``export.parity``, ``export.files`` and ``export.folder``; of a page its ``path``.

    Raises:
        ClaimFailed: the export does not answer like the classifier; nothing is written.
        HubelError: another subclass says what is missing, or in the way.
    """
    folder, location = optional_path(out), None if corpus is None else str(corpus)
    if into_run:
        check_no_page(examples, excite=excite)
        return export_into_run(
            path_of(run), location, format_name=format, out=folder, quantize=quantize, on_event=on_event
        )
    request = PageRequest(path_of(run), location, folder, quantize, examples, excite, overwrite)
    return export_as(request, format, on_event=on_event)
