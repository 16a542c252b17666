"""``hubel audit``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.wish_options import wish_options
from hubel.errors import WrongRequest
from hubel.text import counted
from hubel.wishes import AUDITING

if TYPE_CHECKING:
    from hubel.corpus.reading import Reading


@click.command("audit")
@click.argument("corpus")
@wish_options(AUDITING)
@click.option("--fail-on-leak", is_flag=True, help="Exit with 5 if the given splits leak.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    corpus: str, out: Path | None, *, suspect_labels: bool, shortcuts: bool, corrections: Path | None,
    fail_on_leak: bool, overwrite: bool, seed: int, as_json: bool, weights: str | None, time_limit: str | None,
    reading: Reading,
) -> int:  # fmt: skip
    """Look at every file of CORPUS and say what is wrong with it, before you spend time on training.

    It counts every file, lists the refused ones with the reason and a remedy, and looks for copies, leaks between given
    splits, doubtful labels and images that do not belong. Nothing in the corpus is changed.
    """
    from hubel.cli.show.listen import Listener, print_document
    from hubel.corpus.corpus import check_trainable
    from hubel.workflows.auditing.audit import audit_corpus, prepare_audit_folder, write_audit
    from hubel.workflows.auditing.audit_words import Given

    _check_honoured({"--weights": weights, "--time-limit": time_limit}, suspect_labels=suspect_labels)
    if overwrite and out is None:
        raise WrongRequest("--overwrite replaces what -o writes. Add -o FOLDER, or leave --overwrite out.")
    given = Given(corpus, reading.options, corrections, weights, seed, time_limit)
    if out is not None:
        prepare_audit_folder(out, corpus, reading=reading, overwrite=overwrite)
    with Listener() as listener:
        audit = audit_corpus(corpus, corrections=corrections, reading=reading, on_event=listener)
        if suspect_labels:
            from hubel.cli.show.listen import asking
            from hubel.workflows.auditing.suspects import add_suspects

            allow = asking(listener, asked=weights == "imagenet")
            audit = add_suspects(audit, given, may_download=allow, on_event=listener)
        if shortcuts:
            from hubel.workflows.auditing.shortcuts import add_shortcuts

            audit = add_shortcuts(audit, seed=seed, on_event=listener)
        if out is not None:
            write_audit(audit, out, given=given, on_event=listener)
    if as_json:
        print_document(audit.to_json(), listener)
    else:
        from hubel.cli.show.audit import show_audit

        show_audit(audit, given, out=out)
    check_trainable(audit.corpus)
    if fail_on_leak and audit.leaks:
        click.echo(
            f"Error: the given splits leak: {counted(len(audit.leaks), 'finding')} (--fail-on-leak). Delete the copies "
            "in one of the splits, and audit again.",
            err=True,
        )
        return 5
    return 4 if audit.corpus.refused else 0


def _check_honoured(options: dict[str, str | None], *, suspect_labels: bool) -> None:
    """Refuse what only the search for suspect labels obeys, where it was not asked for; and a time that is none."""
    from hubel.text import parse_duration

    for option, value in options.items():
        if value is not None and not suspect_labels:
            raise WrongRequest(f"{option} belongs to --suspect-labels. Add --suspect-labels, or leave {option} out.")
    if options["--time-limit"] is not None:
        parse_duration(options["--time-limit"])
