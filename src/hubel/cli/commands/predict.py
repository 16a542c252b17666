"""``hubel predict``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hubel.cli.run_command import RunCommand, model_file_options
from hubel.cli.show.predict import WRITERS
from hubel.errors import WrongRequest
from hubel.text import counted
from hubel.wishes import ENGINE, PREDICTING

if TYPE_CHECKING:
    from hubel.classifier.answering import Answering
    from hubel.workflows.opening import Said
    from hubel.workflows.predicting.answers import InputAnswer
    from hubel.workflows.predicting.to_file import FileWishes


MOST_KINDS = 8
"""Kinds of files passed over that are listed."""
LOOKED_AT = 1000
"""Paths of standard input among which one must be there."""


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
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar=PREDICTING["out"].metavar, help=str(PREDICTING["out"].help)
)
@click.option(
    "--features", type=click.Path(path_type=Path), metavar=PREDICTING["features"].metavar,
    help=str(PREDICTING["features"].help),
)  # fmt: skip
@click.option("--resume", is_flag=True, help=str(PREDICTING["resume"].help))
@click.option("--overwrite", is_flag=True, help=str(PREDICTING["overwrite"].help))
@model_file_options()
def command(  # noqa: PLR0913  (one for each option)
    run: Path, inputs: tuple[str, ...], *, form: str, as_json: bool, top: int, coverage: float | None, engine: str,
    out: Path | None, features: Path | None, resume: bool, overwrite: bool, said: Said,
) -> int:  # fmt: skip
    """Say what each INPUT shows: files, folders, zip or tar archives, Parquet files, or - for standard input.

    Standard input takes paths, one per line, or the bytes of one image: hubel predict RUN - < image.png

    Prints the answers in the order of the inputs. An image that cannot be read is listed with the reason; the others
    are classified all the same. Files in a folder that are not images, such as .txt or .pdf, are skipped and counted.
    Images that look unlike the training images are marked.

    \b
    hubel predict RUN photos -o names.csv            any number of images, to a file
    hubel predict RUN photos -o names.csv --resume   goes on after Ctrl-C, a kill or a crash

    RUN is a run folder, or a Keras model file, such as model.keras: its probabilities are then the model's own, not
    calibrated.

    With --abstain, the promise is printed together with the coverage found on the run's own test images.
    """  # noqa: D301  (click's mark against re-wrapping)
    if coverage is not None:
        from hubel.classifier.prediction_sets import place_of

        place_of(coverage)
    _check_file_words(out, features, resume=resume, overwrite=overwrite, form=form)
    given = _given(inputs)
    if out is not None and not _has_to_be_written(out, inputs, features=features, resume=resume, overwrite=overwrite):
        return 0
    from hubel.workflows.opening import open_target

    classifier = open_target(run, said, engine=engine)
    classifier.check_coverage(coverage)
    for sentence in classifier.assumptions():
        click.echo(f"Note: {sentence}", err=True)
    if out is not None:
        from hubel.workflows.predicting.to_file import FileWishes

        wishes = FileWishes(out, features, top, coverage, resume, overwrite)
        outcomes, kinds = _write(classifier, given, wishes=wishes, run=run, as_json=as_json), Counter[str]()
    else:
        outcomes, kinds = _print(classifier, given, form="json" if as_json else form, top=top, coverage=coverage)
    if coverage is not None:
        click.echo(_promise(run, classifier, coverage=coverage), err=True)
    if kinds:
        click.echo(_passed_over(kinds), err=True)
    if outcomes["refused"] and out is None:
        refused, total = outcomes["refused"], outcomes.total()
        click.echo(
            "It could not be read." if total == 1 else f"{refused:,} of {total:,} inputs could not be read.", err=True
        )
    return 4 if outcomes["refused"] else 0


def _check_file_words(out: Path | None, features: Path | None, *, resume: bool, overwrite: bool, form: str) -> None:
    """See that what is said of a file goes with one.

    Raises:
        WrongRequest: something is said of a file, and none is named; or of standard output, beside one.
    """
    given = {"--features": features is not None, "--resume": resume, "--overwrite": overwrite}
    alone = next((name for name, is_given in given.items() if is_given and out is None), None)
    if alone is not None:
        raise WrongRequest(f"{alone} goes with a file for the answers. Name it: -o names.csv")
    if out is not None and form != "table":
        raise WrongRequest(
            "--format is for standard output; of a file, its ending says what is written: .csv, .jsonl or .parquet. "
            "Leave --format out."
        )


def _has_to_be_written(
    out: Path, inputs: Sequence[str], *, features: Path | None, resume: bool, overwrite: bool
) -> bool:
    from hubel.workflows.predicting.place import check_place

    if check_place(out, features, inputs=inputs, resume=resume, overwrite=overwrite):
        return True
    click.echo(f"{out} is finished: there is nothing to go on with.", err=True)
    return False


def _given(inputs: tuple[str, ...]) -> Sequence[str | bytes] | Iterable[str | bytes]:
    """What was named; a long list on standard input is read as it is needed.

    Raises:
        UnusableInput: nothing of it is there.
    """
    from hubel.workflows.opening import check_inputs

    stream = _expanded(inputs)
    first = list(islice(stream, LOOKED_AT)) if "-" in inputs else list(stream)
    check_inputs(first)
    return chain(first, stream) if len(first) == LOOKED_AT and "-" in inputs else first


def _print(
    classifier: Answering, given: Iterable[str | bytes], *, form: str, top: int, coverage: float | None
) -> tuple[Counter[str], Counter[str]]:
    """Answers on standard output; how many were named and refused, and how many of each kind were skipped."""
    from hubel.workflows.predicting.answers import predict_files
    from hubel.workflows.predicting.rows import Shown

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
    WRITERS[form](noted(predict_files(classifier, given, coverage=coverage)), shown)
    return outcomes, kinds


def _write(
    classifier: Answering, given: Iterable[str | bytes], *, wishes: FileWishes, run: Path, as_json: bool
) -> Counter[str]:
    """Answers to a file; how many were named and refused."""
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.predicting.to_file import predict_to_file

    with Listener() as listener:
        written = predict_to_file(classifier, given, wishes=wishes, run=run, on_event=listener)
    if as_json:
        print_document(written.to_json(), listener)
    else:
        point = written.point
        skipped = f" {_passed_over(Counter(point.skipped))}" if point.skipped else ""
        before = point.named + point.refused - written.images
        earlier = f" ({before:,} of them before)" if before else ""
        outcome = f"{counted(point.named, 'image')} named, {point.refused:,} refused{earlier}"
        speed = f"in {written.seconds:.1f} s, {written.images_per_s:,.0f} images/s"
        click.echo(f"{written.out}: {outcome}, {speed}.{skipped}")
    return Counter(named=written.point.named, refused=written.point.refused)


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
            from hubel.workflows.predicting.inputs import read_standard_input

            yield from read_standard_input(sys.stdin.buffer)
        else:
            yield text
