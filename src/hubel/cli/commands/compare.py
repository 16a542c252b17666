"""``hubel compare``."""

from __future__ import annotations

import time
from pathlib import Path

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
def command(  # noqa: PLR0913  (one for each option)
    corpus: str, *, architectures: str | None, claims: str | None, epochs: int | None, time_limit: str | None,
    image_size: int | None, max_examples: int | None, out: Path | None, overwrite: bool, seed: int, as_json: bool,
    reading: Reading,
) -> int:  # fmt: skip
    """Train variants side by side on CORPUS, with the same split and the same budget, and say which is better.

    With --claims it tests claims about convolutional networks, each with networks that differ in one thing. A
    difference counts only if a paired test on the same test images confirms it; else the verdict is "cannot tell".

    \b
    hubel compare digits --claims all
    hubel compare photos/ --architectures dense,small-cnn,residual --time-limit 5m
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.text import parse_duration
    from hubel.workflows.comparing.variants import select

    selection = select(architectures, claims)
    limit_s = None if time_limit is None else parse_duration(time_limit)
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.comparing.compare_folder import compare_into, to_json
    from hubel.workflows.comparing.comparison import CompareRequest

    request = CompareRequest(
        corpus, selection, epochs=epochs, time_limit_s=limit_s, image_size=image_size, max_examples=max_examples,
        seed=seed, reading=reading,
    )  # fmt: skip
    if overwrite and out is None:
        raise WrongRequest("--overwrite replaces what -o writes. Add -o FOLDER, or leave --overwrite out.")
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
