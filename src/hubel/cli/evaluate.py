"""``hubel evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from hubel.cli.reading import reading_options
from hubel.corpus.reading import FOR_LISTS, Reading
from hubel.errors import WrongRequest


@click.command("evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="RUN_B",
    help="Is RUN better than this other run? On the test pictures that both have, or on CORPUS.",
)  # fmt: skip
@click.option(
    "--strangers", metavar="CORPUS",
    help="Does RUN notice that these pictures are unlike its own? Labels do not matter.",
)  # fmt: skip
@reading_options(*FOR_LISTS)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(
    run: Path, corpus: str | None, *, against: Path | None, strangers: str | None, as_json: bool, reading: Reading,
) -> int:  # fmt: skip
    """Score RUN on its own test split, or on all pictures of another CORPUS.

    Classes of another corpus are matched by name.

    \b
    hubel evaluate runs/a                          its score again, from the pictures
    hubel evaluate runs/a --against runs/b         better, worse, or cannot tell
    hubel evaluate runs/a other/ --against runs/b  the same, on pictures of your choice
    hubel evaluate runs/a --strangers other/       the score that flags pictures unlike the corpus
    """  # noqa: D301  (click's mark against re-wrapping)
    if reading.wishes and corpus is None and strangers is None:
        raise WrongRequest(
            f"{reading.words[0]} says how a corpus is read; the run's own is read as in training. Name a CORPUS, or "
            "leave it out."
        )
    if strangers is not None:
        if corpus is not None or against is not None:
            given = "--against" if corpus is None else f"the corpus {corpus!r}"
            raise WrongRequest(
                f"--strangers is measured alone, with the run's own test pictures; {given} was given too. Type two "
                "commands."
            )
        return _strangers(run, strangers, reading, as_json=as_json)
    if against is not None:
        return _against(run, against, corpus, reading, as_json=as_json)
    return _score(run, corpus, reading, as_json=as_json)


def _score(run: Path, corpus: str | None, reading: Reading, *, as_json: bool) -> int:
    from hubel.cli.listen import Listener, print_document
    from hubel.cli.render import console, show_report, show_without_leaks
    from hubel.workflows.evaluate import evaluate_run

    with Listener() as listener:
        evaluation = evaluate_run(run, corpus, reading=reading, on_event=listener)
    if as_json:
        print_document(evaluation.to_json(), listener)
    else:
        out = console()
        out.print(f"{run} on {evaluation.location}")
        show_report(out, evaluation.report, split=evaluation.split)
        show_without_leaks(out, evaluation.report, evaluation.without_leaks)
    return 4 if evaluation.corpus.refused else 0


def _against(run: Path, other: Path, corpus: str | None, reading: Reading, *, as_json: bool) -> int:
    from hubel.cli.listen import Listener, print_document
    from hubel.workflows.against import compare_runs

    code = 0
    with Listener() as listener:
        if corpus is None:
            compared = compare_runs(run, other, on_event=listener)
        else:
            from hubel.workflows.against_corpus import compare_on_corpus

            compared, read = compare_on_corpus(run, other, corpus, reading=reading, on_event=listener)
            code = 4 if read.refused else 0
    if as_json:
        print_document(compared.to_json(), listener)
    else:
        from hubel.cli.render_evaluate import show_against

        show_against(compared)
    return code


def _strangers(run: Path, location: str, reading: Reading, *, as_json: bool) -> int:
    from hubel.workflows.finished_run import read_off_corpus

    read_off_corpus(run)  # what is missing is said before anything is loaded
    from hubel.cli.listen import Listener, print_document
    from hubel.workflows.strangers import score_strangers

    with Listener() as listener:
        score = score_strangers(run, location, reading=reading, on_event=listener)
    if as_json:
        print_document(score.to_json(), listener)
    else:
        from hubel.cli.render_evaluate import show_strangers

        show_strangers(score)
    return 4 if score.refused else 0
