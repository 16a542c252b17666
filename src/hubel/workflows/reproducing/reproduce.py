"""Reproduce: repeat a run from its ``run.json``, and say whether the result is the same."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hubel.architectures.families.weight_files import MayDownload, never
from hubel.errors import OutputNotWritable, StoppedByUser
from hubel.errors.wording import Command, Option
from hubel.events import OnEvent, ignore
from hubel.files import is_there
from hubel.runs.documents import read_document
from hubel.runs.is_run import ARTEFACT, FILES
from hubel.runs.recorded_run import RecordedRun
from hubel.runs.request_record import request_again
from hubel.runs.tables.fingerprints import read_digests
from hubel.runs.tables.split import read_split
from hubel.wishes import NO_TTA
from hubel.workflows.reproducing.differences import CORPUS, Difference, compare_choices, compare_splits, name_some
from hubel.workflows.reproducing.reproduce_check import Checked
from hubel.workflows.reproducing.same_result import Reproduction, compare_results
from hubel.workflows.training.decision import decision_from
from hubel.workflows.training.train import train_classifier


def reproduce_run(
    checked: Checked, *, out: Path | None = None, may_download: MayDownload = never, on_event: OnEvent = ignore
) -> Reproduction:
    """Train again as a run was trained, and compare the results.

    Args:
        checked: the run, of `check_repeatable`.
        out: the folder of the repetition; None for one that is deleted.
        may_download: asked for ImageNet weights that the run began with and this machine does not have.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says why it cannot be repeated, or that the user stopped it.
    """
    recorded = checked.recorded
    with _folder(out) as folder:
        document = recorded.document
        request = request_again(
            recorded.request,
            checked.corpus,
            out=folder,
            weights=str(document.get("weights", "none")),
            tta=str(document.get("tta", NO_TTA)),
        )
        decided = decision_from(document, request)
        again = replace(
            request if decided is None else decided.applied(request),
            command=recorded.given_words,
            planned=document["recipe"],
        )
        run = train_classifier(again, may_download=may_download, on_event=on_event)
        if run.fitted.interrupted or run.curve_interrupted:
            raise StoppedByUser(
                "Stopped before it was known whether the result is the same. Start again: ",
                Command("reproduce", (str(recorded.path),)),
            )
        found = _found_by_training(checked, folder)
        result = compare_results(recorded.path, folder)
    return Reproduction(recorded.path, out, checked.corpus.location, result, (*checked.differences, *found))


@contextmanager
def _folder(out: Path | None) -> Generator[Path]:
    """The folder to train into; a temporary one where the user named none."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="hubel-reproduce-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary) / "run"
        return
    taken = [name for name in (*FILES, ARTEFACT) if is_there(out / name)]
    if taken:
        raise OutputNotWritable(
            f"{out} already holds a run ({taken[0]}). Choose another folder: ", Option("out", "FOLDER"), "."
        )
    yield out


def _found_by_training(checked: Checked, folder: Path) -> list[Difference]:
    """What only the repetition shows: another plan, another split, a file that can be read by now."""
    recorded: RecordedRun = checked.recorded
    now = read_digests(folder) or {}
    found = [*compare_choices(recorded.document, read_document(folder))]
    found += compare_splits(recorded.placed, read_split(folder))
    readable = [path for path in now if path in recorded.refused]
    if readable:
        text = f"refused then, read now: {name_some(readable)}"
        found.append(Difference(CORPUS, text, tuple(readable)))
    known = {path for each in checked.differences for path in each.paths}
    gone = [path for path in recorded.digests if path not in now and path not in known]
    if gone:
        found.append(Difference(CORPUS, f"read then, refused now: {name_some(gone)}", tuple(gone)))
    return found
