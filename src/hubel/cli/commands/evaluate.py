"""``hubel evaluate``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hubel.cli.run_command import RunCommand, model_file_options
from hubel.cli.wish_options import wish_options
from hubel.corpus.reading import Reading
from hubel.wishes import SCORING

if TYPE_CHECKING:
    from hubel.workflows.opening import Said


@click.command("evaluate", cls=RunCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("corpus", required=False)
@wish_options(SCORING)
@model_file_options()
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(  # noqa: PLR0913  (one for each option)
    run: Path, corpus: str | None, *, against: Path | None, strangers: str | None, engine: str, as_json: bool,
    reading: Reading, said: Said, out: Path | None, overwrite: bool,
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
    from hubel.cli.show.evaluate import show_against, show_score, show_strangers
    from hubel.cli.show.listen import Listener, print_document
    from hubel.workflows.evaluating.score import score
    from hubel.workflows.evaluating.score_wishes import ScoreWishes

    typed = ("hubel", *sys.argv[1:])
    wishes = ScoreWishes(run, corpus, said, against, strangers, reading, out, overwrite, command=typed, engine=engine)
    with Listener() as listener:
        scored: Any = score(wishes, on_event=listener)
    if as_json:
        print_document(scored.to_json(), listener)
    elif strangers is not None:
        show_strangers(scored)
    elif against is not None:
        show_against(scored)
    else:
        show_score(getattr(scored, "evaluation", scored), run, out=out)  # of a model file, its evaluation
    return 4 if scored.refused else 0
