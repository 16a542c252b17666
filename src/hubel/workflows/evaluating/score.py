"""Score what is asked for: a run or a model file alone, a run against another, or how it notices strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hubel.architectures.file_kinds import is_model_target
from hubel.catalogue import Later
from hubel.events import OnEvent, ignore
from hubel.workflows.evaluating.score_wishes import ScoreWishes, check_score_of_a_run

if TYPE_CHECKING:
    from hubel.workflows.evaluating.compare_runs import Against
    from hubel.workflows.evaluating.evaluate import Evaluation
    from hubel.workflows.evaluating.evaluate_foreign import ForeignEvaluation
    from hubel.workflows.evaluating.off_corpus_test import StrangerScore

Score: TypeAlias = "Evaluation | ForeignEvaluation | Against | StrangerScore"
# Each way of scoring loads what it needs: a comparison of two runs loads no framework.
evaluate_foreign = Later("hubel.workflows.evaluating.evaluate_foreign", "evaluate_foreign")
score_strangers = Later("hubel.workflows.evaluating.off_corpus_test", "score_strangers")
evaluate_run = Later("hubel.workflows.evaluating.evaluate", "evaluate_run")
compare_runs = Later("hubel.workflows.evaluating.compare_runs", "compare_runs")
compare_on_corpus = Later("hubel.workflows.evaluating.compare_on_corpus", "compare_on_corpus")
read_off_corpus = Later("hubel.runs.finished_run", "read_off_corpus")


def score(wishes: ScoreWishes, *, on_event: OnEvent = ignore) -> Score:
    """Score what is asked for, once it is known that it can be had.

    Args:
        wishes: what is asked for.
        on_event: hears what goes on.

    Returns:
        With ``against`` the comparison of the two, with ``strangers`` how many of them are flagged, else the score.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    run, corpus, reading = wishes.run, wishes.corpus, wishes.reading
    if is_model_target(run):
        return evaluate_foreign(wishes, on_event=on_event)
    check_score_of_a_run(wishes)
    if wishes.strangers is not None:
        read_off_corpus(run)  # what is missing is said before anything is loaded
        return score_strangers(run, wishes.strangers, reading=reading, engine=wishes.engine, on_event=on_event)
    if wishes.against is None:
        return evaluate_run(run, corpus, reading=reading, engine=wishes.engine, on_event=on_event)
    if corpus is None:
        return compare_runs(run, wishes.against, on_event=on_event)
    return compare_on_corpus(
        run, wishes.against, corpus=corpus, reading=reading, engine=wishes.engine, on_event=on_event
    )
