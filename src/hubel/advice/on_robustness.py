"""What changes of the images cost → what to do about it, in plain words, with the command that comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hubel.advice.remarks import NEXT, NOTE, WORTHWHILE, Advice, Remark
from hubel.errors.wording import NOTHING, Command, Option
from hubel.evaluation.robustness import ChangeScore, CleanScore, GroupOfImages, LevelScore
from hubel.images.changes.catalogue import CHANGES
from hubel.text import counted, points

AUGMENTED_BY = {"shift": "shift", "scale": "zoom", "brightness": "brightness", "temperature": "brightness"}
"""Change → what training can change further, by its word in the option ``augment``."""
MIRROR = "mirror"
OVERCONFIDENT = 0.1
"""Rise of the calibration error from which the probabilities of changed images are called wrong."""
MOST_NAMED = 3


@dataclass(frozen=True)
class RobustnessEvidence:
    """What the rules look at.

    Args:
        clean: the images as they are.
        changes: every change that was tested.
        groups: of the images, the least accurate first.
        side: pixels of the shorter side that the classifier works at.
        run_path: the run folder.
        location: of the corpus.
        train: trains the same again; `NOTHING` where no words can say it.
        augmented: words of the option ``augment`` that the run was trained with.
        mirrored: the run was trained with mirrored images; None where that is not known.
    """

    clean: CleanScore
    changes: tuple[ChangeScore, ...]
    groups: tuple[GroupOfImages, ...]
    side: int
    run_path: str
    location: str
    train: Command = NOTHING
    augmented: frozenset[str] = frozenset()
    mirrored: bool | None = None

    @property
    def costs(self) -> dict[str, LevelScore]:
        """Change → its weakest strength that costs accuracy, the most harmful first: see `most_harmful_first`."""
        return {each.name: level for each, level in most_harmful_first(self.changes)}

    def beside(self, ending: str, *options: Option) -> Command:
        """The same training with more options, into a folder beside the run.

        Args:
            ending: of the name of that folder.
            options: in place of those of the command.
        """
        again = self.train.without("out", "overwrite") if self.train else Command("train", (self.location,))
        return again.with_(Option("out", f"{self.run_path.rstrip('/')}-{ending}"), *options)


def most_harmful_first(changes: Sequence[ChangeScore]) -> list[tuple[ChangeScore, LevelScore]]:
    """Changes that cost accuracy, and their weakest strength that does: those whose weakest strength is weaker first.

    Of several that cost accuracy from the same place in their strengths on, the one that costs most there comes first;
    mirroring, which has one strength, and which some images must not stand, comes last.

    Args:
        changes: that were tested.
    """
    found = [(each, first) for each in changes if (first := each.first_cost) is not None]
    return sorted(
        found, key=lambda pair: (pair[0].name == MIRROR, pair[0].levels.index(pair[1]), pair[1].test.difference)
    )


@dataclass(frozen=True)
class RobustnessRule:
    """One thing that changes of the images can show.

    Args:
        summary: its name for people.
        when: what makes it speak.
        severity: a name in `SEVERITIES`.
        judge: says it, or None where the evidence does not show it.
    """

    summary: str
    when: str
    severity: str
    judge: Callable[[RobustnessEvidence], Remark | None]


def judge_augmentation(evidence: RobustnessEvidence) -> Remark | None:
    """What costs accuracy, and training can imitate further than it did."""
    costs = {
        name: level
        for name, level in evidence.costs.items()
        if name in AUGMENTED_BY and AUGMENTED_BY[name] not in evidence.augmented
    }
    if not costs:
        return None
    words = sorted({AUGMENTED_BY[name] for name in costs} | evidence.augmented)
    return Remark(
        f"{said_first(evidence, costs)} Train with larger changes of the training images, and compare the two.",
        _numbers(evidence, costs),
        evidence.beside("augmented", Option("augment", ",".join(words))),
    )


def judge_mirror(evidence: RobustnessEvidence) -> Remark | None:
    """Mirrored images are named otherwise, and training had none."""
    level = evidence.costs.get(MIRROR)
    if level is None or evidence.mirrored or evidence.mirrored is None:
        return None
    return Remark(
        f"{said_first(evidence, {MIRROR: level})} If a mirrored image still shows the same class, train with mirrored "
        "images; letters and digits are other signs when they are mirrored.",
        _numbers(evidence, {MIRROR: level}),
        evidence.beside("mirrored", Option("mirror", value=True)),
    )


def judge_other_images(evidence: RobustnessEvidence) -> Remark | None:
    """What costs accuracy, and only more images can cure."""
    costs = {
        name: level
        for name, level in evidence.costs.items()
        if name != MIRROR and (name not in AUGMENTED_BY or AUGMENTED_BY[name] in evidence.augmented)
    }
    if not costs:
        return None
    return Remark(
        f"{said_first(evidence, costs)} If new images will be like that, add such images to the corpus and train "
        "again: training does not imitate this.",
        _numbers(evidence, costs),
    )


def judge_overconfident(evidence: RobustnessEvidence) -> Remark | None:
    """Where it is wrong more often, it is nearly as sure as before."""
    risen = [
        (each, level)
        for each in evidence.changes
        for level in each.levels
        if level.costs and level.ece >= evidence.clean.ece + OVERCONFIDENT
    ]
    if not risen:
        return None
    worst, level = max(risen, key=lambda pair: pair[1].ece)
    return Remark(
        "Do not take its probabilities at face value on images that differ so much from those of training: it remains "
        "too sure.",
        f"Calibration error {level.ece:.2f} under {CHANGES[worst.name].said(level.level)}, {evidence.clean.ece:.2f} on "
        f"the images as they are; {counted(evidence.clean.right.count, 'image')}.",
    )


def judge_worst_group(evidence: RobustnessEvidence) -> Remark | None:
    """A group that is recognised less often than the others."""
    worse = [each for each in evidence.groups if each.is_worse]
    if not worse:
        return None
    worst = worse[0]
    low, high = worst.right.interval
    return Remark(
        f"Images of the group {worst.name!r} are recognised less often than the others. Look at them, and add more "
        "like them.",
        f"Accuracy {worst.right.value:.3f} ({low:.3f} to {high:.3f}) on {counted(worst.right.count, 'image')} of that "
        f"group, {evidence.clean.right.value:.3f} on all {evidence.clean.right.count:,}; Fisher's exact test, p = "
        f"{worst.adjusted_p:.2g}, adjusted for {counted(len(evidence.groups), 'group')}.",
    )


def judge_sound(evidence: RobustnessEvidence) -> Remark | None:
    """Nothing costs accuracy."""
    if evidence.costs:
        return None
    return Remark(
        "No change that was tested costs accuracy, as far as so many images can show. Classify new images.",
        f"{counted(evidence.clean.right.count, 'image')}, "
        f"{counted(sum(len(each.levels) for each in evidence.changes), 'change')} of each.",
        Command("predict", (evidence.run_path, "IMAGE_OR_FOLDER")),
    )


ROBUSTNESS_RULES: dict[str, RobustnessRule] = {
    "worst-group": RobustnessRule(
        "A group is recognised less often",
        "Fisher's exact test against all other images, adjusted for the number of groups (at 5 %)",
        WORTHWHILE,
        judge_worst_group,
    ),
    "augment-further": RobustnessRule(
        "Training can imitate it",
        "moves, sizes, brightness or colour temperature cost accuracy, and training did not go further than usual",
        WORTHWHILE,
        judge_augmentation,
    ),
    "mirrored-images": RobustnessRule(
        "Mirrored images are other images to it",
        "mirroring costs accuracy, and training had no mirrored images",
        NOTE,
        judge_mirror,
    ),
    "other-images": RobustnessRule(
        "Only more images help",
        "a change costs accuracy that training does not imitate, or was trained with already",
        NOTE,
        judge_other_images,
    ),
    "too-sure-when-changed": RobustnessRule(
        "Too sure of changed images",
        f"a change costs accuracy, and its calibration error is {OVERCONFIDENT} or more above that of the images as "
        "they are",
        NOTE,
        judge_overconfident,
    ),
    "robust": RobustnessRule("Nothing costs accuracy", "no change does", NEXT, judge_sound),
}  # fmt: skip
"""name → rule. "Costs accuracy": an exact McNemar test on the same images, adjusted by Holm for everything tested."""


def advise_robustness(evidence: RobustnessEvidence) -> tuple[Advice, ...]:
    """What to do, the most useful first.

    Args:
        evidence: of a robustness test.
    """
    judged = ((name, rule, rule.judge(evidence)) for name, rule in ROBUSTNESS_RULES.items())
    return tuple(
        Advice(name, rule.severity, remark.text, remark.evidence, remark.command)
        for name, rule, remark in judged
        if remark is not None
    )


def said_first(evidence: RobustnessEvidence, costs: dict[str, LevelScore]) -> str:
    """``Moves of 4 % of the side (9 px of 224) change 12 % of the answers.``, of the most harmful first.

    Args:
        evidence: of the test.
        costs: change → its weakest strength that costs accuracy; at least one.
    """
    name, level = next(iter(costs.items()))
    phrase = said_change(name, level.level, side=evidence.side)
    plural = "change" if name in _MANY else "changes"
    return f"{phrase[:1].upper()}{phrase[1:]} {plural} {_percent(level.changed.value)} of the answers{_others(costs)}."


_MANY = {"shift", "rotation"}
"""Changes whose phrase is plural."""


def said_change(name: str, level: float, *, side: int) -> str:
    """A change in a sentence; a share of the side also in pixels of the size that the classifier works at.

    Args:
        name: of the change.
        level: its strength.
        side: pixels of the shorter side.
    """
    phrase = CHANGES[name].said(level)
    pixels = level / 100 * side
    return f"{phrase} ({pixels:.2g} of {side} pixels)" if CHANGES[name].unit.endswith("side") else phrase


def _others(costs: dict[str, LevelScore]) -> str:
    others = list(_phrases(costs))[1 : 1 + MOST_NAMED]
    return f"; {', '.join(others)} cost accuracy, too" if len(others) > 1 else (
        f"; {others[0]} {'cost' if list(costs)[1] in _MANY else 'costs'} accuracy, too" if others else ""
    )  # fmt: skip


def _phrases(costs: dict[str, LevelScore]) -> Iterator[str]:
    for name, level in costs.items():
        yield CHANGES[name].said(level.level)


def _numbers(evidence: RobustnessEvidence, costs: dict[str, LevelScore]) -> str:
    level = next(iter(costs.values()))
    low, high = level.test.interval
    return (
        f"Accuracy {level.right.value:.3f} instead of {evidence.clean.right.value:.3f} on "
        f"{counted(level.right.count, 'image')}: {points(level.test.difference)} points ({points(low)} to "
        f"{points(high)})."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"
