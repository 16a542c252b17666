"""How a classifier does on its test images when they are changed, what that means, and what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubel.advice.on_robustness import RobustnessEvidence, advise_robustness
from hubel.advice.remarks import Advice
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import load_classifier
from hubel.errors import UnusableCorpus
from hubel.evaluation.robustness import (
    ChangeScore,
    CleanScore,
    GroupOfImages,
    score_changes,
    score_clean,
    score_groups,
)
from hubel.events import OnEvent, ignore
from hubel.text import brief, counted, elided, none_of, with_interval
from hubel.workflows.evaluating.evaluate import say_refused
from hubel.workflows.robustness.chosen_images import choose_images, groups_of
from hubel.workflows.robustness.named_changes import NamedChanges, name_changes
from hubel.workflows.robustness.robustness_request import RobustnessRequest
from hubel.workflows.robustness.trained_how import TrainedHow, how_it_was_trained

FORMAT = 1


@brief
@dataclass(frozen=True)
class Robustness:
    """What a test with changed images gave.

    Args:
        request: what was asked for.
        named: the images, and what the classifier said of them.
        classifier: that was tested.
        clean: score of the images as they are.
        changes: score of every change at every strength.
        groups: of the images that have one, the least accurate first; none where there are fewer than two.
        advice: what to do.
        seconds: that it took.
    """

    request: RobustnessRequest
    named: NamedChanges
    classifier: Classifier
    clean: CleanScore
    changes: tuple[ChangeScore, ...]
    groups: tuple[GroupOfImages, ...]
    advice: tuple[Advice, ...]
    seconds: float

    @property
    def refused(self) -> tuple[tuple[str, str], ...]:
        """(path, reason) of images that cannot be read."""
        return self.named.refused

    @property
    def location(self) -> str:
        """Of the corpus."""
        return self.named.images.corpus.location

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        images = self.named.images
        return {
            "format": FORMAT,
            "run": str(self.request.run),
            "corpus": self.location,
            "split": images.split,
            "classes": list(self.classifier.class_names),
            "examples": self.clean.right.count,
            "available_examples": images.available,
            "refused": len(self.refused),
            "clean": self.clean.to_json(),
            "changes": [each.to_json() for each in self.changes],
            "groups": [each.to_json() for each in self.groups],
            "advice": [each.to_json() for each in self.advice],
            "seconds": self.seconds,
        }

    def _brief(self) -> Iterator[str]:
        yield f"Robustness of {elided(self.request.run)}: {counted(self.clean.right.count, 'image')}"
        yield f"accuracy {with_interval(self.clean.right.value, self.clean.right.interval)}"
        costs = [each.name for each in self.changes if each.first_cost is not None]
        yield f"accuracy is lost under {', '.join(costs)}" if costs else "no change is shown to cost accuracy"


def measure_robustness(request: RobustnessRequest, *, on_event: OnEvent = ignore) -> Robustness:
    """Change the test images of a run, at every strength of every change, and score its answers.

    Args:
        request: what is asked for.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says what is wrong and what to change.
    """
    started = time.monotonic()
    classifier = load_classifier(request.run, engine=request.engine)
    chosen = choose_images(request, classifier, on_event=on_event)
    named = name_changes(classifier, chosen, changes=request.changes, on_event=on_event)
    say_refused(named.refused, on_event)
    labels = named.images.labels
    if not len(labels):
        raise UnusableCorpus(
            f"{none_of(len(named.refused))} in {chosen.corpus.location} can be read. First: {named.refused[0][0]!r}: "
            f"{named.refused[0][1]}. Put the images back, or name another corpus."
        )
    clean = score_clean(named.clean, labels)
    units = {name: change.unit for name, change in request.changes.items()}
    changes = score_changes(named.clean, named.changed, units=units, labels=labels)
    names = groups_of(named.images, classifier.class_names)
    groups = score_groups(names, named.clean, changed=named.changed, labels=labels)
    evidence = _evidence(request, classifier, clean=clean, changes=changes, groups=groups)
    advice = advise_robustness(evidence)
    return Robustness(request, named, classifier, clean, changes, groups, advice, time.monotonic() - started)


def _evidence(
    request: RobustnessRequest,
    classifier: Classifier,
    *,
    clean: CleanScore,
    changes: tuple[ChangeScore, ...],
    groups: tuple[GroupOfImages, ...],
) -> RobustnessEvidence:
    trained: TrainedHow = how_it_was_trained(request.run)
    return RobustnessEvidence(
        clean=clean,
        changes=changes,
        groups=groups,
        side=min(classifier.preprocessing.size),
        run_path=str(request.run),
        location=trained.location,
        train=trained.command,
        augmented=trained.augmented,
        mirrored=trained.mirrored,
    )
