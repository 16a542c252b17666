"""Commands that a person can type: of a training, to go on with it, and to replace it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from hubel.architectures.catalogue import Architecture
from hubel.architectures.families.cnn import CnnSpec
from hubel.corpus.corpus import Corpus
from hubel.runs.request import TrainRequest
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder

OF_THE_NETWORK = frozenset({"--architecture", "--weights", "--alpha", "--image-size", "--resize", "--bands"})
"""Options that say what ``--from`` takes from a run."""


def train_command(request: TrainRequest) -> tuple[str, ...]:
    """The words that train this, as they were typed, or those that ask for the same; empty where no words can."""
    return tuple(word for word in request.command if word != "--resume") or _typed(request)


def go_on_command(request: TrainRequest) -> str:
    """The command that goes on where this training stopped."""
    words = train_command(request)
    return changed(words, (), last=("--resume",)) if words else "the same call with resume=True"


def whole_command(request: TrainRequest) -> str:
    """The command that replaces this training by a new one."""
    words = train_command(request)
    return changed(words, (), last=("--overwrite",)) if words else "the same call with overwrite=True"


def how_to_go_on(request: TrainRequest) -> str:
    """What to type after a training was stopped."""
    if CheckpointFolder(request.out / CHECKPOINTS).numbers():
        return f"Go on where it stopped: {go_on_command(request)}"
    words = train_command(request)
    return f"Nothing was trained yet. Begin again: {shlex.join(words) if words else 'make the same call'}"


def changed(words: Sequence[str], more: Sequence[str], *, last: Sequence[str] = ()) -> str:
    """The command with options and values in place of its own, and without ``--overwrite`` but for what comes last.

    Where another network is asked for than ``--from`` has, it begins anew.
    """
    if not words:
        return ""
    kept = without(words, "--overwrite", values=False)
    if not OF_THE_NETWORK.isdisjoint(more):
        kept = without(kept, "--from")
    for option in more[::2]:
        kept = without(kept, option)
    end = kept.index("--") if "--" in kept else len(kept)  # behind it nothing is an option
    return shlex.join([*kept[:end], *more, *last, *kept[end:]])


def without(words: Sequence[str], option: str, *, values: bool = True) -> list[str]:
    """The words less an option, also as ``--option=value`` or ``-ovalue``, and less its value where it has one."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == option:
            if values:
                next(rest, None)
        elif word.startswith(f"{option}=") or (len(option) == 2 and word.startswith(option) and word[1] != "-"):
            continue
        else:
            kept.append(word)
    return kept


def _typed(request: TrainRequest) -> tuple[str, ...]:
    """The command line of a request that was made in Python; empty where there is none."""
    if isinstance(request.architecture, CnnSpec | Architecture):
        return ()
    corpus = request.corpus.location if isinstance(request.corpus, Corpus) else request.corpus
    wishes = {
        "--architecture": request.architecture,
        "--from": request.from_run,
        "--weights": request.weights,
        "--alpha": request.alpha,
        "--image-size": request.image_size,
        "--resize": request.resize,
        "--epochs": request.epochs,
        "--time-limit": None if request.time_limit_s is None else f"{request.time_limit_s:g}s",
        "--batch-size": request.batch_size,
        "--learning-rate": request.learning_rate,
        "--corrections": request.corrections,
        "--seed": request.seed or None,
    }
    words = [word for name, value in wishes.items() if value is not None for word in (name, str(value))]
    mirror = {None: [], True: ["--mirror"], False: ["--no-mirror"]}[request.mirror]
    curve = ["--learning-curve"] if request.learning_curve else []
    words += request.reading.words
    return ("hubel", "train", str(corpus), "-o", str(request.out), *words, *mirror, *curve)
