"""Verify: is an artefact whole, and does it give the answers that it gave when it was saved?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubel.architectures.file_kinds import is_model_target
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.classifier.assembly import assemble, describe_failure, run_and_remember
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import WEIGHTS
from hubel.classifier.mirrored import MEAN_OF_BOTH
from hubel.classifier.self_test import Outcome, SelfTest
from hubel.engines.catalogue import find_runtime
from hubel.errors import DamagedArtefact, UnusableInput
from hubel.errors.wording import Command, Option, Remedy, Text
from hubel.text import brief, elided
from hubel.wishes import MIRROR

HOLDS, FAILS, ABSENT, SKIPPED = "holds", "fails", "absent", "skipped"
NAMES = ("files", "structure", "self-test")
"""Of the checks, in their order."""
LITTLE_SPREAD = 0.01
"""Expected probabilities that lie no farther apart show nothing: such a classifier answers everything alike."""


@dataclass(frozen=True)
class ArtefactCheck:
    """One check.

    Args:
        name: ``"files"``, ``"structure"`` or ``"self-test"``.
        result: ``"holds"``, ``"fails"``, ``"absent"`` (nothing to check) or ``"skipped"`` (an earlier one failed).
        text: what was found, in words.
    """

    name: str
    result: str
    text: Text | str


@brief
@dataclass(frozen=True)
class Verification:
    """What was found in an artefact.

    Args:
        folder: of the artefact.
        made_by: program and version; empty where the manifest cannot be read.
        checks: in the order in which they were made.
        outcome: of the self-test; None where it was not run.
    """

    folder: Path
    made_by: str
    checks: tuple[ArtefactCheck, ...]
    outcome: Outcome | None

    @property
    def damaged(self) -> bool:
        """A file has changed since it was written, or asks for more than it may."""
        return any(check.result == FAILS and check.name != "self-test" for check in self.checks)

    @property
    def holds(self) -> bool:
        """Nothing failed."""
        return all(check.result in (HOLDS, ABSENT) for check in self.checks)

    def to_json(self, say: Callable[[Text | str], str] = str) -> dict[str, Any]:
        """Plain data.

        Args:
            say: puts the text of a check into words.
        """
        outcome = self.outcome
        return {
            "classifier": str(self.folder),
            "made_by": self.made_by,
            "holds": self.holds,
            "checks": [{"name": each.name, "result": each.result, "text": say(each.text)} for each in self.checks],
            "self_test": None
            if outcome is None
            else {
                "largest_difference": outcome.difference,
                "tolerance": outcome.tolerance,
                "failures": list(outcome.failures),
            },
        }

    def _brief(self) -> Iterator[str]:
        verdict = "holds" if self.holds else "damaged" if self.damaged else "other answers"
        yield f"Verification of {elided(self.folder)}: {verdict}"
        yield from (f"{check.name} {check.result}: {check.text}" for check in self.checks)


def verify_artefact(folder: Path) -> Verification:
    """Check an artefact: its files and checksums, its structure, and its self-test on this machine.

    Args:
        folder: a run folder, or its ``classifier/`` folder.

    Raises:
        UnusableInput: there is no artefact, or it is a model file, which has nothing to verify.
    """
    if is_model_target(folder):
        raise UnusableInput(
            f"There is nothing to verify in {folder}: a model file holds no checksums and no answers to compare with.",
            Remedy(
                "Score it instead: ", Command("evaluate", (str(folder), "CORPUS"), (Option("class_names", "FILE"),))
            ),
        )
    folder = find_artefact(folder)
    try:
        parts = read_parts(folder)
    except DamagedArtefact as error:
        return Verification(folder, "", _failed("files", error), None)
    document = parts.manifest.document
    numbers = sum(tensor.size for tensor in parts.tensors.values())
    files = ArtefactCheck(
        "files",
        HOLDS,
        f"the manifest (format {document['format']}) and {WEIGHTS} fit their checksums; nothing else is in the folder; "
        f"{numbers:,} weights, each a finite number",
    )
    made_by = str(document["made_by"])
    try:
        runtime = find_runtime()
        classifier, test = assemble(document, parts.tensors, folder=folder, make_engine=runtime.make_engine)
    except DamagedArtefact as error:
        return Verification(folder, made_by, (files, *_failed("structure", error)), None)
    structure = ArtefactCheck("structure", HOLDS, _describe(classifier))
    if test is None:
        absent = ArtefactCheck("self-test", ABSENT, "classifiers saved before version 0.4 have none")
        return Verification(folder, made_by, (files, structure, absent), None)
    outcome = run_and_remember(parts, classifier, test=test, runtime=runtime)
    text = _describe_test(test, outcome) if outcome.holds else describe_failure(parts, outcome, runtime=runtime)
    last = ArtefactCheck("self-test", HOLDS if outcome.holds else FAILS, text)
    return Verification(folder, made_by, (files, structure, last), outcome)


def _failed(name: str, error: DamagedArtefact) -> tuple[ArtefactCheck, ...]:
    """A check that failed, and those behind it, which could not be made."""
    later = NAMES[NAMES.index(name) + 1 :]
    skipped = (ArtefactCheck(each, SKIPPED, "an earlier check failed") for each in later)
    return (ArtefactCheck(name, FAILS, error.text), *skipped)


def _describe(classifier: Classifier) -> str:
    height, width = classifier.preprocessing.size
    return (
        f"every tensor fits {classifier.blueprint.name}, {height} x {width} pixels, "
        f"{len(classifier.class_names)} classes{f'; it {MEAN_OF_BOTH}' if classifier.tta == MIRROR else ''}"
    )


def _describe_test(test: SelfTest, outcome: Outcome) -> str:
    text = (
        f"{len(test.answers)} generated images get the answers they got when it was saved; the largest difference of a "
        f"probability is {outcome.difference:.1e}, {outcome.tolerance:g} is allowed for rounding"
    )
    if test.spread < LITTLE_SPREAD:
        text += "; its answers hardly differ from image to image, so this says little"
    return text
