"""What can be wrong with the score: it is no better than guessing, or says less than it seems to."""

from __future__ import annotations

from hubel.advice.evidence import Evidence
from hubel.advice.remarks import (
    Remark,
    again,
    audit,
    audit_labels,
    beside,
    compare,
    is_brief,
    is_given,
    longer,
    smaller_steps,
)
from hubel.errors.wording import NOTHING, Command, Option
from hubel.evaluation.metrics import wilson_interval
from hubel.evaluation.paired import BETTER, WORSE
from hubel.evaluation.proportions import Share, chance_of_difference
from hubel.text import counted, have

MOST_OTHERS = 0.8
"""Share of the images of all other classes that a collapsed network gives to one class, at least."""
LEVEL = 0.01
"""Share of sound splits that are called unlucky by chance."""
WIDE = 0.15
"""Width of the accuracy's 95 % interval from which two runs of different quality cannot be told apart."""
FAR, MIN_ERROR = 3.0, 0.05
"""Times the calibration error of chance, and the error itself, from which probabilities are called wrong. Even where
all images have one confidence, chance exceeds three times its own mean in 2 % of the runs only."""
EASY = 0.95
"""Accuracy of a dense network from which the classes are called easy."""
LOOK = "Check that the images are in the right folders and show what their labels say."
LEARNED_TOO_LITTLE = "The convolutions learned too little, or local patterns do not matter for these classes."
MORE_IMAGES = "MORE_IMAGES"
MOST_UNLABELLED = 3
"""Folders of images without labels that fit into one command."""


def judge_leak(evidence: Evidence) -> Remark | None:
    """The given test split has copies elsewhere."""
    if not evidence.leaking_test:
        return None
    rest = evidence.without_leaks
    without = "none is left without them"
    if rest is not None and rest["examples"]:
        low, high = rest["accuracy_interval"]
        without = (
            f"accuracy {evidence.tested.value:.3f} with them, {rest['accuracy']:.3f} ({low:.3f} to {high:.3f}) without"
        )
    return Remark(
        "The given test split leaks. Trust the score without the copies, and delete them.",
        f"{evidence.leaking_test:,} of {counted(evidence.tested.count, 'test image')} {have(evidence.leaking_test)} a "
        f"copy, or an image of the same group, in another part; {without}.",
        audit(evidence),
    )


def judge_collapse(evidence: Evidence) -> Remark | None:
    """Nearly all images of all other classes get one class."""
    if not evidence.tested.count:
        return None
    name = max(evidence.named, key=lambda each: evidence.named[each])
    score = evidence.test["per_class"][name]
    hits = round((score["recall"] or 0.0) * score["support"])
    others = Share(evidence.named[name] - hits, evidence.tested.count - score["support"])
    if not others.count or others.interval[0] <= MOST_OTHERS:
        return None
    if is_brief(evidence):
        cure, command = "It was hardly trained: train longer.", longer(evidence)
    elif is_given(evidence, "learning_rate") and not evidence.head_alone:
        cure = "The steps were probably too large: train with smaller ones."
        command = again(evidence, smaller_steps(evidence))
    else:
        cure, command = LOOK, audit_labels(evidence)
    return Remark(
        f"It classifies nearly every image as {name!r}. {cure}",
        f"It classifies {others.hits:,} of {counted(others.count, 'test image')} of other classes as {name!r}.",
        command,
    )


def judge_no_better_than_majority(evidence: Evidence) -> Remark | None:
    """Always predicting the largest class may be as good."""
    if not evidence.tested.count or evidence.test["accuracy_interval"][0] > evidence.test["majority_baseline"]:
        return None
    low, high = evidence.test["accuracy_interval"]
    majority = evidence.test["majority_baseline"]
    text = "It is no better than always predicting the largest class."
    if evidence.tested.value > majority:
        text = "It has not been shown to be better than always predicting the largest class."
    if is_brief(evidence):
        cure, command = "It was hardly trained: train longer.", longer(evidence)
    else:
        cure, command = LOOK, audit_labels(evidence)
    return Remark(
        f"{text} {cure}",
        f"Accuracy {evidence.tested.value:.3f} ({low:.3f} to {high:.3f}) on "
        f"{counted(evidence.tested.count, 'test image')}, {majority:.3f} by always predicting the "
        f"largest class, {evidence.train.value:.3f} on its own training images.",
        command,
    )


def judge_no_better_than_dense(evidence: Evidence) -> Remark | None:
    """A dense network, trained in seconds, may be as good."""
    test = evidence.test.get("against_dense_baseline")
    if test is None or test["verdict"] == BETTER or evidence.architecture == "dense":
        return None
    worse = test["verdict"] == WORSE
    if not worse and _is_rough(evidence):
        return None  # nothing can be told from so few images, and that is said
    dense = evidence.test["dense_baseline"]
    alike = test["first_only"] == test["second_only"] == 0
    fact = "does better" if worse else "is right on the same images" if alike else "may be as good"
    if is_brief(evidence):
        meaning, command = "Train longer before you judge.", longer(evidence)
    else:
        easy = not worse and dense >= EASY
        meaning = "The classes are easy to tell apart, even without convolutions." if easy else LEARNED_TOO_LITTLE
        command = NOTHING if evidence.pretrained or alike else compare(evidence, "dense", evidence.architecture_word)
        meaning += " Compare the two." if command else ""
    low, high = test["interval"]
    return Remark(
        f"A small dense network, trained in seconds, {fact}. {meaning}",
        f"Accuracy {evidence.tested.value:.3f} against {dense:.3f} on the same "
        f"{counted(evidence.tested.count, 'test image')}; the difference is {low:+.3f} to {high:+.3f} (95 % interval).",
        command,
    )


def judge_unlucky_split(evidence: Evidence) -> Remark | None:
    """Validation and test images are not alike: chance would not explain the difference."""
    tested, validated = evidence.tested, evidence.validated
    if not tested.count or not validated.count:
        return None
    chance = chance_of_difference(tested, validated)
    if chance >= LEVEL:
        return None
    rarely = "less than 0.1%" if chance < 0.001 else f"{chance:.1%}"
    harder = "harder" if tested.value < validated.value else "easier"
    if evidence.test_given:
        text = (
            f"The given test images are {harder} than the validation images: they may come from another source. The "
            "score holds only for images like them."
        )
        command = audit(evidence)
    else:
        text = f"The split is unlucky: its test images are {harder} than its validation images. Try another."
        command = beside(evidence, f"seed-{evidence.seed + 1}", Option("seed", evidence.seed + 1))
    return Remark(
        text,
        f"Accuracy {tested.value:.3f} on {counted(tested.count, 'test image')}, {validated.value:.3f} on "
        f"{counted(validated.count, 'validation image')}; chance alone makes such a difference in {rarely} of splits.",
        command,
    )


def judge_poor_calibration(evidence: Evidence) -> Remark | None:
    """Confidence and accuracy differ by far more than chance explains."""
    if not evidence.tested.count:
        return None
    error, chance = evidence.test["ece"], evidence.test["ece_of_chance"]
    if error < MIN_ERROR or error < FAR * chance:
        return None
    cause = "more validation images would correct them"
    if evidence.test_given:
        cause = "they were calibrated on the validation images, and the test images differ from those"
    return Remark(
        f"Do not take its probabilities at face value: {cause}.",
        f"Calibration error {error:.3f} on {counted(evidence.tested.count, 'test image')}, where chance alone gives "
        f"about {chance:.3f}; {counted(evidence.validated.count, 'validation image')}.",
    )


def judge_test_too_small(evidence: Evidence) -> Remark | None:
    """The interval is so wide that the score says little."""
    command = Command("evaluate", (evidence.run_path, MORE_IMAGES))
    if not evidence.tested.count:
        return Remark("It is not known how good it is. Score it on other images.", "There are no test images.", command)
    if not _is_rough(evidence):
        return None
    low, high = evidence.test["accuracy_interval"]
    needed = images_for_width(evidence.tested, (high - low) / 2)
    return Remark(
        f"The score is only rough: {counted(needed, 'test image')} would halve its interval. Score it on more images.",
        f"95 % interval {low:.3f} to {high:.3f}, from {counted(evidence.tested.count, 'test image')}.",
        command,
    )


def judge_new_images(evidence: Evidence) -> Remark:
    """Always: what a classifier is for; with the images of the corpus that have no labels, if there are any."""
    if 0 < len(evidence.unlabelled) <= MOST_UNLABELLED:
        command = Command("predict", (evidence.run_path, *evidence.unlabelled))
        return Remark("Classify the images of the corpus that have no labels.", "", command)
    return Remark("Classify new images.", "", Command("predict", (evidence.run_path, "IMAGE_OR_FOLDER")))


def images_for_width(share: Share, width: float) -> int:
    """Images that give Wilson's 95 % interval this width at most, at the same share.

    Args:
        share: of the images there are.
        width: above 0, less than they give.
    """
    low, high = share.count, share.count
    while _width(share.value, high) > width:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _width(share.value, middle) <= width else (middle, high)
    return high


def _is_rough(evidence: Evidence) -> bool:
    low, high = evidence.test["accuracy_interval"]
    return high - low > WIDE


def _width(value: float, count: int) -> float:
    low, high = wilson_interval(value * count, count)
    return high - low
