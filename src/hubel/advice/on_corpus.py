"""What can be wrong with the corpus: too few images of a class, unequal classes, wrong labels."""

from __future__ import annotations

from hubel.advice.evidence import Evidence
from hubel.advice.remarks import Remark, again, audit_labels, audit_shortcuts, listed
from hubel.evaluation.proportions import Share, chance_of_difference
from hubel.text import chance, counted

FEW_IMAGES = 30
"""Images of a class of which a split of 70 / 10 / 20 leaves about 20 to learn from and 6 to test: fewer show little."""
UNEQUAL = 5
"""Times that the largest class is larger than one that is called small; whether that one fails is tested."""
MIN_SUPPORT = 5
"""Test images of a class from which its recall says anything."""
LEVEL = 0.01
"""Share of sound runs that are blamed by chance."""
SUSPICIOUS, MIN_SUSPECTS = 0.01, 3
"""Share of the labels, and their number, from which doubts are more than single cases: every classifier contradicts a
few labels that are right."""
TRUSTED = 0.7
"""Accuracy from which a classifier may contradict a label: the mistakes of a poorer one are its own."""
EXAMPLES = 3
SURE = 0.001
"""Share of runs that are blamed by chance for what they look at."""


def judge_few_images(evidence: Evidence) -> Remark | None:
    """Classes so small that there is little to learn from and little to test on."""
    few = sorted((count, name) for name, count in evidence.class_counts.items() if count < FEW_IMAGES)
    if not few:
        return None
    counts = [f"{count:,} of {name!r}, {evidence.train_counts.get(name, 0):,} to train on" for count, name in few[:4]]
    return Remark(
        f"There are too few images of {listed([name for _, name in few])} to learn them, or to measure how well "
        f"they were learned.  Add images, {FEW_IMAGES} or more of each, and train again.",
        f"Images: {'; '.join(counts)}{' ...' if len(few) > 4 else ''}.",
        again(evidence),
    )


def judge_unequal_classes(evidence: Evidence) -> Remark | None:
    """Classes far smaller than the largest that are recognised less than the others, by more than chance explains."""
    failing = _failing_small_classes(evidence)
    if not failing:
        return None
    hits = {name: _recalled(evidence, name) for name in evidence.test["per_class"]}
    small, rest = _sum([hits[name] for name in failing]), _sum([hits[name] for name in hits if name not in failing])
    return Remark(
        f"It neglects the small classes in favour of the large ones. Add images of {listed(failing)}, and train again.",
        f"It classifies {small.value:.2f} of {counted(small.count, 'test image')} of {listed(failing)} correctly, and "
        f"{rest.value:.2f} of the other {rest.count:,}; the largest class has {max(evidence.class_counts.values()):,} "
        f"images, {failing[0]!r} has {evidence.class_counts[failing[0]]:,}.",
        again(evidence),
    )


def judge_suspicious_labels(evidence: Evidence) -> Remark | None:
    """More labels are doubted, by probabilities of images not trained on, than a few."""
    held_out, suspects = _sum([evidence.tested, evidence.validated]), evidence.suspects
    if len(suspects) < MIN_SUSPECTS or Share(len(suspects), held_out.count).interval[0] < SUSPICIOUS:
        return None
    if held_out.value < TRUSTED:
        return None
    shown = "; ".join(
        f"{each.path!r} is labelled {each.label!r} but looks like {each.suggested!r}" for each in suspects[:EXAMPLES]
    )
    share = sum(each.chance for each in suspects) / len(suspects)
    return Remark(
        "Some labels may be wrong, or the classifier may be. Check the labels of the corpus, the most doubtful first.",
        f"Of {held_out.count:,} validation and test images, {len(suspects):,} have labels worth checking. About "
        f"{round(share * len(suspects)):,} of these ({chance(share)}) are expected to be wrong: {shown}.",
        audit_labels(evidence),
    )


def judge_surroundings(evidence: Evidence) -> Remark | None:
    """What is around the middle of the images tells the classifier more than the middle does."""
    looks = evidence.looks
    if looks is None or looks["without_middle_against_middle_alone"]["p_value"] > SURE:
        return None
    around, middle = (looks[name]["accuracy"] for name in ("without_middle", "middle_alone"))
    if around <= middle:
        return None
    return Remark(
        "It goes by what is around the middle of the images more than by the middle. If your objects are in the "
        "middle, it has learned their surroundings: look for what tells the classes there.",
        f"Of {looks['examples']:,} test images it classifies {around:.2f} correctly with the middle half covered, and "
        f"{middle:.2f} with the middle half alone.",
        audit_shortcuts(evidence),
    )


def _failing_small_classes(evidence: Evidence) -> list[str]:
    """The smallest first. A class of few images is left to the rule of its own."""
    largest = max(evidence.class_counts.values(), default=0)
    per_class = evidence.test.get("per_class", {})
    small = [
        name
        for name, count in sorted(evidence.class_counts.items(), key=lambda item: item[1])
        if FEW_IMAGES <= count < largest / UNEQUAL and per_class.get(name, {}).get("support", 0) >= MIN_SUPPORT
    ]
    others = _sum([_recalled(evidence, name) for name in per_class if name not in small])
    return [
        name
        for name in small
        if others.count
        and chance_of_difference(_recalled(evidence, name), others, alternative="less") < LEVEL / len(small)
    ]


def _recalled(evidence: Evidence, name: str) -> Share:
    score = evidence.test["per_class"][name]
    return Share(round((score["recall"] or 0.0) * score["support"]), score["support"])


def _sum(shares: list[Share]) -> Share:
    return Share(sum(share.hits for share in shares), sum(share.count for share in shares))
