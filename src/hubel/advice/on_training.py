"""What can be wrong with the training: too short, too long, a network too large or too small."""

from __future__ import annotations

import math

from hubel.advice.evidence import Evidence
from hubel.advice.remarks import (
    Remark,
    audit_labels,
    beside,
    compare,
    ended_by_clock,
    is_given,
    longer,
    resume,
    smaller_steps,
)
from hubel.errors.wording import NOTHING, Command, Option
from hubel.evaluation.proportions import difference_interval
from hubel.images.preprocessing import PHOTOGRAPH_SIDE
from hubel.text import counted

WELL = 0.98
"""Test accuracy from which longer training is not worth advising: only single images are left to gain."""
LATE_FALL = 0.15
"""Share by which the validation log loss falls in the last fifth of the epochs where the network still learns. The last
small steps of a schedule lower it too, but where the training was long enough, by less."""
GAP = 0.1
"""Accuracy on training images less accuracy on others that healthy networks show too: they have seen the
training images dozens of times."""
LOW = 0.85
"""Accuracy on its own training images that a network reaches if it is large enough and trained for long enough."""
LARGE, SMALL = 100, 2
"""Parameters for each training image: with more than the first a network can memorise them all, with fewer than the
second it cannot even fit them. Neither is a fault by itself; both explain one. They are so far apart that no corpus is
sent from one network of `LARGER` and `SMALLER` to another and back."""
SMALLER = {"small-cnn": "residual", "vgg-style": "residual", "dense": "residual"}
LARGER = {"lenet5": "small-cnn", "residual": "small-cnn"}
"""Networks with fewer and with more parameters at any image size."""
MINUTES = "5m"
"""In which fine-tuning photographs has gained what it can, on a laptop."""
HIGH_RATE = 0.5
"""Share of the peak learning rate above which the steps are still large."""


def judge_interrupted(evidence: Evidence) -> Remark | None:
    """The user stopped it."""
    if not evidence.interrupted:
        return None
    kept = "best epoch so far" if evidence.last_phase.validation_log_loss else "last whole epoch"
    return Remark(
        f"You stopped the training; the {kept} is saved. Continue where it stopped.",
        _epochs_done(evidence),
        resume(evidence),
    )


def judge_cut_short(evidence: Evidence) -> Remark | None:
    """The clock left no room for what was planned, and something is left to gain."""
    if not ended_by_clock(evidence) or not _can_gain(evidence) or _overfits(evidence):
        return None
    return Remark(
        f"The time limit of {evidence.time_limit_s:.0f} s cut the training short. Twice the time may help.",
        _epochs_done(evidence),
        longer(evidence),
    )


def judge_stopped_too_early(evidence: Evidence) -> Remark | None:
    """The last epochs still improved the validation log loss clearly."""
    phase = evidence.last_phase
    losses = phase.validation_log_loss
    if phase.name == "head" or phase.ended_by != "schedule" or not losses or not evidence.validated.count:
        return None
    last = max(1, round(len(losses) / 5))
    before = losses[-last - 1] if len(losses) > last else math.log(len(evidence.class_counts))
    after = min(losses[-last:])
    if after > (1 - LATE_FALL) * before or not _can_gain(evidence) or _overfits(evidence):
        return None
    guessing = "" if len(losses) > last else ", which is guessing,"
    epochs = "only epoch" if len(losses) == 1 else "last epoch" if last == 1 else f"last {last} epochs"
    return Remark(
        "It was still learning when the training ended. Train longer.",
        f"In the {epochs}{'' if len(losses) == 1 else f' of {len(losses)}'} the validation log loss fell from "
        f"{before:.3f}{guessing} to {after:.3f}.",
        longer(evidence),
    )


def judge_network_too_large(evidence: Evidence) -> Remark | None:
    """It overfits, has many parameters for each image, and a smaller network is known."""
    smaller = SMALLER.get(evidence.architecture)
    if not _overfits(evidence) or smaller is None or evidence.parameters < LARGE * evidence.train_images:
        return None
    return Remark(
        "The network is large for so few images: it does far better on its training images than on others. More images "
        "help most; also see whether a smaller network does better.",
        f"{_parameters(evidence)}. {_gap_in_words(evidence)}",
        compare(evidence, evidence.architecture_word, smaller),
    )


def judge_overfitting(evidence: Evidence) -> Remark | None:
    """Far better on the images it was trained on than chance explains."""
    if not _overfits(evidence):
        return None
    text = "It overfits: it does far better on the images it was trained on than on others. More images help most"
    command = NOTHING
    if not evidence.pretrained and evidence.image_side >= PHOTOGRAPH_SIDE:
        text += "; or start from a network that has learned from a million photographs"
        command = _begin_pretrained(evidence)
    elif not evidence.head_alone and evidence.last_phase.name == "fine-tune":
        text += "; also see whether training only the head of the pretrained network does better"
        command = beside(evidence, "head", without=("epochs", "time_limit"))
    return Remark(f"{text}.", _gap_in_words(evidence), command)


def judge_network_too_small(evidence: Evidence) -> Remark | None:
    """It underfits, has few parameters for each image, and a larger network is known."""
    larger = LARGER.get(evidence.architecture)
    if not _underfits(evidence) or larger is None or evidence.parameters > SMALL * evidence.train_images:
        return None
    return Remark(
        "The network is small for so many images: it does not even learn its training images. See whether a larger one "
        "does better.",
        f"{_parameters(evidence)}. {_train_in_words(evidence)}",
        compare(evidence, evidence.architecture_word, larger),
    )


def judge_underfitting(evidence: Evidence) -> Remark | None:
    """Poor on the very images it was trained on."""
    if not _underfits(evidence):
        return None
    text, command = _cure_underfitting(evidence)
    fact = "It underfits: it does not even learn its training images."
    return Remark(f"{fact} {text}", _train_in_words(evidence), command)


def _cure_underfitting(evidence: Evidence) -> tuple[str, Command]:
    """What would change what was done, and its command."""
    phase = evidence.last_phase
    if not evidence.pretrained and evidence.image_side >= PHOTOGRAPH_SIDE:
        return "Start from a network that has learned from a million photographs.", _begin_pretrained(evidence)
    if phase.name == "head":
        command = beside(evidence, "fine-tuned", Option("epochs", 10), without=("time_limit",))
        return "Train the whole network, not only its head.", command
    if evidence.head_alone:
        text = "Training the whole network made it worse, so only its new head was kept. Try smaller steps."
        return text, beside(evidence, "smaller-steps", smaller_steps(evidence))
    look = "check that the images show what their labels say."
    if phase.ended_by == "patience":
        return f"More epochs would not help: it had stopped improving. Instead, {look}", audit_labels(evidence)
    return f"Train longer. If that does not help, {look}", longer(evidence)


def _begin_pretrained(evidence: Evidence) -> Command:
    """The same images, and a head on what was learned elsewhere: options for a training from nothing do not fit."""
    more = (Option("architecture", "mobilenet"), Option("weights", "imagenet"))
    return beside(evidence, "pretrained", *more, without=("alpha", "epochs", "learning_rate", "batch_size"))


def judge_head_alone(evidence: Evidence) -> Remark | None:
    """Only a head was trained, because nobody said how much time there is."""
    phase = evidence.last_phase
    if not evidence.pretrained or phase.name != "head" or evidence.time_limit_s is not None or not _can_gain(evidence):
        return None
    return Remark(
        "Only a new head was trained on a pretrained network. Given a few minutes, the whole network is tuned, and one "
        "from scratch is tried too.",
        "All other layers are as they were.",
        beside(evidence, MINUTES, Option("time_limit", MINUTES), without=("epochs",)),
    )


def judge_stopped_by_patience(evidence: Evidence) -> Remark | None:
    """The best epoch had large steps, so it was never polished by small ones."""
    phase = evidence.last_phase
    if phase.ended_by != "patience" or not evidence.validated.count or not _can_gain(evidence):
        return None
    best = phase.best_epoch
    rate = phase.learning_rates[best - 1] / phase.peak_learning_rate
    epochs = max(5, 2 * best)
    if rate <= HIGH_RATE or epochs >= phase.planned:
        return None
    return Remark(
        "It stopped improving before its learning rate had become small. With fewer epochs it falls in time.",
        f"Epoch {best} of at most {phase.planned} was the best, at {rate:.2f} of the peak learning rate.",
        beside(evidence, f"epochs-{epochs}", Option("epochs", epochs)),
    )


def judge_time_to_spare(evidence: Evidence) -> Remark | None:
    """It ended before its time did, because nothing improved any more."""
    if evidence.last_phase.ended_by != "patience" or not evidence.validated.count or not _can_gain(evidence):
        return None
    if not is_given(evidence, "time_limit") or is_given(evidence, "learning_curve"):
        return None
    return Remark(
        "More time would not help: it ended before its time did, when nothing improved any more. More images may; a "
        "learning curve estimates by how much.",
        _epochs_done(evidence),
        beside(evidence, "curve", Option("learning_curve", value=True)),
    )


def _can_gain(evidence: Evidence) -> bool:
    return not evidence.tested.count or evidence.tested.value < WELL


def _gap(evidence: Evidence) -> tuple[float, float]:
    """95 % interval of the accuracy on training images less that on test images."""
    return difference_interval(evidence.train, evidence.tested)


def _overfits(evidence: Evidence) -> bool:
    """Not where validation images are named as well as training images: then the test images are another matter."""
    if not evidence.train.count or not evidence.tested.count or _gap(evidence)[0] <= GAP:
        return False
    return not evidence.validated.count or evidence.train.value - evidence.validated.value > GAP


def _underfits(evidence: Evidence) -> bool:
    return evidence.train.count > 0 and evidence.train.interval[1] < LOW and not _overfits(evidence)


def _gap_in_words(evidence: Evidence) -> str:
    low, high = _gap(evidence)
    return (
        f"It classifies {evidence.train.value:.3f} of its training images correctly and {evidence.tested.value:.3f} of "
        f"the {counted(evidence.tested.count, 'test image')}: a gap of {low:.2f} to {high:.2f} (95 % interval)."
    )


def _train_in_words(evidence: Evidence) -> str:
    return f"It classifies {evidence.train.value:.3f} of {evidence.train.count:,} of its training images correctly."


def _parameters(evidence: Evidence) -> str:
    each = evidence.parameters / max(1, evidence.train_images)
    images = counted(evidence.train_images, "training image")
    return f"{evidence.parameters:,} parameters, {each:.2g} for each of {images}"


def _epochs_done(evidence: Evidence) -> str:
    phase = evidence.last_phase
    return f"{phase.done:.3g} of at most {counted(phase.planned, 'epoch')} {'was' if phase.done == 1 else 'were'} done."
