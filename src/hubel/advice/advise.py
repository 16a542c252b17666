"""After a run, in plain words: what is wrong, how it shows, and the command that comes next."""

from __future__ import annotations

from collections.abc import Sequence

from hubel.advice import on_corpus as corpus
from hubel.advice import on_score as score
from hubel.advice import on_training as training
from hubel.advice.evidence import Evidence
from hubel.advice.remarks import CUT_SHORT, NEXT, NOTE, SERIOUS, WORTHWHILE, Advice, Rule

MOST_SHOWN = 5
"""More than a handful is not read."""
NEW_IMAGES = "new-images"

_TOO_SHORT = ("cut-short", "stopped-too-early", "stopped-by-patience")
_FIT = ("network-too-large", "overfitting", "network-too-small", "underfitting")
_CLASSES = ("unequal-classes", "suspicious-labels", "surroundings", "poor-calibration")

RULES: dict[str, Rule] = {
    "leak": Rule(
        "The given test split leaks",
        "a test image has a copy, or an image of its group, in another part",
        SERIOUS,
        score.judge_leak,
        instead_of=("unlucky-split",),
    ),
    "collapse": Rule(
        "Nearly every image gets one class",
        f"one class is predicted for more than {score.MOST_OTHERS:.0%} of the test images of all other classes (lower "
        "end of the 95 % interval)",
        SERIOUS,
        score.judge_collapse,
        instead_of=("no-better-than-majority", "no-better-than-dense", *_TOO_SHORT, *_FIT, *_CLASSES),
    ),
    "no-better-than-majority": Rule(
        "No better than the largest class",
        "the lower end of the accuracy's 95 % interval is not above the share of the largest class",
        SERIOUS,
        score.judge_no_better_than_majority,
        instead_of=("no-better-than-dense", *_TOO_SHORT, *_FIT, *_CLASSES),
    ),
    "interrupted": Rule(
        "Stopped by hand",
        "Ctrl-C ended the training",
        WORTHWHILE,
        training.judge_interrupted,
        instead_of=(*_TOO_SHORT, "network-too-small", "underfitting"),
    ),
    "cut-short": Rule(
        "Cut short by the time limit",
        f"less than {CUT_SHORT:.0%} of the planned epochs were trained, and the test accuracy is below {training.WELL}",
        WORTHWHILE,
        training.judge_cut_short,
        instead_of=("stopped-too-early", "stopped-by-patience", "network-too-small", "underfitting"),
    ),
    "stopped-too-early": Rule(
        "Stopped too early",
        f"the validation log loss still fell by {training.LATE_FALL:.0%} or more in the last fifth of the epochs, and "
        f"the test accuracy is below {training.WELL}",
        WORTHWHILE,
        training.judge_stopped_too_early,
        instead_of=("network-too-small", "underfitting", "time-to-spare"),
    ),
    "no-better-than-dense": Rule(
        "No better than a dense network",
        "an exact paired test on the test images does not show that it is better (at 5 %); silent where there are too "
        "few test images to tell and it is not worse",
        WORTHWHILE,
        score.judge_no_better_than_dense,
    ),
    "network-too-large": Rule(
        "The network is too large for the corpus",
        f"it overfits, and has {training.LARGE} or more parameters for each training image",
        WORTHWHILE,
        training.judge_network_too_large,
        instead_of=("overfitting",),
    ),
    "overfitting": Rule(
        "Overfitting",
        f"the 95 % interval of training accuracy minus test accuracy lies above {training.GAP}, and so does training "
        "accuracy minus validation accuracy",
        WORTHWHILE,
        training.judge_overfitting,
    ),
    "network-too-small": Rule(
        "The network is too small for the corpus",
        f"it underfits, and has at most {training.SMALL} parameters for each training image",
        WORTHWHILE,
        training.judge_network_too_small,
        instead_of=("underfitting",),
    ),
    "underfitting": Rule(
        "Underfitting",
        f"the 95 % interval of the accuracy on training images lies below {training.LOW}",
        WORTHWHILE,
        training.judge_underfitting,
        instead_of=("head-alone",),
    ),
    "suspicious-labels": Rule(
        "Suspicious labels",
        f"confident learning doubts {corpus.MIN_SUSPECTS} or more labels of validation and test, and more than "
        f"{corpus.SUSPICIOUS:.0%} of them (lower end of the 95 % interval); accuracy {corpus.TRUSTED} and more",
        WORTHWHILE,
        corpus.judge_suspicious_labels,
    ),
    "surroundings": Rule(
        "It looks around the objects",
        "it classifies more test images correctly with the middle half of their pixels covered than with that half "
        f"alone (exact McNemar test at {corpus.SURE})",
        WORTHWHILE,
        corpus.judge_surroundings,
    ),
    "few-images": Rule(
        "Too few images of a class",
        f"a class has fewer than {corpus.FEW_IMAGES} in the corpus",
        WORTHWHILE,
        corpus.judge_few_images,
    ),
    "unequal-classes": Rule(
        "Small classes are neglected",
        f"a class is more than {corpus.UNEQUAL} times smaller than the largest, and recognised less often than the "
        f"others (Fisher's exact test at {corpus.LEVEL:.0%})",
        WORTHWHILE,
        corpus.judge_unequal_classes,
    ),
    "stopped-by-patience": Rule(
        "Stopped before the steps were small",
        f"it ended because nothing improved, its best epoch had more than {training.HIGH_RATE:.0%} of the peak "
        f"learning rate, and the test accuracy is below {training.WELL}",
        WORTHWHILE,
        training.judge_stopped_by_patience,
        instead_of=("time-to-spare",),
    ),
    "time-to-spare": Rule(
        "More time would not help",
        f"it ended before its time limit because nothing improved, and the test accuracy is below {training.WELL}",
        NOTE,
        training.judge_time_to_spare,
    ),
    "unlucky-split": Rule(
        "Validation and test do not agree",
        f"their accuracies differ by more than chance explains (Fisher's exact test at {score.LEVEL:.0%})",
        NOTE,
        score.judge_unlucky_split,
    ),
    "poor-calibration": Rule(
        "Probabilities that are off",
        f"the calibration error is {score.MIN_ERROR} or more, and {score.FAR:.0f} times what chance alone gives",
        NOTE,
        score.judge_poor_calibration,
    ),
    "test-too-small": Rule(
        "Few test images",
        f"the accuracy's 95 % interval is wider than {score.WIDE}, or there are none",
        NOTE,
        score.judge_test_too_small,
    ),
    "head-alone": Rule(
        "Only the head was trained",
        f"a pretrained network was not tuned, there was no time limit, and the test accuracy is below {training.WELL}",
        NEXT,
        training.judge_head_alone,
    ),
    NEW_IMAGES: Rule("Use it", "always", NEXT, score.judge_new_images),
}
"""name → rule, the most harmful first; a rule can only silence those behind it."""


def advise(evidence: Evidence) -> tuple[Advice, ...]:
    """Everything that is wrong with a run, the most harmful first; the last entry is always to classify new images.

    Args:
        evidence: of a finished run.
    """
    advice: list[Advice] = []
    silent: set[str] = set()
    for name, rule in RULES.items():
        remark = None if name in silent else rule.judge(evidence)
        if remark is not None:
            advice.append(Advice(name, rule.severity, remark.text, remark.evidence, remark.command))
            silent.update(rule.instead_of)
    return tuple(advice)


def most_harmful(advice: Sequence[Advice], count: int = MOST_SHOWN) -> tuple[Advice, ...]:
    """The first few and the last one, which says how to use the classifier.

    Args:
        advice: as `advise` gives it.
        count: how many in all, at least 1.
    """
    return (*advice[:-1][: count - 1], *advice[-1:])
