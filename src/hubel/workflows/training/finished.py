"""A training whose classifier is scored: what its evidence, its documents and its report are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubel.backends.framework import on_accelerator
from hubel.classifier.classifier import Classifier
from hubel.pipeline.prepare import Prepared
from hubel.runs.request import TrainRequest
from hubel.workflows.training.checkpointing import SoFar
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.fitting import Fitted
from hubel.workflows.training.scoring import Scored
from hubel.workflows.training.time_budget import Deadline

if TYPE_CHECKING:
    from hubel.engines.compiling import Compiled
    from hubel.evaluation.covered import WhereItLooks
    from hubel.evaluation.mirrored_answers import AnswersCompared


@dataclass(frozen=True)
class Finished:
    """A training whose classifier is scored.

    Args:
        request: the user's words.
        prepared: what was trained on.
        fitted: the model and how it came about.
        scored: the classifier and its scores.
        so_far: when the run began, and from what it went on.
        training_s: seconds of the training itself.
        looks: accuracies with a half of each image covered; None where there were too few images, or no time.
        answers: with and without the mirror image, on the validation split; None where that was not open.
        compiled: the classifier's graph; None where there is none that answers like it.
    """

    request: TrainRequest
    prepared: Prepared[Choice]
    fitted: Fitted
    scored: Scored
    so_far: SoFar
    training_s: float
    looks: WhereItLooks | None = None
    answers: AnswersCompared | None = None
    compiled: Compiled | None = None

    @property
    def deadline(self) -> Deadline:
        """Of everything."""
        return Deadline(self.so_far.started, self.request.time_limit_s)

    @property
    def answering(self) -> Classifier:
        """What answers most quickly: Keras on a card; on a processor the compiled graph, where there is one."""
        by_keras = self.compiled is None or on_accelerator()
        return self.scored.classifier if by_keras else self.compiled.classifier
