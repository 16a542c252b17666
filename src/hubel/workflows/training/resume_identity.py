"""What a run is made of: everything its result depends on, by the name a user knows it by.

Also of images that were added, removed or changed while a run was interrupted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.catalogue import make_blueprint
from hubel.catalogue import Later
from hubel.corpus.split import Splits
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Part
from hubel.files import is_file, read_csv, write_csv
from hubel.pipeline.decoded import DecodedCorpus
from hubel.runs.machine import DEVICES, describe_machine
from hubel.runs.request import OF_THE_NETWORK, TrainRequest, go_on_command, train_command, whole_command
from hubel.runs.run_folder import RunFolder, free_beside
from hubel.shell import flag_of
from hubel.text import counted
from hubel.training.checkpoints import IMAGES
from hubel.wishes import TRAINING
from hubel.workflows.training.checkpointing import START_WEIGHTS, VARIABLE, Origin
from hubel.workflows.training.choose import Choice

IDENTITY = {name: wish for name, wish in TRAINING.items() if wish.identity}
"""Wishes that a resumed run must have as it was begun; the others count by what they lead to."""
holds_a_start: Callable[[Path], bool] = Later("hubel.workflows.training.start_run", "holds_a_start")
EXAMPLES = 3


def origin_of(
    request: TrainRequest,
    choice: Choice,
    *,
    decoded: DecodedCorpus,
    splits: Splits,
    pretrained: list[np.ndarray] | None,
    from_weights: str | None = None,
) -> Origin:
    """What a run is made of, and the commands that make and replace it.

    Args:
        request: the user's words.
        choice: what was chosen.
        decoded: corpus and pixels.
        splits: of the corpus.
        pretrained: weights [each of its own shape] of the backbone; None from scratch.
        from_weights: SHA-256 of the weights of the run that it begins from.
    """
    corpus, size = decoded.corpus, choice.preprocessing.size
    blueprint = make_blueprint(choice.entry, size, classes=len(corpus.class_names), alpha=choice.alpha)
    labels = [
        (example.path, example.label, name) for example, name in zip(corpus.examples, splits.names(), strict=True)
    ]
    made_of: dict[str, Any] = {
        "images": len(corpus.examples),
        "content of the images": decoded.fingerprint,
        "class names": list(corpus.class_names),
        "labels and split": _digest(labels),
        "architecture": choice.architecture,
        "layers": _digest(blueprint.to_json()),
        "weights": str(choice.weights),
        "content of the weights": None if pretrained is None else _digest_of_arrays(pretrained),
        START_WEIGHTS: from_weights,
        "image size": list(size),
        "resize": choice.preprocessing.resize,
        flag_of("bands"): list(choice.preprocessing.bands) or None,
        "values of deep images": [list(ends) for ends in choice.preprocessing.ranges] or None,
        **{flag_of(name): getattr(request, wish.field or name) for name, wish in IDENTITY.items()},
        **_versions_and_variables(),
    }
    decided = None if choice.decided is None else choice.decided.to_json()
    by_time = {"tried": [row.to_json() for row in choice.tried], "decided": decided}
    return Origin(made_of, train_command(request), whole_command(request), by_time)


def _versions_and_variables() -> dict[str, str]:
    """Of what computes, and how it rounds; another Python or another writer of files changes no number."""
    machine = describe_machine()
    versions = {name: each for name, each in machine["versions"].items() if name not in ("python", "safetensors")}
    return {
        "backend": machine["backend"],
        **{f"version of {name}": each for name, each in versions.items()},
        **{f"{VARIABLE}{name}": each for name, each in machine["environment"].items() if name not in DEVICES},
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _digest_of_arrays(arrays: list[np.ndarray]) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def remember_images(folder: RunFolder, decoded: DecodedCorpus) -> None:
    """Write down which images a run was begun with, beside its checkpoints; it is removed with them.

    Args:
        folder: of the run.
        decoded: its images.
    """
    path = _path(folder)
    if path.parent.is_dir():  # else no checkpoint could be written, which was said
        write_csv(path, ("path", "sha256"), rows=_digests(decoded).items())


def check_images(folder: RunFolder, decoded: DecodedCorpus, *, request: TrainRequest) -> None:
    """Refuse to go on with other images than a run was begun with.

    Args:
        folder: of the run.
        decoded: its images now.
        request: what is asked for now.

    Raises:
        WrongRequest: says which images were added, removed or changed, and how to go on.
    """
    path = _path(folder)
    if not is_file(path):
        return  # of an older version: its checkpoint tells that something changed, but not what
    try:
        before = {row["path"]: row["sha256"] for row in read_csv(path)}
    except (OSError, KeyError, ValueError):
        return
    text = describe_change(before, _digests(decoded))
    if text:
        raise WrongRequest(
            f"The run in {folder.path} cannot be resumed: its corpus has changed since it was begun. {text} Train on "
            "the images as they are now: ",
            whole_command(request),
            ". Or put them back as they were, and continue: ",
            go_on_command(request),
            *_begin_from(folder, request),
        )


def _begin_from(folder: RunFolder, request: TrainRequest) -> Iterator[Part]:
    """The command that begins with the weights in the folder; nothing where it holds no classifier, or no words do."""
    command = train_command(request).without(*OF_THE_NETWORK)
    if holds_a_start(folder.path) and command and not request.learning_curve:
        yield ". Or begin with the weights of the classifier that is there: "
        yield command.with_(Option("out", str(free_beside(folder.path))), Option("from_run", str(folder.path)))


def describe_change(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """How the images differ, in sentences; empty where they do not.

    Args:
        before: path → what identifies the content.
        now: the same today.
    """
    kinds = {
        "added": sorted(now.keys() - before.keys()),
        "removed": sorted(before.keys() - now.keys()),
        "changed": sorted(path for path in before.keys() & now.keys() if before[path] != now[path]),
    }
    return " ".join(
        f"{counted(len(paths), 'image')} {kind}: {_named(paths)}." for kind, paths in kinds.items() if paths
    )


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - EXAMPLES:,} more" if len(paths) > EXAMPLES else ""
    return ", ".join(map(repr, paths[:EXAMPLES])) + more


def _digests(decoded: DecodedCorpus) -> dict[str, str]:
    digests: Iterable[str] = decoded.digests
    return {each.path: digest for each, digest in zip(decoded.corpus.examples, digests, strict=True)}


def _path(folder: RunFolder) -> Path:
    return folder.checkpoints.path / IMAGES
