"""``hubel evaluate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.run_command import RunCommand, model_file_options
from hubel.cli.wish_options import wish_options
from hubel.corpus.reading import Reading
from hubel.text import counted
from hubel.wishes import SCORING

if TYPE_CHECKING:
    from hubel.workflows.evaluating.evaluate import Evaluation, LeftOut
    from hubel.workflows.evaluating.score_wishes import ScoreWishes
    from hubel.workflows.opening import Said


@click.command("evaluate", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@wish_options(SCORING)
@model_file_options()
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, corpus: str | None, *, against: Path | None, strangers: str | None, as_json: bool, reading: Reading,
    said: Said, out: Path | None, overwrite: bool,
) -> int:  # fmt: skip
    """Score RUN on its own test split, or on the images of another CORPUS.

    Images that RUN was trained on, and copies of them, are left out of the score and counted, whatever they are called
    in CORPUS. Its classes are matched by name. RUN is a run folder, or a Keras model file that was trained elsewhere,
    which needs CORPUS and --class-names, and also --pixels unless the model scales its pixels itself. --class-names
    corpus takes the classes of CORPUS in alphabetical order.

    \b
    hubel evaluate runs/a                          its score again, from the images
    hubel evaluate runs/a --against runs/b         better, worse, or cannot tell
    hubel evaluate runs/a other/ --against runs/b  the same, on images of your choice
    hubel evaluate runs/a --strangers other/       the score that flags images unlike the corpus
    hubel evaluate model.keras photos/ --class-names classes.txt --pixels 0..1 -o report
    """  # noqa: D301  (click's mark against re-wrapping)
    from hubel.architectures.file_kinds import is_model_target
    from hubel.workflows.evaluating.score_wishes import ScoreWishes, check_score_of_a_model, check_score_of_a_run

    wishes = ScoreWishes(run, corpus, against, strangers, reading, said, out, overwrite)
    if is_model_target(run):
        return _foreign(wishes, check_score_of_a_model(wishes), as_json=as_json)
    check_score_of_a_run(wishes)
    if strangers is not None:
        return _strangers(run, strangers, reading=reading, as_json=as_json)
    if against is not None:
        return _against(run, against, corpus=corpus, reading=reading, as_json=as_json)
    return _score(run, corpus, reading=reading, as_json=as_json)


def _foreign(wishes: ScoreWishes, corpus: str, *, as_json: bool) -> int:
    from hubel.cli.show.listen import Listener, print_document
    from hubel.cli.show.results import console
    from hubel.workflows.evaluating.evaluate_foreign import ForeignRequest, evaluate_foreign

    request = ForeignRequest(
        wishes.run, corpus, wishes.said, wishes.reading, wishes.out, wishes.overwrite, command=("hubel", *sys.argv[1:])
    )
    with Listener() as listener:
        scored = evaluate_foreign(request, on_event=listener)
    if as_json:
        print_document(scored.to_json(), listener)
    else:
        _show_score(request.path, scored.evaluation)
        if request.out is not None:
            console().print(f"Report: {request.out}/report.html")
    return 4 if scored.evaluation.corpus.refused else 0


def _show_score(target: Path, evaluation: Evaluation) -> None:
    from hubel.cli.show.results import console, show_report, show_without_leaks

    screen = console()
    screen.print(f"{target} on {evaluation.location}{_without(evaluation.left_out)}")
    show_report(screen, evaluation.report, split=evaluation.split)
    show_without_leaks(screen, evaluation.report, without=evaluation.without_leaks)


def _without(left_out: LeftOut | None) -> str:
    """Which images are not in the score; near copies of training images were not themselves trained on."""
    if left_out is None or not left_out.paths:
        return ""
    trained, copies = len(left_out.trained_on), len(left_out.copies)
    parts = [f"{counted(trained, 'image')} it was trained on"] if trained else []
    parts += [f"{counted(copies, 'copy', 'copies')} of {'such' if trained else 'images it was trained on'}"] * (
        copies > 0
    )
    return f", without {' and '.join(parts)}"


def _score(run: Path, corpus: str | None, *, reading: Reading, as_json: bool) -> int:
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.evaluating.evaluate import evaluate_run

    with Listener() as listener:
        evaluation = evaluate_run(run, corpus, reading=reading, on_event=listener)
    if as_json:
        print_document(evaluation.to_json(), listener)
    else:
        _show_score(run, evaluation)
    return 4 if evaluation.corpus.refused else 0


def _against(run: Path, other: Path, *, corpus: str | None, reading: Reading, as_json: bool) -> int:
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.evaluating.compare_runs import compare_runs

    code = 0
    with Listener() as listener:
        if corpus is None:
            compared = compare_runs(run, other, on_event=listener)
        else:
            from hubel.workflows.evaluating.compare_on_corpus import compare_on_corpus

            compared, read = compare_on_corpus(run, other, corpus=corpus, reading=reading, on_event=listener)
            code = 4 if read.refused else 0
    if as_json:
        print_document(compared.to_json(), listener)
    else:
        from hubel.cli.show.evaluate import show_against

        show_against(compared)
    return code


def _strangers(run: Path, location: str, *, reading: Reading, as_json: bool) -> int:
    from hubel.runs.finished_run import read_off_corpus

    read_off_corpus(run)  # what is missing is said before anything is loaded
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.evaluating.off_corpus_test import score_strangers

    with Listener() as listener:
        score = score_strangers(run, location, reading=reading, on_event=listener)
    if as_json:
        print_document(score.to_json(), listener)
    else:
        from hubel.cli.show.evaluate import show_strangers

        show_strangers(score)
    return 4 if score.refused else 0
