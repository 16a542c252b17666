"""``hubel compare``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from hubel.architectures.catalogue import ARCHITECTURES
from hubel.cli.wish_options import wish_options
from hubel.corpus.reading import Reading
from hubel.errors import WrongRequest
from hubel.wishes import COMPARING
from hubel.workflows.comparing.variants import CLAIMS

STARTED = time.monotonic()
"""The time limit counts from here: the first thing a training command does."""


@click.command("compare")
@click.argument("corpus")
@wish_options(
    COMPARING, architectures=f"Compared pairwise: {', '.join(ARCHITECTURES)}, or FILE.toml.",
    claims=f"One-change ablations: {', '.join(CLAIMS)}.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON document.")
def command(corpus: str, *, out: Path | None, overwrite: bool, reading: Reading, as_json: bool, **wishes: Any) -> int:
    """Train variants side by side on CORPUS, with the same split and the same budget, and say which is better.

    With --claims it tests claims about convolutional networks, each with networks that differ in one thing. A
    difference counts only if a paired test on the same test images confirms it; else the verdict is "cannot tell".

    \b
    hubel compare digits --claims all
    hubel compare photos/ --architectures dense,small-cnn,residual --time-limit 5m
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.workflows.comparing.comparison import make_compare_request

    request = make_compare_request(corpus, wishes, reading=reading)
    if overwrite and out is None:
        raise WrongRequest("--overwrite replaces what -o writes. Add -o FOLDER, or leave --overwrite out.")
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.comparing.compare_folder import compare_into, to_json

    with Listener() as listener:
        comparison = compare_into(out, request, overwrite=overwrite, started=STARTED, on_event=listener)
    if as_json:
        print_document(to_json(comparison), listener)
    else:
        from hubel.cli.show.compare import show_comparison

        show_comparison(comparison, out)
    if comparison.interrupted:
        return 130
    return 4 if comparison.corpus.refused else 0
