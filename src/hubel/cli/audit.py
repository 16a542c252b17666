"""``hubel audit``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.reading import reading_options

if TYPE_CHECKING:
    from hubel.corpus.reading import Reading
    from hubel.workflows.audit import Audit


@click.command("audit")
@click.argument("corpus")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write a page with the pictures, and tables, there.")
@click.option(
    "--suspect-labels", is_flag=True, help="Also rank the labels that are probably wrong; seconds to minutes."
)
@reading_options()
@click.option("--corrections", type=click.Path(path_type=Path), metavar="FILE", help="Labels corrected by a person.")
@click.option("--fail-on-leak", is_flag=True, help="Exit with 5 if the given splits leak.")
@click.option("--overwrite", is_flag=True, help="Replace an audit that is in the folder; other files stay.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the classifiers behind --suspect-labels.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    corpus: str, out: Path | None, *, suspect_labels: bool, corrections: Path | None, fail_on_leak: bool,
    overwrite: bool, seed: int, as_json: bool, reading: Reading,
) -> int:  # fmt: skip
    """Look at every file of CORPUS and say what is wrong with it, before time is spent on training.

    It counts every file, names the refused ones with reason and cure, and looks for copies, leaks between given
    splits, doubtful labels and pictures that do not belong. Nothing in the corpus is changed.
    """
    from hubel.cli.listen import Listener, print_document
    from hubel.corpus.corpus import check_trainable
    from hubel.workflows.audit import audit_corpus, prepare_audit_folder, write_audit

    if out is not None:
        prepare_audit_folder(out, corpus, reading=reading, overwrite=overwrite)
    with Listener() as listener:
        audit = audit_corpus(corpus, corrections=corrections, reading=reading, on_event=listener)
        if suspect_labels and len(audit.corpus.class_names) > 1:
            from hubel.workflows.suspects import find_suspects

            suspects = find_suspects(audit.corpus, seed=seed, bands=reading.bands, on_event=listener)
            audit = audit.with_suspects(suspects.findings, suspects.ranking)
        if out is not None:
            write_audit(audit, out, on_event=listener)
    if as_json:
        print_document(audit.to_json(), listener)
    else:
        _show(audit, [corpus, *reading.words], out)
    check_trainable(audit.corpus)
    if fail_on_leak and audit.leaks:
        click.echo(f"Error: the given splits leak: {len(audit.leaks)} findings (--fail-on-leak).", err=True)
        return 5
    return 4 if audit.corpus.refused else 0


def _show(audit: Audit, corpus: Sequence[str], out: Path | None) -> None:
    from hubel.cli.render_audit import show_audit

    show_audit(audit, corpus, out)
