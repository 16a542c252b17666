"""A corpus that changed while a run was interrupted: which images are new, gone or others, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hubel.errors import WrongRequest
from hubel.files import is_file, read_csv, write_csv
from hubel.pipeline.decoded import DecodedCorpus
from hubel.runs.commands import OF_THE_NETWORK, changed, go_on_command, train_command, whole_command, without
from hubel.runs.request import TrainRequest
from hubel.runs.run_folder import RunFolder, free_beside
from hubel.text import counted
from hubel.training.checkpoints import IMAGES
from hubel.workflows.training.start_run import holds_a_start

EXAMPLES = 3


def remember_images(folder: RunFolder, decoded: DecodedCorpus) -> None:
    """Write down what a run was begun with; it lies beside its checkpoints, and goes with them."""
    path = _path(folder)
    if path.parent.is_dir():  # else no checkpoint could be written, which was said
        write_csv(path, ("path", "sha256"), _digests(decoded).items())


def check_images(folder: RunFolder, decoded: DecodedCorpus, request: TrainRequest) -> None:
    """Refuse to go on with other images than a run was begun with.

    Raises:
        WrongRequest: says which are new, gone or others, and what to type.
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
            f"the images as they are now: {whole_command(request)}. Or put them back as they were, and go on: "
            f"{go_on_command(request)}{_begin_from(folder, request)}"
        )


def _begin_from(folder: RunFolder, request: TrainRequest) -> str:
    """The command that begins with the weights in the folder; empty where it holds no classifier, or no words do."""
    words: Sequence[str] = train_command(request)
    if not holds_a_start(folder.path) or not words or request.learning_curve:
        return ""
    for option in (*OF_THE_NETWORK, "--out"):
        words = without(words, option)
    more = ("-o", str(free_beside(folder.path)), "--from", str(folder.path))
    return f" Or begin with the weights of the classifier that is there: {changed(words, more)}"


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
