"""A corpus that changed while a run was interrupted: which images were added, removed or changed, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from hubel.catalogue import Later
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Part
from hubel.files import is_file, read_csv, write_csv
from hubel.pipeline.decoded import DecodedCorpus
from hubel.runs.commands import OF_THE_NETWORK, go_on_command, train_command, whole_command
from hubel.runs.request import TrainRequest
from hubel.runs.run_folder import RunFolder, free_beside
from hubel.text import counted
from hubel.training.checkpoints import IMAGES

holds_a_start: Callable[[Path], bool] = Later("hubel.workflows.training.start_run", "holds_a_start")

EXAMPLES = 3


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
