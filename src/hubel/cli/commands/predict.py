"""``hubel predict``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.run_command import RunCommand, model_file_options
from hubel.cli.show.predict import WRITERS, Shown
from hubel.text import counted
from hubel.wishes import ENGINE

if TYPE_CHECKING:
    from hubel.classifier.answering import Answering
    from hubel.workflows.opening import Said
    from hubel.workflows.predict import InputAnswer


MOST_KINDS = 8
"""Kinds of files passed over that are listed."""


@click.command("predict", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, required=True)
@click.option(
    "--format", "form", type=click.Choice(tuple(WRITERS)), default="table", show_default=True, help="Output format."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--top", type=click.IntRange(1), default=1, show_default=True, metavar="K", help="Classes shown in table and csv."
)
@click.option(
    "--abstain", "coverage", type=float, metavar="COVERAGE",
    help="0.50, 0.51 ... 0.99: name the set of classes that holds the true one in that share of images like those of "
    "the corpus, and abstain unless it is one class.",
)  # fmt: skip
@click.option(
    "--engine", metavar=ENGINE.metavar, default=ENGINE.default, show_default=True, help=str(ENGINE.help)
)  # fmt: skip
@model_file_options()
def command(  # noqa: PLR0913  (one for each option)
    run: Path, inputs: tuple[str, ...], *, form: str, as_json: bool, top: int, coverage: float | None, engine: str,
    said: Said,
) -> int:  # fmt: skip
    """Say what each INPUT shows: files, folders, zip or tar archives, or - for standard input.

    Standard input takes paths, one per line, or the bytes of one image: hubel predict RUN - < image.png

    Prints the answers in the order of the inputs. An image that cannot be read is listed with the reason; the others
    are classified all the same. Files in a folder that are not images, such as .txt or .pdf, are skipped and counted.
    Images that look unlike the training images are marked.

    RUN is a run folder, or a Keras model file, such as model.keras: its probabilities are then the model's own, not
    calibrated.

    With --abstain, the promise is printed together with the coverage found on the run's own test images.
    """
    if coverage is not None:
        from hubel.classifier.prediction_sets import place_of

        place_of(coverage)
    given = list(_expanded(inputs))
    from hubel.workflows.opening import check_inputs, open_target

    check_inputs(given)
    classifier = open_target(run, said, engine=engine)
    from hubel.workflows.predict import predict_files

    classifier.check_coverage(coverage)
    for sentence in classifier.assumptions():
        click.echo(f"Note: {sentence}", err=True)
    outcomes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()

    def noted(answers: Iterable[InputAnswer]) -> Iterator[InputAnswer]:
        for answer in answers:
            if answer.passed_over:
                kinds[answer.passed_over] += 1
                continue
            outcomes["refused" if answer.error is not None else "named"] += 1
            yield answer

    shown = Shown(min(top, len(classifier.class_names)), with_sets=coverage is not None)
    WRITERS["json" if as_json else form](noted(predict_files(classifier, given, coverage=coverage)), shown)
    if coverage is not None:
        click.echo(_promise(run, classifier, coverage=coverage), err=True)
    if kinds:
        click.echo(_passed_over(kinds), err=True)
    if outcomes["refused"]:
        refused, total = outcomes["refused"], outcomes.total()
        click.echo(
            "It could not be read." if total == 1 else f"{refused:,} of {total:,} inputs could not be read.", err=True
        )
    return 4 if outcomes["refused"] else 0


def _passed_over(kinds: Counter[str]) -> str:
    """How many files beside the images were no images, by kind, the most frequent first."""
    from hubel.text import one_line

    listed = [f"{count:,} {one_line(kind)}" for kind, count in kinds.most_common()]
    if len(listed) > MOST_KINDS:
        listed[MOST_KINDS:] = [counted(len(listed) - MOST_KINDS, "other kind")]
    total = kinds.total()
    what = "file that is not an image" if total == 1 else "files that are not images"
    return f"Skipped {total:,} {what}: {', '.join(listed)}."


def _promise(run: Path, classifier: Answering, *, coverage: float) -> str:
    """What was promised, and what became of it on the run's own test images."""
    from hubel.runs.finished_run import score_promise

    promised = f"Promised: the true class is in {coverage * 100:.0f} % of the sets"
    sets = classifier.sets
    score = None if sets is None else score_promise(run, sets, class_names=classifier.class_names, coverage=coverage)
    if score is None:
        return f"{promised}; there is no test score beside this classifier to check that. Give the whole run folder."
    low, high = score.interval
    found = f"it was in {score.coverage:.1%} ({low:.1%} to {high:.1%})".replace("%", " %")
    less = " That is less than promised: the test images are unlike the validation images behind it."
    return f"{promised}; on the run's {counted(score.examples, 'test image')} {found}.{less if high < coverage else ''}"


def _expanded(inputs: tuple[str, ...]) -> Iterator[str | bytes]:
    for text in inputs:
        if text == "-":
            from hubel.workflows.predict import read_standard_input

            yield from read_standard_input(sys.stdin.buffer.read())
        else:
            yield text
