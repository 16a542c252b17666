"""Verify: is an artefact whole, and does it give the answers that it gave when it was saved?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hubel.architectures.file_kinds import is_model_target
from hubel.classifier.artefact import Parts, find_artefact, read_parts
from hubel.classifier.assembly import assemble, describe_failure, run_and_remember
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import GRAPH, WEIGHTS
from hubel.classifier.mirrored import MEAN_OF_BOTH
from hubel.classifier.self_test import Outcome, SelfTest
from hubel.engines.catalogue import ENGINES, find_runtime
from hubel.errors import DamagedArtefact, UnusableInput
from hubel.errors.wording import Command, Option, Remedy, Text
from hubel.text import brief, elided
from hubel.wishes import MIRROR

HOLDS, FAILS, ABSENT, SKIPPED = "holds", "fails", "absent", "skipped"
NAMES = ("files", "structure", "self-test")
"""Of the checks, in their order; one of the compiled graph follows, where there is one."""
GRAPH_CHECK = "graph"
LITTLE_SPREAD = 0.01
"""Expected probabilities that lie no farther apart show nothing: such a classifier answers everything alike."""


@dataclass(frozen=True)
class ArtefactCheck:
    """One check.

    Args:
        name: ``"files"``, ``"structure"``, ``"self-test"`` or ``"graph"``.
        result: ``"holds"``, ``"fails"``, ``"absent"`` (nothing to check, or to check it with) or
            ``"skipped"`` (an earlier one failed).
        text: what was found, in words.
        of_answers: it compares answers; where it fails, nothing need be damaged.
    """

    name: str
    result: str
    text: Text | str
    of_answers: bool = False


@brief
@dataclass(frozen=True)
class Verification:
    """What was found in an artefact.

    Args:
        folder: of the artefact.
        made_by: program and version; empty where the manifest cannot be read.
        checks: in the order in which they were made.
        outcome: of the self-test; None where it was not run. Of two engines, that of Keras.
    """

    folder: Path
    made_by: str
    checks: tuple[ArtefactCheck, ...]
    outcome: Outcome | None

    @property
    def damaged(self) -> bool:
        """A file has changed since it was written, or asks for more than it may."""
        return any(check.result == FAILS and not check.of_answers for check in self.checks)

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
    files = ArtefactCheck("files", HOLDS, _describe_files(parts))
    with_keras = ENGINES["keras"].installed or parts.graph is None
    first = _try_engine(parts, "keras" if with_keras else "onnx")
    checks = (files, *first.checks)
    if parts.graph is not None and not first.damaged:
        checks = (*checks, _check_graph(parts, by_now=None if with_keras else first.checks[-1]))
    return replace(first, checks=checks)


def _describe_files(parts: Parts) -> str:
    document, numbers = parts.manifest.document, sum(tensor.size for tensor in parts.tensors.values())
    names = WEIGHTS if parts.graph is None else f"{WEIGHTS} and {GRAPH}"
    return (
        f"the manifest (format {document['format']}) and {names} fit their checksums; nothing else is in the folder; "
        f"{numbers:,} weights, each a finite number"
    )


def _try_engine(parts: Parts, engine: str) -> Verification:
    """Structure and self-test, by one engine."""
    document, folder = parts.manifest.document, parts.folder
    made_by = str(document["made_by"])
    runtime = find_runtime(engine, parts.graph)
    try:
        classifier, test = assemble(document, parts.tensors, folder=folder, make_engine=runtime.make_engine)
    except DamagedArtefact as error:
        return Verification(folder, made_by, _failed("structure", error), None)
    structure = ArtefactCheck("structure", HOLDS, _describe(classifier))
    if test is None:
        absent = ArtefactCheck("self-test", ABSENT, "classifiers saved before version 0.4 have none")
        return Verification(folder, made_by, (structure, absent), None)
    outcome = run_and_remember(parts, classifier, test=test, runtime=runtime)
    text = _describe_test(test, outcome) if outcome.holds else describe_failure(parts, outcome, runtime=runtime)
    last = ArtefactCheck("self-test", HOLDS if outcome.holds else FAILS, text, of_answers=True)
    return Verification(folder, made_by, (structure, last), outcome)


def _check_graph(parts: Parts, *, by_now: ArtefactCheck | None) -> ArtefactCheck:
    """Whether the compiled graph keeps its rules and answers the self-test.

    Args:
        parts: of the artefact.
        by_now: its self-test, where no other engine could be used for that.
    """
    weights = f"it has the weights of {WEIGHTS}"
    if by_now is not None:
        text = f"{weights}; the answers above are its own: Keras is not installed here"
        return replace(by_now, name=GRAPH_CHECK, text=text if by_now.result == HOLDS else by_now.text)
    if not ENGINES["onnx"].installed:
        return ArtefactCheck(GRAPH_CHECK, ABSENT, "not run: onnxruntime is not installed here")
    found = _try_engine(parts, "onnx")
    last = found.checks[-1]
    if found.damaged:
        return ArtefactCheck(GRAPH_CHECK, FAILS, found.checks[0].text)
    if found.outcome is None or last.result != HOLDS:
        return replace(last, name=GRAPH_CHECK)
    difference = f"{found.outcome.difference:.1e}"
    text = f"{weights}, and gives the same images the same answers; the largest difference is {difference}"
    return replace(last, name=GRAPH_CHECK, text=text)


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
