"""Evidence: what a finished run shows, as plain numbers and names, for the rules of the advice to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hubel.errors.wording import Command, Option
from hubel.evaluation.proportions import Share


class Suspect(NamedTuple):
    """A label to look at: what the folder says, what the classifier says, and the chance that the label is wrong."""

    path: str
    label: str
    suggested: str
    chance: float = 0.0


@dataclass(frozen=True)
class Phase:
    """One phase of the training.

    Args:
        name: ``"train"``, ``"warm-start"``, ``"head"`` or ``"fine-tune"``.
        validation_log_loss: after each epoch, in nats, not calibrated; none where the validation split is empty.
        learning_rates: at the end of each epoch.
        peak_learning_rate: the highest that the recipe allows.
        ended_by: ``"schedule"``, ``"patience"`` or ``"user"``.
        done: passes over the training split, with a fraction.
        planned: passes that the recipe allows.
        patience: share of the epochs after which training stops where nothing gets better.
    """

    name: str
    validation_log_loss: tuple[float, ...]
    learning_rates: tuple[float, ...]
    peak_learning_rate: float
    ended_by: str
    done: float
    planned: int
    patience: float

    @property
    def best_epoch(self) -> int:
        """The one whose weights were kept, 1 for the first; 0 without any."""
        losses = self.validation_log_loss
        return 1 + losses.index(min(losses)) if losses else 0


@dataclass(frozen=True)
class Evidence:
    """Everything a rule may look at.

    Args:
        test: the object under ``"test"`` in ``metrics.json``.
        validation: the one under ``"validation"``.
        train: training images classified correctly, of those that were scored again.
        named: test images by the class they were given.
        phases: of the training, in order.
        time_limit_s: that the user gave or that was chosen; None without one.
        class_counts: images of each class in the corpus.
        train_counts: the same in the training split.
        test_given: the corpus has a test split of its own; else it was cut from the rest.
        architecture: its name.
        architecture_word: what a user calls it; empty for a network that was made in Python.
        pretrained: it began with weights that were learned elsewhere.
        parameters: of the whole network.
        image_side: pixels of the shorter side it works on.
        leaking_test: test images that have a copy, or one of their group, in another part.
        without_leaks: the test score without those; None where there are none.
        suspects: labels of validation and test to look at, the most doubtful first.
        location: of the corpus.
        corrections: the file of corrected labels; empty without one.
        seed: of the run.
        run_path: the run folder.
        command: trains the same again; `NOTHING` where no words can say it.
        reading: the options that say how the corpus is read.
        unlabelled: folders of the corpus whose images have no labels, as the user would name them.
        looks: the object under ``"where_it_looks"`` in ``metrics.json``; None where that was not measured.
    """

    test: Mapping[str, Any]
    validation: Mapping[str, Any]
    train: Share
    named: Mapping[str, int]
    phases: tuple[Phase, ...]
    time_limit_s: float | None
    class_counts: Mapping[str, int]
    train_counts: Mapping[str, int]
    test_given: bool
    architecture: str
    architecture_word: str
    pretrained: bool
    parameters: int
    image_side: int
    leaking_test: int
    without_leaks: Mapping[str, Any] | None
    suspects: tuple[Suspect, ...]
    location: str
    corrections: str
    seed: int
    run_path: str
    command: Command
    reading: tuple[Option, ...] = ()
    unlabelled: tuple[str, ...] = ()
    looks: Mapping[str, Any] | None = None

    @property
    def interrupted(self) -> bool:
        """The user stopped it."""
        return any(phase.ended_by == "user" for phase in self.phases)

    @property
    def train_images(self) -> int:
        """Images in the training split."""
        return sum(self.train_counts.values())

    @property
    def tested(self) -> Share:
        """Test images classified correctly."""
        return share_of(self.test)

    @property
    def validated(self) -> Share:
        """Validation images classified correctly."""
        return share_of(self.validation)

    @property
    def last_phase(self) -> Phase:
        """The phase that ended the training."""
        return self.phases[-1]

    @property
    def head_alone(self) -> bool:
        """What was kept is a head on the pretrained network as it is: fine-tuning was not asked for, or no better."""
        if self.last_phase.name != "fine-tune":
            return self.last_phase.name == "head"
        tuned, head = self.last_phase.validation_log_loss, self.phases[-2].validation_log_loss
        return bool(head) and (not tuned or min(tuned) > min(head))


def share_of(score: Mapping[str, Any]) -> Share:
    """Images classified correctly, by the object of ``metrics.json``."""
    count = score["examples"]
    return Share(round(score["accuracy"] * count) if count else 0, count)
